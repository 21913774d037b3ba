"""The score of every item for a user: paths, embedding and popularity, added up."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from embeddings.vectors import Vectors
from kg.snapshot import Snapshot
from recommender.blend import Blend
from recommender.catalogue import Catalogue
from recommender.kernels import Kernels
from recommender.merged_kernel import merged_kernels
from recommender.metapaths import Metapath
from recommender.profile import Anchors, Profile
from recommender.scored_paths import scored_paths


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
        paths = self._paths(profiles)
        embedding = np.stack([self.embedding_weight * self.similarity(profile) for profile in profiles])
        popularity = np.tile(self.popularity, (len(profiles), 1))
        return Scores(paths + embedding + popularity, paths, embedding, popularity)

    def metapaths_of(self, profile: Profile) -> list[Metapath]:
        """The metapaths that weigh something and start at anchors the profile has."""
        return [
            path
            for path in self.metapaths
            if self.blend.weight(path) > 0
            and path.start in profile.anchors
            and self.snapshot.schema.ends(path.start)[0] == profile.user_type
        ]

    def item_slice(self, metapath: Metapath) -> slice:
        """Where on the axis of items a metapath ends."""
        return self.catalogue.slices[metapath.item_type(self.snapshot.schema)]

    def embedding_anchors(self, profile: Profile) -> dict[str, Anchors]:
        """The anchors that the embedding compares with, weights x̃ summing to 1 over all steps."""
        chosen = {step: found for step, found in profile.anchors.items() if step in self.starts}
        total = sum(float(found.weight.sum()) for found in chosen.values())
        return {step: Anchors(found.idx, found.weight / total) for step, found in chosen.items()} if total > 0 else {}

    def cosines(self, step: str, anchors: Anchors, position: int) -> NDArray[np.float64]:
        """Cosine of each anchor with the item at a position: shape (anchors,), float64, in [−1, 1]."""
        entity_type, idx = self.catalogue.item(position)
        item = self._unit(entity_type)[idx].astype(np.float64)
        rows = self._unit(self.snapshot.schema.ends(step)[1])[anchors.idx].astype(np.float64)
        return np.asarray(rows @ item, dtype=np.float64)

    def _paths(self, profiles: Sequence[Profile]) -> NDArray[np.float64]:
        paths = np.zeros((len(profiles), self.catalogue.size))
        for merged in self.merged:
            user_type = self.snapshot.schema.ends(merged.start)[0]
            rows = anchor_rows(profiles, merged.start, merged.matrix.shape[0], user_type)
            if rows.nnz:
                paths[:, self.catalogue.slices[merged.item_type]] += (rows @ merged.matrix).toarray()
        return paths

    def similarity(self, profile: Profile) -> NDArray[np.float64]:
        """``Σ_a x̃[a] · cos(a, i)`` for every item: shape (catalogue.size,), in [−1, 1]; 0 without vectors."""
        anchors = self.embedding_anchors(profile)
        if self.vectors is None or not self.embedding_weight.any() or not anchors:
            return np.zeros(self.catalogue.size)
        query = np.zeros(self._items.shape[1])
        for step, found in anchors.items():
            query += found.weight @ self._unit(self.snapshot.schema.ends(step)[1])[found.idx].astype(np.float64)
        return np.asarray(self._items @ query)

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
