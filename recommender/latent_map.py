"""Latent map: what somebody used in one domain, mapped onto the taste she has in another."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from kg.snapshot import Snapshot
from recommender.baselines import Interactions
from recommender.sparse_matrix import damping, top_of_dense

DIMENSIONS = 64
RIDGE = 10.0
DAMPING = 0.25
Dense = NDArray[np.float64]


@dataclass(frozen=True)
class Taste:
    """The interactions with one item type and their decomposition.

    ``used``: users × items, 1 where used; ``users``: U Σ, shape (users, d); ``items``: V, shape (items, d);
    ``popularity``: users of each item to the power of ``DAMPING``, at least 1, shape (items,).
    """

    used: csr_array
    users: Dense
    items: Dense
    popularity: Dense


def taste(snapshot: Snapshot, item_type: str) -> Taste:
    """Decompose the interactions with a type; the same every time."""
    from scipy.sparse.linalg import svds  # 0.1 s to import, which answering must not pay

    interactions = Interactions(snapshot)
    used = csr_array(interactions.matrix[:, interactions.catalogue.slices[item_type]])
    popularity = np.maximum(np.bincount(used.indices, minlength=used.shape[1]), 1) ** DAMPING
    dimensions = min(DIMENSIONS, *(size - 1 for size in used.shape))
    if dimensions < 1 or not used.nnz:
        return Taste(used, np.zeros((used.shape[0], 0)), np.zeros((used.shape[1], 0)), popularity)
    degrees = damping(np.diff(used.indptr).astype(np.float64), DAMPING)
    damped = csr_array(diags_array(degrees) @ used @ diags_array(1 / popularity))
    left, values, right = svds(damped, k=dimensions, rng=0)
    return Taste(used, left * values, right.T, popularity)


def latent_map(source: Taste, target: Taste, top: int) -> csr_array:
    """Kernel from the items of one domain to those of another: shape (anchors, items), float64, > 0, ``top`` per row.

    The linear case of EMCDR (Man et al., 2017), in closed form. With X_s, X_t the users' interactions with the two
    types, rows of length 1 in X_s, and D_u^-¼ X D_i^-¼ ≈ U Σ Vᵀ a truncated singular value decomposition of each
    (PureSVD, Cremonesi et al., 2010, damped by the degrees of users and items)::

        M = argmin ‖X_s V_s M − U_t Σ_t‖² + λ ‖M‖²    over the people of both domains
        K = max(0, V_s M V_tᵀ D_t^¼)

    so that a score is a sum over anchors, as that of a metapath is. Nothing where nobody is in both domains.
    """
    shared = np.flatnonzero((np.diff(source.used.indptr) > 0) & (np.diff(target.used.indptr) > 0))
    if not len(shared) or not source.items.size or not target.items.size:
        return csr_array((source.used.shape[1], target.used.shape[1]))
    lengths = np.sqrt(np.diff(source.used.indptr).astype(np.float64))
    mapped = csr_array(diags_array(damping(lengths, 1.0)) @ source.used)[shared] @ source.items
    gram = mapped.T @ mapped
    gram[np.diag_indices_from(gram)] += RIDGE
    bridge = source.items @ np.linalg.solve(gram, mapped.T @ target.users[shared])
    items = target.items * target.popularity[:, None]
    return top_of_dense(len(bridge), lambda rows: bridge[rows] @ items.T, top)
