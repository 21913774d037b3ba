"""Intervals that were planted: what people buy again every so many days; are they told, and do lists go by them?

Each person buys three to six items again, each after its own interval with some jitter, and a few items once; in a
second shop the same without any regularity, so that nothing is ever due. A log of a year is loaded in monthly parts,
some of them twice, and a model is trained. Bars: of the items that were bought on four days or more at least 95 % are
told an interval within 15 % of the planted one (in the regular shop), and no item that was bought once is told any; and
NDCG@10 of lists, on what is bought in the next week, is at least .9 of the best of two orders that know what was
planted: what a person buys again first, the most often before all, and what is most likely bought within the week by
the interval that is told (a normal distribution around it).

    python -m benchmarks.planted_intervals
"""

import argparse
import math
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

import whyrec
from recommender.results.document import Habit
from recommender.results.recommendation import RankedItem

START, DAY, YEAR, WEEK, MONTH = 1_735_689_600, 86_400, 365, 7, 30
JITTER, SPREAD = 0.1, 0.2
"""Of an interval: the standard deviation that is planted, and that which the order by what is due assumes."""
KNOWN, NEAR, MOST, LEAST = 4, 0.15, 0.95, 0.9
CONSOLE = Console()
Bought = tuple[int, int, float]
"""Person, item, day."""
SCHEMA = """
name = "intervals"
[entity.User]
sensitive = true
[entity.Product]
domain = "shop"
[relation.bought]
head = "User"
tail = "Product"
interaction = true
repeat = true
"""


def planted(people: int, items: int, seed: int, *, regular: bool) -> tuple[list[Bought], dict[tuple[int, int], float]]:
    """All that is bought in a year and a week, and the interval of each pair of a person and an item, infinite where it
    is bought once."""
    random = np.random.default_rng(seed)
    popular = 1.0 / np.arange(1, items + 1) ** 0.7
    popular /= popular.sum()
    bought, intervals = list[Bought](), dict[tuple[int, int], float]()
    for person in range(people):
        chosen = random.choice(items, random.integers(5, 10), replace=False, p=popular).tolist()
        again = int(random.integers(3, 7))
        for item in chosen[:again]:
            intervals[person, item] = every = float(random.uniform(8, 100))
            day = float(random.uniform(0, every))
            while day < YEAR + WEEK:
                bought.append((person, item, day))
                day += max(every * (random.normal(1, JITTER) if regular else random.exponential()), 1.0)
        for item in chosen[again:]:
            intervals[person, item] = math.inf
            bought.append((person, item, float(random.uniform(0, YEAR))))
    return bought, intervals


def loaded(bought: list[Bought], sizes: tuple[int, int], folder: Path) -> whyrec.Engine:
    """A trained workspace with the year, month by month, each third month told again."""
    for (name, letter), size in zip((("User", "u"), ("Product", "p")), sizes, strict=True):
        (folder / f"{name}.csv").write_text("\n".join(["id", *(f"{letter}{number}" for number in range(size))]))
    (folder / "schema.toml").write_text(SCHEMA)
    engine = whyrec.create(folder / "shop", schema=str(folder / "schema.toml"))
    engine.load([folder / "User.csv", folder / "Product.csv"])
    for first in range(0, YEAR, MONTH):
        part = [(user, item, day) for user, item, day in bought if first <= day < min(first + MONTH, YEAR)]
        rows = [f"u{user},p{item},{int(START + day * DAY)}" for user, item, day in part]
        (folder / "bought.csv").write_text("\n".join(["head,tail,timestamp", *rows]))
        for _ in range(2 if first % (3 * MONTH) == 0 else 1):
            engine.load([folder / "bought.csv"])
    engine.train(embeddings=False)
    return whyrec.open(folder / "shop")


def due(habit: Habit) -> float:
    """How likely it is bought within the next week, as it was not bought since."""
    since = START / DAY + YEAR - datetime.fromisoformat(habit.last).timestamp() / DAY
    before, after = (_normal((day - habit.days) / (SPREAD * habit.days)) for day in (since, since + WEEK))
    return (after - before) / max(1 - before, 1e-3)


def _normal(deviations: float) -> float:
    return 0.5 * (1 + math.erf(deviations / math.sqrt(2)))


ORDERS: dict[str, Callable[[RankedItem], float]] = {
    "the list as it is": lambda item: 0.0,
    "what is bought again first": lambda item: item.habit.occasions if item.habit else 0.0,
    "what is due first": lambda item: due(item.habit) if item.habit else 0.0,
}


def ndcg(listed: list[str], wanted: set[str]) -> float:
    """NDCG@10."""
    gain = sum(1 / math.log2(place + 2) for place, item in enumerate(listed[:10]) if item in wanted)
    return gain / sum(1 / math.log2(place + 2) for place in range(min(10, len(wanted))))


def measured(asked: argparse.Namespace, *, regular: bool) -> bool:
    """Print what is told and what orders are worth; returns whether the bars are met."""
    bought, intervals = planted(asked.people, asked.items, asked.seed, regular=regular)
    wanted = defaultdict[int, set[str]](set)
    for user, item, day in bought:
        if day >= YEAR:
            wanted[user].add(f"p{item}")
    near, invented, first, found = list[bool](), 0, list[bool](), defaultdict[str, list[float]](list)
    with tempfile.TemporaryDirectory() as folder:
        engine = loaded(bought, (asked.people, asked.items), Path(folder))
        for user in range(asked.people):
            items = engine.recommend(f"u{user}", n=asked.items).items
            told = [(item.habit, intervals[user, int(item.id[1:])]) for item in items if item.habit]
            invented += sum(math.isinf(every) for _, every in told)
            near += [abs(habit.days / every - 1) <= NEAR for habit, every in told if habit.occasions >= KNOWN]
            first += [(user, int(item.id[1:])) in intervals for item in items[:10]]
            for name, worth in ORDERS.items() if user in wanted else ():
                ordered = sorted(items, key=worth, reverse=True)  # stable: else as in the list
                found[name].append(ndcg([item.id for item in ordered], wanted[user]))
    shop = "regular" if regular else "irregular"
    table = Table(title=f"What {len(wanted):,} people buy in the next week, {shop} intervals", title_justify="left")
    for column in ("order", "NDCG@10"):
        table.add_column(column, justify="left" if column == "order" else "right")
    for name, values in found.items():
        table.add_row(name, f"{np.mean(values):.3f}")
    CONSOLE.print(table)
    own, *others = (float(np.mean(values)) for values in found.values())
    met = not invented and own >= LEAST * max(others) and (not regular or float(np.mean(near)) >= MOST)
    CONSOLE.print(
        f"told within {NEAR:.0%}: {np.mean(near):.1%} of {len(near):,} (bar {MOST:.0%} where regular); invented: "
        f"{invented} (bar 0); list as it is / best order: {own / max(others):.3f} (bar {LEAST}); of the first ten "
        f"{np.mean(first):.0%} were bought before"
    )
    return met


def main() -> None:
    """Measure both shops."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    met = [measured(asked, regular=regular) for regular in (True, False)]
    CONSOLE.print("bars met" if all(met) else "bars MISSED")
    sys.exit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
