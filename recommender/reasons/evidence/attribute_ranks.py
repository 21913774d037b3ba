"""Attribute ranks: the attributes of the items of one type, numbered from the one that the fewest of them have."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.index_type import index_type
from kg.schema import inverse_of
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.attributes import attribute_steps

NEARLY_ALL = 0.5
"""Part of the items of a type from which an attribute says nothing of any of them, like water."""
ITEMS = 16_384
"""Items that are looked at together."""
_NONE = np.empty(0, dtype=np.int64)


def most_that_say(items: int) -> float:
    """By how many of so many items an attribute may be had and still say something of each; by two it always may, or of
    two or three items nothing that they share could ever be told."""
    return max(2, NEARLY_ALL * items)


class AttributeRanks:
    """What each item has, as ranks: the least of those that two items share says most of why they go together.

    Of what equally many items have, relations go in their order, then indices. What nearly all have has no rank.
    """

    def __init__(self, snapshot: Snapshot, item_type: str) -> None:
        self._steps, items = attribute_steps(snapshot.schema, item_type), snapshot.vocabulary.count(item_type)
        self._tails = [snapshot.schema.ends(step)[1] for step in self._steps]
        links = [snapshot.adjacency(step) for step in self._steps]
        *self._starts, size = accumulate((one.shape[1] for one in links), initial=0)
        degrees = np.concatenate([_NONE, *(snapshot.link_counts(inverse_of(step)) for step in self._steps)])
        telling = np.flatnonzero((degrees > 0) & (degrees <= most_that_say(items)))  # of many attributes few
        ranked = telling[degrees[telling].argsort(kind="stable")].astype(np.int32)
        rank_of = np.full(size, -1, dtype=np.int64)
        rank_of[ranked] = np.arange(len(ranked))
        blocks = [self._block(links, rank_of, slice(at, min(at + ITEMS, items))) for at in range(0, items, ITEMS)]
        ends = np.concatenate([[0], *(counts for counts, _ in blocks)]).cumsum()
        ranks = np.concatenate([_NONE[:0].astype(np.uint8), *(some for _, some in blocks)])
        self._ranked, self._ranks = ranked.data, ranks.data  # asked for a few: sooner than arrays
        self._ends = ends.astype(index_type(len(ranks))).data

    def _block(
        self, links: Sequence[csr_array], rank_of: NDArray[np.int64], some: slice
    ) -> tuple[NDArray[np.int64], NDArray[Any]]:
        """How many ranks some items have, and these, item by item: each process has its own, so they are as short as
        they can be, and are made a part at a time."""
        keys, most = [_NONE], len(rank_of)
        for start, one in zip(self._starts, links, strict=True):
            ends = one.indptr[some.start : some.stop + 1]
            ranks = rank_of[start + one.indices[ends[0] : ends[-1]]]
            rows = np.arange(len(ends) - 1).repeat(np.diff(ends))
            keys.append((rows * most + ranks)[ranks >= 0])
        rows, ranks = np.divmod(np.sort(np.concatenate(keys)), max(most, 1))
        return np.bincount(rows, minlength=some.stop - some.start), ranks.astype(np.min_scalar_type(most))

    def of(self, item: int) -> list[int]:
        """The ranks of what an item has, the least first."""
        found: list[int] = self._ranks[self._ends[item] : self._ends[item + 1]].tolist()
        return found

    def attribute(self, rank: int) -> tuple[str, str, int]:
        """The step to the attribute of a rank, its type and its index."""
        place: int = self._ranked[rank]
        number = bisect_right(self._starts, place) - 1
        return self._steps[number], self._tails[number], place - self._starts[number]
