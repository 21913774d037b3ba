"""Latent map: what somebody used, mapped onto the taste she has, in another domain or in the same."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.interactions import Interactions
from recommender.kernels.kernel import LearnedKernel
from recommender.kernels.trained_graph import AsTrained, fit_name
from recommender.linalg.blas_threads import one_thread
from recommender.linalg.matrix_factorization import factorize, fold_in
from recommender.linalg.moved_rows import with_rows
from recommender.linalg.sparse_matrix import ROWS, damping, stacked, times_columns, top_of_dense, top_per_row

DIMENSIONS = 64
RIDGE = 100.0
MOST_USERS = 100_000
MOST_ITEMS = 15_000
"""Within a domain a latent map costs the square of its catalogue; a larger one goes without."""
FACTORS = ("people", "items", "uses")
"""What is kept of each type: the factors of people and of items, and how many used each item."""
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

    @property
    def beside(self) -> tuple[str, ...]:
        """The kernel, the map, and of both types the factors and how many used each item."""
        ends = (self.anchor_type, self.item_type)
        pair, types = "-".join(ends), dict.fromkeys(ends)
        return f"kernel.{pair}", f"map.{pair}", *(f"{part}.{one}" for one in types for part in FACTORS)

    def matrix(self) -> csr_array:
        """K, see :func:`latent_map`; where it was trained, with what is new folded in."""
        since = self._since()
        if since is not None:
            return since
        source, target = self._taste(self.anchor_type), self._taste(self.item_type)
        found = latent_map(source, target, self.inputs.top)
        if self.inputs.keep is not None and source.used.nnz and target.used.nnz:
            kept = [found, csr_array(taste_map(source, target))]
            for one in (source,) if source is target else (source, target):
                uses = np.bincount(one.used.indices, minlength=one.used.shape[1]).astype(np.float64)
                kept += [csr_array(one.users), csr_array(one.items), csr_array(uses[:, None])]
            for name, matrix in zip(self.beside, kept, strict=True):
                self.inputs.keep(self, name, matrix)
        return found

    def _since(self) -> csr_array | None:
        """The trained kernel, with rows and columns of items that are new, or that many more or fewer used since, from
        folded-in factors; ``None`` where none was trained."""
        trained, ends = self.inputs.as_trained, (self.anchor_type, self.item_type)
        kept = trained.fitted(fit_name(self.name, self.beside[0]), ends[:1], ends[1:])
        weights = trained.fitted(fit_name(self.name, self.beside[1]), None, None)
        if kept is None or weights is None:
            return None
        source, target = (self._folded(end) for end in ends)
        return with_folded(kept, (source, target), weights.toarray(), self.inputs.top)

    def _folded(self, item_type: str) -> "Folded":
        used = used_by(self._interactions(), item_type)
        names = [fit_name(self.name, f"{part}.{item_type}") for part in FACTORS]
        return self.inputs.once(names[0], lambda: folded(self.inputs.as_trained, used, item_type, names))

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


@dataclass(frozen=True)
class Folded:
    """The factors of the items of a type, shape (items, d), and those that were folded in, ``renewed``, rising."""

    items: Dense
    renewed: NDArray[np.int64]


def used_by(interactions: Interactions, item_type: str) -> csr_array:
    """Who used what of a type: users × items, entries 1.

    Of a large number of people, ``MOST_USERS`` evenly spread ones stand for all; the others count as if they had used
    nothing.
    """
    used = csr_array(interactions.matrix[:, interactions.catalogue.slices[item_type]])
    step = -(-used.shape[0] // MOST_USERS)
    if step > 1:
        used = csr_array(diags_array((np.arange(used.shape[0]) % step == 0).astype(np.float64)) @ used)
        used.eliminate_zeros()
    return used


def taste(snapshot: Snapshot, item_type: str) -> Taste:
    """Factorize the interactions with a type; the same every time."""
    used = used_by(Interactions(snapshot), item_type)
    if not used.nnz:
        return Taste(used, *(np.zeros((size, 0)) for size in used.shape))
    users, items = factorize(used, min(DIMENSIONS, *used.shape))
    return Taste(used, users.astype(np.float64), items.astype(np.float64))


@one_thread()
def latent_map(source: Taste, target: Taste, top: int) -> csr_array:
    """Kernel from the items of one type to those of another: shape (anchors, items), float64, > 0, ``top`` per row.

    The linear case of EMCDR (Man et al., 2017), with users in the source as the sum of the factors of what they used.
    With X_s the users' interactions with the source, rows of length 1, and U, V the factors of each domain::

        F = X_s V_s / σ,   M = argmin ‖F M − U_t‖² + λ ‖M‖²    over the people of both
        K = max(0, V_s M V_tᵀ)

    σ is the root mean square of F's entries. A score is a sum over anchors, as that of a metapath is. Nothing where
    nobody is in both. From a type to itself no item leads to itself.
    """
    bridge = source.items @ taste_map(source, target)

    def block(rows: slice) -> Dense:
        """Some rows of the kernel: shape (rows, items of the target), 0 from an item to itself."""
        found = bridge[rows] @ target.items.T
        if source is target:
            position = np.arange(len(found))
            found[position, rows.start + position] = 0.0
        return found

    return top_of_dense(len(bridge), len(target.items), block, top)


@one_thread()
def taste_map(source: Taste, target: Taste) -> Dense:
    """M / σ, see :func:`latent_map`: shape (d of the source, d of the target), 0 where nobody is in both."""
    shared = np.flatnonzero((np.diff(source.used.indptr) > 0) & (np.diff(target.used.indptr) > 0))
    if not len(shared):
        return np.zeros((source.items.shape[1], target.items.shape[1]))
    lengths = np.sqrt(np.diff(source.used.indptr).astype(np.float64))
    mapped = csr_array(diags_array(damping(lengths, 1.0)) @ source.used)[shared] @ source.items
    gram = mapped.T @ mapped
    gram[np.diag_indices_from(gram)] += RIDGE * float((mapped**2).mean())
    return np.asarray(np.linalg.solve(gram, mapped.T @ target.users[shared]))


def folded(trained: AsTrained, used: csr_array, item_type: str, names: Sequence[str]) -> Folded:
    """The trained factors of the items of a type; of those that are new, or that many more or fewer people used since,
    by what the trained people among them like.

    :param names: under which ``FACTORS`` are kept.
    """
    people, items = (
        trained.fitted(name, types, None)
        for name, types in zip(names, (trained.snapshot.schema.user_types, [item_type]), strict=False)
    )
    assert people is not None and items is not None, "kept with the kernel"
    uses = np.bincount(used.indices, minlength=used.shape[1]).astype(np.float64)
    renewed, found = np.flatnonzero(trained.renewed(names[2], [item_type], uses)), items.toarray()
    if len(renewed):
        found[renewed] = fold_in(csr_array(used[:, renewed].T), people.toarray())
    return Folded(found, renewed)


def with_folded(kept: csr_array, ends: tuple[Folded, Folded], weights: Dense, top: int) -> csr_array:
    """A kernel as it was trained, with new entries in the rows and columns of what was folded in.

    Sums are made by numpy's own loops: those of a BLAS depend on the number of its threads.

    :param ends: the source and the target, the same where the kernel is from a type to itself.
    :param weights: M / σ.
    """
    (source, target), parts = ends, list[csr_array]()
    if not len(source.renewed) and not len(target.renewed):
        return kept
    bridge = np.einsum("ij,jk->ik", source.items, weights)
    stays = np.ones(kept.shape[1])
    stays[target.renewed] = 0.0

    def block(rows: NDArray[np.integer], columns: NDArray[np.integer]) -> Dense:
        """Some entries, those of an item for itself 0: shape (rows, columns)."""
        found = np.maximum(np.einsum("ik,jk->ij", bridge[rows], target.items[columns]), 0.0)
        return np.where(rows[:, None] == columns, 0.0, found) if source is target else found

    for start in range(0, max(kept.shape[0], 1), ROWS):
        rows = np.arange(start, min(start + ROWS, kept.shape[0]))
        stayed = times_columns(csr_array(kept[rows]), stays)
        stayed.eliminate_zeros()
        fresh = csr_array(_large(block(rows, target.renewed), stayed, top))
        fresh = csr_array((fresh.data, target.renewed[fresh.indices], fresh.indptr), shape=(len(rows), kept.shape[1]))
        parts.append(top_per_row(csr_array(stayed + fresh), top))
    everything = np.arange(kept.shape[1])
    anew = top_of_dense(len(source.renewed), len(everything), lambda part: block(source.renewed[part], everything), top)
    return with_rows(stacked(parts), source.renewed, anew)


def _large(block: Dense, stayed: csr_array, top: int) -> Dense:
    """A block without what is smaller than all that a full row has already."""
    least, counts = np.zeros(stayed.shape[0]), np.diff(stayed.indptr)
    full = counts >= top
    if full.any():
        of_row = np.repeat(np.arange(len(counts)), counts)
        least[full] = np.inf
        np.minimum.at(least, of_row, np.where(full[of_row], stayed.data, np.inf))
        least[~full] = 0.0
    return np.where(block >= least[:, None], block, 0.0)
