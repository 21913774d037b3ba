"""Attribute ranks: the attributes of the items of one type, numbered from the one that the fewest of them have."""

from bisect import bisect_right
from itertools import accumulate

import numpy as np
from scipy.sparse import csr_array, vstack

from kg.index_type import compressed
from kg.schema import inverse_of
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.attributes import attribute_steps

NEARLY_ALL = 0.5
"""Part of the items of a type from which an attribute says nothing of any of them, like water."""


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
        links = [_unweighed(snapshot.adjacency(inverse_of(step))) for step in self._steps]
        *self._starts, _ = accumulate((one.shape[0] for one in links), initial=0)
        joined = csr_array(vstack([csr_array((0, items), dtype=np.int8), *links], format="csr"))
        degrees = np.diff(joined.indptr)
        telling = np.flatnonzero((degrees > 0) & (degrees <= most_that_say(items)))  # of many attributes few
        ranked = telling[degrees[telling].argsort(kind="stable")].astype(np.int32)
        by_item = csr_array(joined[ranked].T)
        ends, _ = compressed(by_item.indptr, by_item.indices[:0])
        ranks = by_item.indices.astype(np.min_scalar_type(len(ranked)))  # each process has its own
        self._ranked, self._ranks = memoryview(ranked), memoryview(ranks)  # asked for a few: sooner than arrays
        self._ends = memoryview(ends)

    def of(self, item: int) -> list[int]:
        """The ranks of what an item has, the least first."""
        found: list[int] = self._ranks[self._ends[item] : self._ends[item + 1]].tolist()
        return found

    def attribute(self, rank: int) -> tuple[str, str, int]:
        """The step to the attribute of a rank, its type and its index."""
        place: int = self._ranked[rank]
        number = bisect_right(self._starts, place) - 1
        return self._steps[number], self._tails[number], place - self._starts[number]


def _unweighed(links: csr_array) -> csr_array:
    """Links without their weights: these take most of the memory, and are not read."""
    return csr_array((np.ones(len(links.indices), dtype=np.int8), links.indices, links.indptr), shape=links.shape)
