"""Sephora and COCO in one graph, nobody in both: whom paths reach after training, how personal the lists are, and why.

    WHYREC_DATA=… python benchmarks/crossing.py WORK-FOLDER [--links] [--shown 10] [--embeddings]

Loads as ``sephora_coco.py`` does, trains with the program, and prints for learners and for buyers what training says of
their lists of the other domain (300 people each), reach over everybody, and some lists to be read. With ``--links``
(needs ``whyrec[links]``) proposed links are accepted from the threshold on first, and reach is given before and after.
"""

import random
import shutil
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from program import whyrec
from rich.console import Console
from rich.table import Table
from sephora_coco import make_workspace

from kg.snapshot.snapshot import Snapshot
from kg.workspace.workspace import Workspace
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.kernels.registry import scored_paths
from recommender.learning.model import open_model
from recommender.learning.priors.crossing_prior import BRIDGED
from recommender.rules.rule_set import Rules
from recommender.scoring.cold_start import cold_in
from recommender.serving.recommender import Recommender, Request

PAIRS = (("courses", "cosmetics"), ("cosmetics", "courses"))
CONSOLE = Console(width=160)


def main(
    folder: Annotated[Path, typer.Argument(help="Where the workspace is made.")],
    data: Annotated[Path, typer.Option(envvar="WHYREC_DATA", help="The folder of data sets.")],
    links: Annotated[bool, typer.Option("--links", help="Accept proposed links before training.")] = False,
    embeddings: Annotated[bool, typer.Option("--embeddings", help="Train vectors too.")] = False,
    shown: Annotated[int, typer.Option(help="Lists of each side to print.")] = 10,
    seed: Annotated[int, typer.Option(help="Seed of what is printed.")] = 0,
) -> None:
    """Measure and print."""
    workspace = folder / "workspace"
    make_workspace(workspace, data, "graph.lbug")
    whyrec(workspace, "load", "--allow-outside")
    reached = {"as mapped": _reach(workspace, folder)}
    if links:
        found = whyrec(workspace, "links")
        CONSOLE.print(
            f"{found['proposed']:,} links proposed, {found['accepted']:,} accepted from {found['threshold']:g} on"
        )
        whyrec(workspace, "links", "--load")
        reached["with links"] = _reach(workspace, folder)
    _show_reach(reached)
    report = whyrec(workspace, "train", *([] if embeddings else ["--no-embeddings"]))
    _show_crossing(report["crossing"])
    opened = Workspace(workspace)
    recommender = Recommender(open_model(opened.model, opened.snapshot(), opened.kernels))
    for source, target in PAIRS:
        _show_lists(recommender, (source, target), shown, random.Random(seed))


def _reach(workspace: Path, folder: Path) -> dict[str, tuple[int, int, int, int]]:
    """For each pair of domains: people, those whom a path reaches, those whom anything learned reaches too, items that
    paths reach."""
    snapshot, kernels = Workspace(workspace).snapshot(), folder / "reach"
    shutil.rmtree(kernels, ignore_errors=True)
    found = {}
    for source, target in PAIRS:
        people = _people(snapshot, source, target)
        paths, bridges = np.zeros(len(people), dtype=bool), np.zeros(len(people), dtype=bool)
        items = 0
        for path in scored_paths(snapshot):
            ends = (
                snapshot.schema.entity[snapshot.schema.ends(path.start)[1]].domain,
                snapshot.schema.entity[path.item_type(snapshot.schema)].domain,
            )
            if ends != (source, target) or (path.learned and path.learned.kernel not in BRIDGED):
                continue
            kernel = Kernels(snapshot, KernelConfig(), kernels).kernel(path.tail)
            leads = np.diff(kernel.indptr) > 0
            reached = np.asarray(snapshot.adjacency(path.start)[people] @ leads.astype(np.float64)) > 0
            bridges |= reached
            if path.learned is None:
                paths |= reached
                items = max(items, len(np.unique(kernel.indices)))
        found[f"{source} → {target}"] = (len(people), int(paths.sum()), int(bridges.sum()), items)
    return found


def _people(snapshot: Snapshot, source: str, target: str) -> Any:
    return np.flatnonzero(~cold_in(snapshot, "User", source) & cold_in(snapshot, "User", target))


def _show_reach(found: dict[str, dict[str, tuple[int, int, int, int]]]) -> None:
    table = Table("graph", "pair", "people", "reached by a path", "… or inferred", "items reached", title="reach")
    for graph, pairs in found.items():
        for pair, (people, paths, bridges, items) in pairs.items():
            shares = (f"{count:,} ({count / people:.1%})" for count in (paths, bridges))
            table.add_row(graph, pair, f"{people:,}", *shares, f"{items:,}")
    CONSOLE.print(table)


def _show_crossing(found: list[dict[str, Any]]) -> None:
    columns = ("asked", "reached", "personal", "first", "distinct", "own", "with_reason")
    table = Table("pair", *columns, "reasons", title="after training, lists of the other domain")
    for one in found:
        cells = (f"{one[name]:.1%}" if isinstance(one[name], float) else f"{one[name]:,}" for name in columns)
        reasons = "\n".join(f"{name} {count:,}" for name, count in list(one["reasons"].items())[:5])
        table.add_row(f"{one['source']} → {one['target']}", *cells, reasons)
    CONSOLE.print(table)


def _show_lists(recommender: Recommender, pair: tuple[str, str], shown: int, rng: random.Random) -> None:
    """Lists of people whom something reaches, with what they used."""
    snapshot, (source, target) = recommender.snapshot, pair
    people = _people(snapshot, source, target).tolist()
    rng.shuffle(people)
    used = snapshot.schema.interactions_with(source)[0]
    tail = snapshot.schema.relation[used].tail
    for idx in people:
        answer = recommender.recommend(Request(snapshot.vocabulary.id("User", idx), rules=Rules(domain=target), n=3))
        if not answer.items or answer.items[0].shares.paths <= 0:
            continue
        labels = [snapshot.label(tail, one) for one in snapshot.neighbours(used, idx)[0].tolist()]
        CONSOLE.print(f"{source}: {', '.join(labels[:6])}", style="bold", markup=False)
        for item in answer.items:
            CONSOLE.print(f"   {item.label}: {item.reason}", markup=False)
        shown -= 1
        if not shown:
            break


if __name__ == "__main__":
    typer.run(main)
