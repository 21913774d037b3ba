"""Local ridge: each item regressed on the items nearest to it alone; linear in the items, and ready item by item."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse._sparsetools import csr_matmat, csr_matvecs, csr_row_index, csr_tocsc, csr_todense

from recommender.linalg.blas_threads import one_thread
from recommender.linalg.forked_workers import cores, dealt
from recommender.linalg.pruned_product import Factor
from recommender.linalg.sparse_matrix import damping, times_columns, times_rows

HUB_SHARE, HUB_LEAST = 0.01, 100
"""Part of the items, and least number of them, beyond which a feature does not decide which items are near: what one
item in a hundred has would make everything near everything, and the Gram matrix dense."""
ITEMS = 256
"""Items of a task."""
CELLS = 1_000_000
"""Numbers of a matrix that stands open, beyond which a Gram matrix is a product of two sparse ones."""
Idxs = NDArray[np.integer]


def nearness(features: csr_array, part: slice) -> list[Factor]:
    """Factors of how near the items of a part are to all items: ``G_ij / √G_ii``, G the Gram matrix without hubs.

    :param features: shape (items, features), float64.
    :param part: the items i that may be near; the columns of the others are empty.
    """
    counts = np.bincount(features.indices, minlength=features.shape[1])
    most = max(HUB_SHARE * features.shape[0], HUB_LEAST)
    rare = times_columns(features, (counts <= most).astype(np.float64)).copy()  # its indices are cut
    rare.eliminate_zeros()
    lengths = np.sqrt(np.asarray(rare.power(2).sum(axis=1)).ravel())
    scale = np.zeros(len(lengths))
    scale[part] = damping(lengths[part], 1.0)
    near = times_rows(rare, scale).copy()
    near.eliminate_zeros()
    return [(rare,), (csr_array(near.T),)]


@dataclass(frozen=True)
class ItemBlock:
    """The work of one task: the regressions of some of the items, from a place in them."""

    features: csr_array
    near: csr_array
    ridge: float
    items: Idxs
    together: int

    @one_thread()
    def __call__(self, start: int) -> NDArray[np.float64]:
        """The weights of each item, one after the other."""
        grams, near = Grams(self.features), self.near
        some = self.items[start : start + self.together].tolist()
        parts = (near.indices[near.indptr[item] : near.indptr[item + 1]] for item in some)
        found = [_solved(grams, part, self.ridge, item) for part, item in zip(parts, some, strict=True)]
        return np.concatenate([*found, np.empty(0)])


def regressions(features: csr_array, near: csr_array, ridge: float, items: Idxs) -> csr_array:
    """For each of some items its regression on the items near it: shape (some, items), zeros kept::

        b_j = (G_NN + λ I)^-1 G_Nj,   G = F Fᵀ

    By Cholesky's decomposition, item by item, so that the bits of one do not depend on the others.

    :param features: F, shape (items, features).
    :param near: N, shape (items, items): the entries of a row are the items near it.
    """
    starts = range(0, max(len(items), 1), ITEMS)
    work = ItemBlock(features, near, ridge, items, ITEMS)
    whole = len(items) == near.shape[0] and bool((np.diff(items) == 1).all())
    chosen = near if whole else csr_array(near[items])
    found, done = np.empty(chosen.nnz), 0
    for block in dealt(work, starts, cores()):
        found[done : done + len(block)] = block
        done += len(block)
    return csr_array((found, chosen.indices, chosen.indptr), shape=chosen.shape)


class Grams:
    """Gram matrices of a few rows each: ``F_S F_Sᵀ``, with room that is used again.

    Beside what SciPy's product of two sparse matrices finds, to the bit, whichever way they are made; nothing is as
    long as the features are many.

    :param features: F, shape (items, features), float64, sorted.
    """

    def __init__(self, features: csr_array) -> None:
        self._features = features
        self._place = np.empty(features.shape[1], dtype=features.indptr.dtype)
        self._turned = np.zeros(0)

    def of(self, rows: Idxs) -> NDArray[np.float64]:
        """That of some rows, float64: shape (some, some)."""
        features, size, kind = self._features, len(rows), self._features.indptr.dtype
        indptr = np.zeros(size + 1, dtype=kind)
        np.cumsum(features.indptr[rows + 1] - features.indptr[rows], out=indptr[1:])
        entries = int(indptr[-1])
        columns, values = np.empty(entries, dtype=features.indices.dtype), np.empty(entries)
        parts = features.indptr, features.indices, features.data
        csr_row_index(size, rows.astype(kind, copy=False), *parts, columns, values)
        within = np.arange(entries, dtype=kind)
        self._place[columns] = within
        places = self._place[columns]
        if entries * size > CELLS:
            return self._sparse(indptr, np.cumsum(places == within, dtype=kind)[places] - 1, values)
        return self._times(indptr, places, values, places * size + np.repeat(np.arange(size), np.diff(indptr)))

    def _times(self, indptr: Idxs, places: Idxs, values: NDArray[np.float64], cells: Idxs) -> NDArray[np.float64]:
        """One of the two matrices stands open, with a row for each entry."""
        size, entries = len(indptr) - 1, len(places)
        if len(self._turned) < entries * size:
            self._turned = np.zeros(2 * entries * size)
        self._turned[cells] = values
        found = np.zeros((size, size))
        csr_matvecs(size, entries, size, indptr, places, values, self._turned, found.ravel())
        self._turned[cells] = 0.0
        return found

    def _sparse(self, indptr: Idxs, columns: Idxs, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Both are sparse, the columns numbered anew; room for all that there can be spares the pass that counts."""
        size, entries, width, kind = len(indptr) - 1, len(columns), int(columns.max()) + 1, columns.dtype
        turned = np.empty(width + 1, dtype=kind), np.empty(entries, dtype=kind), np.empty(entries)
        csr_tocsc(size, width, indptr, columns, values, *turned)
        made = np.empty(size + 1, dtype=kind), np.empty(size * size, dtype=kind), np.empty(size * size)
        csr_matmat(size, size, indptr, columns, values, *turned, *made)
        found = np.zeros((size, size))
        csr_todense(size, size, *made, found)
        return found


def _solved(grams: Grams, near: Idxs, ridge: float, item: int) -> NDArray[np.float64]:
    from scipy.linalg import lapack  # 0.1 s to import, which answering must not pay

    if not len(near):
        return np.empty(0)
    gram = grams.of(np.append(near, item))
    left, right = gram[:-1, :-1], gram[:-1, -1]
    left[np.diag_indices_from(left)] += ridge
    _, found, failed = lapack.dposv(left, right, lower=1)
    assert not failed, "a Gram matrix plus a ridge is positive definite"
    return np.asarray(found, dtype=np.float64)
