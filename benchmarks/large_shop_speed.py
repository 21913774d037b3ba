"""A shop of 200,000 items, a million users and 20 million triples: building the model, answers, memory.

    OMP_NUM_THREADS=1 python benchmarks/large_shop_speed.py WORK-FOLDER [--scale 1.0]

Takes the snapshot, learns the blend without embeddings, makes the kernels, all through the library; then asks for users
one by one. Peak memory is that of the process itself, mapped files included, and of its largest worker. What is there
already is not made again.
"""

import resource
import shutil
import time
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from answer_times import answer_times
from large_shop import SCHEMA, make_snapshot
from rich.console import Console

from kg.errors import SnapshotError
from kg.schema import parse_schema
from kg.snapshot.snapshot import Snapshot, current_snapshot
from recommender.kernels.path_kernels import Kernels
from recommender.kernels.registry import scored_paths
from recommender.learning.fitting import fit_blend
from recommender.learning.model import ModelManifest, open_model, read_manifest, save_manifest
from recommender.serving.recommender import Recommender

CONSOLE = Console(width=160, highlight=False)


def main(
    folder: Annotated[Path, typer.Argument(help="Where snapshot, kernels and model are kept.")],
    scale: Annotated[float, typer.Option(help="Factor of all numbers.")] = 1.0,
    users: Annotated[int, typer.Option(help="Users asked for one by one.")] = 2000,
) -> None:
    """Measure and print."""
    snapshot = _snapshot(folder / "snapshot", scale)
    start = time.perf_counter()
    if read_manifest(folder / "model") is None:
        _fit(folder, snapshot, start)
    recommender = Recommender(open_model(folder / "model", snapshot, folder / "kernels"))
    _say(start, "model open")
    CONSOLE.print(f"one answer: {answer_times(recommender, users)}")
    _say(start, "done")


def _snapshot(parent: Path, scale: float) -> Snapshot:
    try:
        return current_snapshot(parent, parse_schema(SCHEMA))
    except SnapshotError:
        return make_snapshot(parent, scale)


def _fit(folder: Path, snapshot: Snapshot, start: float) -> None:
    fitted = fit_blend(snapshot, folder / "fit", 0, None, partial(_say, start))
    shutil.rmtree(folder / "fit", ignore_errors=True)
    kernels = Kernels(snapshot, fitted.kernels, folder / "kernels")
    weighed = [path.tail for path in scored_paths(snapshot) if fitted.blend.weight(path) > 0]
    kernels.build(weighed, partial(_say, start))
    save_manifest(
        folder / "model",
        ModelManifest(
            name="paths",
            snapshot=snapshot.hash,
            blend=fitted.blend,
            kernels=fitted.kernels,
            recency=fitted.recency,
            learning=fitted.reports,
        ),
    )
    _say(start, "model saved")


def _say(start: float, *what: object) -> None:
    peaks = (resource.getrusage(who).ru_maxrss / 2**20 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    memory = " + ".join(f"{peak:.2f}" for peak in peaks)
    CONSOLE.print(f"{time.perf_counter() - start:8.1f} s  {memory} GiB  {' '.join(map(str, what))}")


if __name__ == "__main__":
    typer.run(main)
