"""A schema as wide as a published knowledge graph: what metapaths cost, all of them and as they are narrowed.

    python -m benchmarks.wide_schema [--relations 63] [--all-of 16]

Items have attributes by relations of which each is half as large as the one before, down to a few triples; people take
to items by the attributes of one relation. Both sides are fitted in one run on a graph of ``--all-of`` relations, all
metapaths (``most`` without a bound, no trial) against the narrowed ones; the whole width is then fitted narrowed.
"""

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np
from rich.console import Console

from benchmarks.planted_graphs import graph_of
from kg.snapshot.snapshot import Snapshot
from recommender.evaluation.evaluation import evaluate, scorer_of_users
from recommender.kernels.narrowing import narrowing_of
from recommender.learning import path_trial
from recommender.learning.fitting import fit_blend
from recommender.splitting.interaction_splits import random_split

CONSOLE = Console()
UNBOUNDED = 10**6
LEAST_SHARE = 0.01


def wide(folder: Path, relations: int, people: int, items: int, most: int) -> Snapshot:
    """A graph with so many relations from items to attributes of one type."""
    random, things = np.random.default_rng(relations), max(20, items // 10)
    names = [f"r{number:03}" for number in range(relations)]
    shares = np.maximum(0.5 ** np.arange(relations), LEAST_SHARE)
    triples = {}
    for name, share in zip(names, shares.tolist(), strict=True):
        heads = random.permutation(items)[: max(2, int(share * items))]
        triples[name] = [(f"p{head}", f"t{thing}") for head in heads for thing in random.integers(0, things, 2)]
    by_thing: dict[str, list[str]] = {}
    for head, thing in triples[names[0]]:
        by_thing.setdefault(thing, []).append(head)
    groups = list(by_thing.values())
    bought = []
    for person in range(people):
        liked = groups[random.integers(len(groups))] + groups[random.integers(len(groups))]
        bought += [(f"u{person}", liked[place]) for place in random.integers(0, len(liked), 6)]
    schema = {
        "name": "wide",
        "entity": {"User": {"sensitive": True}, "Product": {"domain": "shop"}, "Thing": {}},
        "relation": {
            "bought": {"head": "User", "tail": "Product", "interaction": True},
            **{name: {"head": "Product", "tail": "Thing"} for name in names},
        },
        "metapaths": {"most": most},
    }
    sizes = {"User": ("u", people), "Product": ("p", items), "Thing": ("t", things)}
    entities = {name: [f"{letter}{n}" for n in range(count)] for name, (letter, count) in sizes.items()}
    return graph_of(folder, entities, {"bought": bought, **triples}, schema)


def measured(snapshot: Snapshot, folder: Path, title: str) -> float:
    """Fit, print, and give the processor seconds of it."""
    split = random_split(snapshot, 0.2, 0)
    narrowing = narrowing_of(snapshot)
    began = sum(os.times()[:4])
    fitted = fit_blend(split.train, folder / "fit", 0, None, kind="random")
    seconds = sum(os.times()[:4]) - began  # of this process and its workers
    ndcg = evaluate(split, {"whyrec": scorer_of_users(fitted.scorer(split.train, folder / "kernels", None))}, 10)
    tried = fitted.kernels.narrowing
    kernels = len(tried.enumerate(snapshot.schema)) if tried else 0
    CONSOLE.print(
        f"{title}: {len(narrowing.enumerate(snapshot.schema)):,} metapaths walked ({len(narrowing.alone)} relations "
        f"alone, {len(narrowing.left_out)} left out), {kernels} with a kernel; "
        f"{seconds:.1f} s, NDCG@10 {ndcg.models['whyrec']['ndcg']['mean']:.4f}"
    )
    return seconds


def main() -> None:
    """Print both sides of the smaller graph, then the wide one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--relations", type=int, default=63)
    parser.add_argument("--all-of", type=int, default=16, help="Relations of the graph that is fitted both ways.")
    parser.add_argument("--people", type=int, default=1_000)
    parser.add_argument("--items", type=int, default=1_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sizes = (asked.people, asked.items)
        both = [wide(Path(folder) / str(most), asked.all_of, *sizes, most) for most in (UNBOUNDED, 200)]
        many, path_trial.MANY = path_trial.MANY, UNBOUNDED
        before = measured(both[0], Path(folder) / "before", f"{asked.all_of} relations, all metapaths")
        path_trial.MANY = many
        after = measured(both[1], Path(folder) / "after", f"{asked.all_of} relations, narrowed")
        CONSOLE.print(f"before ÷ after: {before / after:.1f}")
        whole = wide(Path(folder) / "whole", asked.relations, *sizes, 200)
        measured(whole, Path(folder) / "whole-fit", f"{asked.relations} relations, narrowed")


if __name__ == "__main__":
    main()
