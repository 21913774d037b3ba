"""The random small shop that the differencing attack asks, loaded, with all that is true of it."""

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from kg.schema import parse_schema
from kg.snapshot.building import take_snapshot
from kg.snapshot.snapshot import Snapshot
from kg.stores.opening import open_store
from kg.stores.store import TRIPLE_DTYPES, entity_dtypes
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.kernels.registry import scored_paths
from recommender.learning.model import Model
from recommender.results.document import ModelInfo
from recommender.scoring.blend import Blend
from recommender.scoring.scorer import Scorer
from recommender.serving.recommender import Recommender

SCHEMA: dict[str, Any] = {
    "name": "shop",
    "entity": {
        "User": {"sensitive": True},
        "Product": {"domain": "cosmetics"},
        "Course": {"domain": "courses"},
        "Ingredient": {},
        "Concern": {},
    },
    "relation": {
        "purchased": {"head": "User", "tail": "Product", "interaction": True},
        "enrolled": {"head": "User", "tail": "Course", "interaction": True},
        "has_concern": {"head": "User", "tail": "Concern"},
        "contains": {"head": "Product", "tail": "Ingredient"},
        "teaches": {"head": "Course", "tail": "Ingredient"},
    },
    "metapaths": {"max_length": 4},
}
COUNTS = {"User": 40, "Product": 14, "Course": 5, "Ingredient": 8, "Concern": 4}
ANCHORS = {"purchased": "Product", "enrolled": "Course", "has_concern": "Concern"}
ITEMS = ("Product", "Course")
Anchor = tuple[str, str]


class Shop:
    """A random shop: a few popular items, and a tail that one to four people used.

    :param event: a relation, a user and an item that are there on top: the same shop, one event later.
    """

    def __init__(self, folder: Path, seed: int, k: int, event: tuple[str, str, str] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(seed)
        self.ids = {name: [f"{name.lower()}-{n:02d}" for n in range(count)] for name, count in COUNTS.items()}
        self.triples = {
            "purchased": self._pairs("User", "Product", 130, rng),
            "enrolled": self._pairs("User", "Course", 45, rng),
            "has_concern": self._pairs("User", "Concern", 35, rng),
            "contains": self._pairs("Product", "Ingredient", 16, rng),
            "teaches": self._pairs("Course", "Ingredient", 5, rng),
        }
        if event is not None:
            self.triples[event[0]].add(event[1:])
        self.k, self.snapshot = k, self._loaded(folder, k)
        blend = Blend(
            metapaths={str(path): 1.0 for path in scored_paths(self.snapshot)},
            popularity=dict.fromkeys(self.snapshot.schema.domains, 0.05),
        )
        scorer = Scorer(self.snapshot, Kernels(self.snapshot, KernelConfig(), folder / "kernels"), blend, None)
        info = ModelInfo(name="attacked", snapshot=self.snapshot.hash, trained=True)
        self.recommender = Recommender(Model(scorer, info))

    def users_of(self, anchor: Anchor) -> set[str]:
        """Who has an anchor."""
        return {head for head, tail in self.triples[anchor[0]] if tail == anchor[1]}

    def users_of_item(self, item: str) -> set[str]:
        """Who used an item."""
        return {head for name in ("purchased", "enrolled") for head, tail in self.triples[name] if tail == item}

    def alike(self, one: str, other: str) -> bool:
        """Whether attributes join two entities."""
        pairs = self.triples["contains"] | self.triples["teaches"]
        first, second = ({tail for head, tail in pairs if head == item} for item in (one, other))
        return bool(first & second)

    def bridged(self, anchor: Anchor, item: str) -> bool:
        """Whether enough of those who used something used another of its kind with an attribute of an item.

        That may lead them to the item, and tells of nobody who used it: whoever did so is not asked.
        """
        if ANCHORS[anchor[0]] not in ITEMS:
            return False
        people, enough = self.users_of(anchor), max(self.k, 5)
        about = [tail for head, tail in self.triples["contains"] | self.triples["teaches"] if head == item]
        return any(len(people & self._users_of_others(anchor, one)) >= enough for one in about)

    def _users_of_others(self, anchor: Anchor, attribute: str) -> set[str]:
        """Who used another thing of an anchor's kind that has an attribute."""
        pairs = self.triples["contains"] | self.triples["teaches"]
        others = {head for head, tail in pairs if tail == attribute and head != anchor[1]}
        return {user for user, one in self.triples[anchor[0]] if one in others}

    @staticmethod
    def _weight(relation: str, head: str, tail: str) -> float:
        """What people bought they rate, a fifth of it low; everything else weighs one."""
        if relation != "purchased":
            return 1.0
        return 2.0 if zlib.crc32(f"{head} {tail}".encode()) % 5 == 0 else 5.0

    def _pairs(self, head: str, tail: str, count: int, rng: np.random.Generator) -> set[tuple[str, str]]:
        heads, tails = self.ids[head], self.ids[tail]
        popular = (len(tails) * rng.random(count) ** 2.5).astype(int)
        return {(heads[h], tails[t]) for h, t in zip(rng.integers(0, len(heads), count), popular, strict=True)}

    def _loaded(self, folder: Path, k: int) -> Snapshot:
        schema = parse_schema(SCHEMA)
        store = open_store("graph.lbug", schema, folder=folder)
        try:
            for name, ids in self.ids.items():
                store.create_entities(
                    name,
                    pl.DataFrame(
                        {"id": ids, "label": [f"Label of {one}" for one in ids]}, schema=entity_dtypes(schema, name)
                    ),
                )
            for name, pairs in self.triples.items():
                rows = [(head, tail, self._weight(name, head, tail), None) for head, tail in sorted(pairs)]
                store.create_triples(name, pl.DataFrame(rows, schema=TRIPLE_DTYPES, orient="row"))
            store.set_revision("attacked")
            return take_snapshot(store, schema, folder / "snapshot", k=k)
        finally:
            store.close()
