"""The product behind a kernel: row by row, pruned as it is made, on all cores; the whole product is never held."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from recommender.linalg.forked_workers import ForkedWorkers, cores
from recommender.linalg.sparse_matrix import top_per_row, without_diagonal

ROWS = 512
"""Rows of a block."""
Factor = tuple[csr_array, ...]
"""A transition, or a transition and the one back: their product without the ways back to their start."""


def kernel_product(factors: Sequence[Factor], top: int, *, closed: bool, workers: int | None = None) -> csr_array:
    """The ``top`` largest entries of each row of the product of factors, whole; indices sorted.

    A first factor of two transitions is multiplied out for a block of rows at a time, so that not even it is held
    whole: among items that share an attribute it would have as many entries as there are pairs of them.

    :param closed: whether rows and columns are the same entities, so that ways back to the start are left out.
    :param workers: processes at work, one per core where absent; the result does not depend on it.
    """
    first, rest = factors[0], [_multiplied(factor) for factor in factors[1:]]

    def block(start: int) -> csr_array:
        """``ROWS`` rows of the product from ``start``, the largest ``top`` entries of each."""
        rows = csr_array(first[0][start : start + ROWS])
        for back in first[1:]:
            rows = without_diagonal(csr_array(rows @ back), start)
        for factor in rest:
            rows = csr_array(rows @ factor)
        return top_per_row(without_diagonal(rows, start) if closed else rows, top)

    starts = range(0, max(first[0].shape[0], 1), ROWS)
    with ForkedWorkers(block, min(workers or cores(), len(starts))) as pool:
        blocks = list(pool.map(starts))
    return _stacked(blocks)


def _multiplied(factor: Factor) -> csr_array:
    return factor[0] if len(factor) == 1 else without_diagonal(csr_array(factor[0] @ factor[1]))


def _stacked(blocks: Sequence[csr_array]) -> csr_array:
    """Blocks of rows as one matrix; the indices stay int32."""
    lengths = np.concatenate([np.diff(block.indptr) for block in blocks])
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    indices = np.concatenate([block.indices.astype(np.int32, copy=False) for block in blocks])
    shape = (len(lengths), blocks[0].shape[1])
    return csr_array((np.concatenate([block.data for block in blocks]), indices, indptr), shape=shape)
