"""Counts and health of a graph, from its snapshot; people are counted as :mod:`kg.k_anonymity` tells them."""

import numpy as np
from pydantic import BaseModel

from kg.k_anonymity import shown_count
from kg.quality.census import Census, Cycles
from kg.quality.curation import Finding, findings
from kg.quality.duplicates import Duplicates
from kg.schema import inverse_of
from kg.snapshot.snapshot import Snapshot

Count = int | str
"""A number; of people where they are at least k, rounded down, else ``"<5"``."""


class EntityStatistics(BaseModel, frozen=True):
    """One entity type."""

    count: Count
    isolated: Count
    """Entities without any triple; of what is no person, the triples of fewer than k people are none."""
    unlabelled: Count
    """Entities that a person sees by their id."""
    same_label: Duplicates
    no_attribute_path: int | None
    """Items that attribute triples, however long their chain, join neither to a user nor to another item that anybody
    used: only other people's interactions and popularity can bring them into a list. ``None`` where no item."""
    unreached: int | None
    """Those among them without any interaction: nothing can."""


class Degrees(BaseModel, frozen=True):
    """Triples per entity at one end of a relation; the quantiles leave out the entities without any.

    Of people no quantile is above what k of them reach: nobody is told alone.
    """

    linked: Count
    """Entities with at least one triple."""
    without: Count
    p50: Count
    p90: Count
    p99: Count
    max: Count


class TripleStatistics(BaseModel, frozen=True):
    """One relation."""

    head: str
    tail: str
    count: Count
    head_degrees: Degrees
    tail_degrees: Degrees
    cycles: Cycles | None
    """``None`` for a relation between different types, and between people unless k is 1."""


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
        count=census.shown(name, census.snapshot.vocabulary.count(name)),
        isolated=census.shown(name, int(census.isolated(name).sum())),
        unlabelled=census.shown(name, int(census.unlabelled(name).sum())),
        same_label=census.duplicates[name],
        no_attribute_path=int(census.without_path(name).sum()) if item else None,
        unreached=int(census.unreached(name).sum()) if item else None,
    )


def _triples(census: Census, name: str) -> TripleStatistics:
    relation = census.schema.relation[name]
    people = [step for step, end in ((name, relation.head), (f"~{name}", relation.tail)) if census.is_of_people(end)]
    k, total = census.snapshot.k, int(census.degrees[name].sum())
    fewest = min((np.count_nonzero(census.degrees[step]) for step in people), default=k)
    return TripleStatistics(
        head=relation.head,
        tail=relation.tail,
        count=total if fewest >= k else shown_count(0, k),
        head_degrees=_degrees(census, name),
        tail_degrees=_degrees(census, f"~{name}"),
        cycles=census.cycles.get(name),
    )


def _degrees(census: Census, step: str) -> Degrees:
    numbers, k = census.degrees[step], census.snapshot.k
    head, tail = census.schema.ends(step)
    present = np.sort(numbers[numbers > 0])
    found = [0, 0, 0, 0]
    if len(present):
        found = [*np.quantile(present, [0.5, 0.9, 0.99], method="lower").tolist(), present[-1]]
    if census.is_of_people(head):
        found = [min(one, present[-k]) if len(present) >= k else 0 for one in found]
    middle, high, higher, largest = (census.shown(tail, int(one)) for one in found)
    # how many items a single person has used is told of that person
    few = census.is_of_people(tail) and np.count_nonzero(census.degrees[inverse_of(step)]) < k
    linked = 0 if few else len(present)
    return Degrees(
        linked=shown_count(0, k) if few else census.shown(head, linked),
        without=shown_count(0, k) if few else census.shown(head, len(numbers) - linked),
        p50=middle,
        p90=high,
        p99=higher,
        max=largest,
    )
