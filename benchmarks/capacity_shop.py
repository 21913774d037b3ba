"""Shops of any size in memory, whose snapshot is taken without a store: what :mod:`benchmarks.capacity` measures."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

LINKS, ATTRIBUTES = 15, 0.1
"""Links to attributes of an item; attributes for one item."""
SCHEMA = {
    "name": "capacity",
    "entity": {"User": {"sensitive": True}, "Item": {"domain": "shop"}, "Attribute": {}},
    "relation": {
        "bought": {"head": "User", "tail": "Item", "interaction": True},
        "has": {"head": "Item", "tail": "Attribute"},
    },
}


@dataclass(frozen=True)
class Size:
    """A shop: how many people, items, and interactions of these."""

    users: int
    items: int
    interactions: int

    @property
    def attributes(self) -> int:
        """How many attributes its items share."""
        return max(int(ATTRIBUTES * self.items), 20)

    @property
    def triples(self) -> int:
        """Interactions, and links to attributes."""
        return self.interactions + LINKS * self.items


class Shop:
    """Stands where ``take_snapshot`` expects a store: a third of the purchases are of one taste of fifty."""

    url = "memory:capacity"

    def __init__(self, size: Size) -> None:
        self.size, self.random = size, np.random.default_rng(0)
        self.counts = {"User": size.users, "Item": size.items, "Attribute": size.attributes}

    def fingerprint(self) -> str:
        """Nobody else writes to it."""
        return ""

    def revision(self) -> str:
        """A store's mark."""
        return "capacity"

    def read_entities(self, name: str) -> pl.DataFrame:
        """Ids and labels."""
        numbers = pl.Series(range(self.counts[name])).cast(pl.String).str.zfill(8)
        return pl.DataFrame({"id": name[0] + numbers, "label": name + " " + numbers})

    def read_positions(self, name: str, heads: pl.Series, tails: pl.Series) -> Iterator[pl.DataFrame]:
        """Triples as positions of their ends, each once; what is popular is drawn more often."""
        count = self.size.interactions if name == "bought" else LINKS * self.size.items
        found = np.empty(0, dtype=np.int64)
        while len(found) < count:
            draws = int(1.2 * (count - len(found))) + 100
            head = self.random.integers(0, len(heads), draws)
            tail = (len(tails) * self.random.random(draws) ** 1.5).astype(np.int64)
            like = np.minimum(tail - tail % 50 + head % 50, len(tails) - 1)
            near = self.random.random(draws) < 1 / 3
            found = np.unique(np.concatenate([found, head * len(tails) + np.where(near, like, tail)]))
        head, tail = np.divmod(self.random.permutation(found)[:count], len(tails))
        columns = {"head": head.astype(np.int32), "tail": tail.astype(np.int32), "weight": np.ones(count)}
        yield pl.DataFrame(columns | {"timestamp": np.full(count, 1_700_000_000_000)})
