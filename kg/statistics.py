"""Counts and health of a graph, from its snapshot."""

from collections import Counter

import numpy as np
from pydantic import BaseModel

from kg.snapshot import Snapshot


class EntityStatistics(BaseModel, frozen=True):
    """One entity type."""

    count: int
    isolated: int
    """Entities without any triple."""
    same_label: int
    """Entities that share their label with another of the type."""


class TripleStatistics(BaseModel, frozen=True):
    """One relation; degrees are the median, the 90th percentile and the maximum, entities without a triple left out."""

    head: str
    tail: str
    count: int
    head_degrees: tuple[int, int, int]
    tail_degrees: tuple[int, int, int]


class GraphStatistics(BaseModel, frozen=True):
    """The answer of ``graph stats``."""

    snapshot: str
    entities: dict[str, EntityStatistics]
    triples: dict[str, TripleStatistics]


def statistics(snapshot: Snapshot) -> GraphStatistics:
    """Count entities, triples, isolated entities, equal labels and degrees."""
    degrees = {name: np.zeros(snapshot.vocabulary.count(name), dtype=np.int64) for name in snapshot.vocabulary.types}
    triples = {}
    for name, relation in snapshot.schema.relation.items():
        heads, tails = (np.diff(snapshot.adjacency(step).indptr) for step in (name, f"~{name}"))
        degrees[relation.head] += heads
        degrees[relation.tail] += tails
        triples[name] = TripleStatistics(
            head=relation.head,
            tail=relation.tail,
            count=int(heads.sum()),
            head_degrees=_quantiles(heads),
            tail_degrees=_quantiles(tails),
        )
    entities = {
        name: EntityStatistics(
            count=len(degrees[name]),
            isolated=int((degrees[name] == 0).sum()),
            same_label=_same_label(snapshot, name),
        )
        for name in snapshot.schema.entity
    }
    return GraphStatistics(snapshot=snapshot.hash, entities=entities, triples=triples)


def _quantiles(degrees: np.ndarray) -> tuple[int, int, int]:
    present = degrees[degrees > 0]
    if not len(present):
        return 0, 0, 0
    low, high = np.quantile(present, [0.5, 0.9], method="lower")
    return int(low), int(high), int(present.max())


def _same_label(snapshot: Snapshot, entity_type: str) -> int:
    labels = Counter(snapshot.label(entity_type, idx) for idx in range(snapshot.vocabulary.count(entity_type)))
    return sum(count for count in labels.values() if count > 1)
