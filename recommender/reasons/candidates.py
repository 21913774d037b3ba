"""Candidates: the groups that what is left of an item's score could be told by, kept up to date as groups are taken."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from heapq import heapify

from recommender.reasons.cells import CHAIN, DIRECT, LEARNED, PEOPLE, SHARED, TOGETHER, Source, Sources
from recommender.reasons.groups import ANCHOR, LEARNED_LESS, THEME, Group, Pool, Strand, group_of, share_of

GROUNDS, WAYS = 2, 3
"""Metapaths of a theme, and ways of an anchor, that one sentence tells."""
Number = tuple[int, int, int]
Build = Callable[[], Group | None]
Candidate = tuple[float, Number, Build]
"""Minus the size that a group has at most; which of equal ones is looked at first; what makes it."""


@dataclass
class Way:
    """One way from an anchor to the item: a metapath, or all learned kernels that say no more than that."""

    share: float = 0.0
    cells: list[tuple[Source, float]] = field(default_factory=list)


AnchorGroup = Callable[[tuple[str, int], list[Way]], Group | None]
"""What makes the group of one anchor, its step and index, from its ways, the largest first."""


class Candidates:
    """What of the cells of an item no group has told yet, and the groups that could tell it.

    After a group was taken out, only those that it touches are made anew.
    """

    def __init__(self, sources: Sources, cells: Pool, anchor: AnchorGroup) -> None:
        self.whole = self.left = sum(cells.values())
        self._anchor, self._place = anchor, {cell: place for place, cell in enumerate(cells)}
        by_source: dict[int, dict[int, float]] = {}
        for (own, idx), share in cells.items():
            by_source.setdefault(own, {})[idx] = share
        self.strands = {own: Strand.of(sources[own], anchors) for own, anchors in by_source.items()}
        self._sources: dict[tuple[object, ...], list[Source]] = {}
        for strand in self.strands.values():
            for key in _keys(strand):
                self._sources.setdefault(key, []).append(strand.source)
        self._found = {key: list(self._of(key)) for key in self._sources}

    def queue(self) -> list[Candidate]:
        """All of them, as a heap."""
        queue = [one for some in self._found.values() for one in some]
        heapify(queue)
        return queue

    def take(self, group: Group) -> None:
        """Take the cells of a group out."""
        changed = set[tuple[object, ...]]()
        for one in group.strands:
            changed |= set(_keys(one))
            own, before = one.source.own, self.strands[one.source.own].anchors
            if left := {idx: share for idx, share in before.items() if idx not in one.anchors}:
                self.strands[own] = Strand.of(one.source, left)
            else:
                del self.strands[own]
            if _together(one.source):  # they may stand in any theme
                changed |= {key for key in self._found if key[0] == THEME}
        self._found |= {key: list(self._of(key)) for key in changed}
        self.left -= group.share

    def cells(self) -> Pool:
        """What is left."""
        return {(own, idx): share for own, one in self.strands.items() for idx, share in one.anchors.items()}

    def _of(self, key: tuple[object, ...]) -> Iterable[Candidate]:
        strands = [self.strands[one.own] for one in self._sources[key] if one.own in self.strands]
        if key[0] == ANCHOR:
            yield from self._of_anchor(key[1], key[2], strands)  # type: ignore[arg-type]
        elif strands:
            place = self._place[strands[0].source.own, next(iter(strands[0].anchors))]
            if key[0] == THEME:
                grounds = sorted(strands, key=lambda one: -one.share)[:GROUNDS]
                yield -share_of(grounds), (0, place, 0), partial(group_of, THEME, grounds)
                learned = [one for one in self.strands.values() if _together(one.source)]
                if learned and (well := [*_going_well(grounds, learned)]):
                    some = [*grounds, *well]
                    yield -share_of(some), (0, place, 1), partial(group_of, THEME, some)
            elif key[0] == LEARNED:
                yield -LEARNED_LESS * share_of(strands), (1, place, 0), partial(group_of, LEARNED, strands)
            else:
                yield -strands[0].share, (2, place, 0), partial(group_of, PEOPLE, strands)

    def _of_anchor(self, step: str, idx: int, strands: list[Strand]) -> Iterable[Candidate]:
        """What one anchor has to do with the item; nothing where that is no attribute."""
        ways: dict[int, Way] = {}
        first, shared = -1, False
        for strand in strands:
            share = strand.anchors.get(idx)
            if share is not None:
                source = strand.source
                way = ways.setdefault(-1 if source.kind == LEARNED else source.own, Way())
                way.cells.append((source, share))
                way.share += share
                shared = shared or source.kind == SHARED
                first = self._place[source.own, idx] if first < 0 else first
        if shared:
            ordered = sorted(ways.values(), key=lambda way: -way.share)
            bound = sum(way.share for way in ordered[:WAYS])
            yield -bound, (3, first, 0), partial(self._anchor, (step, idx), ordered)


def _keys(strand: Strand) -> Iterable[tuple[object, ...]]:
    """The candidates that cells of a strand may be in."""
    source = strand.source
    if source.kind in (DIRECT, SHARED, CHAIN):
        yield THEME, source.last
    elif source.kind == LEARNED:
        yield LEARNED, source.start, source.text
    else:
        yield PEOPLE, source.own
    if source.kind == SHARED or _together(source) or (source.kind == PEOPLE and len(source.tail) == 2):
        yield from ((ANCHOR, source.start, idx) for idx in strand.anchors)


def _together(source: Source) -> bool:
    return source.kind == LEARNED and source.text == TOGETHER


def _going_well(grounds: list[Strand], learned: list[Strand]) -> Iterable[Strand]:
    """What learned kernels say of the anchors that share something with the item: of one ground, the largest."""
    starts = [one for one in grounds if one.source.kind == SHARED]
    if starts:
        anchors, start = starts[0].anchors, starts[0].source.start
        for one in learned:
            mine = {anchor: share for anchor, share in one.anchors.items() if anchor in anchors}
            if one.source.start == start and mine:
                yield Strand.of(one.source, mine)
