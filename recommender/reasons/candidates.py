"""Candidates: the groups that what is left of an item's score could be told by, kept up to date as groups are taken."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from heapq import heapify

from recommender.reasons.cells import LEARNED, PEOPLE, SHARED, TOGETHER, Source, Sources
from recommender.reasons.groups import LEARNED_LESS, THEME, Group, Pool, Strand, group_of, share_of

GROUNDS, WAYS = 2, 3
"""Metapaths of a theme, and ways of an anchor, that one sentence tells."""
MORE = 1 + 1e-9
"""What rounding may do to a sum."""
Key = tuple[str, str | int, str | int]
"""Which candidate: its kind, and what tells it from others of the kind."""
Number = tuple[int, int, int]
Build = Callable[[], "Group | Candidate | None"]
Candidate = tuple[float, Number, Build]
"""Minus the size that a group has at most; which of equal ones is looked at first; what makes it, or gives the same
with a lower bound."""


@dataclass(slots=True)
class Way:
    """One way from an anchor to the item: a metapath, or all learned kernels that say no more than that."""

    share: float
    cells: list[tuple[Source, float]]


AnchorGroup = Callable[[tuple[str, int], list[Way]], Group | None]
"""What makes the group of one anchor, its step and index, from its ways, the largest first."""


class Candidates:
    """What of the cells of an item no group has told yet, and the groups that could tell it.

    After a group was taken out, only those that it touches are made anew.
    """

    def __init__(self, sources: Sources, cells: Pool, anchor: AnchorGroup) -> None:
        self.whole = self.left = sum(cells.values())
        self._anchor, self._place = anchor, {cell: position for position, cell in enumerate(cells)}
        by_source: dict[int, dict[int, float]] = {}
        for (own, idx), share in cells.items():
            by_source.setdefault(own, {})[idx] = share
        self.strands = {own: Strand.of(sources[own], anchors) for own, anchors in by_source.items()}
        self._together = any(_together(one.source) for one in self.strands.values())
        shared = (one for one in self.strands.values() if one.source.kind == SHARED)
        self._shared = tuple(dict.fromkeys((one.source.start, idx) for one in shared for idx in one.anchors))

    @cached_property
    def _sources(self) -> dict[Key, list[Source]]:
        """Which sources each candidate is made of, in their order; made when first asked for: the whole of some items
        is one group."""
        found: dict[Key, list[Source]] = {}
        for strand in self.strands.values():
            found.setdefault(_key(strand.source), []).append(strand.source)
        return found

    @cached_property
    def _found(self) -> dict[Key, list[Candidate]]:
        return {key: self._of(key) for key in self._sources}

    def outweighing(self) -> Group | None:
        """A learned group that is larger than all else together, so that no candidate need be looked at."""
        by_text: dict[tuple[str, str], list[Strand]] = {}
        for one in self.strands.values():
            if one.source.kind == LEARNED and not _together(one.source):
                by_text.setdefault((one.source.start, one.source.text), []).append(one)
        for strands in by_text.values():
            share = share_of(strands)
            if LEARNED_LESS * share > (self.left - share) * MORE:
                return group_of(LEARNED, strands)
        return None

    def queue(self) -> list[Candidate]:
        """All of them, as a heap."""
        queue = [one for some in self._found.values() for one in some]
        queue += self._anchors()
        heapify(queue)
        return queue

    def _anchors(self) -> list[Candidate]:
        """The anchors that share something with the item, by all they have to do with it: of the few that are looked at
        one tells no more than their largest ways."""
        found = dict.fromkeys(self._shared, 0.0)
        for strand in self.strands.values():
            if _anchored(strand.source):
                start = strand.source.start
                for idx, share in strand.anchors.items():
                    if (start, idx) in found:
                        found[start, idx] += share
        return [
            (-share * MORE, (-1, number, 0), partial(self._of_anchor, anchor))
            for number, (anchor, share) in enumerate(found.items())
            if share
        ]

    def take(self, group: Group) -> None:
        """Take the cells of a group out."""
        changed = set[Key]()
        for one in group.strands:
            changed.add(_key(one.source))
            own, before = one.source.own, self.strands[one.source.own].anchors
            if left := {idx: share for idx, share in before.items() if idx not in one.anchors}:
                self.strands[own] = Strand.of(one.source, left)
            else:
                del self.strands[own]
            if self._together and _together(one.source):  # they may stand in any theme
                changed.update(key for key in self._sources if key[0] == THEME)
        self.left -= group.share
        if "_found" in self.__dict__:
            self._found.update({key: self._of(key) for key in changed})

    def cells(self) -> Pool:
        """What is left."""
        return {(own, idx): share for own, one in self.strands.items() for idx, share in one.anchors.items()}

    def _of(self, key: Key) -> list[Candidate]:
        strands = [self.strands[one.own] for one in self._sources[key] if one.own in self.strands]
        if not strands:
            return []
        position = self._place[strands[0].source.own, next(iter(strands[0].anchors))]
        if key[0] == THEME:
            return self._of_theme(strands, position)
        if key[0] == LEARNED:
            return [(-LEARNED_LESS * share_of(strands), (1, position, 0), partial(group_of, LEARNED, strands))]
        return [(-strands[0].share, (2, position, 0), partial(group_of, PEOPLE, strands))]

    def _of_theme(self, strands: list[Strand], position: int) -> list[Candidate]:
        grounds = sorted(strands, key=_minus)[:GROUNDS] if len(strands) > 1 else strands
        found: list[Candidate] = [(-share_of(grounds), (0, position, 0), partial(group_of, THEME, grounds))]
        if self._together:
            learned = [one for one in self.strands.values() if _together(one.source)]
            if well := [*_going_well(grounds, learned)]:
                some = [*grounds, *well]
                found.append((-share_of(some), (0, position, 1), partial(group_of, THEME, some)))
        return found

    def _of_anchor(self, anchor: tuple[str, int]) -> Candidate | None:
        """What one anchor has to do with the item; nothing where that is no attribute."""
        (start, idx), first, shared = anchor, -1, False
        ways, learned = list[Way](), Way(0.0, [])
        for strand in self.strands.values():
            source = strand.source
            if source.start != start or not _anchored(source):
                continue
            share = strand.anchors.get(idx)
            if share is not None:
                if source.kind != LEARNED:
                    ways.append(Way(share, [(source, share)]))
                    shared = shared or source.kind == SHARED
                else:
                    if not learned.cells:
                        ways.append(learned)
                    learned.cells.append((source, share))
                    learned.share += share
                first = self._place[source.own, idx] if first < 0 else first
        if not shared:
            return None
        if len(ways) > 1:
            ways.sort(key=_minus)
        bound = sum([way.share for way in ways[:WAYS]])
        return -bound, (3, first, 0), partial(self._anchor, anchor, ways)


def _minus(one: Strand | Way) -> float:
    return -one.share


def _key(source: Source) -> Key:
    """The candidate that the cells of a source are in, but for those of anchors."""
    if source.kind == LEARNED:
        return LEARNED, source.start, source.text
    return (PEOPLE, source.own, 0) if source.kind == PEOPLE else (THEME, source.last, 0)


def _anchored(source: Source) -> bool:
    """Whether what an anchor has to do with an item may be told by a source."""
    return source.kind == SHARED or _together(source) or (source.kind == PEOPLE and len(source.tail) == 2)


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
