"""A shop of 200,000 items, a million users and 20 million triples, made as a snapshot at once: no files, no store.

Courses and products share ingredients, people have tastes: half of what somebody uses, and of what an item contains,
is drawn from one of 200 tastes. Popularity follows a power law and has nothing to do with the order of ids.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kg.schema import Schema, parse_schema
from kg.snapshot.building import take_snapshot
from kg.snapshot.snapshot import Snapshot

SCHEMA = {
    "name": "large-shop",
    "entity": {
        "User": {"sensitive": True},
        "Product": {"domain": "cosmetics", "properties": {"price": "float"}},
        "Course": {"domain": "courses"},
        "Ingredient": {},
        "Brand": {},
        "Concern": {},
    },
    "relation": {
        "purchased": {"head": "User", "tail": "Product", "interaction": True, "phrase": {"en": "bought"}},
        "enrolled": {"head": "User", "tail": "Course", "interaction": True, "phrase": {"en": "enrolled in"}},
        "has_concern": {"head": "User", "tail": "Concern", "phrase": {"en": "have the concern"}},
        "contains": {"head": "Product", "tail": "Ingredient", "phrase": {"en": "contains"}},
        "teaches": {"head": "Course", "tail": "Ingredient", "phrase": {"en": "teaches about"}},
        "made_by": {"head": "Product", "tail": "Brand", "phrase": {"en": "is made by"}},
    },
}
ENTITIES = {
    "User": 1_000_000,
    "Product": 160_000,
    "Course": 40_000,
    "Ingredient": 20_000,
    "Brand": 4_000,
    "Concern": 40,
}
TRIPLES = {
    "purchased": 13_000_000,
    "enrolled": 3_000_000,
    "has_concern": 440_000,
    "contains": 3_000_000,
    "teaches": 400_000,
    "made_by": 160_000,
}
TASTES = 200


class LargeShop:
    """Stands where ``take_snapshot`` expects a store.

    :param scale: factor of all numbers.
    """

    url = "memory:large-shop"

    def __init__(self, scale: float = 1.0, seed: int = 0) -> None:
        self.schema: Schema = parse_schema(SCHEMA)
        self._random = np.random.default_rng(seed)
        self._scale = scale
        self._orders = {name: self._random.permutation(self._count(name)) for name in ENTITIES}

    def fingerprint(self) -> str:
        """Nobody else writes to it."""
        return ""

    def revision(self) -> str:
        """A store's mark."""
        return "large-shop"

    def read_entities(self, name: str) -> pl.DataFrame:
        """Ids in the order of their numbers, a label for some, prices."""
        numbers = pl.Series(range(self._count(name))).cast(pl.String)
        ids = pl.select((pl.lit(name[0].lower()) + numbers.str.zfill(7)).alias("id"))["id"]
        frame = pl.DataFrame({"id": ids, "label": (name + " " + numbers).cast(pl.String)})
        if name == "Product":
            prices = np.round(self._random.gamma(2.0, 12.0, frame.height), 2)
            frame = frame.with_columns(price=pl.Series(prices))
        return frame

    def read_positions(self, name: str, heads: pl.Series, tails: pl.Series) -> Iterator[pl.DataFrame]:
        """Triples as positions of their ends."""
        count = round(TRIPLES[name] * self._scale)
        relation = self.schema.relation[name]
        head, tail = self._pairs(count, len(heads), len(tails))
        yield pl.DataFrame(
            {
                "head": self._orders[relation.head][head].astype(np.int32),
                "tail": self._orders[relation.tail][tail].astype(np.int32),
                "weight": np.ones(count),
                "timestamp": self._random.integers(1_600_000_000_000, 1_750_000_000_000, count),
            }
        )

    def _count(self, name: str) -> int:
        return max(20, round(ENTITIES[name] * self._scale))

    def _pairs(self, count: int, heads: int, tails: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Different pairs; the smaller its number, the more often a tail is drawn; half of them within a taste."""
        found = np.empty(0, dtype=np.int64)
        while len(found) < count:
            draws = int(1.3 * (count - len(found))) + 1000
            head = self._random.integers(0, heads, draws)
            tail = (tails * self._random.random(draws) ** 2).astype(np.int64)
            like = tail - tail % TASTES + head % TASTES
            near = (self._random.random(draws) < 0.5) & (like < tails)
            found = np.unique(np.concatenate([found, head * tails + np.where(near, like, tail)]))
        chosen = self._random.permutation(found)[:count]
        return chosen // tails, chosen % tails


def make_snapshot(parent: Path, scale: float = 1.0, seed: int = 0) -> Snapshot:
    """Take the snapshot of such a shop into ``parent``."""
    shop = LargeShop(scale, seed)
    return take_snapshot(shop, shop.schema, parent)
