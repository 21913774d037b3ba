"""Two domains, nobody in both: tastes that cross by attributes only, beside a weak attribute that everybody has.

    python benchmarks/planted_crossing.py WORK-FOLDER [--seeds 3]

Every person has two tastes, and uses items of one domain: a taste by her weights, then an item that has it, popular
ones more often. Items tell their taste by one relation in each domain; a skin type, drawn at random, is on every person
and on every product, and tells nothing. What people would use of the other domain is drawn the same way and only tested
on. Prints NDCG@10 after training beside popularity, beside an oracle that knows the weights (of the same kernels, the
best of a grid on the very people it is measured on), and beside one that knows everybody's tastes; and how many lists
differ.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from planted_graphs import graph_of
from rich.console import Console
from rich.table import Table

from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.interactions import ScoreUsers
from recommender.evaluation.evaluation import evaluate, scorer_of_users
from recommender.kernels.path_kernels import Kernels
from recommender.learning.fitting import fit_blend
from recommender.scoring.blend import Blend, ColdWeights
from recommender.scoring.scorer import Scorer
from recommender.splitting.interaction_splits import Split

TASTES, ITEMS, PEOPLE = 12, 240, 600
USED, TESTED, SKINS = 8, 3, 4
STRONG = 0.7
"""Weight of a person's first taste; the other has the rest."""
PARTS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Weights of popularity, where the one path that tells tastes weighs 1, that the oracle tries."""
CROSSING = {"cosmetics": "enrolled > covers > ~about", "courses": "purchased > about > ~covers"}
TARGETS = {"courses": "cosmetics", "cosmetics": "courses"}
SCHEMA = {
    "name": "planted-crossing",
    "entity": {
        "User": {"sensitive": True},
        "Course": {"domain": "courses"},
        "Product": {"domain": "cosmetics"},
        "Topic": {},
        "Skin": {},
    },
    "relation": {
        "enrolled": {"head": "User", "tail": "Course", "interaction": True},
        "purchased": {"head": "User", "tail": "Product", "interaction": True},
        "covers": {"head": "Course", "tail": "Topic"},
        "about": {"head": "Product", "tail": "Topic"},
        "has_skin": {"head": "User", "tail": "Skin"},
        "suits": {"head": "Product", "tail": "Skin"},
        "made_for": {"head": "Course", "tail": "Skin"},
    },
    "metapaths": {"max_length": 4, "exclude": ["* > ~has_skin > *"]},
}
CONSOLE = Console(width=140)


@dataclass(frozen=True)
class Planted:
    """``snapshot``: the graph; ``test``: domain → person → positions of what she would use; ``oracle``: scores of
    everything for a person: shape (catalogue.size,)."""

    snapshot: Snapshot
    test: dict[str, dict[tuple[str, int], NDArray[np.int64]]]
    oracle: dict[tuple[str, int], NDArray[np.float64]]


def main(
    folder: Annotated[Path, typer.Argument(help="Where graphs and kernels are made.")],
    seeds: Annotated[int, typer.Option(help="How many graphs.")] = 3,
) -> None:
    """Measure and print."""
    headings = (
        "popularity",
        "trained",
        "filled up",
        "its weights known",
        "tastes known",
        "÷ popularity",
        "÷ weights",
        "÷ tastes",
    )
    table = Table("seed", "to", "people", *headings, "distinct lists", "p", title="NDCG@10 × 100", title_justify="left")
    for seed in range(seeds):
        work = folder / str(seed)
        shutil.rmtree(work, ignore_errors=True)
        planted = plant(work, seed)
        fitted = fit_blend(planted.snapshot, work / "fitting", seed, None)
        kernels = Kernels(planted.snapshot, fitted.kernels, work / "kernels")
        scorer = Scorer(planted.snapshot, kernels, fitted.blend, None)
        for domain in TARGETS.values():
            table.add_row(str(seed), domain, *_measured(planted, scorer, domain))
    CONSOLE.print(table)


def plant(folder: Path, seed: int) -> Planted:
    """Make a graph."""
    random = np.random.default_rng(seed)
    taste_of = {kind: random.integers(TASTES, size=ITEMS) for kind in ("Course", "Product")}
    popular = {kind: 1 / (1 + random.permutation(ITEMS)) ** 0.7 for kind in taste_of}
    first, second = random.integers(TASTES, size=2 * PEOPLE), random.integers(TASTES, size=2 * PEOPLE)
    users = [f"u{number:04}" for number in range(2 * PEOPLE)]
    triples: dict[str, list[tuple[str, str]]] = {name: [] for name in SCHEMA["relation"]}
    wanted: dict[str, dict[int, NDArray[np.int64]]] = {"Course": {}, "Product": {}}
    affinity: dict[int, dict[str, NDArray[np.float64]]] = {}
    for number, user in enumerate(users):
        weights = np.zeros(TASTES)
        weights[first[number]] += STRONG
        weights[second[number]] += 1 - STRONG
        own, other = ("Course", "Product") if number < PEOPLE else ("Product", "Course")
        chances = {kind: _chances(weights, taste_of[kind], popular[kind]) for kind in (own, other)}
        used = random.choice(ITEMS, USED, replace=False, p=chances[own])
        triples["enrolled" if own == "Course" else "purchased"] += [(user, f"{own[0]}{item:03}") for item in used]
        wanted[other][number] = np.sort(random.choice(ITEMS, TESTED, replace=False, p=chances[other]))
        affinity[number] = chances
        triples["has_skin"].append((user, f"s{random.integers(SKINS)}"))
    for kind, (tells, suits) in {"Course": ("covers", "made_for"), "Product": ("about", "suits")}.items():
        items = [f"{kind[0]}{item:03}" for item in range(ITEMS)]
        triples[tells] += [(item, f"t{taste_of[kind][place]:02}") for place, item in enumerate(items)]
        triples[suits] += [(item, f"s{random.integers(SKINS)}") for item in items]
    entities = {
        "User": users,
        "Course": [f"C{item:03}" for item in range(ITEMS)],
        "Product": [f"P{item:03}" for item in range(ITEMS)],
        "Topic": [f"t{taste:02}" for taste in range(TASTES)],
        "Skin": [f"s{skin}" for skin in range(SKINS)],
    }
    snapshot = graph_of(folder / "graph", entities, triples, SCHEMA)
    return _planted(snapshot, users, wanted, affinity)


def _chances(weights: NDArray[np.float64], tastes: NDArray[np.int64], popular: NDArray[np.float64]) -> NDArray:
    """A taste by its weight, then an item that has it by popularity."""
    whole = np.bincount(tastes, popular, minlength=TASTES)
    found = weights[tastes] * popular / whole[tastes] + 1e-9
    return found / found.sum()


def _planted(
    snapshot: Snapshot,
    users: list[str],
    wanted: dict[str, dict[int, NDArray[np.int64]]],
    affinity: dict[int, dict[str, NDArray[np.float64]]],
) -> Planted:
    catalogue, idx = Catalogue(snapshot), [snapshot.vocabulary.idx("User", user) for user in users]
    starts = {kind: catalogue.slices[kind].start for kind in wanted}
    test: dict[str, dict[tuple[str, int], NDArray[np.int64]]] = {}
    for kind, people in wanted.items():
        found = {("User", idx[number]): items + starts[kind] for number, items in people.items()}
        test[snapshot.schema.entity[kind].domain or ""] = dict(sorted(found.items()))
    oracle = {}
    for number, chances in affinity.items():
        oracle["User", idx[number]] = np.zeros(catalogue.size)
        for kind, values in chances.items():
            oracle["User", idx[number]][catalogue.slices[kind]] = values
    return Planted(snapshot, test, oracle)


def _measured(planted: Planted, scorer: Scorer, domain: str) -> list[str]:
    popularity = scorer.catalogue.popularity
    models: dict[str, ScoreUsers] = {
        "trained": scorer_of_users(scorer, domain=domain),
        "filled": scorer_of_users(scorer),
        "popularity": lambda users: np.tile(popularity, (len(users), 1)),
        "tastes": lambda users: np.stack([planted.oracle[user] for user in users]),
    }
    for part in PARTS:
        cold = ColdWeights(metapaths={CROSSING[domain]: 1.0}, popularity=part)
        known = Blend(metapaths={}, cold={domain: cold})
        models[f"weights {part}"] = scorer_of_users(Scorer(planted.snapshot, scorer.kernels, known, None))
    test = planted.test[domain]
    result = evaluate(Split(planted.snapshot, test, {"kind": "planted"}), models, 10, domain)
    ndcg = {name: found["ndcg"]["mean"] for name, found in result.models.items()}
    ndcg["weights"] = max(value for name, value in ndcg.items() if name.startswith("weights"))
    ratios = [ndcg["trained"] / ndcg[name] for name in ("popularity", "weights", "tastes")]
    inside = scorer.catalogue.of_domain(domain)
    scores = models["trained"](list(test))
    lists = {tuple(np.argsort(-np.where(inside, row, -np.inf), kind="stable")[:10]) for row in scores}
    figures = (f"{100 * ndcg[name]:.2f}" for name in ("popularity", "trained", "filled", "weights", "tastes"))
    p = next(one.p for one in result.comparisons if one.second == "popularity")
    return [
        str(len(test)),
        *figures,
        *(f"{ratio:.2f}" for ratio in ratios),
        f"{len(lists) / len(test):.0%}",
        f"{p:.3f}",
    ]


if __name__ == "__main__":
    typer.run(main)
