"""Intervals that were planted: people who buy a few things again every so many days; are they told, and what could they
be worth in a list?

Each person buys three to six items again, each after its own interval with some jitter, and a few items once. A log
of a year is loaded in monthly parts, some of them twice, and a model is trained. Bar: of the items that were bought on
four days or more at least 95 % are told an interval within 15 % of the planted one, and no item that was bought once is
told any. Besides, NDCG@10 on what is bought in the next week: of the list as it is, which allows what is used up but
knows no interval; of the same list with what a person buys again before all else, the most often first; and with what
is most likely bought within the week first, by the interval that is told (a normal distribution around it). No score
has that yet: this says what one could gain.

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
KNOWN, NEAR, MOST = 4, 0.15, 0.95
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


def planted(people: int, items: int, seed: int) -> tuple[list[Bought], dict[tuple[int, int], float]]:
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
                day += max(every * random.normal(1, JITTER), 1.0)
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


def main() -> None:
    """Print what is told and what orders are worth, and whether the bar is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    bought, intervals = planted(asked.people, asked.items, asked.seed)
    wanted = defaultdict[int, set[str]](set)
    for user, item, day in bought:
        if day >= YEAR:
            wanted[user].add(f"p{item}")
    near, invented, found = list[bool](), 0, defaultdict[str, list[float]](list)
    with tempfile.TemporaryDirectory() as folder:
        engine = loaded(bought, (asked.people, asked.items), Path(folder))
        for user in range(asked.people):
            items = engine.recommend(f"u{user}", n=asked.items).items
            told = [(item.habit, intervals[user, int(item.id[1:])]) for item in items if item.habit]
            invented += sum(math.isinf(every) for _, every in told)
            near += [abs(habit.days / every - 1) <= NEAR for habit, every in told if habit.occasions >= KNOWN]
            for name, worth in ORDERS.items() if user in wanted else ():
                ordered = sorted(items, key=worth, reverse=True)  # stable: else as in the list
                found[name].append(ndcg([item.id for item in ordered], wanted[user]))
    table = Table(title=f"What {len(wanted):,} people buy in the next week", title_justify="left")
    for column in ("order", "NDCG@10"):
        table.add_column(column, justify="left" if column == "order" else "right")
    for name, values in found.items():
        table.add_row(name, f"{np.mean(values):.3f}")
    CONSOLE.print(table)
    met = float(np.mean(near)) >= MOST and not invented
    CONSOLE.print(
        f"told within {NEAR:.0%}: {np.mean(near):.1%} of {len(near):,} (bar {MOST:.0%}); invented: {invented} (bar 0)"
    )
    CONSOLE.print("bars met" if met else "bars MISSED")
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
