"""Attribute ranks: the attributes of the items of one type, numbered from the one that the fewest of them have."""

from array import array
from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate

import numpy as np

from kg.schema import Schema, inverse_of
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.attributes import attribute_steps

NEARLY_ALL = 0.5
"""Part of the items of a type from which an attribute says nothing of any of them, like water."""
KEPT = 10_000
"""Items whose ranks are kept."""
_NONE = np.empty(0, dtype=np.int64)


def most_that_say(items: int) -> float:
    """By how many of so many items an attribute may be had and still say something of each; by two it always may, or of
    two or three items nothing that they share could ever be told."""
    return max(2, NEARLY_ALL * items)


class AttributeRanks:
    """What each item has, as ranks: the least of those that two items share says most of why they go together.

    Of what equally many items have, relations go in their order, then indices. What nearly all have has no rank. What
    a relation without a phrase leads to comes last: there are no words for what two items share then.
    """

    def __init__(self, snapshot: Snapshot, item_type: str) -> None:
        self._steps, items = attribute_steps(snapshot.schema, item_type), snapshot.vocabulary.count(item_type)
        self._tails = [snapshot.schema.ends(step)[1] for step in self._steps]
        links = [snapshot.adjacency(step) for step in self._steps]
        *self._starts, size = accumulate((one.shape[1] for one in links), initial=0)
        degrees = np.concatenate([_NONE, *(snapshot.link_counts(inverse_of(step)) for step in self._steps)])
        telling = np.flatnonzero((degrees > 0) & (degrees <= most_that_say(items)))  # of many attributes few
        wordless = np.array([not has_phrase(snapshot.schema, step) for step in self._steps], dtype=bool)
        last = wordless.repeat([one.shape[1] for one in links])[telling]
        ranked = telling[np.lexsort((degrees[telling], last))].astype(np.int32)
        rank_of = np.full(size, -1, dtype=np.int32)
        rank_of[ranked] = np.arange(len(ranked))
        self._ranked, self._rank_of = ranked.data, rank_of.data  # asked for a few: sooner than arrays
        self._links = [(at, one.indptr.data, one.indices.data) for at, one in zip(self._starts, links, strict=True)]
        self.of = lru_cache(KEPT)(self._of)  # most lists are of the same items

    def _of(self, item: int) -> "array[int]":
        """The ranks of what an item has, the least first; each process keeps its own, and not those of all items."""
        ranks = self._rank_of
        return array(
            "i",
            sorted(
                rank
                for start, ends, tails in self._links
                for tail in tails[ends[item] : ends[item + 1]].tolist()
                if (rank := ranks[start + tail]) >= 0
            ),
        )

    def attribute(self, rank: int) -> tuple[str, str, int]:
        """The step to the attribute of a rank, its type and its index."""
        place: int = self._ranked[rank]
        number = bisect_right(self._starts, place) - 1
        return self._steps[number], self._tails[number], place - self._starts[number]


def has_phrase(schema: Schema, step: str) -> bool:
    """Whether there are words for a step, and not its name alone."""
    relation = schema.relation[step.removeprefix("~")]
    return bool(relation.inverse_phrase if step.startswith("~") else relation.phrase)
