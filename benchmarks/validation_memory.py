"""How much memory it takes to check rows: 5 times the rows, at most 1.5 times the peak.

    python benchmarks/validation_memory.py WORK-FOLDER [--scale 0.1] [--rounds 2]

At scale 1: 1,000,000 and 5,000,000 rows in CSV, a sixth of them entities, through ``whyrec load --dry-run`` into an
empty embedded store, each in a process of its own; the peak is what the operating system says of that process. The
data are made in other processes, since a child inherits the peak of the process that starts it.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer
from random_shop import make_shop
from rich.console import Console
from rich.table import Table

ROWS = (1_000_000, 5_000_000)
WHYREC = [sys.executable, "-m", "cli"]


def main(
    folder: Annotated[Path, typer.Argument(help="Where data and workspaces are made.")],
    scale: Annotated[float, typer.Option(help="Of 1,000,000 and 5,000,000 rows.")] = 1.0,
    rounds: Annotated[int, typer.Option(help="Runs of each; the largest peak counts.")] = 2,
    seed: Annotated[int, typer.Option(help="Seed of the data.")] = 0,
) -> None:
    """Measure and print a table."""
    workspaces = {round(rows * scale): folder / f"rows-{round(rows * scale)}" for rows in ROWS}
    for rows, workspace in workspaces.items():
        make_workspace(workspace, rows, seed)
    runs: dict[int, list[tuple[int, float]]] = {rows: [] for rows in workspaces}
    for _ in range(rounds):
        for rows, workspace in workspaces.items():
            runs[rows].append(dry_run(workspace, rows))
    peaks = {rows: max(peak for peak, _ in found) for rows, found in runs.items()}
    table = Table("rows", "peak MiB of each run", "seconds of each run", "ratio", "bar", title="load --dry-run")
    smallest = min(peaks)
    for rows, found in runs.items():
        ratio, bar = ("", "") if rows == smallest else (f"{peaks[rows] / peaks[smallest]:.2f} x", "at most 1.5")
        megabytes = "  ".join(f"{peak / 1024:.0f}" for peak, _ in found)
        table.add_row(f"{rows:,}", megabytes, "  ".join(f"{seconds:.1f}" for _, seconds in found), ratio, bar)
    Console(width=120).print(table)


def make_workspace(workspace: Path, rows: int, seed: int) -> None:
    """An empty store, and files of so many rows."""
    shutil.rmtree(workspace, ignore_errors=True)
    maker = get_context("spawn").Process(target=make_shop, args=(workspace, rows // 6, rows - rows // 6, seed))
    maker.start()
    maker.join()
    shutil.move(workspace / "schema.toml", workspace.parent / "schema.toml")
    command = ["init", str(workspace), "--schema", str(workspace.parent / "schema.toml")]
    subprocess.run([*WHYREC, *command], check=True, stdout=subprocess.DEVNULL)


def dry_run(workspace: Path, rows: int) -> tuple[int, float]:
    """Peak of resident memory in KiB, and seconds."""
    started = time.perf_counter()
    command = [*WHYREC, "-w", str(workspace), "load", "--dry-run", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        report = json.load(process.stdout)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    loaded = sum(file["loaded"] for file in report["files"])
    if process.returncode or loaded < rows - 6:  # each part of the data is rounded
        sys.exit(f"the dry run loaded {loaded} of {rows} rows, exit code {process.returncode}")
    return usage.ru_maxrss, seconds


if __name__ == "__main__":
    typer.run(main)
