"""Baselines of the literature on interactions alone: popularity, item-kNN, RP3β, EASE."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array, hstack

from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.interactions import Interactions, User
from recommender.linalg.ridge import ridge_inverse
from recommender.linalg.sparse_matrix import damping, top_per_row, without_diagonal

ScoreUsers = Callable[[Sequence[User]], NDArray[np.float64]]
NEIGHBOURS = 100
BETA = 0.6
RIDGE = 250.0
MOST_ITEMS = 15_000
"""EASE inverts an items × items matrix; catalogues above this size go without."""


def baselines(snapshot: Snapshot, tuned: Mapping[str, Mapping[str, float]] | None = None) -> dict[str, ScoreUsers]:
    """Name → scorer of users, each giving shape (users, catalogue.size), float64, higher is better.

    :param tuned: name → parameters, as ``tuning.tune_baselines`` chooses them; the defaults where absent.
    """
    interactions, chosen = Interactions(snapshot), tuned or {}
    parts = tuple(interactions.catalogue.slices.values())
    popularity = interactions.counts
    found: dict[str, ScoreUsers] = {
        "popularity": lambda users: np.tile(popularity, (len(users), 1)),
        "item-knn": by_items(interactions, item_knn(interactions.matrix, parts=parts, **chosen.get("item-knn", {}))),
        "rp3beta": by_items(interactions, rp3beta(interactions.matrix, parts=parts, **chosen.get("rp3beta", {}))),
    }
    if interactions.catalogue.size <= MOST_ITEMS:
        found["ease"] = by_items(interactions, ease(interactions.matrix, **chosen.get("ease", {})))
    return found


def item_knn(
    matrix: csr_array, neighbours: float = NEIGHBOURS, shrink: float = 0.0, parts: Sequence[slice] = ()
) -> csr_array:
    """Cosine of the items' columns, ``r̂(u, i) = Σ_j cos(j, i) r(u, j)`` (Sarwar et al., 2001): items × items.

    ``cos(j, i) = x_j · x_i / (‖x_j‖ ‖x_i‖ + shrink)``: shrinking discounts what few people say (Bell & Koren, 2007).

    :param neighbours: how many are kept for each item; in each of ``parts``, the places of the item types, where told,
        so that neighbours of the same domain do not crowd out those of another.
    """
    lengths = np.sqrt(np.asarray(matrix.power(2).sum(axis=0), dtype=np.float64))
    shared = without_diagonal(csr_array(matrix.T @ matrix))
    rows = np.repeat(np.arange(shared.shape[0]), np.diff(shared.indptr))
    cosines = shared.data / (lengths[rows] * lengths[shared.indices] + shrink)
    return _pruned(csr_array((cosines, shared.indices, shared.indptr), shape=shared.shape), int(neighbours), parts)


def rp3beta(
    matrix: csr_array,
    beta: float = BETA,
    neighbours: float = NEIGHBOURS,
    alpha: float = 1.0,
    parts: Sequence[slice] = (),
) -> csr_array:
    """Three-step random walk, its probabilities to the power α, divided by popularity^β (Paudel et al., 2017).

    :param beta: negative to favour popular items.
    :param neighbours: as for ``item_knn``.
    :returns: items × items.
    """
    users, items = (np.asarray(matrix.sum(axis=axis), dtype=np.float64) for axis in (1, 0))
    to_users = diags_array(damping(items, alpha)) @ matrix.T
    to_items = diags_array(damping(users, alpha)) @ matrix @ diags_array(damping(items, beta))
    return _pruned(without_diagonal(csr_array(to_users @ to_items)), int(neighbours), parts)


def _pruned(matrix: csr_array, top: int, parts: Sequence[slice]) -> csr_array:
    """The ``top`` largest entries of each row in each part of the columns."""
    if len(parts) < 2:
        return top_per_row(matrix, top)
    return csr_array(hstack([top_per_row(csr_array(matrix[:, part]), top) for part in parts], format="csr"))


def ease(matrix: csr_array, ridge: float = RIDGE) -> NDArray[np.float64]:
    """Ridge regression of every item on all others with a zero diagonal, in closed form (Steck, 2019).

    ``P = (XᵀX + λ I)^-1``, ``B_ij = −P_ij / P_jj``, ``B_ii = 0``: items × items, dense.
    """
    inverse = ridge_inverse((matrix.T @ matrix).toarray(), ridge)
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return np.asarray(weights)


def by_items(interactions: Interactions, weights: csr_array | NDArray[np.float64]) -> ScoreUsers:
    """A scorer of users by weights from item to item: shape (catalogue.size, catalogue.size)."""

    def score(users: Sequence[User]) -> NDArray[np.float64]:
        """Scores of all items: shape (users, catalogue.size), float64."""
        product = interactions.rows(users) @ weights
        return product.toarray() if isinstance(product, csr_array) else np.asarray(product)

    return score
