"""Baselines of the literature on interactions alone: popularity, item-kNN, RP3β, EASE."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array, vstack

from kg.snapshot import Snapshot
from recommender.catalogue import Catalogue
from recommender.sparse_matrix import damping, top_per_row, without_diagonal

User = tuple[str, int]
ScoreUsers = Callable[[Sequence[User]], NDArray[np.float64]]
NEIGHBOURS = 100
BETA = 0.6
RIDGE = 250.0
MOST_ITEMS = 15_000
"""EASE inverts an items × items matrix; catalogues above this size go without."""


class Interactions:
    """All interactions of a snapshot as one binary matrix, users of all types × catalogue."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.catalogue = Catalogue(snapshot)
        self._starts: dict[str, int] = {}
        blocks, start = [], 0
        for user_type in snapshot.schema.user_types:
            self._starts[user_type] = start
            blocks.append(self._of_type(snapshot, user_type))
            start += snapshot.vocabulary.count(user_type)
        self.matrix = csr_array(vstack(blocks, format="csr"))

    def rows(self, users: Sequence[User]) -> csr_array:
        """The rows of some users: shape (users, catalogue.size), 1.0 where the item was used."""
        return csr_array(self.matrix[[self._starts[name] + idx for name, idx in users]])

    def _of_type(self, snapshot: Snapshot, user_type: str) -> csr_array:
        shape = (snapshot.vocabulary.count(user_type), self.catalogue.size)
        total = csr_array(shape)
        for name in snapshot.schema.interactions:
            relation = snapshot.schema.relation[name]
            if relation.head == user_type:
                matrix = snapshot.adjacency(name)
                columns = matrix.indices.astype(np.int64) + self.catalogue.slices[relation.tail].start
                total = total + csr_array((np.ones(matrix.nnz), columns, matrix.indptr), shape=shape)
        return csr_array(total.sign())


def baselines(snapshot: Snapshot) -> dict[str, ScoreUsers]:
    """Name → scorer of users, each giving shape (users, catalogue.size), float64, higher is better."""
    interactions = Interactions(snapshot)
    popularity = np.asarray(interactions.matrix.sum(axis=0), dtype=np.float64)
    found: dict[str, ScoreUsers] = {
        "popularity": lambda users: np.tile(popularity, (len(users), 1)),
        "item-knn": _by_items(interactions, item_knn(interactions.matrix)),
        "rp3beta": _by_items(interactions, rp3beta(interactions.matrix)),
    }
    if interactions.catalogue.size <= MOST_ITEMS:
        found["ease"] = _by_items(interactions, ease(interactions.matrix))
    return found


def item_knn(matrix: csr_array, neighbours: int = NEIGHBOURS) -> csr_array:
    """Cosine of the items' columns, ``r̂(u, i) = Σ_j cos(j, i) r(u, j)`` (Sarwar et al., 2001): items × items."""
    scaled = matrix @ diags_array(damping(np.asarray((matrix.power(2)).sum(axis=0)), 0.5))
    return top_per_row(without_diagonal(csr_array(scaled.T @ scaled)), neighbours)


def rp3beta(matrix: csr_array, beta: float = BETA, neighbours: int = NEIGHBOURS) -> csr_array:
    """Three-step random walk, divided by popularity^β (Paudel et al., 2017): items × items."""
    users, items = (np.asarray(matrix.sum(axis=axis), dtype=np.float64) for axis in (1, 0))
    to_users = diags_array(damping(items, 1.0)) @ matrix.T
    to_items = diags_array(damping(users, 1.0)) @ matrix @ diags_array(damping(items, beta))
    return top_per_row(without_diagonal(csr_array(to_users @ to_items)), neighbours)


def ease(matrix: csr_array, ridge: float = RIDGE) -> NDArray[np.float64]:
    """Ridge regression of every item on all others with a zero diagonal, in closed form (Steck, 2019).

    ``P = (XᵀX + λ I)^-1``, ``B_ij = −P_ij / P_jj``, ``B_ii = 0``: items × items, dense.
    """
    gram = (matrix.T @ matrix).toarray()
    gram[np.diag_indices_from(gram)] += ridge
    inverse = np.linalg.inv(gram)
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return np.asarray(weights)


def _by_items(interactions: Interactions, weights: csr_array | NDArray[np.float64]) -> ScoreUsers:
    def score(users: Sequence[User]) -> NDArray[np.float64]:
        product = interactions.rows(users) @ weights
        return product.toarray() if isinstance(product, csr_array) else np.asarray(product)

    return score
