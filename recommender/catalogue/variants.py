"""Variants: the sizes and shades of one thing, which a list shows as one row."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

from kg.snapshot.snapshot import Snapshot

VARIANT = "variant"
"""What keeps an item out of a list where a variant of it stands there."""


@dataclass(frozen=True)
class Variants:
    """``group``: shape (catalogue.size,), int64: the smallest position among the variants of each item, its own for an
    item without; ``others``: shape (catalogue.size,), int64: how many variants an item has beside itself."""

    group: NDArray[np.int64]
    others: NDArray[np.int64]

    @classmethod
    def of(cls, snapshot: Snapshot, slices: Mapping[str, slice], size: int) -> Self | None:
        """The connected components of the relations with ``variant = true``; ``None`` where nothing has variants.

        :param slices: where the items of each type are, of ``size`` in all.
        """
        heads, tails = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
        for name in snapshot.schema.variants:
            links, start = snapshot.adjacency(name), int(slices[snapshot.schema.ends(name)[0]].start)
            heads.append(np.repeat(np.arange(links.shape[0]), np.diff(links.indptr)) + start)
            tails.append(links.indices.astype(np.int64) + start)
        head, tail = np.concatenate(heads), np.concatenate(tails)
        if not len(head):
            return None
        from scipy.sparse.csgraph import connected_components  # most graphs have no variants

        links = coo_array((np.ones(len(head)), (head, tail)), shape=(size, size))
        _, component = connected_components(links, directed=False)
        _, first, which, counts = np.unique(component, return_index=True, return_inverse=True, return_counts=True)
        return cls(first[which].astype(np.int64), counts[which].astype(np.int64) - 1)

    @cached_property
    def _grouped(self) -> NDArray[np.bool_]:
        return self.others > 0

    def best(self, scores: NDArray[np.float64], allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Of the variants that are allowed the best-scored alone, ties by position; items without variants as they are.

        :param scores: shape (items,), float64; higher is better.
        :param allowed: shape (items,), bool.
        """
        among = np.flatnonzero(allowed & self._grouped)
        order = among[np.lexsort((among, -scores[among]))]
        _, first = np.unique(self.group[order], return_index=True)
        found = allowed & ~self._grouped
        found[order[first]] = True
        return found

    def of_item(self, position: int) -> NDArray[np.int64]:
        """The positions of an item and its variants, sorted."""
        return np.flatnonzero(self.group == self.group[position])

    def first(self, indptr: NDArray[np.int64], positions: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which entries of lists no variant stands before: shape (entries,), bool.

        :param indptr: shape (lists + 1,): list u has the entries ``indptr[u]:indptr[u + 1]``, best first.
        """
        user = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
        _, first = np.unique(user * len(self.group) + self.group[positions], return_index=True)
        found = np.zeros(len(positions), dtype=bool)
        found[first] = True
        return found
