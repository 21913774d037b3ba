"""Memory and time of ``whyrec load`` by the number of triples: memory must not grow with them.

    python benchmarks/load_memory.py WORK-FOLDER [--millions 1,5,10,20] [--seed 0]

Of every million triples 200,000 entities, in CSV, into an empty embedded store, the snapshot included; then the same
files again, which changes nothing. Each load is a process of its own, and the peak is what the operating system says of
it; the data are made in other processes, since a child inherits the peak of the process that starts it. Bars, for
100 million triples by the line through the two largest sizes: 8 GB, 20 minutes of processor time for the first load.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from validation_memory import WHYREC, make_workspace

AIM, MOST_GB, MOST_MINUTES = 100.0, 8.0, 20.0
A_TRIPLE = 1.2
"""Rows per triple, the entities among them."""
CONSOLE = Console(width=140, highlight=False)


@dataclass(frozen=True)
class Run:
    """One load: bytes at its peak, seconds of processor."""

    peak: float
    processor: float


def main(
    folder: Annotated[Path, typer.Argument(help="Where data and workspaces are made.")],
    millions: Annotated[str, typer.Option(help="Sizes in millions of triples.")] = "1,5,10,20",
    seed: Annotated[int, typer.Option(help="Seed of the data.")] = 0,
) -> None:
    """Print a line per size and one for 100 million; end with 1 where a bar is missed."""
    sizes = [float(text) for text in millions.split(",")]
    found: list[tuple[Run, Run]] = []
    for size in sizes:
        workspace = folder / "size"
        make_workspace(workspace, round(size * 1e6 * A_TRIPLE), seed)
        found.append((load(workspace), load(workspace)))
        shutil.rmtree(workspace)
        first, again = found[-1]
        CONSOLE.print(
            f"{size:5.0f} M triples: first load {first.peak / 1e9:.2f} GB, {first.processor:.0f} CPU s "
            f"({first.processor / size:.2f} a million); again {again.peak / 1e9:.2f} GB, {again.processor:.0f} CPU s"
        )
    if len(sizes) > 1:
        peaks = [extended(sizes, [runs[turn].peak / 1e9 for runs in found]) for turn in (0, 1)]
        minutes = extended(sizes, [runs[0].processor / 60 for runs in found])
        CONSOLE.print(
            f"{AIM:5.0f} M triples, extended: first load {peaks[0]:.1f} GB, {minutes:.1f} CPU minutes; again "
            f"{peaks[1]:.1f} GB (bars: {MOST_GB:.0f} GB, {MOST_MINUTES:.0f} minutes)"
        )
        raise typer.Exit(int(max(peaks) > MOST_GB or minutes > MOST_MINUTES))


def extended(sizes: list[float], values: list[float]) -> float:
    """The value at ``AIM`` on the line through the last two."""
    slope = (values[-1] - values[-2]) / (sizes[-1] - sizes[-2])
    return values[-1] + slope * (AIM - sizes[-1])


def load(workspace: Path) -> Run:
    """Load all files of a workspace."""
    command = [*WHYREC, "-w", str(workspace), "load", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        report = json.load(process.stdout)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode or report["rejected"]:
        sys.exit(f"the load rejected {report['rejected']} rows, exit code {process.returncode}")
    return Run(usage.ru_maxrss * 1024, usage.ru_utime + usage.ru_stime)


if __name__ == "__main__":
    typer.run(main)
