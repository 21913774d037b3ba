"""A kernel's product after a change: what nothing has touched is taken over, the rest is made anew; the same bits.

A row of a product is decided by the rows of the factors that it reaches. Where only few columns of the last factor
changed – an item is used once more, so each of its entries is damped a little more –, only the entries of these columns
change, and a row that was pruned stays what it was as long as they can neither enter it nor leave it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.linalg.moved_rows import changed_entries, changed_rows, reaching, with_rows
from recommender.linalg.pruned_product import Factor, Product, kernel_product
from recommender.linalg.sparse_matrix import stacked, top_per_row

ROWS = 4096
"""Rows that are looked at together."""
MOST = 0.5
"""Part of the rows beyond which all are made anew."""
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Earlier:
    """A product before the change, with the entities where they are now: ``factors`` as then; ``kernel``: the ``top``
    largest entries of each row, times ``scale``; ``lost``: rows of which an entry is gone with its column, so that
    another may follow, shape (rows,), bool."""

    factors: Sequence[Factor]
    kernel: csr_array
    lost: Mask
    scale: float = 1.0


def updated_product(factors: Sequence[Factor], top: int, earlier: Earlier, *, closed: bool) -> csr_array:
    """What :func:`recommender.linalg.pruned_product.kernel_product` returns, times the scale, to the bit."""
    scale = earlier.scale
    now, then = _matrices(factors), _matrices(earlier.factors)
    touched, columns = _last(now[-1], then[-1])
    for one, other in zip(reversed(now[:-1]), reversed(then[:-1]), strict=True):
        touched = changed_rows(one, other) | reaching(one, touched)
    touched |= earlier.lost
    if not len(touched):  # of a domain without items
        return earlier.kernel
    if touched.mean() > MOST:
        return csr_array(kernel_product(factors, top, closed=closed) * scale)
    if not len(columns):
        anew = np.flatnonzero(touched)
        found = kernel_product(factors, top, closed=closed, rows=anew) * scale if len(anew) else None
        return earlier.kernel if found is None else with_rows(earlier.kernel, anew, csr_array(found))
    rest = np.flatnonzero(~touched)
    made, parts = [np.flatnonzero(touched)], list[tuple[NDArray[np.int64], csr_array]]()
    product = Product.of(factors, closed=closed, columns=columns)
    for start in range(0, len(rest), ROWS):
        some = rest[start : start + ROWS]
        found, open_ = _patched(csr_array(earlier.kernel[some]), csr_array(product.rows(some) * scale), columns, top)
        parts.append((some[~open_], csr_array(found[~open_])))
        made.append(some[open_])
    anew = np.concatenate(made)
    if len(anew) > MOST * len(touched):
        return csr_array(kernel_product(factors, top, closed=closed) * scale)
    if len(anew):
        parts.append((anew, csr_array(kernel_product(factors, top, closed=closed, rows=anew) * scale)))
    order = np.argsort(np.concatenate([rows for rows, _ in parts]))
    return csr_array(stacked([matrix for _, matrix in parts])[order])


def _matrices(factors: Sequence[Factor]) -> list[csr_array]:
    return [matrix for factor in factors for matrix in factor]


def _last(now: csr_array, then: csr_array) -> tuple[Mask, NDArray[np.int64]]:
    """The rows of the last matrix of which at least half changed, and the columns that changed in the others."""
    rows, columns = changed_entries(now, then)
    lengths = np.maximum(np.diff(now.indptr), np.diff(then.indptr))
    changed = np.bincount(rows, minlength=now.shape[0])
    touched = (changed > 0) & (2 * changed >= lengths)
    return touched, np.unique(columns[~touched[rows]])


def _patched(before: csr_array, values: csr_array, columns: NDArray[np.int64], top: int) -> tuple[csr_array, Mask]:
    """Rows with new values in some columns, and which of them that does not decide.

    :param before: the rows as they were, pruned.
    :param values: shape (rows, columns): all that is in these columns now.
    """
    inside = np.zeros(before.shape[1], dtype=bool)
    inside[columns] = True
    rows = np.repeat(np.arange(before.shape[0]), np.diff(before.indptr))
    full = np.diff(before.indptr) >= top
    least = np.full(before.shape[0], np.inf)
    np.minimum.at(least, rows, before.data)
    least[~full] = -np.inf
    known = csr_array((values.data, columns[values.indices], values.indptr), shape=before.shape)
    told = np.repeat(np.arange(before.shape[0]), np.diff(known.indptr))
    looked = np.zeros(before.shape[0], dtype=bool)
    looked[rows[inside[before.indices]]] = True
    looked[told[known.data >= least[told]]] = True
    chosen = np.flatnonzero(looked)
    kept = csr_array(before[chosen])
    kept.data[inside[kept.indices]] = 0.0
    kept.eliminate_zeros()
    added = csr_array(known[chosen])
    both = csr_array(kept + added)
    floor = least[chosen]
    more, same = _counts(both, floor, np.greater), _counts(kept, floor, np.equal)
    tied = _counts(added, floor, np.equal)
    cut = top_per_row(both, top)
    lowest = np.full(len(chosen), -np.inf)
    lowest[np.diff(cut.indptr) > 0] = np.minimum.reduceat(cut.data, cut.indptr[:-1][np.diff(cut.indptr) > 0])
    ties = _counts(both, lowest, np.greater_equal) > np.diff(cut.indptr)  # scaled values may be equal by rounding
    open_ = np.zeros(before.shape[0], dtype=bool)
    open_[chosen] = ties | (full[chosen] & (more < top) & ((tied > 0) | (more + same != top)))
    return with_rows(before, chosen, cut), open_


def _counts(matrix: csr_array, floor: NDArray[np.float64], compare: np.ufunc) -> NDArray[np.int64]:
    """How many entries of each row compare so with a floor of the row: shape (rows,)."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    return np.bincount(rows[compare(matrix.data, floor[rows])], minlength=matrix.shape[0])
