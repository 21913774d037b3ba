"""Neighbourhoods: what is next to what, as sets that are kept while the items of one list are explained."""

from collections.abc import Collection, Iterable
from functools import lru_cache
from itertools import pairwise

from kg.schema import inverse_of
from kg.snapshot.snapshot import Snapshot
from recommender.reasons.cells import Source

Idxs = frozenset[int]


class Neighbourhoods:
    """Sets of neighbours in one snapshot, each made once: a list asks for the same anchors again and again.

    They stand for enumerated paths where a path is no more than a chain of neighbours; where paths could turn back to
    where they came from further on, ``tells`` and ``straight`` say so.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._sets: dict[tuple[str, int], Idxs] = {}
        self._ends: dict[tuple[tuple[str, ...], int], Idxs] = {}

    def of(self, step: str, idx: int) -> Idxs:
        """Indices of the tails of one head."""
        key = (step, idx)
        if key not in self._sets:
            self._sets[key] = frozenset(self.snapshot.neighbours(step, idx)[0].tolist())
        return self._sets[key]

    def straight(self, source: Source) -> bool:
        """Whether no path of a source can turn back: ``between`` tells what is on them."""
        turns = any(step == inverse_of(one) for one, step in pairwise(source.tail))
        return len(source.tail) == 2 or (len(source.tail) == 3 and not turns)

    def tells(self, source: Source) -> bool:
        """Whether ``before`` tells what is next to an item: paths of up to three steps."""
        return len(source.tail) <= 3

    def before(self, source: Source, anchors: Iterable[int], item: int) -> set[int]:
        """What is next to an item on the paths of a source from some anchors, but for paths that turn back."""
        steps, back = source.tail[:-1], self.of(inverse_of(source.last), item)
        if not steps:
            return set(anchors) & back
        found = set[int]()
        for anchor in anchors:
            if len(steps) == 1:
                found |= self.of(steps[0], anchor) & back if anchor != item or not source.alike else set()
                continue
            middle = self.of(steps[0], anchor)
            nodes = set[int]().union(
                *(self.of(steps[1], one) & back for one in middle if one != item or not source.alike)
            )
            found |= nodes - {anchor} if steps[1] == inverse_of(steps[0]) else nodes
        return found

    def between(self, source: Source, ends: tuple[int, int], position: int) -> Idxs:
        """The nodes at a place on the straight paths of a source of up to three steps.

        :param ends: anchor and item.
        """
        anchor, item = ends
        return self._end(source.tail[:position], anchor) & self._end(_undone(source.tail[position:]), item)

    def at(self, source: Source, ends: tuple[Collection[int], int], position: int) -> Collection[int] | None:
        """What may stand at a place of the paths of a source: at least what does; ``None`` where it is not looked at.

        :param ends: anchors and item.
        """
        anchors, item = ends
        if position == 0:
            return anchors
        if position == len(source.tail) - 1:
            return self.of(inverse_of(source.last), item)
        return Idxs().union(*(self.of(source.tail[0], one) for one in anchors)) if position == 1 else None

    def _end(self, steps: tuple[str, ...], idx: int) -> Idxs:
        """Where some steps lead from a node."""
        if len(steps) == 1:
            return self.of(steps[0], idx)
        key = (steps, idx)
        if key not in self._ends:
            self._ends[key] = Idxs().union(*(self.of(steps[-1], one) for one in self._end(steps[:-1], idx)))
        return self._ends[key]


@lru_cache(maxsize=1024)
def _undone(steps: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(inverse_of(step) for step in reversed(steps))
