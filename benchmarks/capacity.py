"""What a shop of a given size needs: bytes, processor time, hosts, and where the design breaks next.

    OMP_NUM_THREADS=1 python -m benchmarks.capacity USERS ITEMS INTERACTIONS [--check]
    OMP_NUM_THREADS=1 python -m benchmarks.capacity --table

Constants are measured on this machine first, on shops of 3,000 and 1,000 items, times as medians of three turns: what
a triple and an entity take on disk, what a multiplication of a kernel's product, a regression and a list cost. With
``--check`` three other sizes, half, twice and a shop of another shape, are built and measured beside what the constants
say of them: a figure that is off by more than 25 % ends the program with 1. Catalogues grow with their attributes:
fifteen links an item, one attribute for ten items.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.capacity_shop import LINKS, SCHEMA, Shop, Size
from kg.schema import parse_schema
from kg.snapshot.building import take_snapshot
from kg.stores.store import Store
from recommender.kernels.learned.association import Association
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.learning.model import Model
from recommender.results.document import ModelInfo
from recommender.rules.rule_set import Rules
from recommender.scoring.blend import Blend
from recommender.scoring.scorer import Scorer
from recommender.serving.recommender import Recommender

CONSOLE = Console(width=150, highlight=False)
SOLUTION = 60
PEOPLE, SHARED, SOLVED = ("~bought", "bought"), ("has", "~has"), (Association.step("Item", "Item"),)
TOP, MOST_OFF = 300, 0.25
TURNS = 3
"""How often a time is taken, after a first turn that does not count; their median is what is reckoned with."""
LARGE, SMALL = (30_000, 3_000, 240_000), (8_000, 1_000, 60_000)
"""The shops that constants are measured on."""
HOST_BYTES, HOST_CORES, DAY = 128e9, 32, 86_400
TABLE = ((1_000_000, 200_000, 16_000_000), (10_000_000, 1_000_000, 100_000_000), (100_000_000, 10_000_000, 10**9))


@dataclass(frozen=True)
class Needs:
    """What a shop takes: bytes of snapshot, kernels, and the sum that answers come from; processor seconds of the
    kernels over people, over attributes, of the regression, and of everybody's lists."""

    snapshot: float
    kernels: float
    merged: float
    people: float
    shared: float
    solved: float
    lists: float


def measured(size: Size, folder: Path) -> Needs:
    """Build a shop, and measure."""
    schema, shop = parse_schema(SCHEMA), Shop(size)
    snapshot = take_snapshot(_store(shop), schema, folder / "snapshot")
    tails, turns = (PEOPLE, SHARED, SOLVED), []
    for turn in range(TURNS + 1):
        kernels = Kernels(snapshot, KernelConfig(top=TOP), folder / f"kernels{turn}")
        turns.append([_processor(lambda tail=tail, kernels=kernels: kernels.build([tail])) for tail in tails])
    seconds = np.median(turns[1:], axis=0).tolist()
    on_disk = _bytes(kernels.folder)
    paths = {f"bought > {' > '.join(tail)}": 1.0 for tail in (PEOPLE, SHARED, SOLVED)}
    scorer = Scorer(snapshot, kernels, Blend(metapaths=paths, popularity={"shop": 0.01}), None)
    recommender = Recommender(Model(scorer, ModelInfo(name="capacity", snapshot=snapshot.hash, trained=True)))
    rules = recommender.rule_set(Rules())
    some = np.arange(0, size.users, max(size.users // 2048, 1), dtype=np.int64)

    def rank() -> None:
        for start in range(0, len(some), 256):
            recommender.rank_block("User", some[start : start + 256], rules, 10)

    rank()
    lists = float(np.median([_processor(rank) for _ in range(TURNS)])) * size.users / len(some)
    return Needs(_bytes(snapshot.folder), on_disk, _bytes(kernels.folder) - on_disk, *seconds, lists)


def _store(shop: Shop) -> Store:
    return shop  # type: ignore[return-value]  # the part of a store that a snapshot is taken from


def _processor(work: Callable[[], object]) -> float:
    before = sum(os.times()[:4])
    work()
    return sum(os.times()[:4]) - before


def _bytes(folder: Path) -> float:
    return float(sum(path.stat().st_size for path in folder.rglob("*.npy")))


@dataclass(frozen=True)
class Constants:
    """What one of each costs: a triple and an entity in the snapshot, an entry of a kernel (bytes); a multiplication of
    both products, a feature of a regression, an entry that a list looks at (seconds). ``reach``: how many of the
    entries that a row may keep it has, merged too. Each of the last four: seconds that any shop takes, and seconds for
    one of what is counted."""

    triple: float
    entity: float
    reach: float
    merged_reach: float
    people: tuple[float, float]
    shared: tuple[float, float]
    solved: tuple[float, float]
    lists: tuple[float, float]

    @classmethod
    def of(cls, size: Size, found: Needs, smaller: tuple[Size, Needs]) -> "Constants":
        """From two shops: the larger for all, both for what triples and entities take."""
        rows = [[one.triples, one.users + one.items + one.attributes] for one in (size, smaller[0])]
        triple, entity = np.linalg.solve(rows, [found.snapshot, smaller[1].snapshot]).tolist()
        wide = size.items * min(TOP, size.items)
        return cls(
            triple,
            entity,
            found.kernels / (12 * wide),
            found.merged / (12 * wide),
            _line(_people_work, "people", (size, found), smaller),
            _line(_shared_work, "shared", (size, found), smaller),
            _line(_solved_work, "solved", (size, found), smaller),
            _line(_list_work, "lists", (size, found), smaller),
        )

    def needs(self, size: Size) -> Needs:
        """What they say of a shop."""
        wide = 12 * size.items * min(TOP, size.items)
        return Needs(
            self.triple * size.triples + self.entity * (size.users + size.items + size.attributes),
            self.reach * wide,
            self.merged_reach * wide,
            self.people[0] + self.people[1] * _people_work(size),
            self.shared[0] + self.shared[1] * _shared_work(size),
            self.solved[0] + self.solved[1] * _solved_work(size),
            self.lists[0] + self.lists[1] * _list_work(size),
        )


def _line(
    work: Callable[[Size], float], name: str, large: tuple[Size, Needs], small: tuple[Size, Needs]
) -> tuple[float, float]:
    """Seconds for nothing, and for one of what is counted, from two shops."""
    (first, one), (second, other) = ((work(size), float(getattr(needs, name))) for size, needs in (large, small))
    slope = (one - other) / (first - second)
    return one - slope * first, slope


def _people_work(size: Size) -> float:
    """Multiplications of the kernel over people: everybody's items with each other."""
    return size.interactions * (size.interactions / size.users + 1)


def _shared_work(size: Size) -> float:
    return LINKS * size.items * LINKS * size.items / size.attributes


def _list_work(size: Size) -> float:
    """Entries that everybody's lists look at: the rows of their items, of the three kernels together."""
    return size.interactions * min(3 * TOP, size.items)


def _solved_work(size: Size) -> float:
    """Features of all items, each item's own system of a hundred equations counted as sixty more."""
    return size.interactions + (LINKS + SOLUTION) * size.items


def constants(folder: Path) -> Constants:
    """Measure them."""
    large, small = Size(*LARGE), Size(*SMALL)
    return Constants.of(large, measured(large, folder / "large"), (small, measured(small, folder / "small")))


def check(known: Constants, folder: Path) -> bool:
    """Whether three other sizes are as the constants say; prints both."""
    sizes = (Size(10_000, 1_500, 80_000), Size(40_000, 3_000, 320_000), Size(15_000, 4_000, 200_000))
    table, right = Table(title="measured, and off by"), True
    for column in ("users", "items", "interactions", *(one.name for one in fields(Needs))):
        table.add_column(column, justify="right")
    for number, size in enumerate(sizes):
        found, told = measured(size, folder / str(number)), known.needs(size)
        cells = []
        for one in fields(Needs):
            value, expected = getattr(found, one.name), getattr(told, one.name)
            off = expected / value - 1
            right &= abs(off) <= MOST_OFF
            cells.append(f"{value:.3g} {off:+.0%}")
        table.add_row(f"{size.users:,}", f"{size.items:,}", f"{size.interactions:,}", *cells)
    CONSOLE.print(table)
    return right


def told(known: Constants, sizes: tuple[Size, ...]) -> Table:
    """What some sizes need."""
    table = Table(title="what a shop needs")
    columns = ("users", "items", "interactions", "snapshot", "kernels", "answers come from", "kernels, core-h")
    for column in (*columns, "lists, core-h", "hosts to build in a night", "next to break"):
        table.add_column(column, justify="right")
    for size in sizes:
        need = known.needs(size)
        made, lists = (need.people + need.shared + need.solved) / 3600, need.lists / 3600
        memory = need.snapshot + need.kernels / 3 + need.merged
        hosts = max(np.ceil(memory / HOST_BYTES), np.ceil((made + lists) / (HOST_CORES * 8)))
        counts = (f"{size.users:,}", f"{size.items:,}", f"{size.interactions:,}")
        sizes_on_disk = (f"{one / 1e9:.1f} GB" for one in (need.snapshot, need.kernels, need.merged))
        table.add_row(*counts, *sizes_on_disk, f"{made:.1f}", f"{lists:.1f}", f"{hosts:.0f}", next_to_break(size, need))
    return table


def next_to_break(size: Size, need: Needs) -> str:
    """What fails first in a shop that is larger still."""
    if need.merged > HOST_BYTES / 2:
        return "the sum that answers come from fills a host"
    if need.lists > HOST_CORES * DAY / 3:
        return "everybody's lists take more than a night on one host"
    return "nothing on one host"


def main() -> None:
    """Measure the constants, print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", type=int, nargs="*", metavar="USERS ITEMS INTERACTIONS")
    parser.add_argument("--check", action="store_true", help="compare with three measured sizes")
    parser.add_argument("--table", action="store_true", help="print 1M to 100M users")
    asked = parser.parse_args()
    sizes = [Size(*asked.size)] if len(asked.size) == 3 else []
    if len(asked.size) not in (0, 3) or not (sizes or asked.check or asked.table):
        parser.error("give USERS ITEMS INTERACTIONS, --check or --table")
    with tempfile.TemporaryDirectory() as folder:
        known = constants(Path(folder))
        sizes += [Size(*one) for one in TABLE] if asked.table else []
        if sizes:
            CONSOLE.print(told(known, tuple(sizes)))
        right = check(known, Path(folder)) if asked.check else True
    sys.exit(int(not right))


if __name__ == "__main__":
    main()
