"""The score of every item for a user: paths, embedding and popularity, added up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from embeddings.vectors.vectors import Vectors
from kg.snapshot.snapshot import Snapshot
from kg.step import AGAIN
from recommender.catalogue.catalogue import Catalogue
from recommender.kernels.metapaths import Metapath
from recommender.kernels.path_kernels import Kernels
from recommender.linalg.sparse_matrix import add_rows, few_rows_product, sum_of_rows
from recommender.profiles.profile import Anchors, Profile
from recommender.scoring.blend import Blend
from recommender.scoring.block_ranking import Popular
from recommender.scoring.k_anonymous_kernels import KAnonymousKernels, known_by_enough
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

    Anchors that are only told, of somebody outside the graph or of a user who might have had others, count by what at
    least k people are behind (``anonymous``); a user's own score keeps what it rests on besides, whatever she is asked
    to have had: ``score = anonymous(told) + whole(own) − anonymous(own)``.
    """

    def __init__(self, snapshot: Snapshot, kernels: Kernels, blend: Blend, vectors: Vectors | None) -> None:
        self.snapshot, self.kernels, self.blend, self.vectors = snapshot, kernels, blend, vectors
        self.scorer_of: Callable[[Profile], Scorer] = lambda _: self
        """Which of several scorers is that of a profile."""
        self.catalogue = Catalogue(snapshot)
        self._units: dict[str, NDArray[np.float32]] = {}
        self._by_enough: dict[str, NDArray[np.bool_]] = {}
        self._rest: tuple[object, Scores] | None = None
        self.kept: dict[object, Any] = {}
        """What whoever explains its scores, or lists by them, made once for all who ask, by name."""
        self.metapaths = kernels.scored
        self.merged = merged_kernels(kernels, self.metapaths, blend)
        self.starts = tuple(dict.fromkeys(path.start for path in self.metapaths if not path.start.startswith(AGAIN)))

    def score(self, profiles: Sequence[Profile]) -> Scores:
        """Score a block of profiles."""
        if self.k_anonymous or self.snapshot.k == 1 or all(profile.in_graph for profile in profiles):
            return self._score(profiles)
        scorers = [self if profile.in_graph else self.anonymous for profile in profiles]
        found = Scores(*(np.zeros((len(profiles), self.catalogue.size)) for _ in fields(Scores)))
        for scorer in dict.fromkeys(scorers):
            rows = [row for row, one in enumerate(scorers) if one is scorer]
            part = scorer._score([profiles[row] for row in rows])
            for field in fields(Scores):
                getattr(found, field.name)[rows] = getattr(part, field.name)
        for row, profile in enumerate(profiles):
            if (rest := self.rest(profile)) is not None:
                for field in fields(Scores):
                    getattr(found, field.name)[row] += getattr(rest, field.name)[0]
        return found

    def rest(self, profile: Profile) -> Scores | None:
        """What a user's own score rests on besides what k people are behind; ``None`` where anchors are hers anyway, or
        nobody's."""
        really = profile.really
        if profile.in_graph or really is None or self.snapshot.k == 1:
            return None
        who = profile.user_type, profile.user_idx
        if self._rest is None or self._rest[0] != who:
            own = self.scorer_of(really)
            whole, anonymous = own._score([really]), own.anonymous._score([really])
            parts = (getattr(whole, one.name) - getattr(anonymous, one.name) for one in fields(Scores))
            self._rest = who, Scores(*parts)
        return self._rest[1]

    @cached_property
    def anonymous(self) -> "Scorer":
        """The same scores as far as at least k people are behind them: those of anchors that are only told."""
        if self.k_anonymous or self.snapshot.k == 1:
            return self
        return Scorer(self.snapshot, KAnonymousKernels(self.kernels), self.blend, self.vectors)

    @cached_property
    def k_anonymous(self) -> bool:
        """Whether this is a scorer of anchors that are only told."""
        return isinstance(self.kernels, KAnonymousKernels)

    def _score(self, profiles: Sequence[Profile]) -> Scores:
        if len(profiles) == 1:
            paths, popularity = self._path_row(self._anchors_of(profiles[0]))[None], self.popularity[None]
        else:
            paths = self.path_scores(self.anchor_rows(profiles), len(profiles)).toarray()
            popularity = np.broadcast_to(self.popularity, paths.shape)
        if not self.embeds:
            nothing = self._nothing if len(profiles) == 1 else np.broadcast_to(self._nothing, paths.shape)
            return Scores(paths + popularity, paths, nothing, popularity)
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
        if self.k_anonymous:
            ends = self.snapshot.schema.ends
            chosen = {step: _only(found, self._known(ends(step)[1])) for step, found in chosen.items()}
        total = sum(float(np.abs(found.weight).sum()) for found in chosen.values())
        return {step: Anchors(found.idx, found.weight / total) for step, found in chosen.items()} if total > 0 else {}

    def cosines(self, step: str, anchors: Anchors, position: int) -> NDArray[np.float64]:
        """Cosine of each anchor with the item at a position: shape (anchors,), float64, in [−1, 1]."""
        rows = self.unit(self.snapshot.schema.ends(step)[1], anchors.idx)
        return np.asarray(rows @ self.unit(*self.catalogue.item(position)), dtype=np.float64)

    def unit(self, entity_type: str, idx: int | NDArray[np.int32]) -> NDArray[np.float64]:
        """The vectors of some entities, of length 1: shape (n, d), or (d,) of one, float64."""
        return np.asarray(self._unit(entity_type)[idx], dtype=np.float64)

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
            return self._reached({start: Anchors(one.indices, one.data) for start, one in anchors.items()})
        parts = []
        for merged in self.merged:
            if merged.start in anchors and anchors[merged.start].nnz:
                found = few_rows_product(anchors[merged.start], merged.matrix)
                if found.shape != shape:
                    indices = found.indices + found.indices.dtype.type(self.catalogue.slices[merged.item_type].start)
                    found = csr_array((found.data, indices, found.indptr), shape=shape)
                parts.append(found)
        return sum_of_rows(parts) if parts else csr_array(shape)

    def _anchors_of(self, profile: Profile) -> dict[str, Anchors]:
        """The anchors of a profile that metapaths start with: those of :meth:`anchor_rows`, without matrices."""
        ends = self.snapshot.schema.ends
        return {step: one for step, one in profile.anchors.items() if ends(step)[0] == profile.user_type}

    def _reached(self, anchors: Mapping[str, Anchors]) -> csr_array:
        row = self._path_row(anchors)
        reached = np.flatnonzero(row).astype(np.int32)
        indptr = np.array([0, len(reached)], dtype=np.int32)
        return csr_array((row[reached], reached, indptr), shape=(1, self.catalogue.size))

    def _path_row(self, anchors: Mapping[str, Anchors]) -> NDArray[np.float64]:
        """The same for one user and every item: shape (catalogue.size,).

        A sparse product takes time in proportion to the catalogue, several times over; this adds the rows of her
        anchors up as they lie in the kernel, in the same order and so to the same bits.
        """
        paths, reached = np.zeros(self.catalogue.size), set[str]()
        for merged in self.merged:
            mine = anchors.get(merged.start)
            if mine is not None and len(mine.idx):
                part = paths[self.catalogue.slices[merged.item_type]]
                if merged.item_type in reached:
                    part += add_rows(merged.matrix, mine.idx, mine.weight, np.zeros(len(part)))
                else:
                    add_rows(merged.matrix, mine.idx, mine.weight, part)
                reached.add(merged.item_type)
        return paths

    def similarity(self, profile: Profile) -> NDArray[np.float64]:
        """``Σ_a x̃[a] · cos(a, i)`` for every item: shape (catalogue.size,), in [−1, 1]; 0 without vectors."""
        anchors = self.embedding_anchors(profile)
        if self.vectors is None or not anchors:
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
    def _nothing(self) -> NDArray[np.float64]:
        """What the embedding gives one person where it has no say: shape (1, catalogue.size)."""
        return np.broadcast_to(np.zeros(1), (1, self.catalogue.size))

    @cached_property
    def popular(self) -> Popular:
        """The popularity term with the order of items by it."""
        return Popular.of(self.popularity)

    @cached_property
    def embedding_weight(self) -> NDArray[np.float64]:
        """w_e of each item, by its domain: shape (catalogue.size,)."""
        weights = self._per_item(self.blend.embedding)
        if self.k_anonymous:
            weights *= np.concatenate([self._known(name) for name in self.catalogue.types])
        return weights

    def _known(self, entity_type: str) -> NDArray[np.bool_]:
        """Entities whose vectors no few people decided."""
        if entity_type not in self._by_enough:
            self._by_enough[entity_type] = known_by_enough(self.snapshot, entity_type)
        return self._by_enough[entity_type]

    @cached_property
    def popularity(self) -> NDArray[np.float64]:
        """The popularity term of each item, 0 where fewer than k people made it popular: shape (catalogue.size,)."""
        popular = np.where(self.catalogue.people >= self.snapshot.k, self.catalogue.popularity, 0.0)
        return np.asarray(self._per_item(self.blend.popularity) * popular)

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


def _only(anchors: Anchors, mask: NDArray[np.bool_]) -> Anchors:
    keep = mask[anchors.idx]
    return Anchors(anchors.idx[keep], anchors.weight[keep])


def anchor_rows(profiles: Sequence[Profile], start: str, anchors: int, user_type: str) -> csr_array:
    """The profiles' anchors of one step as a matrix: shape (profiles, anchors)."""
    nothing = Anchors(np.empty(0, dtype=np.int32), np.empty(0))
    found = [p.anchors.get(start, nothing) if p.user_type == user_type else nothing for p in profiles]
    indptr = np.cumsum([0, *(len(one.idx) for one in found)]).astype(np.int32)
    idx = np.concatenate([one.idx for one in found])
    return csr_array((np.concatenate([one.weight for one in found]), idx, indptr), shape=(len(found), anchors))
