"""Peers of the literature beside the program's own baselines: EASE with attributes, ALS and BPR of ``implicit``.

Their parameters are chosen on the validation part on which ``evaluate`` tunes its baselines: one interaction held out
of users of the training part, full ranking, NDCG. Single-threaded and seeded, so that a second run gives the same.
"""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from implicit.als import AlternatingLeastSquares
from implicit.bpr import BayesianPersonalizedRanking
from implicit.cpu.matrix_factorization_base import MatrixFactorizationBase
from numpy.typing import NDArray
from scipy.sparse import csr_array, csr_matrix, diags_array
from threadpoolctl import threadpool_limits

from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.interactions import Interactions, ScoreUsers
from recommender.evaluation.baselines.baselines import by_items
from recommender.evaluation.evaluation import metrics_of, rank_users, task_of
from recommender.evaluation.tuning import MOST_USERS, best_parameters, validation_like
from recommender.linalg.ridge import ridge_inverse
from recommender.linalg.sparse_matrix import binary, damping
from recommender.splitting.interaction_splits import Split
from recommender.splitting.validation import evenly

Parameters = dict[str, float]
Make = Callable[..., ScoreUsers]
Peers = Mapping[str, tuple[Make, dict[str, tuple[float, ...]]]]
RIDGE_GRID = (50.0, 25.0, 100.0)
ALS_GRID = {"alpha": (40.0, 10.0, 100.0), "factors": (256.0, 128.0, 512.0), "regularization": (10.0, 1.0, 0.01, 50.0)}
BPR_GRID = {
    "learning_rate": (0.02, 0.05, 0.01),
    "regularization": (0.001, 0.01, 0.0001),
    "factors": (128.0, 64.0, 256.0),
    "iterations": (300.0, 100.0, 1000.0),
}
"""The first value of each is where the search begins."""


def peers(attributes: Mapping[str, float]) -> Peers:
    """Name → how it is made of a snapshot and parameters, and the values to try.

    :param attributes: relation from items to attributes → w_r of EASE with attributes.
    """
    return {
        "attribute-ease": (partial(attribute_ease, weights=attributes), {"ridge": RIDGE_GRID}),
        "als": (als, ALS_GRID),
        "bpr": (bpr, BPR_GRID),
    }


def tune_peers(found: Peers, split: Split, k: int, progress: Callable[[str], None]) -> dict[str, Parameters]:
    """The parameters with the highest NDCG@k on a validation part of the training part of a split.

    :param progress: called with each trial and what came of it.
    """
    inner = validation_like(split, seed=0)
    inside, test = task_of(inner, None)
    test = {user: test[user] for user in evenly(list(test), MOST_USERS)}

    def measure(name: str, make: Make, parameters: Parameters) -> float:
        items = rank_users(inner.train, test, make(inner.train, **parameters), (inside, k))
        quality = float(metrics_of(items, test).ndcg.mean())
        progress(f"{name} {parameters}: {100 * quality:.2f} on validation")
        return quality

    return {name: best_parameters(grid, partial(measure, name, make)) for name, (make, grid) in found.items()}


def attribute_ease(snapshot: Snapshot, weights: Mapping[str, float], ridge: float) -> ScoreUsers:
    """EASE with the attributes of the items as further, fictitious users, all of fixed weights::

        G = c · Xᵀ D_u^-½ X + Σ_r w_r² A_r D_t^-½ A_rᵀ + λ I,   P = G^-1,   B_ij = −P_ij / P_jj,   B_ii = 0

    Attributes of one item only are left out; c keeps the trace of the first term at the number of interactions.
    """
    interactions = Interactions(snapshot)
    gram = _hubs_damped(interactions.matrix)
    gram *= interactions.matrix.nnz / np.trace(gram)
    for relation, weight in weights.items():
        matrix = binary(snapshot.adjacency(relation))
        shared = np.bincount(matrix.indices, minlength=matrix.shape[1]) > 1
        gram += weight**2 * _hubs_damped(csr_array(matrix[:, shared].T))
    inverse = ridge_inverse(gram.astype(np.float32), ridge)
    found = -inverse / np.diag(inverse)
    np.fill_diagonal(found, 0.0)
    return by_items(interactions, found)


def _hubs_damped(matrix: csr_array) -> NDArray[np.float64]:
    """``Mᵀ D^-½ M``, D the number of entries of each row: shape (columns, columns)."""
    scaled = csr_array(diags_array(damping(np.diff(matrix.indptr).astype(np.float64), 0.25)) @ matrix)
    return np.asarray((scaled.T @ scaled).toarray())


def als(snapshot: Snapshot, alpha: float, factors: float, regularization: float) -> ScoreUsers:
    """Alternating least squares on implicit feedback (Hu et al., 2008)."""
    model = AlternatingLeastSquares(int(factors), regularization, alpha, num_threads=1, random_state=0)
    return _by_factors(snapshot, model)


def bpr(
    snapshot: Snapshot, learning_rate: float, regularization: float, factors: float, iterations: float
) -> ScoreUsers:
    """Matrix factorization by Bayesian personalised ranking (Rendle et al., 2009)."""
    model = BayesianPersonalizedRanking(
        int(factors), learning_rate, regularization, iterations=int(iterations), num_threads=1, random_state=0
    )
    return _by_factors(snapshot, model)


def _by_factors(snapshot: Snapshot, model: MatrixFactorizationBase) -> ScoreUsers:
    """A scorer of users by the dot products of the factors of a model, which is fitted first."""
    interactions = Interactions(snapshot)
    used = interactions.matrix
    with threadpool_limits(1, user_api="blas"):
        model.fit(csr_matrix((used.data.astype(np.float32), used.indices, used.indptr)), show_progress=False)
    users, items = np.asarray(model.user_factors), np.asarray(model.item_factors)
    return lambda some: np.asarray(users[interactions.row_of(some)] @ items.T, dtype=np.float64)
