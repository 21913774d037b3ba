"""Sparse ranking: at which place each user's right item comes among all that she has not used, by sparse scores."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.learning.coordinate_ascent import gain_of
from recommender.linalg.sparse_matrix import few_rows_product, times_columns

CELLS = 500_000
"""Products that are made together, about: what fits into a processor's cache, and no page is asked for again."""
Values = NDArray[np.float64]
Idxs = NDArray[np.integer]


def ndcg_of_unused(used: csr_array, kernel: csr_array, truth: Idxs) -> Values:
    """NDCG@10 of one right item per user among all that she has not used, by ``used @ kernel``; ties count against it,
    and a score of 0 is none.

    :param used: shape (users, anchors), ≥ 0; the anchors are the items, and none is told her that is an entry here.
    :param kernel: shape (anchors, items), ≥ 0.
    :param truth: shape (users,), the column of the right item.
    :returns: shape (users,), float64, in [0, 1].
    """
    gains = ndcg_by_factors(used, kernel, truth, [np.ones(kernel.shape[0])], [np.ones(kernel.shape[1])])
    return np.asarray(gains[0, 0])


def ndcg_by_factors(
    used: csr_array, kernel: csr_array, truth: Idxs, before: Sequence[Values], after: Sequence[Values]
) -> Values:
    """The same by ``used · D_before · kernel · D_after`` for all pairs of some diagonals: which entries there are is
    found once for all.

    :param before: each of shape (anchors,), > 0; ``after``: each of shape (items,), > 0.
    :returns: shape (before, after, users), float64, in [0, 1].
    """
    gains = np.zeros((len(before), len(after), len(truth)))
    for some in _blocks(used, kernel):
        part = csr_array(used[some])
        entries = _Unused.of(part, few_rows_product(times_columns(part, before[0]), kernel), truth[some])
        if not len(entries.rows):
            continue
        part, rows = csr_array(part[entries.rows]), some.start + entries.rows
        raised = [one[entries.items] for one in after]
        for number, one in enumerate(before):
            scores = few_rows_product(times_columns(part, one), kernel).data[entries.places]
            for column, factors in enumerate(raised):
                gains[number, column, rows] = entries.ndcg(scores * factors)
    return gains


@dataclass(frozen=True)
class _Unused:
    """The scores of some users for what they have not used, without the users whose right item is none of these.

    ``rows``: the others, rising, shape (rows,); ``places``: where the scores are among all that these have, ``items``:
    what they are for, both of shape (entries,); ``starts``: the first entry of each, ``counts``: how many there are,
    ``right``: the one of the right item, all of shape (rows,).
    """

    rows: Idxs
    places: Idxs
    items: Idxs
    starts: Idxs
    counts: Idxs
    right: Idxs

    @classmethod
    def of(cls, used: csr_array, scores: csr_array, truth: Idxs) -> "_Unused":
        """Those of some users."""
        hits = np.flatnonzero(scores.indices == np.repeat(truth, np.diff(scores.indptr)))
        known, rows, places, items, size = np.zeros(scores.shape[1], dtype=bool), [], [], [], 0
        for row in (np.searchsorted(scores.indptr, hits, side="right") - 1).tolist():
            own = used.indices[used.indptr[row] : used.indptr[row + 1]]
            reached = scores.indices[scores.indptr[row] : scores.indptr[row + 1]]
            known[own] = True
            if not known[truth[row]]:
                unused = np.flatnonzero(~known[reached])
                rows.append(row)
                places.append(unused + size)
                items.append(reached[unused])
                size += len(reached)
            known[own] = False
        counts = np.array([len(one) for one in items], dtype=np.int64)
        nothing, chosen = np.empty(0, dtype=np.int64), np.array(rows, dtype=np.int64)
        told = np.concatenate([nothing, *items])
        right = np.flatnonzero(told == np.repeat(truth[chosen], counts))
        return cls(chosen, np.concatenate([nothing, *places]), told, np.cumsum(counts) - counts, counts, right)

    def ndcg(self, scores: Values) -> Values:
        """NDCG@10 of these users: shape (users,)."""
        right = scores[self.right]
        above = scores >= np.repeat(right, self.counts)
        ranks = np.add.reduceat(above, self.starts, dtype=np.int64)
        return np.where(right > 0, gain_of(ranks), 0.0)


def _blocks(used: csr_array, kernel: csr_array) -> Iterator[slice]:
    """Slices of users, of whom about ``CELLS`` products are made."""
    made = np.diff(kernel.indptr)[used.indices].cumsum(dtype=np.int64)
    ends = np.concatenate([[0], made])[used.indptr]
    start = 0
    while start < len(ends) - 1:
        stop = int(np.searchsorted(ends, ends[start] + CELLS, side="right")) - 1
        stop = max(stop, start + 1)
        yield slice(start, stop)
        start = stop
