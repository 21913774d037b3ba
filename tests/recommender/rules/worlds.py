"""Small random graphs with everything that rules read, beside plain sets to check answers against."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from recommender.learning.model import open_model
from recommender.serving.recommender import Recommender
from tests.graphs import SCHEMA, snapshot_of

ITEM = {"price": "float", "in_stock": "bool", "language": "str", "min_age": "int"}
RULED: dict[str, Any] = {
    **SCHEMA,
    "entity": {
        "User": {"sensitive": True, "properties": {"age": "int"}},
        "Product": {"domain": "cosmetics", "properties": {k: ITEM[k] for k in ("price", "in_stock", "min_age")}},
        "Course": {"domain": "courses", "properties": {k: ITEM[k] for k in ("price", "language")}},
        "Ingredient": {},
        "Concern": {},
        "Brand": {},
    },
    "relation": {
        **SCHEMA["relation"],
        "made_by": {"head": "Product", "tail": "Brand"},
        "goes_with": {"head": "Product", "tail": "Product"},
        "avoids": {"head": "User", "tail": "Ingredient", "rule": "avoid"},
        "shuns": {"head": "User", "tail": "Brand", "rule": "avoid"},
        "never_again": {"head": "User", "tail": "Product", "rule": "avoid"},
    },
    "metapaths": {"max_length": 3},
}
ENDS = {name: (relation["head"], relation["tail"]) for name, relation in RULED["relation"].items()}
COUNTS = {"User": 8, "Product": 7, "Course": 4, "Ingredient": 4, "Concern": 2, "Brand": 3}
DENSITY = {
    "purchased": 0.35,
    "enrolled": 0.3,
    "has_concern": 0.3,
    "contains": 0.35,
    "teaches": 0.4,
    "made_by": 0.3,
    "goes_with": 0.2,
}
WORLDS = 6


def id_of(entity_type: str, number: int) -> str:
    return f"{entity_type}/{number}/"


BOTH_LANGUAGES = {id_of("Course", 0): "en", id_of("Course", 1): "zh"}


@dataclass(frozen=True, repr=False)
class World:
    """A recommender over a random graph, and the graph as plain sets and dicts, to check it against."""

    recommender: Recommender
    triples: dict[str, set[tuple[str, str]]]
    values: dict[tuple[str, str], Any] = field(default_factory=dict)
    """(id, property) → value; absent where unknown."""

    def __repr__(self) -> str:
        return f"World({len(self.values)} values)"


def world_of(folder: Path, seed: int) -> World:
    random = np.random.default_rng(seed)
    triples, values = {}, {}
    for name, (head, tail) in ENDS.items():
        pairs = [(id_of(head, h), id_of(tail, t)) for h in range(COUNTS[head]) for t in range(COUNTS[tail])]
        triples[name] = {pair for pair in pairs if random.random() < DENSITY.get(name, 0.12)}
    entities: dict[str, list[Any]] = {name: [] for name in COUNTS}
    makers = {
        "price": lambda: float(random.integers(1, 6)),
        "in_stock": lambda: bool(random.random() < 0.6),
        "language": lambda: str(random.choice(["en", "zh"])),
        "min_age": lambda: int(random.choice([0, 12, 18])),
        "age": lambda: int(random.choice([10, 15, 30])),
    }
    for name, count in COUNTS.items():
        declared = RULED["entity"][name].get("properties", {})
        for entity_id in (id_of(name, n) for n in range(count)):
            row = [makers[key]() if random.random() < 0.7 else None for key in declared]
            if entity_id in BOTH_LANGUAGES:
                row[-1] = BOTH_LANGUAGES[entity_id]
            values |= {(entity_id, key): value for key, value in zip(declared, row, strict=True) if value is not None}
            entities[name].append((entity_id, None, *row))
    snapshot = snapshot_of(folder, entities, {name: sorted(pairs) for name, pairs in triples.items()}, RULED)
    return World(Recommender(open_model(folder / "model", snapshot, folder / "kernels")), triples, values)
