"""Candidates: the groups that what is left of an item's score could be told by, the largest first."""

from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from itertools import count

from recommender.reasons.cells import LEARNED, PEOPLE, SHARED, Strand
from recommender.reasons.evidence.evidence import Evidence
from recommender.reasons.groups import (
    ANCHOR,
    LEARNED_LESS,
    THIRD,
    UNTOLD,
    WAYS,
    Group,
    Way,
    grounds_of,
    group_of,
    share_of,
    shared_of,
    size_of,
)
from recommender.reasons.layout import Key
from recommender.reasons.remaining_cells import RemainingCells, Strands

MORE = 1 + 1e-9
"""What rounding may do to a sum."""
TINY = 1e-12
"""What rounding may do to a share."""
Number = tuple[int, int, int]
Candidate = tuple[float, Number, int, Key, Strands]
"""Minus the size that a group has at most; which of equal ones is looked at first; when it was put there; what tells it
from others; and what it is made of, nothing where only a bound is known."""
BOUND = -1
"""How the number of a candidate begins of which only a bound is known."""
ALONE, LEARNED_TOO, PEOPLE_TOO = range(3)
"""How the number of a candidate ends: with which nothing else is told, with which learned kernels are, and with which
it is told what people did, too."""


class Candidates:
    """The groups that could tell what of the cells of an item no group has told yet.

    Cells are only ever taken out, so that what a group had of them is a bound of what it has: candidates wait in a
    heap by their bounds, and are made when it is their turn. What a group that is taken could make larger or tellable
    is put there again.

    :param evidence: knows what of the item at ``position`` may be told.
    """

    def __init__(self, cells: RemainingCells, evidence: Evidence, position: int) -> None:
        self.cells, self._layout = cells, cells.layout
        self._evidence, self._position = evidence, position
        self._heap: list[Candidate] | None = None

    def _begin(self) -> list[Candidate]:
        """All candidates, in a heap that is only made where one of them is looked at."""
        self._serial = count()
        self._put_at: dict[Key, int] = {}
        """When the candidates of a key that is no anchor were put into the heap last; those before are out of date."""
        self._untold: set[Key] = set()
        """Anchors of which the largest ways may not be told."""
        heap = [*(one for key in self._layout.by_key for one in self._of(key)), *self._anchors()]
        heapify(heap)
        return heap

    def largest(self) -> Group | None:
        """The largest group that one sentence can tell; one that may not be told is given as such.

        Candidates are looked at from the largest on, and only then asked whether they may be told: an anchor's loses
        the ways that may not, and has its turn again by what is left.
        """
        if (learned := self._outweighing()) is not None:
            return learned if self._tellable(learned) else Group(UNTOLD, learned.share, learned.strands)
        if self._heap is None:
            self._heap = self._begin()
        heap = self._heap
        while heap:
            candidate = heappop(heap)
            group = self._made(candidate)
            if group is None:
                continue
            size = size_of(group)
            while heap and size < -heap[0][0] - TINY and self._stale(heap[0]):
                heappop(heap)
            if heap and size < -heap[0][0] - TINY:
                heappush(heap, (-size, *candidate[1:4], group.strands))
            elif group.anchor is not None or self._tellable(group):
                return group
            elif candidate[1][2] == ALONE and group.kind in (PEOPLE, LEARNED):  # no other tells more of too few people
                return Group(UNTOLD, group.share, group.strands)
        return None

    def bound(self, least: float) -> float | None:
        """How large the next group is at most; ``None`` where that was not looked at.

        :param least: from which size on that matters: what is out of date, as of what is told by now, is put aside.
        """
        heap = self._heap
        if heap is None:
            return None
        while heap and -heap[0][0] >= least and self._stale(heap[0]):
            heappop(heap)
        return -heap[0][0] if heap else 0.0

    def take(self, group: Group) -> None:
        """Take the cells of a group out, and put what that changes into the heap again."""
        self.cells.take(group)
        if self._heap is None:
            return
        changed = dict[Key, None]()
        for one in group.strands:
            source = one.source
            changed[source.key] = None
            if source.alongside:  # they may stand beside others of the same anchors
                changed.update(self._layout.beside.get(source.start, {}))
            if self._untold and source.anchored:
                self._again(source.start, one)
        for key in changed:
            for candidate in self._of(key):
                heappush(self._heap, candidate)
        if group.anchor is not None:  # it may have more ways
            self._put_anchor((ANCHOR, *group.anchor))

    def _tellable(self, group: Group) -> bool:
        return self._evidence.tellable(self._position, group)

    def _stale(self, candidate: Candidate) -> bool:
        """Whether the bound of a candidate is out of date, or but a bound; it is then put back with a lower one."""
        bound, number, serial, key, strands = candidate
        if key[0] != ANCHOR:
            if serial == self._put_at[key] and number[0] == BOUND:
                self._put_exact(candidate)
            return serial != self._put_at[key] or number[0] == BOUND
        if strands and self.cells.hold(strands):
            return False
        ways = self._ways(key)
        told = ways if number[0] == BOUND else ways[:WAYS]
        size = sum([way.share for way in told]) * (MORE if number[0] == BOUND else 1.0)
        if not ways:
            return True
        if size < -bound - (TINY if number[0] == BOUND else 0.0):
            self._put(size, number, key)
            return True
        return False

    def _put(self, bound: float, number: Number, key: Key) -> None:
        assert self._heap is not None
        heappush(self._heap, (-bound, number, next(self._serial), key, ()))

    def _again(self, start: str, taken: Strand) -> None:
        """Put anchors into the heap again of which something was taken, so that others may be among the largest."""
        for key in [key for key in self._untold if key[1] == start and key[2] in taken.anchors]:
            self._untold.remove(key)
            self._put_anchor(key)

    def _put_anchor(self, key: Key) -> None:
        self._put(sum([way.share for way in self._ways(key)[:WAYS]]), (BOUND, int(key[2]), 0), key)

    def _ways(self, key: Key) -> list[Way]:
        return self.cells.ways(str(key[1]), int(key[2]))

    def _outweighing(self) -> Group | None:
        """A learned group that is larger than all else together, so that no candidate need be looked at: one that says
        no more than that things go together only where no other group may tell any of it, since where too few people
        are behind a strand, they are behind none of its parts."""
        for key in self._layout.learned:
            strands = self.cells.of(key)
            share = share_of(strands)
            if not strands or LEARNED_LESS * share <= (self.cells.share - share) * MORE:
                continue
            enough = self._evidence.learned.together
            if strands[0].source.together and (
                any(own in self.cells.strands for own in self._layout.people.get(str(key[1]), ()))
                or any(enough(self._position, (one,)) for one in strands)
            ):
                continue
            return group_of(LEARNED, strands)
        return None

    def _of(self, key: Key) -> list[Candidate]:
        """The candidates of a key that is no anchor, by their bounds."""
        self._put_at[key] = serial = next(self._serial)
        strands = self.cells.of(key)
        if not strands:
            return []
        first = strands[0].source.own
        if key[0] == PEOPLE:
            alone: Candidate = (-strands[0].share, (2, first, 0), serial, key, strands)
            return [alone, *self._with_more(key, serial, strands, strands[0])]
        if key[0] == LEARNED:
            share, found = share_of(strands), list[Candidate]()
            if strands[0].source.together and (people := self.cells.people_beside(strands[0])) is not None:
                size = LEARNED_LESS * (share + people.share)
                found.append((-size, (1, first, PEOPLE_TOO), serial, key, [*strands, people]))
            return [*found, (-LEARNED_LESS * share, (1, first, 0), serial, key, strands)]
        grounds = grounds_of(strands)
        bound = share_of(grounds) if len(grounds) > 1 else grounds[0].share
        theme: Candidate = (-bound, (0, first, 0), serial, key, grounds)
        shared = shared_of(grounds)
        return [theme] if shared is None else [theme, *self._with_more(key, serial, grounds, shared)]

    def _with_more(self, key: Key, serial: int, strands: Strands, of: Strand) -> Iterator[Candidate]:
        """A candidate with what learned kernels say of the anchors of one of its strands, and a theme with what others
        did who have such anchors too, since both say what goes together: by their bounds."""
        if not self._layout.together:
            return
        first = strands[0].source.own
        if of.source.anchored and (well := self.cells.share_going_well(of)):
            yield -(share_of(strands) + well) * MORE, (BOUND, first, LEARNED_TOO), serial, key, strands
        few = strands[: WAYS - 1]
        if (shared := shared_of(few)) is not None and (people := self.cells.people_beside(shared)) is not None:
            well = self.cells.share_going_well(shared)
            bound = share_of(few) + well + people.share
            if well and share_of(few) >= THIRD * bound:  # else what the item has is no reason
                yield -bound * MORE, (BOUND, first, PEOPLE_TOO), serial, key, few

    def _anchors(self) -> list[Candidate]:
        """The anchors that share something with the item, by all they have to do with it: of the few that are looked at
        one tells no more than their largest ways."""
        anchors = list[Candidate]()
        for start, found in self.cells.sharing_anchors():
            serial = next(self._serial)
            anchors += [
                (-share * MORE, (BOUND, idx, 0), serial, (ANCHOR, start, idx), ()) for idx, share in found.items()
            ]
        return anchors

    def _made(self, candidate: Candidate) -> Group | None:
        """A candidate's group as it is now; ``None`` where there is none, or it is put back with a lower bound."""
        bound, number, serial, key, strands = candidate
        if key[0] == ANCHOR:
            if strands and self.cells.hold(strands):
                return group_of(ANCHOR, strands, (str(key[1]), int(key[2])))
            return self._made_anchor(-bound, number, key)
        if serial != self._put_at[key]:
            return None
        if number[0] == BOUND:
            self._put_exact(candidate)
            return None
        return group_of(key[0], strands)

    def _put_exact(self, candidate: Candidate) -> None:
        """Put a candidate with what else may be told of its anchors into the heap by its size."""
        _, number, serial, key, grounds = candidate
        of = grounds[0] if key[0] == PEOPLE else shared_of(grounds)
        assert self._heap is not None and of is not None
        people = self.cells.people_beside(of) if number[2] == PEOPLE_TOO else None
        strands = [*grounds, *self.cells.going_well(of), *([] if people is None else [people])]
        kind = 2 if key[0] == PEOPLE else 0
        heappush(self._heap, (-share_of(strands), (kind, number[1], number[2]), serial, key, strands))

    def _made_anchor(self, bound: float, number: Number, key: Key) -> Group | None:
        """What one anchor has to do with the item; nothing where that is no attribute."""
        ways = self._ways(key)
        if not any(source.kind == SHARED for way in ways for source, _ in way.cells):
            return None
        size = sum([way.share for way in ways[:WAYS]])
        if size < bound or number[0] == BOUND:
            self._put(size, (3, min(way.cells[0][0].own for way in ways), int(key[2])), key)
            return None
        told = self._told_ways(int(key[2]), ways)
        if not any(strands[0].source.kind == SHARED for strands in told):
            self._untold.add(key)
            return None
        return group_of(ANCHOR, [one for strands in told for one in strands], (str(key[1]), int(key[2])))

    def _told_ways(self, idx: int, ways: list[Way]) -> list[list[Strand]]:
        """The largest ways of an anchor that may be told."""
        told = list[list[Strand]]()
        for way in ways:
            if len(told) < WAYS:
                strands = [Strand(source, {idx: share}, share) for source, share in way.cells]
                if self._evidence.way(self._position, strands[0], idx) and self._leaves_enough(strands[0]):
                    told.append(strands)
        return told

    def _leaves_enough(self, one: Strand) -> bool:
        """Whether what others did who have something else can be told without those who have one anchor."""
        if one.source.kind != PEOPLE:
            return True
        whole = self.cells.strands[one.source.own]
        others = {idx: share for idx, share in whole.anchors.items() if idx not in one.anchors}
        return not others or self._tellable(group_of(PEOPLE, [Strand.of(one.source, others)]))
