"""Neighbourhoods: what is next to what, as sets that are kept while items are explained."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kg.schema import inverse_of
from kg.snapshot.snapshot import Snapshot
from recommender.reasons.cells import Source
from recommender.scoring.scorer import Scorer

Idxs = frozenset[int]
MOST = 300_000
"""Members of all sets that are kept; some 20 MB."""

MANY = 200
"""Neighbours of two nodes together from which on arrays are compared faster than sets are made."""
MORE = 4
"""How many times as many neighbours an anchor has as an item from which on the item's are sought among them."""


class Neighbourhoods:
    """Sets of neighbours in one snapshot: lists ask for the same anchors and items again and again. They are kept for
    all who ask, until there are too many.

    They stand for enumerated paths where a path is no more than a chain of neighbours; where paths could turn back to
    where they came from further on, ``tells`` and ``straight`` say so.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._sets: dict[tuple[str | tuple[str, ...], int], Idxs] = {}
        self._members = 0

    @classmethod
    def of_scorer(cls, scorer: Scorer) -> "Neighbourhoods":
        """Those that are kept with a scorer."""
        found = scorer.kept.setdefault("neighbourhoods", None) or cls(scorer.snapshot)
        scorer.kept["neighbourhoods"] = found
        assert isinstance(found, cls)
        return found

    def of(self, step: str, idx: int) -> Idxs:
        """Indices of the tails of one head."""
        found = self._sets.get((step, idx))
        if found is None:
            found = self._keep((step, idx), Idxs(self.snapshot.neighbours(step, idx)[0].tolist()))
        return found

    def _keep(self, key: tuple[str | tuple[str, ...], int], found: Idxs) -> Idxs:
        if self._members > MOST:
            self._sets, self._members = {}, 0
        self._members += len(found) + 1
        self._sets[key] = found
        return found

    def straight(self, source: Source) -> bool:
        """Whether no path of a source can turn back: ``between`` tells what is on them."""
        turns = any(step == inverse_of(one) for one, step in pairwise(source.tail))
        return len(source.tail) == 2 or (len(source.tail) == 3 and not turns)

    def tells(self, source: Source) -> bool:
        """Whether ``before`` tells what is next to an item: paths of up to three steps."""
        return len(source.tail) <= 3

    def before(self, source: Source, anchors: Iterable[int], item: int) -> set[int]:
        """What is next to an item on the paths of a source from some anchors, but for paths that turn back."""
        return set[int]().union(*self.each(source, anchors, item))

    def each(self, source: Source, anchors: Iterable[int], item: int) -> Iterator[Idxs | set[int]]:
        """The same of one anchor after another."""
        steps, back = source.tail[:-1], self.of(inverse_of(source.last), item)
        if not steps:
            yield set(anchors) & back
            return
        for anchor in anchors:
            if len(steps) == 1:
                if anchor != item or not source.alike:
                    yield self.of(steps[0], anchor) & back
                continue
            nodes = set[int]()
            for one in self.of(steps[0], anchor):
                if one != item or not source.alike:
                    nodes |= self.of(steps[1], one) & back
            yield nodes - {anchor} if steps[1] == inverse_of(steps[0]) else nodes

    def between(self, source: Source, ends: tuple[int, int], position: int) -> Idxs:
        """The nodes at a place on the straight paths of a source of up to three steps.

        :param ends: anchor and item.
        """
        there, back = source.tail[:position], _undone(source.tail[position:])
        if len(there) == len(back) == 1:
            return self._shared((there[0], ends[0]), (back[0], ends[1]))
        return self._end(there, ends[0]) & self._end(back, ends[1])

    def _shared(self, *heads: tuple[str, int]) -> Idxs:
        """What two heads, each with a step, are both linked to. Of many no set is made: thousands used what is popular,
        and of those who explain a list few ask for the same."""
        first, second = (self.snapshot.neighbours(*head)[0] for head in heads)
        if len(first) + len(second) < MANY:
            return self.of(*heads[0]) & self.of(*heads[1])
        few, many = (first, second) if len(first) < len(second) else (second, first)
        return Idxs(_among(few, many).tolist())

    def met(self, source: Source, anchors: Sequence[int], item: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """What is between some anchors and an item on the paths of a source of two steps: by pairs, the place of the
        anchor and the node, both of shape (pairs,)."""
        there, back = self.snapshot.adjacency(source.tail[0]), _undone(source.tail[1:])[0]
        theirs = self.snapshot.neighbours(back, item)[0]
        rows = [there.indices[there.indptr[one] : there.indptr[one + 1]] for one in anchors]
        if not len(theirs):
            return np.empty(0, dtype=np.int64), theirs
        most = max(MORE * len(theirs), MANY)
        rows = [_among(theirs, one) if len(one) > most else one for one in rows]
        nodes = np.concatenate(rows)
        of = np.arange(len(rows)).repeat([len(one) for one in rows])
        hits = (theirs.take(theirs.searchsorted(nodes), mode="clip") == nodes).nonzero()[0]
        return of[hits], nodes[hits]

    def _end(self, steps: tuple[str, ...], idx: int) -> Idxs:
        """Where some steps lead from a node."""
        if len(steps) == 1:
            return self.of(steps[0], idx)
        found = self._sets.get((steps, idx))
        if found is None:
            some = Idxs().union(*(self.of(steps[-1], one) for one in self._end(steps[:-1], idx)))
            found = self._keep((steps, idx), some)
        return found


def _among(some: NDArray[np.int32], others: NDArray[np.int32]) -> NDArray[np.int32]:
    """Those of some that are among others, which are sorted and at least one."""
    found: NDArray[np.int32] = some[others.take(others.searchsorted(some), mode="clip") == some]
    return found


@lru_cache(maxsize=1024)
def _undone(steps: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(inverse_of(step) for step in reversed(steps))
