"""Counts and health of a graph, from its snapshot."""

import numpy as np
from pydantic import BaseModel

from kg.quality.census import Census, Cycles
from kg.quality.curation import Finding, findings
from kg.quality.duplicates import Duplicates
from kg.snapshot.snapshot import Snapshot


class EntityStatistics(BaseModel, frozen=True):
    """One entity type."""

    count: int
    isolated: int
    """Entities without any triple."""
    unlabelled: int
    """Entities that a person sees by their id."""
    same_label: Duplicates
    no_attribute_path: int | None
    """Items that attribute triples, however long their chain, join neither to a user nor to another item that anybody
    used: only other people's interactions and popularity can bring them into a list. ``None`` where no item."""
    unreached: int | None
    """Those among them without any interaction: nothing can."""


class Degrees(BaseModel, frozen=True):
    """Triples per entity at one end of a relation; the quantiles leave out the entities without any."""

    linked: int
    """Entities with at least one triple."""
    without: int
    p50: int
    p90: int
    p99: int
    max: int


class TripleStatistics(BaseModel, frozen=True):
    """One relation."""

    head: str
    tail: str
    count: int
    head_degrees: Degrees
    tail_degrees: Degrees
    cycles: Cycles | None
    """``None`` for a relation between different types."""


class GraphStatistics(BaseModel, frozen=True):
    """The answer of ``graph stats``."""

    snapshot: str
    dangling: int
    """Triples with an end that is no entity. 0: all are checked, and a snapshot with any is refused."""
    entities: dict[str, EntityStatistics]
    triples: dict[str, TripleStatistics]
    mend_first: list[Finding]
    """What a curator should mend, the most harmful first."""


def statistics(snapshot: Snapshot) -> GraphStatistics:
    """Count entities, triples and degrees, and find what a curator may want to mend.

    :raises SnapshotError: where a triple has an end that is no entity, which only damage can bring about.
    """
    census = Census(snapshot)
    return GraphStatistics(
        snapshot=snapshot.hash,
        dangling=0,
        entities={name: _entities(census, name) for name in snapshot.schema.entity},
        triples={name: _triples(census, name) for name in snapshot.schema.relation},
        mend_first=findings(census),
    )


def _entities(census: Census, name: str) -> EntityStatistics:
    item = name in census.schema.item_types
    return EntityStatistics(
        count=census.snapshot.vocabulary.count(name),
        isolated=int(census.isolated(name).sum()),
        unlabelled=int(census.unlabelled(name).sum()),
        same_label=census.duplicates[name],
        no_attribute_path=int(census.without_path(name).sum()) if item else None,
        unreached=int(census.unreached(name).sum()) if item else None,
    )


def _triples(census: Census, name: str) -> TripleStatistics:
    relation = census.schema.relation[name]
    return TripleStatistics(
        head=relation.head,
        tail=relation.tail,
        count=int(census.degrees[name].sum()),
        head_degrees=_degrees(census, name),
        tail_degrees=_degrees(census, f"~{name}"),
        cycles=census.cycles.get(name),
    )


def _degrees(census: Census, step: str) -> Degrees:
    numbers = census.degrees[step]
    present = numbers[numbers > 0]
    middle, high, higher = np.quantile(present, [0.5, 0.9, 0.99], method="lower") if len(present) else (0, 0, 0)
    return Degrees(
        linked=len(present),
        without=len(numbers) - len(present),
        p50=int(middle),
        p90=int(high),
        p99=int(higher),
        max=int(present.max(initial=0)),
    )
