"""Small graphs for tests, written as plain tables and taken from a real embedded store."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from kg.k_anonymity import K_ANONYMITY
from kg.schema import Schema, parse_schema
from kg.snapshot.building import take_snapshot
from kg.snapshot.partner_sums import Beside, PartnerSums
from kg.snapshot.snapshot import Snapshot
from kg.stores.opening import open_store
from kg.stores.store import entity_dtypes, triple_dtypes

Entities = dict[str, list[Any]]
Triples = dict[str, list[tuple[Any, ...]]]

ALIKE = """
name = "alike"
[entity.User]
sensitive = true
[entity.Course]
domain = "courses"
[entity.Product]
domain = "cosmetics"
[relation.purchased]
head = "User"
tail = "Product"
interaction = true
[relation.enrolled]
head = "User"
tail = "Course"
interaction = true
"""
"""A shop with people, courses and products, as a user writes it: ids of two types may be alike."""
SCHEMA: dict[str, Any] = {
    "name": "test",
    "entity": {
        "User": {"sensitive": True},
        "Product": {"domain": "cosmetics", "properties": {"price": "float", "label_zh": "str"}},
        "Course": {"domain": "courses"},
        "Ingredient": {},
        "Concern": {},
    },
    "relation": {
        "purchased": {
            "head": "User",
            "tail": "Product",
            "interaction": True,
            "phrase": {"en": "bought", "zh": "购买了"},
        },
        "enrolled": {
            "head": "User",
            "tail": "Course",
            "interaction": True,
            "phrase": {"en": "enrolled in", "zh": "学习了"},
        },
        "has_concern": {"head": "User", "tail": "Concern", "phrase": {"en": "have the concern", "zh": "关注"}},
        "contains": {
            "head": "Product",
            "tail": "Ingredient",
            "phrase": {"en": "contains", "zh": "含有"},
            "inverse_phrase": {"en": "is contained in", "zh": "被用于"},
        },
        "teaches": {
            "head": "Course",
            "tail": "Ingredient",
            "phrase": {"en": "teaches about", "zh": "讲解"},
            "inverse_phrase": {"en": "is taught in", "zh": "的讲解见于"},
        },
    },
    "metapaths": {"max_length": 4},
}


def snapshot_of(
    folder: Path,
    entities: Entities,
    triples: Triples,
    schema: dict[str, Any] | None = None,
    k: int = K_ANONYMITY,
    partners: Sequence[PartnerSums] = (),
) -> Snapshot:
    """Load tables into a new embedded store in ``folder`` and take its snapshot.

    An entity is an id or a tuple (id, label, properties …); a triple is (head, tail), (head, tail, weight),
    (head, tail, weight, timestamp), or with first, occasions and previous besides, of a relation with ``repeat``.

    :param k: fewest people that anything that leaves may rest on; 1 where a few people stand for many.
    :param partners: sums over the people of other companies.
    """
    folder.mkdir(parents=True, exist_ok=True)
    checked = parse_schema(schema or SCHEMA)
    store = open_store("graph.lbug", checked, folder=folder)
    try:
        for name, rows in entities.items():
            store.create_entities(name, _entity_frame(checked, name, rows))
        for name, pairs in triples.items():
            dtypes = triple_dtypes(checked, name)
            full = [(*pair, *(1.0, *[None] * 4)[len(pair) - 2 :])[: len(dtypes)] for pair in pairs]
            full = [(head, tail, float(weight), *others) for head, tail, weight, *others in full]
            store.create_triples(name, pl.DataFrame(full, schema=dtypes, orient="row"))
        store.set_revision("test")
        return take_snapshot(store, checked, folder / "snapshot", k=k, beside=Beside(partners=partners))
    finally:
        store.close()


def partner_sums(name: str, pairs: Sequence[tuple[str, str, int]], k: int = K_ANONYMITY) -> PartnerSums:
    """Sums of a partner: pairs of ``Type:id`` with how many people used both; each was used by twice as many."""
    ids = tuple(dict.fromkeys(one for pair in pairs for one in pair[:2]))
    used = [2 * max(n for *ends, n in pairs if one in ends) for one in ids]
    first, second = (np.array([ids.index(pair[end]) for pair in pairs], dtype=np.int32) for end in (0, 1))
    people = np.array([pair[2] for pair in pairs], dtype=np.int64)
    return PartnerSums(name, k, 10_000, "2026-01-01T00:00:00+00:00", ids, np.array(used), first, second, people)


def _entity_frame(schema: Schema, name: str, rows: list[Any]) -> pl.DataFrame:
    dtypes = entity_dtypes(schema, name)
    full = [row if isinstance(row, tuple) else (row,) for row in rows]
    return pl.DataFrame([(*row, *[None] * (len(dtypes) - len(row))) for row in full], schema=dtypes, orient="row")
