"""What kernels and baselines do to sparse matrices: pruning, damping, lengths of rows."""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack
from scipy.sparse._sparsetools import csc_matvec, csr_matmat

from kg.index_type import compressed
from recommender.linalg.forked_workers import ForkedWorkers, cores

ROWS = 1024
"""Rows of a dense block."""
CELLS = 32 * 2**20
"""Numbers of a dense block of rows that are long, about."""
LARGE = 2**28
"""Numbers of all blocks from which on all cores make them."""
WIDE, CHUNK = 2**15, 32
"""Numbers of a row from which on its largest are looked for in two passes; entries whose maximum stands for them."""


def top_per_row(matrix: csr_array, top: int) -> csr_array:
    """The ``top`` largest entries of each row, whole, of equal ones those of the first columns; the others are dropped.
    Indices come out sorted."""
    counts = np.diff(matrix.indptr)
    if counts.max(initial=0) <= top:
        matrix.sort_indices()
        return matrix
    kept = np.minimum(counts, top)
    indptr = np.concatenate([[0], np.cumsum(kept)]).astype(matrix.indptr.dtype)
    data, indices = np.empty(indptr[-1], dtype=matrix.data.dtype), np.empty(indptr[-1], dtype=matrix.indices.dtype)
    starts, ends = matrix.indptr[:-1].tolist(), matrix.indptr[1:].tolist()
    for row, (start, end, first) in enumerate(zip(starts, ends, indptr[:-1].tolist(), strict=True)):
        values, columns = matrix.data[start:end], matrix.indices[start:end]
        if end - start > top:
            some = _largest(values, columns, top)
            values, columns = values[some], columns[some]
        order = np.argsort(columns)
        part = slice(first, indptr[row + 1])
        np.take(columns, order, out=indices[part])
        np.take(values, order, out=data[part])
    found = csr_array((data, indices, indptr), shape=matrix.shape)
    found.has_sorted_indices = True
    return found


def _largest(values: NDArray[np.floating], columns: NDArray[np.integer], top: int) -> NDArray[np.int64]:
    """Places of the ``top`` largest of more values, of equal ones those of the first columns."""
    dropped = len(values) - top
    least = np.partition(values, dropped)[dropped]
    found = np.flatnonzero(values >= least)
    if len(found) > top:
        tied = values[found] == least
        above, equal = found[~tied], found[tied]
        found = np.concatenate([above, equal[np.argsort(columns[equal])[: top - len(above)]]])
    return found


def few_rows_product(left: csr_array, right: csr_array) -> csr_array:
    """``left @ right``, the same bits in the same order, for a left matrix of few entries: room for all that its rows
    could reach is made at once, where SciPy first multiplies once to count."""
    kind = np.result_type(left.indices, right.indices)
    room = int((right.indptr[left.indices + 1] - right.indptr[left.indices]).sum(dtype=np.int64))
    room = min(room, left.shape[0] * right.shape[1])
    if room > np.iinfo(kind).max:
        return csr_array(left @ right)
    shape, indptr = (left.shape[0], right.shape[1]), np.empty(left.shape[0] + 1, dtype=kind)
    indices, data = np.empty(room, dtype=kind), np.empty(room, dtype=np.result_type(left.data, right.data))
    index = [one.astype(kind, copy=False) for one in (left.indptr, left.indices, right.indptr, right.indices)]
    values = [one.astype(data.dtype, copy=False) for one in (left.data, right.data)]
    csr_matmat(*shape, *index[:2], values[0], *index[2:], values[1], indptr, indices, data)
    entries = int(indptr[-1])
    data, indices = (array[:entries] if 2 * entries > room else array[:entries].copy() for array in (data, indices))
    return csr_array((data, indices, indptr), shape=shape)


def add_rows(
    matrix: csr_array, rows: NDArray[np.integer], weights: NDArray[np.float64], to: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Add ``weights[r] · matrix[rows[r]]`` to ``to``, row after row and in place; nothing of the matrix is copied.

    :param to: shape (columns,), float64, contiguous.
    :returns: the same array.
    """
    indptr, indices, data, size = matrix.indptr, matrix.indices, matrix.data, len(to)
    for place, row in enumerate(rows.tolist()):
        csc_matvec(size, 1, indptr[row : row + 2], indices, data, weights[place : place + 1], to)
    return to


def sum_of_rows(parts: Sequence[csr_array]) -> csr_array:
    """The sum of sparse matrices of one shape, added in their order."""
    if len(parts) == 1:
        return parts[0]
    users = parts[0].shape[0]
    columns = np.arange(users)[:, None] + users * np.arange(len(parts))
    indptr = np.arange(0, columns.size + 1, len(parts))
    ones = csr_array((np.ones(columns.size), columns.ravel(), indptr), shape=(users, users * len(parts)))
    return csr_array(ones @ vstack(parts, format="csr"))


def binary(matrix: csr_array) -> csr_array:
    """The same entries, each 1."""
    return csr_array((np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape)


def times_columns(matrix: csr_array, factors: NDArray[np.float64]) -> csr_array:
    """Each column multiplied by a factor, entries where they were."""
    return csr_array((matrix.data * factors[matrix.indices], matrix.indices, matrix.indptr), shape=matrix.shape)


def times_rows(matrix: csr_array, factors: NDArray[np.float64]) -> csr_array:
    """Each row multiplied by a factor, entries where they were."""
    data = matrix.data * np.repeat(factors, np.diff(matrix.indptr))
    return csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def damping(degrees: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    """Degrees to the power of −exponent, 0 where the degree is 0: the shape of ``degrees``, float64."""
    powers = np.zeros(degrees.shape)
    np.power(degrees, -exponent, out=powers, where=degrees > 0)
    return powers


def without_diagonal(matrix: csr_array) -> csr_array:
    """A matrix without its entries (row, row)."""
    return without_own(matrix, np.arange(matrix.shape[0]))


def without_own(matrix: csr_array, own: NDArray[np.integer], columns: NDArray[np.integer] | None = None) -> csr_array:
    """A matrix without the entry of each row for the entity that the row itself is.

    :param own: the entity of each row, shape (rows,).
    :param columns: that of each column, shape (columns,); its index where absent.
    """
    entities = matrix.indices if columns is None else columns[matrix.indices]
    at = np.flatnonzero(entities == np.repeat(own.astype(entities.dtype), np.diff(matrix.indptr)))
    if not len(at):
        return matrix
    ends = [-1, *at.tolist(), matrix.nnz]
    parts = [slice(before + 1, after) for before, after in pairwise(ends)]
    data, indices = (np.concatenate([array[part] for part in parts]) for array in (matrix.data, matrix.indices))
    indptr = (matrix.indptr - np.searchsorted(at, matrix.indptr)).astype(matrix.indptr.dtype)
    return csr_array((data, indices, indptr), shape=matrix.shape)


def stacked(blocks: Iterable[csr_array], most: int | None = None) -> csr_array:
    """Blocks of rows, at least one, as one matrix; the indices stay int32.

    What is made block by block is best given as it is made: a list holds all of it a second time meanwhile.

    :param most: entries that there can be, where that is known: each block is put into its place at once, and of more
        room than is needed no memory is taken.
    """
    lengths, indices, data, width = [np.zeros(1, dtype=np.int64)], [], [], 0
    room = None if most is None else (np.empty(most), np.empty(most, dtype=np.int32))
    done = 0
    for block in blocks:
        lengths.append(np.diff(block.indptr))
        width, part = block.shape[1], slice(done, done + block.nnz)
        done = part.stop
        if room is None:
            indices.append(block.indices.astype(np.int32, copy=False))
            data.append(block.data)
        else:
            room[0][part], room[1][part] = block.data, block.indices
    starts = np.cumsum(np.concatenate(lengths))
    indptr, columns = compressed(starts, np.concatenate(indices) if room is None else room[1][:done])
    indices.clear()
    values = np.concatenate(data) if room is None else room[0][:done]
    return csr_array((values, columns, indptr), shape=(len(indptr) - 1, width))


def row_lengths(matrix: csr_array) -> NDArray[np.float64]:
    """Euclidean length of each row: shape (rows,), float64."""
    squares = csr_array((np.square(matrix.data), matrix.indices, matrix.indptr), shape=matrix.shape)
    return np.sqrt(np.asarray(squares.sum(axis=1), dtype=np.float64))


def top_of_dense(rows: int, columns: int, block: Callable[[slice], NDArray[np.floating]], top: int) -> csr_array:
    """The ``top`` largest positive entries of each row of a matrix that is made a block of rows at a time, float64; on
    all cores where it is large.

    :param block: makes some rows, dense, all as long as the matrix is wide.
    :param columns: how wide that is.
    """
    together = min(ROWS, max(1, CELLS // max(columns, 1)))
    starts = range(0, max(rows, 1), together)

    def work(start: int) -> csr_array:
        """The largest of one block."""
        return _top(block(slice(start, start + together)), top)

    with ForkedWorkers(work, cores() if rows * columns >= LARGE and len(starts) > 1 else 1) as workers:
        return stacked(workers.map(starts), rows * min(top, columns))


def _top(block: NDArray[np.floating], top: int) -> csr_array:
    if block.shape[1] >= max(WIDE, CHUNK * top):
        return _top_of_wide(block, top)
    most = min(top, block.shape[1])
    columns = np.sort(np.argpartition(block, block.shape[1] - most, axis=1)[:, block.shape[1] - most :], axis=1)
    values = np.take_along_axis(block, columns, axis=1).astype(np.float64)
    keep = values > 0
    indptr = np.concatenate([[0], np.cumsum(keep.sum(axis=1))])
    indptr, indices = compressed(indptr, columns[keep])
    return csr_array((values[keep], indices, indptr), shape=block.shape)


def _top_of_wide(block: NDArray[np.floating], top: int) -> csr_array:
    """The same, of equal ones the first. What is below the ``top`` largest maxima of chunks is not among them."""
    whole = block.shape[1] // CHUNK * CHUNK
    maxima = block[:, :whole].reshape(len(block), whole // CHUNK, CHUNK).max(axis=2)
    least = np.partition(maxima, maxima.shape[1] - top, axis=1)[:, -top]
    rows, columns = np.nonzero(block >= np.maximum(least, np.finfo(block.dtype).smallest_subnormal)[:, None])
    indptr, indices = compressed(np.searchsorted(rows, np.arange(len(block) + 1)), columns)
    return top_per_row(csr_array((block[rows, columns].astype(np.float64), indices, indptr), shape=block.shape), top)
