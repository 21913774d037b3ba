"""Local ridge: each item regressed on the items nearest to it alone; linear in the items, and ready item by item."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.linalg.forked_workers import cores, dealt
from recommender.linalg.pruned_product import Factor
from recommender.linalg.sparse_matrix import damping, times_columns, times_rows

HUB_SHARE, HUB_LEAST = 0.01, 100
"""Part of the items, and least number of them, beyond which a feature does not decide which items are near: what one
item in a hundred has would make everything near everything, and the Gram matrix dense."""
ITEMS = 256
"""Items of a task."""
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

    def __call__(self, start: int) -> list[NDArray[np.float64]]:
        """The weights of each item."""
        some = self.items[start : start + self.together].tolist()
        return [_solved(self.features, self.near, self.ridge, item) for item in some]


def regressions(features: csr_array, near: csr_array, ridge: float, items: Idxs) -> csr_array:
    """For each of some items its regression on the items near it: shape (some, items), zeros kept::

        b_j = (G_NN + λ I)^-1 G_Nj,   G = F Fᵀ

    By Cholesky's decomposition, item by item, so that the bits of one do not depend on the others.

    :param features: F, shape (items, features).
    :param near: N, shape (items, items): the entries of a row are the items near it.
    """
    starts = range(0, max(len(items), 1), ITEMS)
    work = ItemBlock(features, near, ridge, items, ITEMS)
    found = [one for block in dealt(work, starts, cores()) for one in block]
    chosen = csr_array(near[items])
    return csr_array((_joined(found), chosen.indices, chosen.indptr), shape=chosen.shape)


def _joined(parts: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.concatenate([*parts, np.empty(0)])


def _solved(features: csr_array, near: csr_array, ridge: float, item: int) -> NDArray[np.float64]:
    from scipy.linalg import lapack  # 0.1 s to import, which answering must not pay

    neighbours = near.indices[near.indptr[item] : near.indptr[item + 1]]
    if not len(neighbours):
        return np.empty(0)
    rows = csr_array(features[np.append(neighbours, item)])
    gram = csr_array(rows @ rows.T).toarray()
    left, right = gram[:-1, :-1], gram[:-1, -1]
    left[np.diag_indices_from(left)] += ridge
    _, found, failed = lapack.dposv(left, right, lower=1)
    assert not failed, "a Gram matrix plus a ridge is positive definite"
    return np.asarray(found, dtype=np.float64)
