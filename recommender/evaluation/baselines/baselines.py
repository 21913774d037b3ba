"""Baselines of the literature on interactions alone: popularity, what a person repeats most, item-kNN, RP3β, EASE,
matrix factorization."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array, hstack

from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.interactions import Interactions, ScoreUsers, User
from recommender.evaluation.baselines.sequence_baselines import Places, has_times, markov, vsknn
from recommender.linalg.matrix_factorization import CONFIDENCE, factorize
from recommender.linalg.matrix_factorization import RIDGE as FACTOR_RIDGE
from recommender.linalg.ridge import ridge_inverse
from recommender.linalg.sparse_matrix import damping, top_per_row, without_diagonal

NEIGHBOURS = 100
BETA = 0.6
RIDGE = 250.0
MOST_ITEMS = 15_000
"""EASE inverts an items × items matrix; catalogues above this size go without."""
SEQUENCE = ("markov", "v-sknn")
REPEATED = "gp-topfreq"
"""What a person did on most days with a relation that is repeated, then what is popular."""


class Baselines:
    """The baselines that a snapshot has the data for, made when they are asked for."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot, self.interactions = snapshot, Interactions(snapshot)

    @cached_property
    def tunable(self) -> tuple[str, ...]:
        """Those with parameters: EASE not for a large catalogue, the sequence baselines where anything has a time."""
        small = self.interactions.catalogue.size <= MOST_ITEMS
        order = SEQUENCE if has_times(self.snapshot) else ()
        return ("item-knn", "rp3beta", *(("ease",) if small else ()), "als", *order)

    @property
    def names(self) -> tuple[str, ...]:
        """All: what is repeated where the graph knows on how many days it was done."""
        return ("popularity", *((REPEATED,) if self.snapshot.manifest.repeated else ()), *self.tunable)

    def make(self, name: str, parameters: Mapping[str, float]) -> ScoreUsers:
        """A baseline with some parameters, the defaults for others; each gives shape (users, catalogue.size)."""
        used, parts = self.interactions, tuple(self.interactions.catalogue.slices.values())
        if name == "item-knn":
            return by_items(used, item_knn(used.matrix, parts=parts, **parameters))
        if name == "rp3beta":
            return by_items(used, rp3beta(used.matrix, parts=parts, **parameters))
        if name == "ease":
            return by_items(used, ease(used.matrix, **parameters))
        if name == "als":
            return als(used, **parameters)
        if name == REPEATED:
            return gp_topfreq(self.snapshot, used)
        if name in SEQUENCE:
            return (markov if name == "markov" else vsknn)(used, self._places, **parameters)
        return lambda users: np.tile(used.counts, (len(users), 1))

    @cached_property
    def _places(self) -> Places:
        return Places(self.snapshot, self.interactions)


def baselines(snapshot: Snapshot, tuned: Mapping[str, Mapping[str, float]] | None = None) -> dict[str, ScoreUsers]:
    """Name → scorer of users, each giving shape (users, catalogue.size), float64, higher is better.

    :param tuned: name → parameters, as ``tuning.tune_baselines`` chooses them; the defaults where absent.
    """
    found, chosen = Baselines(snapshot), tuned or {}
    return {name: found.make(name, chosen.get(name, {})) for name in found.names}


def gp_topfreq(snapshot: Snapshot, interactions: Interactions) -> ScoreUsers:
    """On how many days a person did it, and where that is the same, how many people did (Li et al., A Next Basket
    Recommendation Reality Check, 2023): ``r̂(u, i) = n(u, i) + p(i) / (1 + max p)``."""
    users, items, days = [], [], []
    for name in snapshot.manifest.repeated:
        relation, matrix = snapshot.schema.relation[name], snapshot.adjacency(name)
        rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        users.append(rows + interactions.start(relation.head))
        items.append(matrix.indices.astype(np.int64) + interactions.catalogue.slices[relation.tail].start)
        days.append(np.maximum(snapshot.occasions(name)["occasions"], 1).astype(np.float64))
    pairs = np.concatenate(users), np.concatenate(items)
    often = csr_array((np.concatenate(days), pairs), shape=interactions.matrix.shape)
    popular = interactions.counts / (1.0 + interactions.counts.max(initial=0.0))

    def score(users: Sequence[User]) -> NDArray[np.float64]:
        """Scores of all items: shape (users, catalogue.size), float64."""
        return np.asarray(csr_array(often[interactions.row_of(users)]).toarray() + popular)

    return score


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


def als(
    interactions: Interactions, dimensions: float = 64, ridge: float = FACTOR_RIDGE, confidence: float = CONFIDENCE
) -> ScoreUsers:
    """Alternating least squares for implicit feedback (Hu, Koren & Volinsky, 2008): ``r̂(u, i) = x_u · y_i``."""
    people, items = factorize(interactions.matrix, int(dimensions), ridge, confidence)

    def score(users: Sequence[User]) -> NDArray[np.float64]:
        """Scores of all items: shape (users, catalogue.size), float64."""
        return np.asarray(people[interactions.row_of(users)] @ items.T, dtype=np.float64)

    return score
