"""The product behind a kernel: row by row, pruned as it is made, on all cores; the whole product is never held."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.linalg.forked_workers import cores, dealt
from recommender.linalg.sparse_matrix import few_rows_product, stacked, top_per_row, without_own

ROWS = 512
"""Rows of a block."""
FEW = 10_000_000
"""Multiplications, about, below which a product is made sooner than processes for it."""
Factor = tuple[csr_array, ...]
"""A transition, or a transition and the one back: their product without the ways back to their start."""
Idxs = NDArray[np.integer]


@dataclass(frozen=True)
class Product:
    """A product of factors, of which any rows can be multiplied out.

    A first factor of two transitions is multiplied out for the rows that are asked for, so that not even it is held
    whole: among items that share an attribute it would have as many entries as there are pairs of them.

    ``closed``: whether rows and columns are the same entities, so that ways back to the start are left out;
    ``columns``: those that the last matrix is cut to, all where absent.
    """

    first: Factor
    rest: tuple[csr_array, ...]
    closed: bool
    columns: Idxs | None = None

    @classmethod
    def of(cls, factors: Sequence[Factor], *, closed: bool, columns: Idxs | None = None) -> "Product":
        """The product of some factors, of some columns."""
        first, rest = factors[0], tuple(_multiplied(factor) for factor in factors[1:])
        if columns is not None:
            if rest:
                rest = (*rest[:-1], csr_array(rest[-1][:, columns]))
            else:
                first = (*first[:-1], csr_array(first[-1][:, columns]))
        return cls(first, rest, closed, columns)

    def rows(self, some: Idxs) -> csr_array:
        """Some rows, whole: shape (some, columns). An entry has the same bits in whatever company it is made."""
        own = None if self.rest else self.columns
        found = csr_array(self.first[0][some])
        for back in self.first[1:]:
            found = without_own(few_rows_product(found, back), some, own)
        for factor in self.rest:
            found = few_rows_product(found, factor)
        return without_own(found, some, self.columns) if self.closed else found

    def multiplications(self, some: Idxs) -> float:
        """How many some rows take, about: the first matrices as they are, the later ones at their mean."""
        chosen, *others = (*self.first, *self.rest)
        if not others:
            return 0.0
        reached = np.bincount(csr_array(chosen[some]).indices, minlength=chosen.shape[1])
        reach = total = float(reached @ np.diff(others[0].indptr))
        for other in others[1:]:
            reach *= other.nnz / max(other.shape[0], 1)
            total += reach
        return total


@dataclass(frozen=True)
class RowBlock:
    """The work of one task: some of the wanted rows of a product, from a place in them, the largest ``top`` entries of
    each."""

    product: Product
    wanted: Idxs
    top: int
    rows: int

    def __call__(self, start: int) -> csr_array:
        """These rows."""
        return top_per_row(self.product.rows(self.wanted[start : start + self.rows]), self.top)


def kernel_product(
    factors: Sequence[Factor], top: int, *, closed: bool, workers: int | None = None, rows: Idxs | None = None
) -> csr_array:
    """The ``top`` largest entries of each row of the product of factors, whole; indices sorted.

    :param closed: whether rows and columns are the same entities, so that ways back to the start are left out.
    :param workers: processes at work; where absent one per core, for a small product none; the result is the same.
    :param rows: those that are wanted, in this order; all where absent.
    """
    wanted = np.arange(factors[0][0].shape[0]) if rows is None else rows
    product = Product.of(factors, closed=closed)
    if workers is None:
        workers = cores() if product.multiplications(wanted) > FEW else 1
    block = RowBlock(product, wanted, top, ROWS)
    width = (*product.first, *product.rest)[-1].shape[1]
    return stacked(dealt(block, range(0, max(len(wanted), 1), ROWS), workers), len(wanted) * min(top, width))


def _multiplied(factor: Factor) -> csr_array:
    if len(factor) == 1:
        return factor[0]
    return without_own(csr_array(factor[0] @ factor[1]), np.arange(factor[0].shape[0]))
