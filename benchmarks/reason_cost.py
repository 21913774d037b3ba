"""What a reason costs, beside another checkout of the program, in turn in one run.

    python benchmarks/reason_cost.py WORKSPACE… --before CHECKOUT [--users 60] [--rounds 3]

A reason costs what a list of ten takes with reasons less what it takes without, divided by ten: processor time, median
over random users, after some to warm up, one thread. Both checkouts open the same workspace and take turns; the ratio
is that of the medians of the rounds, so that a busy machine weighs on both sides alike.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent.parent
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
MEASURE = """
import json, sys, time
from pathlib import Path
import numpy as np
from kg.workspace.workspace import Workspace
from recommender.learning.model import open_model
from recommender.serving.recommender import Recommender, Request

workspace, users, seed = Workspace(Path(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3])
snapshot = workspace.snapshot()
recommender = Recommender(open_model(workspace.model, snapshot, workspace.kernels))
everybody = recommender.users()
drawn = np.random.default_rng(seed).choice(len(everybody), min(users + 20, len(everybody)), replace=False)
found = {"told": [], "untold": []}
for place, number in enumerate(drawn.tolist()):
    user = snapshot.vocabulary.id(*everybody[number])
    for name in found:
        started = time.process_time()
        recommender.recommend(Request(user, n=10, told=name == "told"))
        if place >= 20:
            found[name].append(1000 * (time.process_time() - started))
print(json.dumps({name: sorted(values)[len(values) // 2] for name, values in found.items()}))
"""


def main(
    workspaces: Annotated[list[Path], typer.Argument(help="Workspaces.")],
    before: Annotated[Path, typer.Option(help="A checkout of the program to compare with.")],
    users: Annotated[int, typer.Option(help="Random users of each.")] = 60,
    rounds: Annotated[int, typer.Option(help="How many times each side is measured.")] = 3,
) -> None:
    """Measure and print a table."""
    table = Table("workspace", "checkout", "list told, ms", "list untold, ms", "a reason, ms", "ratio")
    for workspace in workspaces:
        rows: dict[str, list[dict[str, float]]] = {"before": [], "now": []}
        for seed in range(rounds):
            for name, folder in (("before", before.resolve()), ("now", HERE)):
                rows[name].append(_measured(folder, workspace, users, seed))
        costs = {name: _reason(found) for name, found in rows.items()}
        for name, found in rows.items():
            told, untold = (np.median([one[key] for one in found]) for key in ("told", "untold"))
            ratio = f"{costs['before'] / costs['now']:.1f} ×" if name == "now" else ""
            table.add_row(workspace.name, name, f"{told:.2f}", f"{untold:.2f}", f"{costs[name]:.3f}", ratio)
    Console(width=120).print(table)


def _measured(checkout: Path, workspace: Path, users: int, seed: int) -> dict[str, float]:
    """Median milliseconds of a list with and without reasons, in a process of its own."""
    command = [sys.executable, "-c", MEASURE, str(workspace.resolve()), str(users), str(seed)]
    environment = os.environ | ONE_THREAD | {"PYTHONPATH": str(checkout)}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment, cwd=checkout)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _reason(found: list[dict[str, float]]) -> float:
    return float(np.median([(one["told"] - one["untold"]) / 10 for one in found]))


if __name__ == "__main__":
    typer.run(main)
