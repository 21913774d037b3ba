"""The score of every item for a user: paths, embedding and popularity, added up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array, vstack

from embeddings.vectors.vectors import Vectors
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.catalogue import Catalogue
from recommender.kernels.metapaths import Metapath
from recommender.kernels.path_kernels import Kernels
from recommender.kernels.registry import scored_paths
from recommender.profiles.profile import Anchors, Profile
from recommender.scoring.blend import Blend
from recommender.scoring.block_ranking import Popular
from recommender.scoring.merged_kernel import merged_kernels


@dataclass(frozen=True)
class Scores:
    """Scores of a block of users for all items; each array has shape (users, catalogue.size), float64.

    ``total = paths + embedding + popularity``; higher is better.
    """

    total: NDArray[np.float64]
    paths: NDArray[np.float64]
    embedding: NDArray[np.float64]
    popularity: NDArray[np.float64]


class Scorer:
    """Scores users by a blend::

        score(u, i) = Σ_m w_m Σ_a x[u, a] · K_m[a, i]  +  w_e Σ_a x̃[u, a] · cos(a, i)  +  w_p · popularity(i)

    x[u, a] are the weights of a profile, x̃ the same divided by their sum over all anchors. A step that no metapath
    starts with (``avoids``, say) counts for nothing. A user gets the same bits alone and in a block.
    """

    def __init__(self, snapshot: Snapshot, kernels: Kernels, blend: Blend, vectors: Vectors | None) -> None:
        self.snapshot, self.kernels, self.blend, self.vectors = snapshot, kernels, blend, vectors
        self.catalogue = Catalogue(snapshot)
        self._units: dict[str, NDArray[np.float32]] = {}
        self.metapaths = scored_paths(snapshot)
        self.merged = merged_kernels(kernels, self.metapaths, blend)
        self.starts = tuple(dict.fromkeys(path.start for path in self.metapaths))

    def score(self, profiles: Sequence[Profile]) -> Scores:
        """Score a block of profiles."""
        anchors = self.anchor_rows(profiles)
        if len(profiles) == 1:
            paths = self._path_row(anchors)[None]
        else:
            paths = self.path_scores(anchors, len(profiles)).toarray()
        popularity = np.broadcast_to(self.popularity, paths.shape)
        if not self.embeds:
            return Scores(paths + popularity, paths, np.broadcast_to(np.zeros(1), paths.shape), popularity)
        embedding = np.stack([self.embedding_weight * self.similarity(profile) for profile in profiles])
        return Scores(paths + embedding + popularity, paths, embedding, popularity)

    def metapaths_of(self, profile: Profile) -> list[Metapath]:
        """The metapaths that weigh something and start at anchors the profile has."""
        return [
            path
            for path in self.weighed
            if path.start in profile.anchors and self.snapshot.schema.ends(path.start)[0] == profile.user_type
        ]

    def item_slice(self, metapath: Metapath) -> slice:
        """Where on the axis of items a metapath ends."""
        return self.catalogue.slices[metapath.item_type(self.snapshot.schema)]

    def embedding_anchors(self, profile: Profile) -> dict[str, Anchors]:
        """The anchors that the embedding compares with, weights x̃ summing to 1, signs aside, over all steps."""
        chosen = {step: found for step, found in profile.anchors.items() if step in self.starts}
        total = sum(float(np.abs(found.weight).sum()) for found in chosen.values())
        return {step: Anchors(found.idx, found.weight / total) for step, found in chosen.items()} if total > 0 else {}

    def cosines(self, step: str, anchors: Anchors, position: int) -> NDArray[np.float64]:
        """Cosine of each anchor with the item at a position: shape (anchors,), float64, in [−1, 1]."""
        entity_type, idx = self.catalogue.item(position)
        item = self._unit(entity_type)[idx].astype(np.float64)
        rows = self._unit(self.snapshot.schema.ends(step)[1])[anchors.idx].astype(np.float64)
        return np.asarray(rows @ item, dtype=np.float64)

    def anchor_rows(self, profiles: Sequence[Profile]) -> dict[str, csr_array]:
        """Start of metapaths → the profiles' anchors as a matrix, profiles × anchors."""
        shapes = {merged.start: merged.matrix.shape[0] for merged in self.merged}
        ends = self.snapshot.schema.ends
        return {start: anchor_rows(profiles, start, size, ends(start)[0]) for start, size in shapes.items()}

    def path_scores(self, anchors: Mapping[str, csr_array], users: int) -> csr_array:
        """What paths contribute: users × catalogue, entries in no order, each once; items without one get 0.

        :param anchors: start of metapaths → users × anchors, with the weights of their profiles.
        """
        shape = (users, self.catalogue.size)
        if users == 1:
            row = self._path_row(anchors)
            reached = np.flatnonzero(row).astype(np.int32)
            return csr_array((row[reached], reached, np.array([0, len(reached)], dtype=np.int32)), shape=shape)
        parts = []
        for merged in self.merged:
            if merged.start in anchors and anchors[merged.start].nnz:
                found = csr_array(anchors[merged.start] @ merged.matrix)
                if found.shape != shape:
                    indices = found.indices + found.indices.dtype.type(self.catalogue.slices[merged.item_type].start)
                    found = csr_array((found.data, indices, found.indptr), shape=shape)
                parts.append(found)
        return _sum(parts) if parts else csr_array(shape)

    def _path_row(self, anchors: Mapping[str, csr_array]) -> NDArray[np.float64]:
        """The same for one user and every item: shape (catalogue.size,).

        A sparse product takes time in proportion to the catalogue, several times over; this adds the rows of her
        anchors up, in the same order.
        """
        paths = np.zeros(self.catalogue.size)
        for merged in self.merged:
            if merged.start in anchors and anchors[merged.start].nnz:
                mine, kernel = anchors[merged.start], merged.matrix
                starts, ends = kernel.indptr[mine.indices], kernel.indptr[mine.indices + 1]
                indptr = np.concatenate([[0], np.cumsum(ends - starts)]).astype(np.int32)
                edges = np.arange(indptr[-1]) + np.repeat(starts - indptr[:-1], ends - starts)
                columns = csc_array(
                    (kernel.data[edges], kernel.indices[edges], indptr), shape=(kernel.shape[1], mine.nnz)
                )
                paths[self.catalogue.slices[merged.item_type]] += columns @ mine.data
        return paths

    def similarity(self, profile: Profile) -> NDArray[np.float64]:
        """``Σ_a x̃[a] · cos(a, i)`` for every item: shape (catalogue.size,), in [−1, 1]; 0 without vectors."""
        anchors = self.embedding_anchors(profile)
        if not self.embeds or not anchors:
            return np.zeros(self.catalogue.size)
        query = np.zeros(self._items.shape[1])
        for step, found in anchors.items():
            query += found.weight @ self._unit(self.snapshot.schema.ends(step)[1])[found.idx].astype(np.float64)
        return np.asarray(self._items @ query)

    @cached_property
    def weighed(self) -> tuple[Metapath, ...]:
        """The metapaths that weigh something."""
        return tuple(path for path in self.metapaths if self.blend.weight(path) > 0)

    @cached_property
    def embeds(self) -> bool:
        """Whether the embedding has a say in any score."""
        return self.vectors is not None and bool(self.embedding_weight.any())

    @cached_property
    def popular(self) -> Popular:
        """The popularity term with the order of items by it."""
        return Popular.of(self.popularity)

    @cached_property
    def embedding_weight(self) -> NDArray[np.float64]:
        """w_e of each item, by its domain: shape (catalogue.size,)."""
        return self._per_item(self.blend.embedding)

    @cached_property
    def popularity(self) -> NDArray[np.float64]:
        """The popularity term of each item: shape (catalogue.size,)."""
        return np.asarray(self._per_item(self.blend.popularity) * self.catalogue.popularity)

    def _per_item(self, weights: dict[str, float]) -> NDArray[np.float64]:
        values = np.zeros(self.catalogue.size)
        for domain, weight in weights.items():
            values[self.catalogue.of_domain(domain)] = weight
        return values

    @cached_property
    def _items(self) -> NDArray[np.float64]:
        """Vectors of all items: shape (catalogue.size, d)."""
        return np.concatenate([self._unit(item_type) for item_type in self.catalogue.types]).astype(np.float64)

    def _unit(self, entity_type: str) -> NDArray[np.float32]:
        """Vectors of length 1 of a type, checked once: shape (count, d)."""
        assert self.vectors is not None
        if entity_type not in self._units:
            self._units[entity_type] = self.vectors.unit(entity_type)
        return self._units[entity_type]


def anchor_rows(profiles: Sequence[Profile], start: str, anchors: int, user_type: str) -> csr_array:
    """The profiles' anchors of one step as a matrix: shape (profiles, anchors)."""
    nothing = Anchors(np.empty(0, dtype=np.int32), np.empty(0))
    found = [p.anchors.get(start, nothing) if p.user_type == user_type else nothing for p in profiles]
    indptr = np.cumsum([0, *(len(one.idx) for one in found)]).astype(np.int32)
    idx = np.concatenate([one.idx for one in found])
    return csr_array((np.concatenate([one.weight for one in found]), idx, indptr), shape=(len(found), anchors))


def _sum(parts: Sequence[csr_array]) -> csr_array:
    """The sum of sparse matrices of one shape, added in their order."""
    if len(parts) == 1:
        return parts[0]
    users = parts[0].shape[0]
    columns = np.arange(users)[:, None] + users * np.arange(len(parts))
    indptr = np.arange(0, columns.size + 1, len(parts))
    ones = csr_array((np.ones(columns.size), columns.ravel(), indptr), shape=(users, users * len(parts)))
    return csr_array(ones @ vstack(parts, format="csr"))
