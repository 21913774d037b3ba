"""Order that was planted: people who took A take B next, forwards unlike backwards; is it found, and never invented?

In the first shop the next item follows from the last by a chain that only an oracle knows; in the others each person's
times are shuffled, so that nothing comes after anything. In all the last item of each person is held out, everything is
learned from the rest, and the same model is learned from the same rest without timestamps. Bars: in the first shop
NDCG@10 ≥ .9 × the oracle's, where the model without times has ≤ .7 × of it; in the others no loss, by a t test over
the shops: within one the two models differ by the draw of their validation parts, which users cannot tell.

    python -m benchmarks.planted_order
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.stats import ttest_1samp

from kg.schema import parse_schema
from kg.snapshot.building import take_snapshot
from kg.snapshot.snapshot import Snapshot
from kg.stores.opening import open_store
from kg.stores.store import TRIPLE_DTYPES
from recommender.catalogue.interactions import Interactions, ScoreUsers, User
from recommender.evaluation.evaluation import evaluate, scorer_of_users
from recommender.evaluation.report import Evaluation
from recommender.learning.fitting import Fitted, fit_blend
from recommender.splitting.interaction_splits import Split, hold_out, last_split

FIRST, DAY = 1_600_000_000_000, 86_400_000
FOLLOWERS = np.array([0.6, 0.3, 0.1])
FOUND, WITHOUT = 0.9, 0.7
CONSOLE = Console()
Events = list[tuple[str, str, int]]
"""User, item, milliseconds since 1970."""
SCHEMA = {
    "name": "order",
    "entity": {"User": {"sensitive": True}, "Product": {"domain": "shop"}},
    "relation": {"bought": {"head": "User", "tail": "Product", "interaction": True}},
}


@dataclass(frozen=True)
class Shop:
    """``chain``: probability of each item after each, shape (items, items); ``taken``: what each took, in order."""

    chain: NDArray[np.float64]
    taken: list[NDArray[np.int64]]


def planted(people: int, items: int, surely: float, seed: int) -> Shop:
    """With probability ``surely`` the next item is one of three that follow the last, else any by its popularity."""
    random = np.random.default_rng(seed)
    popular = 1.0 / np.arange(1, items + 1) ** 0.7
    popular /= popular.sum()
    chain = np.tile((1 - surely) * popular, (items, 1))
    for item in range(items):
        chain[item, random.choice(np.delete(np.arange(items), item), len(FOLLOWERS), replace=False)] += (
            surely * FOLLOWERS
        )
    taken = []
    for length in random.integers(5, 15, people):
        history = [int(random.choice(items, p=popular))]
        while len(history) < length:
            left = chain[history[-1]].copy()
            left[history] = 0.0
            history.append(int(random.choice(items, p=left / left.sum())))
        taken.append(np.array(history))
    return Shop(chain, taken)


def events_of(shop: Shop, *, shuffled: bool, seed: int) -> Events:
    """What each person took when: days apart, in their order or shuffled."""
    random, events = np.random.default_rng(seed), []
    for number, history in enumerate(shop.taken):
        times = FIRST + DAY * (random.integers(0, 300) + np.cumsum(random.integers(1, 20, len(history))))
        order = random.permutation(len(history)) if shuffled else np.arange(len(history))
        pairs = zip(history[order].tolist(), times.tolist(), strict=True)
        events += [(f"u{number:05}", f"p{item:04}", time) for item, time in pairs]
    return events


def snapshot_of(events: Events, folder: Path, *, timed: bool) -> Snapshot:
    """Load events into a store, with their times or without, and take its snapshot."""
    schema = parse_schema(SCHEMA)
    folder.mkdir(parents=True)
    store = open_store("graph.lbug", schema, folder=folder)
    try:
        for name, ids in (("User", {user for user, _, _ in events}), ("Product", {item for _, item, _ in events})):
            rows = {"id": sorted(ids), "label": sorted(ids)}
            store.create_entities(name, pl.DataFrame(rows, schema={"id": pl.String, "label": pl.String}))
        triples = [(user, item, 1.0, time if timed else None) for user, item, time in events]
        store.create_triples("bought", pl.DataFrame(triples, schema=TRIPLE_DTYPES, orient="row"))
        store.set_revision("1")
        return take_snapshot(store, schema, folder / "snapshot")
    finally:
        store.close()


def oracle(shop: Shop, train: Snapshot) -> ScoreUsers:
    """Scores by the chain from the last item that is left."""
    used = Interactions(train)
    last = np.zeros(used.matrix.shape[0], dtype=np.int64)
    for user, history in enumerate(shop.taken):
        left = set(used.matrix.indices[used.matrix.indptr[user] : used.matrix.indptr[user + 1]].tolist())
        last[user] = next(item for item in history[::-1].tolist() if item in left)

    def score(users: Sequence[User]) -> NDArray[np.float64]:
        return shop.chain[last[[idx for _, idx in users]]]

    return score


def measured(events: Events, folder: Path, shop: Shop | None = None) -> tuple[Evaluation, Fitted]:
    """The model with times, without, and the oracle of a shop, on the last item of each person."""
    timed, untimed = (snapshot_of(events, folder / name, timed=name == "timed") for name in ("timed", "untimed"))
    split = last_split(timed)
    mask = np.zeros(timed.manifest.triples["bought"], dtype=bool)
    matrix = timed.adjacency("bought")
    for (_, user), positions in split.test.items():
        start, stop = matrix.indptr[user], matrix.indptr[user + 1]
        mask[start:stop] = np.isin(matrix.indices[start:stop], positions)
    other: Split = hold_out(untimed, {"bought": mask}, {"kind": "last"})
    with_times = fit_blend(split.train, folder / "fit", 0, None)
    without = fit_blend(other.train, folder / "fit-untimed", 0, None)
    models: dict[str, ScoreUsers] = {
        "whyrec": scorer_of_users(with_times.scorer(split.train, folder / "kernels", None)),
        "without times": scorer_of_users(without.scorer(other.train, folder / "kernels-untimed", None)),
    }
    if shop is not None:
        models["oracle"] = oracle(shop, split.train)
    return evaluate(split, models, 10), with_times


def show(title: str, result: Evaluation, fitted: Fitted) -> dict[str, float]:
    """Print one shop; model → NDCG@10."""
    ndcg = {name: float(found["ndcg"]["mean"]) for name, found in result.models.items()}
    table = Table(title=title, title_justify="left")
    for column in ("model", "NDCG@10", "× oracle"):
        table.add_column(column, justify="left" if column == "model" else "right")
    for name, value in ndcg.items():
        table.add_row(name, f"{value:.4f}", f"{value / ndcg['oracle']:.3f}" if "oracle" in ndcg else "")
    CONSOLE.print(table)
    gain = result.comparisons[0]
    CONSOLE.print(f"with times − without: {gain.mean:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}], p = {gain.p:.3f}")
    weights = {name: round(weight, 3) for name, weight in fitted.blend.metapaths.items() if weight}
    recency = {name: str(one) for name, one in fitted.recency.items()}
    CONSOLE.print(f"learned: {weights}; {fitted.kernels.learned}; {recency}\n")
    return ndcg


def main() -> None:
    """Print the shops, and whether the bars are met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=3_000)
    parser.add_argument("--items", type=int, default=300)
    parser.add_argument("--surely", type=float, default=0.7, help="How often the chain decides.")
    parser.add_argument("--shops", type=int, default=6, help="Shops with shuffled times.")
    asked = parser.parse_args()
    lost, invented = list[float](), 0
    for number in range(1 + asked.shops):
        shop, shuffled = planted(asked.people, asked.items, asked.surely, number), number > 0
        with tempfile.TemporaryDirectory() as folder:
            events = events_of(shop, shuffled=shuffled, seed=number)
            result, fitted = measured(events, Path(folder) / "shop", shop)
        ndcg = show(f"shuffled times, shop {number}" if shuffled else "planted order", result, fitted)
        if shuffled:
            lost.append(ndcg["without times"] - ndcg["whyrec"])
            invented += bool(fitted.recency) + (fitted.kernels.learned["sequence"] != {"window": 0})
        else:
            found = [ndcg[name] / ndcg["oracle"] for name in ("whyrec", "without times")]
    p = float(ttest_1samp(lost, 0.0).pvalue)
    CONSOLE.print(f"planted: {found[0]:.3f} × the oracle, {found[1]:.3f} × without times (bars {FOUND}, {WITHOUT})")
    CONSOLE.print(
        f"shuffled: {np.mean(lost):+.4f} lost over {len(lost)} shops, p = {p:.3f}; orders invented: {invented}"
    )
    met = found[0] >= FOUND and found[1] <= WITHOUT and (np.mean(lost) <= 0 or p > 0.05)
    CONSOLE.print("bars met" if met else "bars MISSED")
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
