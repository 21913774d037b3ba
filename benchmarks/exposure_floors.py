"""Exposure floors: what halving the brands' exposure gap costs, and a CP-Fair-like re-ranking beside it.

    WHYREC_DATA=… python benchmarks/exposure_floors.py WORK-FOLDER [--train]              # Sephora
    python benchmarks/exposure_floors.py WORK-FOLDER --workspace DIR --test FILE.csv      # any, such as Beauty's

Of a workspace that is there, ``--test`` names what was held out of it, as ``amazon_beauty.py`` leaves it in
``files/test.csv``: columns user_id and item_id. Of Sephora: ratings of 4 or more, people with five or more of them; a
fifth of each person's is held out (seed 0), the rest is loaded (default weights, or learned ones with --train).

Floors of 100 % of each brand's share of use are solved on four fifths of the people and used on the lists of the
others, each fifth in turn, so that nobody's list is ranked by prices that it had a part in; with ``--same`` for
everybody, as ``whyrec objectives`` does. NDCG@10 × 100 is of what was held out, which no price has seen; the gap is
half the sum over brands of |share of exposure − share of use|, 0 where exposure is merit. CP-Fair-like (Naghiaei et
al., 2022): each person's 100 best items anew by relevance, brought to [0, 1], plus λ for items of brands that get less
than their merit in the lists before.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import typer
from accuracy import FEWEST, HERE
from numpy.typing import NDArray
from program import whyrec as program
from rich.console import Console
from rich.table import Table
from scipy.sparse import csr_array
from sephora_coco_copies import prepare

import whyrec
from recommender.marketing.best_items import best_items
from recommender.marketing.crowd import FIRST, Crowd
from recommender.reranking.exposure_prices import Pool, solve
from recommender.rules.rule_set import Rules
from recommender.rules.soft.floors import read_floors

FOLDS = 5
STRENGTHS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0)
LAMBDAS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5)
WORTH = 1 / np.log2(np.arange(2, FIRST + 2))
CONSOLE = Console(width=120)
Values = NDArray[np.float64]


def main(
    folder: Annotated[Path, typer.Argument(help="Where files and the workspace are made.")],
    data: Annotated[Path | None, typer.Option(envvar="WHYREC_DATA", help="The folder of data sets.")] = None,
    workspace: Annotated[Path | None, typer.Option(help="A workspace that is there, instead of Sephora.")] = None,
    test: Annotated[Path | None, typer.Option(help="What was held out of it: user, item.")] = None,
    train: Annotated[bool, typer.Option("--train", help="Learn the weights.")] = False,
    same: Annotated[
        bool, typer.Option("--same", help="Solve for those whose lists are measured, as whyrec does.")
    ] = False,
) -> None:
    """Measure and print."""
    if workspace is not None and test is not None:
        held_out, place = pl.read_csv(test, infer_schema=False).select("user_id", "item_id"), workspace
    else:
        assert data is not None, "--data, or --workspace and --test"
        held_out, place = made(folder, data, train), folder / "shop"
    crowd = Crowd(whyrec.open(place).recommender, Rules(), most=10**6)
    positions, totals = best_items(crowd)
    floors = [one for one in read_floors(crowd.rules.ground, ["100% made_by"]) if one.items.any()]
    groups = csr_array(np.column_stack([one.items.astype(np.float64) for one in floors]))
    uses = np.asarray(crowd.used.sum(axis=0)).ravel()
    merit = np.asarray(groups.T @ uses) / uses.sum()
    whole, truth = Pool(positions, totals, FIRST, groups), relevant(crowd, held_out)
    fold = np.random.default_rng(0).permutation(len(positions)) % FOLDS
    parts = [(fold >= 0, fold >= 0)] if same else [(fold != one, fold == one) for one in range(FOLDS)]
    solved = [(Solved.on(part(whole, solving), merit), measuring) for solving, measuring in parts]
    rows = []
    for strength in STRENGTHS:
        listed = lists(whole, solved, lambda pool, one, strength=strength: pool.lists(strength * one.prices)[0])
        rows.append((f"floors, {strength:.0%} of the prices", *measured(whole, listed, truth, merit)))
    for weight in LAMBDAS:
        listed = lists(whole, solved, lambda pool, one, weight=weight: cp_fair(pool, one.short, weight))
        rows.append((f"CP-Fair-like, λ {weight:g}", *measured(whole, listed, truth, merit)))
    show(rows, len(positions))


@dataclass(frozen=True)
class Solved:
    """What was learned of some people: prices of groups, shape (groups,), and which items' groups get less than their
    merit, shape (items,)."""

    prices: Values
    short: NDArray[np.bool_]

    @classmethod
    def on(cls, pool: Pool, merit: Values) -> "Solved":
        """Of the people of a pool."""
        prices = solve(pool, merit, most_loss=1.0).prices
        return cls(prices, pool.groups @ (pool.exposure(pool.lists(0 * prices)[0]) < merit))


def part(pool: Pool, people: NDArray[np.bool_]) -> Pool:
    """Some of the people."""
    return Pool(pool.positions[people], pool.totals[people], pool.n, pool.groups)


def lists(
    whole: Pool, solved: list[tuple[Solved, NDArray[np.bool_]]], ranked: Callable[[Pool, Solved], NDArray[np.int64]]
) -> NDArray[np.int64]:
    """Everybody's lists, each by what was learned of others (or, with ``--same``, of all)."""
    found = np.full((len(whole.positions), whole.n), -1, dtype=np.int64)
    for one, people in solved:
        found[people] = ranked(part(whole, people), one)
    return found


def made(folder: Path, data: Path, train: bool) -> pl.DataFrame:
    """Load four fifths; the other fifth."""
    folder.mkdir(parents=True, exist_ok=True)
    prepare(data, folder / "prepared")
    rated = pl.read_csv(data / "sephora" / "interactions.csv.gz", infer_schema=False)
    liked = rated.filter(pl.col("review_rating").cast(pl.Float64) >= 4).select("author_id", "product_id").unique()
    liked = liked.filter(pl.len().over("author_id") >= FEWEST).sort("author_id", "product_id")
    test = pl.Series(np.random.default_rng(0).random(liked.height) < 0.2)
    liked.filter(~test).write_csv(folder / "prepared" / "purchased.csv")
    liked.select(id="author_id").unique().sort("id").write_csv(folder / "prepared" / "users.csv")
    if not (folder / "shop").exists():
        if not (folder / "data").exists():
            (folder / "data").symlink_to(data.resolve(), target_is_directory=True)
        shutil.copy(HERE / "sephora.mapping.toml", folder)
        program(folder / "shop", "init", "--schema", str(HERE / "sephora.schema.toml"))
        program(folder / "shop", "load", "--allow-outside", "--mapping", str(folder / "sephora.mapping.toml"))
        if train:
            program(folder / "shop", "train", "--no-embeddings")
    return liked.filter(test)


def relevant(crowd: Crowd, held_out: pl.DataFrame) -> list[set[int]]:
    """Each person → the positions of what was held out."""
    vocabulary, start = crowd.snapshot.vocabulary, crowd.recommender.catalogue.slices["Product"].start
    found: dict[int, set[int]] = {}
    for user, item in held_out.iter_rows():
        idx = vocabulary.get("Product", item)
        if idx is not None:
            found.setdefault(vocabulary.idx(crowd.user_type, user), set()).add(start + idx)
    return [found.get(int(user), set()) for user in crowd.sample]


def cp_fair(pool: Pool, short: NDArray[np.bool_], weight: float, deep: int = 100) -> NDArray[np.int64]:
    """Lists by relevance and a bonus for items of groups that get less than their merit."""
    totals, positions = pool.totals[:, :deep], pool.positions[:, :deep]
    low = np.where(np.isfinite(totals), totals, np.inf).min(axis=1, keepdims=True)
    relevance = (totals - low) / np.maximum(totals[:, :1] - low, 1e-12)
    ruled = np.where(positions >= 0, relevance + weight * (np.append(short, 0.0)[positions] > 0), -np.inf)
    best = np.argsort(-ruled, axis=1, kind="stable")[:, :FIRST]
    return np.take_along_axis(positions, best, axis=1)


def measured(pool: Pool, listed: NDArray[np.int64], truth: list[set[int]], merit: Values) -> tuple[float, float]:
    """NDCG@10 × 100 of those of whom anything was held out, and the gap."""
    gains = [
        float((np.isin(mine, list(wanted)) * WORTH[: len(mine)]).sum() / WORTH[: min(FIRST, len(wanted))].sum())
        for mine, wanted in zip(listed, truth, strict=True)
        if wanted
    ]
    return 100 * float(np.mean(gains)), float(np.abs(pool.exposure(listed) - merit).sum()) / 2


def show(rows: list[tuple[str, float, float]], people: int) -> None:
    """Print all rows, each beside the first."""
    table = Table(title=f"{people:,} people")
    for head in ("lists", "NDCG@10", "change", "gap", "of the gap"):
        table.add_column(head, justify="left" if head == "lists" else "right")
    _, ndcg, gap = rows[0]
    for name, one, other in rows:
        table.add_row(name, f"{one:.2f}", f"{one / ndcg - 1:+.1%}", f"{other:.3f}", f"{other / gap:.0%}")
    CONSOLE.print(table)


if __name__ == "__main__":
    typer.run(main)
