"""Matrices before and after a change of the graph: moved to the new indices of their entities, compared row by row."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

GONE = -1
Move = NDArray[np.int64] | None
"""For each entity its index after a change, ``GONE`` where it is no more; rising. ``None`` where all stayed."""


def moved(matrix: csr_array, rows: Move, columns: Move, shape: tuple[int, int]) -> csr_array:
    """A matrix with its rows and columns where their entities are now; what is gone is left out.

    :param shape: how many entities of both kinds there are now.
    """
    if rows is None and columns is None:
        assert matrix.shape == shape, "nothing moved, but there are others"
        return matrix
    data, indices, lengths = matrix.data, matrix.indices, np.diff(matrix.indptr)
    if columns is not None:
        indices = columns.astype(indices.dtype)[indices]
        if (columns == GONE).any():
            kept = indices != GONE
            of_row = np.repeat(np.arange(len(lengths)), lengths)
            lengths = np.bincount(of_row[kept], minlength=len(lengths))
            data, indices = data[kept], indices[kept]
    if rows is not None:
        there = rows != GONE
        if not there.all():
            kept = np.repeat(there, lengths)
            data, indices = data[kept], indices[kept]
        spread = np.zeros(shape[0], dtype=np.int64)
        spread[rows[there]] = lengths[there]
        lengths = spread
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    return csr_array((data, indices, indptr), shape=shape)


def lost_rows(matrix: csr_array, rows: Move, columns: Move, size: int) -> NDArray[np.bool_]:
    """Which rows of the moved matrix had an entry in a column that is gone: shape (size,), bool."""
    found = np.zeros(size, dtype=bool)
    if columns is not None:
        lost = np.flatnonzero(reaching(matrix, columns == GONE))
        now = lost if rows is None else rows[lost]
        found[now[now != GONE]] = True
    return found


def changed_rows(now: csr_array, then: csr_array) -> NDArray[np.bool_]:
    """Which rows of two matrices of one shape differ by an entry, or by a bit of one: shape (rows,), bool."""
    now, then = _ordered(now), _ordered(then)
    changed = np.diff(now.indptr) != np.diff(then.indptr)
    ends = [-1, *np.flatnonzero(changed).tolist(), len(changed)]
    differ = np.zeros(now.nnz, dtype=bool)
    for before, after in pairwise(ends):  # rows of one length each are one piece of memory in both: nothing is copied
        one, other = (slice(matrix.indptr[before + 1], matrix.indptr[after]) for matrix in (now, then))
        if one.start < one.stop:
            np.not_equal(now.data[one], then.data[other], out=differ[one])
            differ[one] |= now.indices[one] != then.indices[other]
    filled = np.flatnonzero(np.diff(now.indptr))
    changed[filled] |= np.logical_or.reduceat(differ, now.indptr[filled])
    return np.asarray(changed)


def changed_entries(now: csr_array, then: csr_array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of the entries that are in one of two matrices alone, or differ: two arrays of one length."""
    rows = np.flatnonzero(changed_rows(now, then))
    one, other = csr_array(now[rows]), csr_array(then[rows])
    keys = [_keys(matrix) for matrix in (one, other)]
    common, left, right = np.intersect1d(keys[0], keys[1], assume_unique=True, return_indices=True)
    alone = np.setxor1d(keys[0], keys[1], assume_unique=True)
    found = np.concatenate([alone, common[one.data[left] != other.data[right]]])
    row, column = np.divmod(found, max(now.shape[1], 1))
    return rows[row], column


def reaching(matrix: csr_array, columns: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which rows have an entry in one of some columns: shape (rows,), bool."""
    of_row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    found = np.zeros(matrix.shape[0], dtype=bool)
    found[of_row[columns[matrix.indices]]] = True
    return found


def touched_rows(now: Sequence[csr_array], then: Sequence[csr_array]) -> NDArray[np.bool_]:
    """Which rows of a product can differ from what they were: those that reach a row of a factor that changed."""
    touched = np.zeros(now[-1].shape[1], dtype=bool)
    for one, other in zip(reversed(now), reversed(then), strict=True):
        touched = changed_rows(one, other) | reaching(one, touched)
    return touched


def with_rows(matrix: csr_array, rows: NDArray[np.integer], parts: csr_array) -> csr_array:
    """A matrix with some of its rows, in rising order, replaced."""
    lengths = np.diff(matrix.indptr).astype(np.int64)
    lengths[rows] = np.diff(parts.indptr)
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    data = np.empty(indptr[-1], dtype=np.result_type(matrix.data, parts.data))
    indices = np.empty(indptr[-1], dtype=np.int32)
    ends = [-1, *rows.tolist(), matrix.shape[0]]
    for number, (row, following) in enumerate(pairwise(ends)):
        runs = [(matrix, row + 1, following, row + 1)]  # a run of rows that stay is one piece of memory
        if number:
            runs.append((parts, number - 1, number, row))
        for source, start, stop, at in runs:
            taken = slice(source.indptr[start], source.indptr[stop])
            place = slice(indptr[at], indptr[at + stop - start])
            data[place], indices[place] = source.data[taken], source.indices[taken]
    return csr_array((data, indices, indptr), shape=matrix.shape)


def _ordered(matrix: csr_array) -> csr_array:
    if matrix.has_sorted_indices:
        return matrix
    matrix = matrix.copy()
    matrix.sort_indices()
    return matrix


def _keys(matrix: csr_array) -> NDArray[np.int64]:
    of_row = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
    return np.asarray(of_row * max(matrix.shape[1], 1) + matrix.indices, dtype=np.int64)
