"""Base scores: what single scorers say of items for a block of profiles, before any weight."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.kernels.metapaths import Metapath
from recommender.linalg.sparse_matrix import few_rows_product
from recommender.profiles.profile import Profile
from recommender.scoring.scorer import Scorer, anchor_rows


class BaseScores:
    """What single scorers say of all items for a block of profiles: arrays of shape (profiles, catalogue.size)."""

    def __init__(self, scorer: Scorer, profiles: Sequence[Profile]) -> None:
        self.scorer, self.profiles = scorer, profiles
        self._learned: dict[str, csr_array] = {}

    def add(self, total: NDArray[np.float64], path: Metapath, weight: float = 1.0) -> None:
        """Add what one kernel gives each profile to an array of shape (profiles, items) that is C-contiguous."""
        found = self._reached(path)
        total.reshape(-1)[self._cells(path, found)] += found.data if weight == 1.0 else weight * found.data

    def at(self, path: Metapath, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
        """What one kernel gives each profile at some items: shape (profiles, some), as ``chosen``."""
        found, (profiles, size) = self._reached(path), self._shape
        cells = self._cells(path, found)
        self._room[cells] = found.data
        values: NDArray[np.float64] = self._room[(np.arange(profiles) * size)[:, None] + chosen]
        self._room[cells] = 0.0
        return values

    def _cells(self, path: Metapath, found: csr_array) -> NDArray[np.int64]:
        """Where the entries of what a kernel gives lie in a flat array of all profiles and items."""
        profiles, size = self._shape
        starts = np.arange(profiles) * size + self.scorer.item_slice(path).start
        cells: NDArray[np.int64] = np.repeat(starts, np.diff(found.indptr)) + found.indices
        return cells

    def _reached(self, path: Metapath) -> csr_array:
        """What one kernel gives each profile: shape (profiles, items of its type); of a learned one it is kept."""
        found = self._learned.get(str(path))
        if found is None:
            kernel = self.scorer.kernels.kernel(path.tail)
            user_type = self.scorer.snapshot.schema.ends(path.start)[0]
            found = few_rows_product(anchor_rows(self.profiles, path.start, kernel.shape[0], user_type), kernel)
            if path.learned is not None:
                self._learned[str(path)] = found
        return found

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
