"""Association: a ridge regression of every item on all others, from interactions and attributes together."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_array, diags_array

from kg.document import Document
from kg.schema import inverse_of
from kg.snapshot import Snapshot
from recommender.baselines import Interactions
from recommender.sparse_matrix import damping

MOST_ITEMS = 15_000
"""The regression inverts an items × items matrix: of a larger catalogue it knows this many, the most popular ones."""
INTERACTIONS = "interactions"
Dense = NDArray[np.float32]


class AssociationConfig(Document):
    """How interactions and attributes count in the regression; ``train`` learns it on a validation part."""

    ridge: float = Field(default=100.0, gt=0)
    """λ: larger, and only what many people or many attributes say survives."""
    weights: dict[str, float] = Field(default_factory=dict)
    """Attribute step → w_r ≥ 0; 1 where it is missing."""
    popularity: float = Field(default=0.0, ge=0, le=1)
    """γ: each entry is multiplied by ``(1 + n_j)^γ``, n_j the interactions of the item it leads to; the ridge shrinks
    everything towards nothing, popular items too much."""


def association(snapshot: Snapshot, config: AssociationConfig) -> tuple[NDArray[np.int64], Dense]:
    """The items that take part, as sorted positions, and the weights between them.

    EASE (Steck, 2019) with the attributes of the items as further, fictitious users::

        G = c · Xᵀ D_u^-½ X + Σ_r w_r A_r D_t^-½ A_rᵀ / √d_r + λ I,   P = G^-1
        B_ij = max(0, −P_ij / P_jj) · (1 + n_j)^γ,   B_ii = 0

    X: users × items, 1 where used; A_r: items × tails of an attribute relation r, nodes of degree 1 dropped; D: degrees
    of users and tails; d_r: mean number of tails per item; c: keeps the trace of the first term at the number of
    interactions.

    :returns: shapes (items,) int64 and (items, items) float32, ≥ 0, rows anchors, columns items.
    """
    counts = np.asarray(Interactions(snapshot).matrix.sum(axis=0), dtype=np.float64)
    items = most_popular(counts, MOST_ITEMS)
    boost = (1.0 + counts[items]) ** config.popularity
    return items, regression(gram_terms(snapshot, items), config, boost)


def most_popular(counts: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """Positions of at most ``most`` items, those with the highest counts, in the order of the catalogue."""
    return np.sort(np.argsort(-counts, kind="stable")[:most])


def regression(terms: Mapping[str, csr_array], config: AssociationConfig, boost: NDArray[np.float64]) -> Dense:
    """The weights for given terms of G, or for the same rows and columns of each.

    :param boost: factor of each column, shape (items,).
    """
    from scipy.linalg import lapack  # 0.1 s to import, which answering must not pay

    gram = np.zeros(terms[INTERACTIONS].shape, dtype=np.float32)
    for name, term in terms.items():
        weight = 1.0 if name == INTERACTIONS else config.weights.get(name, 1.0)
        if weight > 0:
            rows = np.repeat(np.arange(term.shape[0]), np.diff(term.indptr))
            gram[rows, term.indices] += (weight * term.data).astype(np.float32)
    gram[np.diag_indices_from(gram)] += config.ridge
    factor, failed = lapack.spotrf(gram.T, lower=1, overwrite_a=1)
    inverse, failed_too = lapack.spotri(factor, lower=1, overwrite_c=1)
    assert not failed and not failed_too, "a Gram matrix plus a ridge is positive definite"
    return _weights(inverse, boost)


def _weights(lower: Dense, boost: NDArray[np.float64]) -> Dense:
    """From the lower triangle of the inverse, in Fortran order, to the weights."""
    inverse = np.tril(lower)
    inverse += np.tril(inverse, -1).T
    scale = (-boost / np.diag(inverse)).astype(np.float32)
    np.fill_diagonal(inverse, 0.0)
    inverse *= scale
    return np.maximum(inverse, 0.0, out=inverse)


def gram_terms(snapshot: Snapshot, items: NDArray[np.int64]) -> dict[str, csr_array]:
    """The terms of G before they are weighed: ``interactions``, then each attribute step.

    :param items: positions of the items that take part, sorted.
    :returns: name → matrix of shape (items, items).
    """
    interactions = Interactions(snapshot)
    terms = {INTERACTIONS: _interaction_gram(interactions.matrix, items)}
    for step in _attribute_steps(snapshot):
        part = interactions.catalogue.slices[snapshot.schema.ends(step)[0]]
        terms[step] = _attribute_gram(snapshot, part, step, items)
    return terms


def _interaction_gram(matrix: csr_array, items: NDArray[np.int64]) -> csr_array:
    scaled = csr_array(diags_array(damping(np.asarray(matrix.sum(axis=1), dtype=np.float64), 0.25)) @ matrix)
    trace = float(scaled.power(2).sum())
    chosen = csr_array(scaled[:, items])
    gram = csr_array(chosen.T @ chosen)
    return csr_array(gram * (matrix.nnz / trace)) if trace > 0 else gram


def _attribute_gram(snapshot: Snapshot, part: slice, step: str, items: NDArray[np.int64]) -> csr_array:
    """One attribute's term; ``part`` is where the items that have it stand in the catalogue."""
    matrix = snapshot.adjacency(step)
    degrees = np.diff(snapshot.adjacency(inverse_of(step)).indptr).astype(np.float64)
    binary = csr_array((np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape)
    shared = csr_array(binary @ diags_array(np.where(degrees >= 2, damping(degrees, 0.25), 0.0)))
    used = max(np.count_nonzero(np.diff(matrix.indptr)), 1)
    inside = np.flatnonzero((items >= part.start) & (items < part.stop))
    chosen = csr_array(shared[items[inside] - part.start])
    gram = csr_array(chosen @ chosen.T / np.sqrt(max(matrix.nnz / used, 1.0)))
    rows = inside[np.repeat(np.arange(len(inside)), np.diff(gram.indptr))]
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(items)))])
    return csr_array((gram.data, inside[gram.indices], indptr), shape=(len(items), len(items)))


def _attribute_steps(snapshot: Snapshot) -> list[str]:
    """Steps from an item type to what is neither an item nor a person."""
    schema, steps = snapshot.schema, []
    for name in schema.relation:
        for step in (name, inverse_of(name)):
            head, tail = schema.ends(step)
            if head in schema.item_types and tail not in schema.item_types and not schema.entity[tail].sensitive:
                steps.append(step)
    return steps
