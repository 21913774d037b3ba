"""Matrix factorization: users and items as vectors whose products tell who used what."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.linalg.blas_threads import one_thread
from recommender.linalg.forked_workers import ForkedWorkers, cores

CONFIDENCE, RIDGE = 20.0, 3.0
SWEEPS, STEPS = 15, 3
BLOCK = 64_000
"""Interactions that are worked on together: what they are multiplied with stays in the cache of the processor."""
LARGE = 1_000_000
"""Interactions from which on all cores work on each step."""
Factors = NDArray[np.float32]


@one_thread()
def factorize(
    used: csr_array, dimensions: int, ridge: float = RIDGE, confidence: float = CONFIDENCE
) -> tuple[Factors, Factors]:
    """Factors of users and items, the same every time: shapes (users, d) and (items, d), float32.

    Alternating least squares for implicit feedback (Hu, Koren & Volinsky, 2008)::

        min Σ_ui c_ui (r_ui − x_u · y_i)² + λ (Σ_u ‖x_u‖² + Σ_i ‖y_i‖²)

    with r = 1 and c = ``confidence`` where the item was used, else r = 0 and c = 1; each side is improved by ``STEPS``
    steps of conjugate gradients from where it stands (Takács, Pilászy & Tikk, 2011), ``SWEEPS`` times.

    Who used nothing, and what nobody used, has the minimum, 0, and not what is left of the random numbers that it
    started from: by these cold users would get lists that look personal.

    :param used: shape (users, items), entries 1.
    :param ridge: λ.
    """
    random = np.random.default_rng(0)
    ones = csr_array((np.ones(used.nnz, dtype=np.float32), used.indices, used.indptr), shape=used.shape)
    turned = csr_array(ones.T)
    users, items = (random.normal(0, 0.01, (size, dimensions)).astype(np.float32) for size in used.shape)
    for _ in range(SWEEPS):
        users = _improved(ones, users, items, ridge, confidence)
        items = _improved(turned, items, users, ridge, confidence)
    for used_by, factors in ((ones, users), (turned, items)):
        factors[np.diff(used_by.indptr) == 0] = 0
    return users, items


@one_thread()
def fold_in(used: csr_array, others: NDArray[np.float64]) -> NDArray[np.float64]:
    """The factors of rows that were not there when the factors of the columns were made: the exact minimum for each
    row, shape (rows, d), float64; 0 for a row that used none.

    :param used: shape (rows, columns), entries 1.
    :param others: the factors of the columns, shape (columns, d), 0 for those without.
    """
    gram = np.einsum("ij,ik->jk", others, others)
    gram[np.diag_indices_from(gram)] += RIDGE
    found = np.zeros((used.shape[0], others.shape[1]))
    for row in np.flatnonzero(np.diff(used.indptr)).tolist():
        there = others[used.indices[used.indptr[row] : used.indptr[row + 1]]]
        seen = gram + (CONFIDENCE - 1) * np.einsum("ij,ik->jk", there, there)
        found[row] = np.linalg.solve(seen, CONFIDENCE * there.sum(axis=0))
    return found


def _improved(used: csr_array, factors: Factors, others: Factors, ridge: float, confidence: float) -> Factors:
    """The factors of the rows of ``used``, given those of its columns."""
    gram = others.T @ others + np.float32(ridge) * np.eye(others.shape[1], dtype=np.float32)

    @one_thread()
    def block(rows: slice) -> Factors:
        """Those of some rows."""
        return _solved(used[rows], factors[rows], others, gram, confidence)

    with ForkedWorkers(block, cores() if used.nnz > LARGE else 1) as workers:
        return np.concatenate(list(workers.map(_blocks(used))))


def _blocks(used: csr_array) -> Iterator[slice]:
    start = 0
    while start < used.shape[0]:
        stop = int(np.searchsorted(used.indptr, used.indptr[start] + BLOCK, side="right")) - 1
        stop = max(stop, start + 1)
        yield slice(start, stop)
        start = stop


def _solved(used: csr_array, factors: Factors, others: Factors, gram: Factors, confidence: float) -> Factors:
    """Conjugate gradients for all rows at once: ``(Yᵀ Y + λ I + (c − 1) Σ_i y_i y_iᵀ) x = c Σ_i y_i``."""
    counts, there = np.diff(used.indptr), others[used.indices]

    def times(vectors: Factors) -> Factors:
        """The left side of the equation for all rows at once."""
        told = np.einsum("ij,ij->i", np.repeat(vectors, counts, axis=0), there) * np.float32(confidence - 1)
        seen = csr_array((told, used.indices, used.indptr), shape=used.shape)
        return np.asarray(vectors @ gram + seen @ others)

    left = np.float32(confidence) * (used @ others) - times(factors)
    way, length = left, _squares(left)
    for _ in range(STEPS):
        ahead = times(way)
        step = _over(length, np.einsum("ij,ij->i", way, ahead))
        factors = factors + step[:, None] * way
        left = left - step[:, None] * ahead
        before, length = length, _squares(left)
        way = left + _over(length, before)[:, None] * way
    return factors


def _squares(vectors: Factors) -> NDArray[np.float32]:
    return np.asarray(np.einsum("ij,ij->i", vectors, vectors))


def _over(values: NDArray[np.float32], by: NDArray[np.float32]) -> NDArray[np.float32]:
    """0 where there is nothing left to divide by: a row that is solved stays as it is."""
    return np.divide(values, by, out=np.zeros_like(values), where=by > 1e-20)
