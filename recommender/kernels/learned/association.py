"""Association: a ridge regression of every item on all others, from interactions and attributes together."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_array, diags_array

from kg.document import Document
from kg.schema import inverse_of
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.interactions import Interactions
from recommender.kernels.kernel import LearnedKernel
from recommender.linalg.ridge import ridge_inverse
from recommender.linalg.sparse_matrix import binary, damping, top_of_dense

MOST_ITEMS = 15_000
"""The regression inverts an items × items matrix: of a larger catalogue it knows this many, the most popular ones."""
INTERACTIONS = "interactions"
Dense = NDArray[np.floating]


class AssociationConfig(Document):
    """How interactions and attributes count in the regression; ``train`` learns it on a validation part."""

    ridge: float = Field(default=100.0, gt=0)
    """λ: larger, and only what many people or many attributes say survives."""
    weights: dict[str, float] = Field(default_factory=dict)
    """Attribute step → w_r ≥ 0; 1 where it is missing."""
    popularity: float = Field(default=0.0, ge=0, le=1)
    """γ: each entry is multiplied by ``(1 + n_j)^γ``, n_j the interactions of the item it leads to; the ridge shrinks
    everything towards nothing, popular items too much."""
    anchors: float = Field(default=0.0, ge=0, le=1)
    """α: each entry is divided by ``(1 + n_i)^α``, n_i the interactions of the anchor: what everybody uses says little
    of anybody."""


class Association(LearnedKernel):
    """The part of the regression between two item types; it is solved once for all of them."""

    name, symbol = "association", "≈"

    @property
    def decided_by(self) -> str:
        """The configuration."""
        return self._config.model_dump_json()

    def matrix(self) -> csr_array:
        """B between the items of the two types, on the axes of all of them."""
        snapshot, slices = self.inputs.snapshot, Catalogue(self.inputs.snapshot).slices
        positions, weights = self.inputs.once(self.name, lambda: association(snapshot, self._config))
        heads, tails = slices[self.anchor_type], slices[self.item_type]
        rows, columns = (np.flatnonzero((positions >= p.start) & (positions < p.stop)) for p in (heads, tails))
        if not len(rows) or not len(columns):
            return csr_array((heads.stop - heads.start, tails.stop - tails.start))
        block = weights[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        found = top_of_dense(len(rows), lambda some: block[some], self.inputs.top)
        counts = np.zeros(heads.stop - heads.start, dtype=np.int64)
        counts[positions[rows] - heads.start] = np.diff(found.indptr)
        indptr = np.concatenate([[0], np.cumsum(counts)])
        indices = positions[columns][found.indices] - tails.start
        return csr_array((found.data, indices, indptr), shape=(len(counts), tails.stop - tails.start))

    @property
    def _config(self) -> AssociationConfig:
        return self.inputs.config(self.name, AssociationConfig)


def association(snapshot: Snapshot, config: AssociationConfig) -> tuple[NDArray[np.int64], Dense]:
    """The items that take part, as sorted positions, and the weights between them.

    EASE (Steck, 2019) with the attributes of the items as further, fictitious users::

        G = c · Xᵀ D_u^-½ X + Σ_r w_r A_r D_t^-½ A_rᵀ / √d_r + λ I,   P = G^-1
        B_ij = max(0, −P_ij / P_jj) · (1 + n_j)^γ / (1 + n_i)^α,   B_ii = 0

    X: users × items, 1 where used; A_r: items × tails of an attribute relation r, nodes of degree 1 dropped; D: degrees
    of users and tails; d_r: mean number of tails per item; c: keeps the trace of the first term at the number of
    interactions.

    :returns: shapes (items,) int64 and (items, items) float32, ≥ 0, rows anchors, columns items.
    """
    interactions = Interactions(snapshot)
    items = most_popular(interactions.counts, MOST_ITEMS)
    inverse = gram_inverse(gram_terms(snapshot, interactions, items), config)
    return items, weights_of(inverse, 1.0 + interactions.counts[items], config)


def most_popular(counts: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """Positions of at most ``most`` items, those with the highest counts, in the order of the catalogue."""
    return np.sort(np.argsort(-counts, kind="stable")[:most])


def gram_inverse(terms: Mapping[str, csr_array], config: AssociationConfig) -> Dense:
    """P for given terms of G, or for the same rows and columns of each: shape (items, items)."""
    gram = np.zeros(terms[INTERACTIONS].shape, dtype=np.float32)
    for name, term in terms.items():
        weight = 1.0 if name == INTERACTIONS else config.weights.get(name, 1.0)
        if weight > 0:
            rows = np.repeat(np.arange(term.shape[0]), np.diff(term.indptr))
            gram[rows, term.indices] += (weight * term.data).astype(np.float32)
    return ridge_inverse(gram, config.ridge)


def weights_of(inverse: Dense, counts: NDArray[np.float64], config: AssociationConfig) -> Dense:
    """B for P, which stays as it is.

    :param counts: 1 + n of each item, shape (items,).
    """
    weights = inverse * (-(counts**config.popularity) / np.diag(inverse)).astype(np.float32)
    if config.anchors > 0:
        weights *= (counts**-config.anchors).astype(np.float32)[:, None]
    np.fill_diagonal(weights, 0.0)
    return np.maximum(weights, 0.0, out=weights)


def gram_terms(snapshot: Snapshot, interactions: Interactions, items: NDArray[np.int64]) -> dict[str, csr_array]:
    """The terms of G before they are weighed: ``interactions``, then each attribute step.

    :param items: positions of the items that take part, sorted.
    :returns: name → matrix of shape (items, items).
    """
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
    shared = csr_array(binary(matrix) @ diags_array(np.where(degrees >= 2, damping(degrees, 0.25), 0.0)))
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
