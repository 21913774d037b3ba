"""What a change of the graph costs: one purchase, item, person, a thousand changes, beside making all kernels anew.

    OMP_NUM_THREADS=1 python -m benchmarks.change_cost WORKSPACE WORK-FOLDER [--many 1000] [--only item]

WORKSPACE has a trained model and an embedded store; it is copied, and nothing is written to it. Each change is a file
for ``whyrec load``, in a process of its own: processor seconds of it and its workers, wall seconds, peak memory. Then
the same graph with no kernels to begin with, made by the first ``recommend``: what ``load`` left has to be the same
files, to the bit. And once more without what is kept of the training either, degrees, association and latent map: all
of it made anew, as a change made it before it was kept. One load more goes first and does not count: an installed
program has its bytecode. Bars: 3 s and 1 GB for one change, .2 of that for a thousand.
"""

import argparse
import csv
import os
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from benchmarks.program import WHYREC
from kg.snapshot.snapshot import Snapshot
from kg.workspace.workspace import Workspace
from recommender.learning.model import GRAPH

CONSOLE = Console(width=140, highlight=False)
MOST_SECONDS, MOST_GB, MOST_PART = 3.0, 1.0, 0.2
Rows = list[tuple[str, ...]]


@dataclass(frozen=True)
class Spent:
    """Processor and wall seconds of a process with its workers, and its peak memory in GB."""

    processor: float
    wall: float
    memory: float


def spent(workspace: Path, *arguments: str) -> Spent:
    """Run the program and wait for it."""
    began = time.perf_counter()
    process = os.posix_spawn(
        WHYREC,
        [WHYREC, "-w", str(workspace), *arguments, "--json"],
        {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, used = os.wait4(process, 0)
    if status:
        sys.exit(f"whyrec {' '.join(arguments)} ended with {os.waitstatus_to_exitcode(status)}")
    return Spent(used.ru_utime + used.ru_stime, time.perf_counter() - began, used.ru_maxrss / 1e6)


def changes(snapshot: Snapshot, interaction: str, many: int) -> dict[str, dict[str, Rows]]:
    """Name of a change → file → rows, the header first: a purchase, an item like another, a person, many of all."""
    random, relation = np.random.default_rng(0), snapshot.schema.relation[interaction]
    ids = {end: snapshot.vocabulary.ids(end) for end in (relation.head, relation.tail)}
    attributes = {
        name: snapshot.adjacency(name)
        for name, one in snapshot.schema.relation.items()
        if one.head == relation.tail and one.tail not in (relation.head, relation.tail)
    }

    def pairs(count: int) -> Rows:
        return [(str(random.choice(ids[relation.head])), str(random.choice(ids[relation.tail]))) for _ in range(count)]

    def item(number: int) -> dict[str, Rows]:
        new, like = f"~item{number}", int(random.integers(len(ids[relation.tail])))
        rows: dict[str, Rows] = {relation.tail: [(new,)]}
        for name, matrix in attributes.items():
            tails = matrix.indices[matrix.indptr[like] : matrix.indptr[like + 1]].tolist()
            tail_type = snapshot.schema.relation[name].tail
            rows[name] = [(new, snapshot.vocabulary.id(tail_type, idx)) for idx in tails]
        return rows

    def person(number: int) -> dict[str, Rows]:
        new = f"~person{number}"
        return {relation.head: [(new,)], interaction: [(new, tail) for _, tail in pairs(5)]}

    found = {"one purchase": {interaction: pairs(1)}, "one new person": person(0), "one new item": item(0)}
    mixed: dict[str, Rows] = {interaction: pairs(many - many // 10)}
    for number in range(many // 20):
        for part in (item(number + 1), person(number + 1)):
            for name, rows in part.items():
                mixed[name] = mixed.get(name, []) + rows
    return {**found, f"{many:,} changes": mixed}


def write(files: dict[str, Rows], folder: Path) -> list[str]:
    """The rows as files that are named after what they hold, entities first."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, rows in sorted(files.items(), key=lambda one: len(one[1][0]) if one[1] else 2):
        if rows:
            with (folder / f"{name}.csv").open("w", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(("id",) if len(rows[0]) == 1 else ("head", "tail"))
                writer.writerows(rows)
            written.append(str(folder / f"{name}.csv"))
    return written


def _made(workspace: Path, written: list[str], user: str) -> Spent:
    """A load into a workspace without kernels, which the first answer makes."""
    shutil.rmtree(Workspace(workspace).held().kernels)
    both = spent(workspace, "load", *written), spent(workspace, "recommend", user)
    return Spent(sum(one.processor for one in both), sum(one.wall for one in both), max(one.memory for one in both))


def kernel_files(workspace: Path) -> dict[str, Path]:
    """Name → file of every array of the current generation's kernels."""
    folder = Workspace(workspace).held().kernels
    return {path.name: path for path in folder.rglob("*.npy")}


def main() -> None:
    """Print a table, and end with 1 where a bar is missed or a bit differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--interaction", default="purchased")
    parser.add_argument("--many", type=int, default=1000)
    parser.add_argument("--only", default="", help="changes whose name holds this text, all where absent")
    asked = parser.parse_args()
    snapshot, missed = Workspace(asked.workspace).held().snapshot(), False
    compiled = False
    user = snapshot.vocabulary.id(snapshot.schema.relation[asked.interaction].head, 0)
    for name, files in changes(snapshot, asked.interaction, asked.many).items():
        if asked.only not in name:
            continue
        place, anew, whole = (asked.folder / part for part in ("changed", "anew", "whole"))
        for one in (place, anew, whole):
            shutil.rmtree(one, ignore_errors=True)
            shutil.copytree(asked.workspace, one)
        written = write(files, asked.folder / "files" / name.replace(" ", "-"))
        if not compiled:
            spent(whole, "load", *written)
            shutil.rmtree(whole)
            shutil.copytree(asked.workspace, whole)
        compiled, one = True, spent(place, "load", *written)
        shutil.rmtree(Workspace(whole).held().model / GRAPH)
        costs = [_made(one, written, user) for one in (anew, whole)]
        found, expected = kernel_files(place), kernel_files(anew)
        differ = [part for part, path in expected.items() if found[part].read_bytes() != path.read_bytes()]
        part = one.processor / costs[1].processor
        told = [
            f"{cost.processor:.1f} s, {cost.memory:.2f} GB: {one.processor / cost.processor:.2f} ×" for cost in costs
        ]
        CONSOLE.print(
            f"{name:16} {one.processor:6.1f} s of processor, {one.wall:6.1f} s, {one.memory:.2f} GB; kernels made anew "
            f"{told[0]}; learned anew too {told[1]}; {len(expected)} files, {len(differ)} differ"
        )
        bar = part <= MOST_PART if name.endswith("changes") else one.processor <= MOST_SECONDS and one.memory <= MOST_GB
        missed |= bool(differ) or not bar
    sys.exit(int(missed))


if __name__ == "__main__":
    main()
