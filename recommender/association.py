"""Association: a ridge regression of every item on all others, from interactions and attributes together."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from kg.schema import inverse_of
from kg.snapshot import Snapshot
from recommender.baselines import Interactions
from recommender.sparse_matrix import damping

RIDGE = 100.0
MOST_ITEMS = 15_000
"""The regression inverts an items × items matrix; catalogues above this size go without."""


def association(snapshot: Snapshot) -> NDArray[np.float64]:
    """Weights B of the regression: shape (catalogue.size, catalogue.size), float64, rows anchors, columns items.

    EASE (Steck, 2019) with the attributes of the items as further, fictitious users::

        G = c · Xᵀ D_u^-½ X + Σ_r A_r D_t^-½ A_rᵀ / √d_r + λ I,   P = G^-1,   B_ij = −P_ij / P_jj,   B_ii = 0

    X: users × items, 1 where used; A_r: items × tails of an attribute relation r, nodes of degree 1 dropped; D: degrees
    of users and tails; d_r: mean number of tails per item; c: keeps the trace of the first term at the number of
    interactions.
    """
    from scipy.linalg import lapack  # 0.1 s to import, which answering must not pay

    interactions = Interactions(snapshot)
    gram = _interaction_gram(interactions.matrix).toarray()
    for relation in _attribute_steps(snapshot):
        gram += _attribute_gram(snapshot, interactions, relation).toarray()
    gram[np.diag_indices_from(gram)] += RIDGE
    factor, failed = lapack.dpotrf(gram, lower=1, overwrite_a=1)
    inverse, failed_too = lapack.dpotri(factor, lower=1, overwrite_c=1)
    assert not failed and not failed_too, "a Gram matrix plus a ridge is positive definite"
    inverse = np.tril(inverse)
    inverse += np.tril(inverse, -1).T
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return np.asarray(weights)


def _interaction_gram(matrix: csr_array) -> csr_array:
    scaled = diags_array(damping(np.asarray(matrix.sum(axis=1), dtype=np.float64), 0.25)) @ matrix
    gram = csr_array(scaled.T @ scaled)
    trace = float(gram.trace())
    return csr_array(gram * (matrix.nnz / trace)) if trace > 0 else gram


def _attribute_gram(snapshot: Snapshot, interactions: Interactions, step: str) -> csr_array:
    matrix = snapshot.adjacency(step)
    degrees = np.diff(snapshot.adjacency(inverse_of(step)).indptr).astype(np.float64)
    binary = csr_array((np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape)
    shared = binary @ diags_array(np.where(degrees >= 2, damping(degrees, 0.25), 0.0))
    used = np.count_nonzero(np.diff(matrix.indptr))
    part = csr_array(shared @ shared.T / np.sqrt(max(matrix.nnz / max(used, 1), 1.0)))
    start = interactions.catalogue.slices[snapshot.schema.ends(step)[0]].start
    size = interactions.catalogue.size
    rows = np.repeat(np.arange(part.shape[0]), np.diff(part.indptr)) + start
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=size))])
    return csr_array((part.data, part.indices.astype(np.int64) + start, indptr), shape=(size, size))


def _attribute_steps(snapshot: Snapshot) -> list[str]:
    """Steps from an item type to what is neither an item nor a person."""
    schema, steps = snapshot.schema, []
    for name in schema.relation:
        for step in (name, inverse_of(name)):
            head, tail = schema.ends(step)
            if head in schema.item_types and tail not in schema.item_types and not schema.entity[tail].sensitive:
                steps.append(step)
    return steps
