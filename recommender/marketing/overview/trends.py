"""Trends: what more people turn to than before, and what is new, by the data's own clock."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.instant import DAY, NO_TIME
from kg.k_anonymity import step_middle
from kg.privacy.shared_times import SharedSpan, shared_span
from recommender.catalogue.attributes import attribute_links, attribute_types
from recommender.catalogue.catalogue import Catalogue
from recommender.linalg.sparse_matrix import binary, times_rows
from recommender.marketing.audience import about_of
from recommender.marketing.crowd import Crowd
from recommender.marketing.segments import part_of, ratio_spread
from recommender.results.overview import Trend

NAMED = 8
Entity = tuple[str, int]


@dataclass(frozen=True)
class _Done:
    """What everybody did: parallel arrays of people, positions of items, and times in milliseconds since 1970 UTC, or
    ``NO_TIME``; what was done again stands with the first time, the last, and the one before it."""

    person: NDArray[np.int64]
    position: NDArray[np.int64]
    time: NDArray[np.int64]


@dataclass(frozen=True)
class _Group:
    """Entities of a domain that are compared with each other: how many people turned to each in the window and before
    it, and how many people were active then at all."""

    domain: str
    entities: list[Entity]
    counts: tuple[NDArray[np.int64], NDArray[np.int64]]
    active: tuple[int, int]


class Trends:
    """What changed within a window, and the one of its length before it.

    It ends with the newest week that k people share: when the last of them did something is nobody's business, and what
    few did after it, or dated into the future, moves no window.

    :param days: length of the window, 1 or more.
    """

    def __init__(self, crowd: Crowd, days: int, lang: str) -> None:
        self.crowd, self.days, self.lang = crowd, days, lang

    @property
    def until(self) -> str | None:
        """The last day of the newest period that k people share; ``None`` where there is none."""
        return self._span.last.isoformat() if self._span else None

    def new(self) -> list[Trend]:
        """Items that fewer than k people used before the window, and at least k in it; most people first."""
        fresh = self._people(self._earlier) < self.crowd.k
        domains = self.crowd.snapshot.schema.domains
        found = [one for domain in domains for one in self._trends(self._items(domain), fresh)]
        return sorted(found, key=lambda one: (-_number(one.people), one.entity.id))[:NAMED]

    def trending(self) -> list[Trend]:
        """Items, and what items have, to which surely more people turned than before, the surest first."""
        schema, groups = self.crowd.snapshot.schema, []
        for domain in schema.domains:
            groups += [self._items(domain), *(self._attributes(domain, name) for name in attribute_types(schema))]
        sure = [one for group in groups for one in self._trends(group) if one.low > 1]
        return sorted(sure, key=lambda one: (-one.low, one.entity.type, one.entity.id))[:NAMED]

    def growth(self, name: str) -> list[float | None]:
        """For each entity of a type, how much more of those active turned to items that have it in the window than
        before it; ``None`` where fewer than k did in the window."""
        links = csr_array(attribute_links(self.crowd.snapshot, self._catalogue, name))
        active = self._active(np.ones(self._catalogue.size, dtype=bool))
        counts = self._people(self._now, links), self._people(self._before, links)
        return [self._growth(int(now), int(before), active) for now, before in zip(*counts, strict=True)]

    def _growth(self, now: int, before: int, active: tuple[int, int]) -> float | None:
        if self.crowd.told_count(now) is None:
            return None
        _, _, part, whole = self._parts(now, before, active)
        return part / whole

    def _parts(self, now: int, before: int, active: tuple[int, int]) -> tuple[int, int, float, float]:
        """Two numbers of people as they may be told, and which parts they are of those active; of fewer than k as if k,
        so that growth is not overstated."""
        k = self.crowd.k
        told, earlier = self.crowd.told_count(now) or 0, self.crowd.told_count(before)
        if not earlier:  # nobody, or fewer than k
            return told, k, part_of(told, active[0], k), min(k / step_middle(active[1], k), 1.0)
        return told, earlier, part_of(told, active[0], k), part_of(earlier, active[1], k)

    def idle(self, domain: str) -> int | None:
        """Days from the end of the newest period of a domain that k people share to that of all; ``None`` where either
        has none."""
        own = self._shared_span(self._catalogue.of_domain(domain)[self._done.position])
        return (self._span.last - own.last).days if own and self._span else None

    def unused(self, domain: str) -> int:
        """Items of a domain that fewer than k people used in the window."""
        inside = self._catalogue.of_domain(domain)
        return int((self._people(self._now)[inside] < self.crowd.k).sum())

    def _items(self, domain: str) -> _Group:
        """The items of a domain."""
        inside = self._catalogue.of_domain(domain)
        entities = [self._catalogue.item(one) for one in range(self._catalogue.size)]
        counts = np.where(inside, self._people(self._now), 0), self._people(self._before)
        return _Group(domain, entities, counts, self._active(inside))

    def _attributes(self, domain: str, name: str) -> _Group:
        """What items of a domain have, of one type."""
        inside = self._catalogue.of_domain(domain)
        links = csr_array(attribute_links(self.crowd.snapshot, self._catalogue, name))
        links = times_rows(links, inside.astype(np.float64))
        links.eliminate_zeros()
        entities = [(name, idx) for idx in range(links.shape[1])]
        counts = self._people(self._now, links), self._people(self._before, links)
        return _Group(domain, entities, counts, self._active(np.diff(links.indptr) > 0))

    def _people(self, when: NDArray[np.bool_], links: csr_array | None = None) -> NDArray[np.int64]:
        """How many different people used each item, or anything that has an entity, in a window."""
        ends = self._done.person[when], self._done.position[when]
        used = csr_array((np.ones(len(ends[0])), ends), shape=(self.crowd.size, self._catalogue.size))
        found = used if links is None else csr_array(used @ links)
        return np.bincount(binary(found).indices, minlength=found.shape[1])

    def _active(self, items: NDArray[np.bool_]) -> tuple[int, int]:
        """People who used any of some items, in the window and before it, in steps of k."""
        inside = items[self._done.position]
        found = [len(np.unique(self._done.person[when & inside])) for when in (self._now, self._before)]
        return self.crowd.told_count(found[0]) or self.crowd.k, self.crowd.told_count(found[1]) or self.crowd.k

    def _trends(self, group: _Group, chosen: NDArray[np.bool_] | None = None) -> list[Trend]:
        """What becomes of those of a group that at least k people turned to in the window."""
        enough = group.counts[0] >= self.crowd.k if chosen is None else (group.counts[0] >= self.crowd.k) & chosen
        return [self._trend(group, one) for one in np.flatnonzero(enough).tolist()]

    def _trend(self, group: _Group, number: int) -> Trend:
        crowd, entity = self.crowd, group.entities[number]
        now, before = (int(count[number]) for count in group.counts)
        told, earlier, part, whole = self._parts(now, before, group.active)
        spread = ratio_spread(((told, part), (earlier, whole)), crowd.k)
        return Trend(
            entity=about_of(crowd, entity, self.lang),
            domain=group.domain,
            people=told,
            before=crowd.shown(before),
            growth=part / whole,
            low=part / whole / spread,
            high=part / whole * spread,
        )

    @property
    def _catalogue(self) -> Catalogue:
        return self.crowd.recommender.catalogue

    @cached_property
    def _done(self) -> _Done:
        snapshot, catalogue = self.crowd.snapshot, self._catalogue
        parts = []
        for name in snapshot.schema.interactions:
            if snapshot.schema.relation[name].head == self.crowd.user_type:
                matrix, days = snapshot.adjacency(name), snapshot.occasions(name)
                people = np.repeat(np.arange(self.crowd.size), np.diff(matrix.indptr))
                position = matrix.indices.astype(np.int64) + catalogue.slices[snapshot.schema.relation[name].tail].start
                parts.append((people, position, snapshot.timestamps(name)))
                for times in (days[part] for part in ("first", "previous") if part in days):
                    dated = times != NO_TIME
                    parts.append((people[dated], position[dated], times[dated]))
        if not parts:
            return _Done(*(np.empty(0, dtype=np.int64) for _ in range(3)))
        return _Done(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    @cached_property
    def _span(self) -> SharedSpan | None:
        return self._shared_span(np.ones(len(self._done.time), dtype=bool))

    def _shared_span(self, which: NDArray[np.bool_]) -> SharedSpan | None:
        """From when to when some of what was done was done, as it may be told."""
        dated = which & (self._done.time != NO_TIME)
        return shared_span(self._done.person[dated], self._done.time[dated], self.crowd.k)

    @property
    def _end(self) -> int:
        return self._span.end if self._span else 0

    @property
    def _start(self) -> int:
        return self._end - self.days * DAY

    @cached_property
    def _now(self) -> NDArray[np.bool_]:
        return (self._done.time >= self._start) & (self._done.time < self._end)

    @cached_property
    def _earlier(self) -> NDArray[np.bool_]:
        """What was done at any time before the window, or nobody knows when."""
        return self._done.time < self._start

    @cached_property
    def _before(self) -> NDArray[np.bool_]:
        return (self._done.time >= self._start - self.days * DAY) & (self._done.time < self._start)


def _number(people: int | str) -> int:
    return people if isinstance(people, int) else 0
