"""Latent map: what somebody used, mapped onto the taste she has, in another domain or in the same."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.interactions import Interactions
from recommender.kernels.kernel import LearnedKernel
from recommender.linalg.matrix_factorization import factorize
from recommender.linalg.sparse_matrix import damping, top_of_dense

DIMENSIONS = 64
RIDGE = 100.0
MOST_USERS = 100_000
MOST_ITEMS = 15_000
"""Within a domain a latent map costs the square of its catalogue; a larger one goes without."""
Dense = NDArray[np.float64]


class LatentMap(LearnedKernel):
    """The map from the tastes in one item type to those in another; each type is factorized once."""

    name, symbol = "latent_map", "↦"

    @classmethod
    def exists(cls, snapshot: Snapshot, anchor_type: str, item_type: str) -> bool:
        """Not within a domain of a large catalogue."""
        ends = (anchor_type, item_type)
        domains = {snapshot.schema.entity[end].domain for end in ends}
        return len(domains) > 1 or max(snapshot.vocabulary.count(end) for end in ends) <= MOST_ITEMS

    def matrix(self) -> csr_array:
        """K, see :func:`latent_map`."""
        return latent_map(self._taste(self.anchor_type), self._taste(self.item_type), self.inputs.top)

    def _taste(self, item_type: str) -> "Taste":
        return self.inputs.once(f"{self.name}.{item_type}", lambda: taste(self.inputs.snapshot, item_type))


@dataclass(frozen=True)
class Taste:
    """The interactions with one item type and their factors.

    ``used``: users × items, 1 where used; ``users``: U, shape (users, d), 0 for those who used nothing; ``items``: V,
    shape (items, d).
    """

    used: csr_array
    users: Dense
    items: Dense


def taste(snapshot: Snapshot, item_type: str) -> Taste:
    """Factorize the interactions with a type; the same every time.

    Of a large number of people, ``MOST_USERS`` evenly spread ones stand for all; the others count as if they had used
    nothing.
    """
    interactions = Interactions(snapshot)
    used = csr_array(interactions.matrix[:, interactions.catalogue.slices[item_type]])
    step = -(-used.shape[0] // MOST_USERS)
    if step > 1:
        used = csr_array(diags_array((np.arange(used.shape[0]) % step == 0).astype(np.float64)) @ used)
        used.eliminate_zeros()
    if not used.nnz:
        return Taste(used, *(np.zeros((size, 0)) for size in used.shape))
    users, items = factorize(used, min(DIMENSIONS, *used.shape))
    return Taste(used, users.astype(np.float64), items.astype(np.float64))


def latent_map(source: Taste, target: Taste, top: int) -> csr_array:
    """Kernel from the items of one type to those of another: shape (anchors, items), float64, > 0, ``top`` per row.

    The linear case of EMCDR (Man et al., 2017), with users in the source as the sum of the factors of what they used.
    With X_s the users' interactions with the source, rows of length 1, and U, V the factors of each domain::

        F = X_s V_s / σ,   M = argmin ‖F M − U_t‖² + λ ‖M‖²    over the people of both
        K = max(0, V_s M V_tᵀ)

    σ is the root mean square of F's entries. A score is a sum over anchors, as that of a metapath is. Nothing where
    nobody is in both. From a type to itself no item leads to itself.
    """
    shared = np.flatnonzero((np.diff(source.used.indptr) > 0) & (np.diff(target.used.indptr) > 0))
    if not len(shared):
        return csr_array((source.used.shape[1], target.used.shape[1]))
    lengths = np.sqrt(np.diff(source.used.indptr).astype(np.float64))
    mapped = csr_array(diags_array(damping(lengths, 1.0)) @ source.used)[shared] @ source.items
    gram = mapped.T @ mapped
    gram[np.diag_indices_from(gram)] += RIDGE * float((mapped**2).mean())
    bridge = source.items @ np.linalg.solve(gram, mapped.T @ target.users[shared])

    def block(rows: slice) -> Dense:
        """Some rows of the kernel: shape (rows, items of the target), 0 from an item to itself."""
        found = bridge[rows] @ target.items.T
        if source is target:
            position = np.arange(len(found))
            found[position, rows.start + position] = 0.0
        return found

    return top_of_dense(len(bridge), block, top)
