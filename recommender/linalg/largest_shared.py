"""Largest shared: of what rows of two sparse matrices share, the largest value, for chosen pairs of rows."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Row = tuple[NDArray[np.integer], NDArray[np.float64]]
"""The columns and the values of a row of a sparse matrix."""


def row_of(matrix: csr_array, row: int) -> Row:
    """One row, as it lies in the matrix: a slice of SciPy's takes fifty times as long."""
    some = slice(matrix.indptr[row], matrix.indptr[row + 1])
    return matrix.indices[some], matrix.data[some]


def largest_per_row(matrix: csr_array, rows: NDArray[np.integer], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """``max_t matrix[r, t] · weights[t]`` of each of some rows, which may come twice: shape (rows,), float64; 0 of an
    empty one.

    :param weights: shape (columns,), 0 or more.
    """
    found = np.zeros(len(rows))
    for place, row in enumerate(rows.tolist()):
        columns, values = row_of(matrix, row)
        if len(columns):
            found[place] = (values * weights[columns]).max()
    return found


def largest_shared(left: csr_array, right: csr_array, pairs: csr_array) -> NDArray[np.float64]:
    """``max_t left[a, t]`` over the columns t that row i of ``right`` has, for the entries (a, i) of ``pairs``.

    :param left: rows × columns, 0 or more.
    :param right: other rows × columns; only where it has entries counts.
    :param pairs: rows × other rows; only where it has entries counts.
    :returns: in the order of the entries, shape (pairs.nnz,), float64; 0 where they share nothing.
    """
    found, room = np.zeros(pairs.nnz), np.zeros(left.shape[1])
    lengths = np.diff(right.indptr)
    for row in np.flatnonzero(np.diff(pairs.indptr)).tolist():
        some = slice(pairs.indptr[row], pairs.indptr[row + 1])
        own = slice(left.indptr[row], left.indptr[row + 1])
        others = pairs.indices[some]
        many = lengths[others]
        ends = np.cumsum(many)
        if own.start == own.stop or not ends[-1]:
            continue
        room[left.indices[own]] = left.data[own]
        places = np.arange(ends[-1]) + np.repeat(right.indptr[others] - (ends - many), many)
        shared = many > 0
        found[some][shared] = np.maximum.reduceat(room[right.indices[places]], (ends - many)[shared])
        room[left.indices[own]] = 0.0
    return found
