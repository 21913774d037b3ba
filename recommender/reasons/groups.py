"""Groups: the score of an item as a person would part it. A group is exactly the cells its sentence tells.

Greedily, the largest group of those that one sentence can tell is taken out of what is left::

    theme     what leads to the item by one relation, its ingredients, its brand: over one or two metapaths, and what
              learned kernels say of the same anchors
    anchor    what one anchor has to do with the item, in up to three ways
    people    one metapath over people, from all anchors
    learned   what goes with the item, as learned kernels and the embedding say, from one step

What is left is smaller links; what runs through fewer than k people, or through what is avoided, is not told.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from heapq import heapify, heappop, heappush

from recommender.reasons.cells import CHAIN, DIRECT, LEARNED, PEOPLE, SHARED, TOGETHER, Cell, Source, Sources
from recommender.reasons.evidence import Evidence

MOST = 6
"""Groups that are told …"""
ENOUGH = 0.9
"""… or until they tell this part of what speaks for the item."""
GROUNDS, WAYS = 2, 3
"""Metapaths of a theme, and ways of an anchor, that one sentence tells."""
TINY = 1e-12
"""What rounding may do to a share."""
LEARNED_LESS = 0.8
"""How much a group that names no path counts against one that does."""
THEME, ANCHOR, POPULARITY, SMALLER, UNTOLD, AGAINST = "shared", "anchor", "popularity", "smaller", "untold", "against"
LEADING = 3
"""Groups from which on none is large enough to be a reason, but in scores of many small links."""
Pool = dict[Cell, float]


@dataclass(frozen=True)
class Strand:
    """The cells of one source in a group: anchor → share, the largest first."""

    source: Source
    anchors: Mapping[int, float]
    share: float
    """Their sum."""

    @classmethod
    def of(cls, source: Source, anchors: Mapping[int, float]) -> "Strand":
        """A strand with its share."""
        return cls(source, anchors, sum(anchors.values()))


@dataclass(frozen=True)
class Group:
    """A part of a score: ``kind``, its share, and the strands it is made of, the largest first; of an anchor its step
    and index."""

    kind: str
    share: float
    strands: tuple[Strand, ...] = ()
    anchor: tuple[str, int] | None = None

    @property
    def concrete(self) -> bool:
        """Whether it names something that leads to the item."""
        return self.kind in (THEME, ANCHOR)

    @property
    def key(self) -> tuple[object, ...]:
        """What is said by it: two groups of a list with the same key say the same."""
        return (self.kind, self.anchor, *(strand.source.own for strand in self.strands[:1]))


Candidate = tuple[float, Callable[[], Group | None]]
Queued = tuple[float, int, Callable[[], Group | None]]


class Grouping:
    """Parts the scores of one profile into groups.

    :param evidence: knows what may be told.
    """

    def __init__(self, sources: Sources, evidence: Evidence) -> None:
        self.sources, self.evidence = sources, evidence
        self.popularity = sources.scorer.popularity

    def groups(self, position: int) -> list[Group]:
        """The groups of an item, the largest first; their shares sum to its score."""
        return self._parted(position, MOST)

    def leading(self, position: int) -> list[Group]:
        """The first of the same groups, as far as any of them can be a reason; what else there is as one of each kind
        of rest, so that the shares sum to the score too."""
        return self._parted(position, LEADING)

    def _parted(self, position: int, most: int) -> list[Group]:
        pool, few = self.evidence.telling(position, self.sources.cells(position))
        against = {cell: share for cell, share in pool.items() if share < 0}
        pool = {cell: share for cell, share in pool.items() if share > 0}
        told = list[Group]()
        for group in self._told(position, pool, most):
            if group.kind == UNTOLD:
                few |= _cells(group)
            else:
                told.append(group)
        if popular := float(self.popularity[position]):
            told.append(Group(POPULARITY, popular))
        rest = [(SMALLER, pool), (UNTOLD, few), (AGAINST, against)]
        told += [_group(kind, self._strands(cells)) for kind, cells in rest if cells]
        return sorted(told, key=lambda one: -one.share)

    def _told(self, position: int, pool: Pool, most: int) -> list[Group]:
        """Groups taken out of a pool, which is left with what none of them tells."""
        found, whole, left = list[Group](), sum(pool.values()), sum(pool.values())
        while pool and sum(group.kind != UNTOLD for group in found) < most and left > (1 - ENOUGH) * whole:
            best = self._best(position, pool)
            if best is None:
                break
            for cell in _cells(best):
                del pool[cell]
            left -= best.share
            found.append(best)
        return found

    def _best(self, position: int, pool: Pool) -> Group | None:
        """The largest group that one sentence can tell; one that may not be told is given as such.

        Candidates are looked at from the largest on, and only then asked whether they may be told: an anchor's loses
        the ways that may not, and has its turn again by what is left.
        """
        queue: list[Queued] = [
            (-bound, number, build) for number, (bound, build) in enumerate(self._candidates(position, pool))
        ]
        heapify(queue)
        while queue:
            _, number, build = heappop(queue)
            group = build()
            if group is None:
                continue
            if queue and _size(group) < -queue[0][0] - TINY:
                again: Queued = (-_size(group), number, partial(_same, group))
                heappush(queue, again)
            elif group.anchor is not None or self.evidence.tellable(position, group):
                return group
            elif group.kind == PEOPLE:
                return Group(UNTOLD, group.share, group.strands)
        return None

    def _candidates(self, position: int, pool: Pool) -> Iterable[Candidate]:
        """The size that a group has at most, and what makes it."""
        strands = self._strands(pool)
        yield from ((_sum(some), partial(_group, THEME, some)) for some in _themes(strands))
        yield from ((LEARNED_LESS * _sum(some), partial(_group, LEARNED, some)) for some in _learned(strands))
        yield from ((one.share, partial(_group, PEOPLE, [one])) for one in strands if one.source.kind == PEOPLE)
        for start, ways in _ways(strands).items():
            ordered = sorted(ways.values(), key=lambda way: -way.share)
            if any(way.strands[0].source.kind == SHARED for way in ordered):
                bound = sum(way.share for way in ordered[:WAYS])
                yield bound, partial(self._anchor, position, start, ordered)

    def _anchor(self, position: int, start: tuple[str, int], ways: "list[_Way]") -> Group | None:
        """What one anchor has to do with the item, in its largest ways that may be told."""
        told = list[_Way]()
        for way in ways:
            if len(told) < WAYS and self.evidence.way(position, way.strands[0], start[1]):
                told.append(way)
        if not any(way.strands[0].source.kind == SHARED for way in told):
            return None
        return _group(ANCHOR, [one for way in told for one in way.strands], start)

    def _strands(self, pool: Pool) -> list[Strand]:
        by_source: dict[int, dict[int, float]] = {}
        for (own, anchor), share in pool.items():
            by_source.setdefault(own, {})[anchor] = share
        return [Strand.of(self.sources[own], anchors) for own, anchors in by_source.items()]


@dataclass
class _Way:
    """One way from an anchor to the item: a metapath, or all learned kernels that say no more than that."""

    strands: list[Strand] = field(default_factory=list)
    share: float = 0.0


def _ways(strands: list[Strand]) -> dict[tuple[str, int], dict[object, _Way]]:
    """Step and index of each anchor → its ways."""
    found: dict[tuple[str, int], dict[object, _Way]] = {}
    for strand in strands:
        source = strand.source
        together = source.kind == LEARNED and source.text == TOGETHER
        if source.kind == SHARED or together or (source.kind == PEOPLE and len(source.tail) == 2):
            key: object = TOGETHER if together else source.own
            for anchor, share in strand.anchors.items():
                way = found.setdefault((source.start, anchor), {}).setdefault(key, _Way())
                way.strands.append(Strand(source, {anchor: share}, share))
                way.share += share
    return found


def _same(group: Group) -> Group:
    return group


def _themes(strands: list[Strand]) -> Iterable[list[Strand]]:
    by_last: dict[str, list[Strand]] = {}
    for one in strands:
        if one.source.kind in (DIRECT, SHARED, CHAIN):
            by_last.setdefault(one.source.last, []).append(one)
    learned = [one for one in strands if one.source.kind == LEARNED and one.source.text == TOGETHER]
    for some in by_last.values():
        grounds = sorted(some, key=lambda one: -one.share)[:GROUNDS]
        yield grounds
        if well := list(_going_well(grounds, learned)):
            yield [*grounds, *well]


def _going_well(grounds: list[Strand], learned: list[Strand]) -> Iterable[Strand]:
    """What learned kernels say of the anchors that share something with the item: of one ground, the largest."""
    starts = [one for one in grounds if one.source.kind == SHARED]
    if starts:
        anchors, start = starts[0].anchors, starts[0].source.start
        for one in learned:
            mine = {anchor: share for anchor, share in one.anchors.items() if anchor in anchors}
            if one.source.start == start and mine:
                yield Strand.of(one.source, mine)


def _learned(strands: list[Strand]) -> Iterable[list[Strand]]:
    by_start: dict[tuple[str, str], list[Strand]] = {}
    for one in strands:
        if one.source.kind == LEARNED:
            by_start.setdefault((one.source.start, one.source.text), []).append(one)
    yield from by_start.values()


def _group(kind: str, strands: list[Strand], anchor: tuple[str, int] | None = None) -> Group:
    ordered = sorted((_ordered(one) for one in strands), key=lambda one: -one.share)
    return Group(kind, _sum(ordered), tuple(ordered), anchor)


def _sum(strands: Iterable[Strand]) -> float:
    return sum(one.share for one in strands)


def _ordered(strand: Strand) -> Strand:
    if len(strand.anchors) == 1:
        return strand
    return Strand(strand.source, dict(sorted(strand.anchors.items(), key=lambda one: (-one[1], one[0]))), strand.share)


def _size(group: Group) -> float:
    return group.share * (LEARNED_LESS if group.kind == LEARNED else 1.0)


def _cells(group: Group) -> Pool:
    return {(one.source.own, anchor): share for one in group.strands for anchor, share in one.anchors.items()}
