"""Base scores: what single scorers say of items for a block of profiles, before any weight."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.kernels.metapaths import Metapath
from recommender.profiles.profile import Profile
from recommender.scoring.scorer import Scorer, anchor_rows


class BaseScores:
    """What single scorers say of all items for a block of profiles: arrays of shape (profiles, catalogue.size)."""

    def __init__(self, scorer: Scorer, profiles: Sequence[Profile]) -> None:
        self.scorer, self.profiles = scorer, profiles
        self._learned: dict[str, NDArray[np.float64]] = {}

    def of(self, path: Metapath) -> NDArray[np.float64]:
        """What one kernel gives each profile: shape (profiles, items), float64; of a learned one it is kept."""
        if path.learned is None:
            return self._made(path)
        if str(path) not in self._learned:
            self._learned[str(path)] = self._made(path)
        return self._learned[str(path)]

    def at(self, path: Metapath, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
        """What one kernel gives each profile at some items: shape (profiles, some), as ``chosen``."""
        if path.learned is not None:
            return np.take_along_axis(self.of(path), chosen, axis=1)
        found, (profiles, size) = self._reached(path), self._shape
        starts = np.arange(profiles) * size
        cells = np.repeat(starts + self.scorer.item_slice(path).start, np.diff(found.indptr)) + found.indices
        self._room[cells] = found.data
        values: NDArray[np.float64] = self._room[starts[:, None] + chosen]
        self._room[cells] = 0.0
        return values

    def _made(self, path: Metapath) -> NDArray[np.float64]:
        found, dense = self._reached(path), np.zeros(self._shape)
        dense[:, self.scorer.item_slice(path)] = found.toarray()
        return dense

    def _reached(self, path: Metapath) -> csr_array:
        """What one kernel gives each profile: shape (profiles, items of its type)."""
        kernel = self.scorer.kernels.kernel(path.tail)
        user_type = self.scorer.snapshot.schema.ends(path.start)[0]
        return csr_array(anchor_rows(self.profiles, path.start, kernel.shape[0], user_type) @ kernel)

    @property
    def _shape(self) -> tuple[int, int]:
        return len(self.profiles), self.scorer.catalogue.size

    @cached_property
    def _room(self) -> NDArray[np.float64]:
        """As many zeros as there are profiles and items, written over and cleared again."""
        return np.zeros(int(np.prod(self._shape)))

    @cached_property
    def similarity(self) -> NDArray[np.float64]:
        """What the vectors give each profile: shape (profiles, items), float64."""
        return np.stack([self.scorer.similarity(profile) for profile in self.profiles])
