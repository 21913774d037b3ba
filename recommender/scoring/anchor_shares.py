"""Anchor shares: what each anchor contributes to an item over one kernel."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.kernels.metapaths import Metapath
from recommender.kernels.path_instances import Instances, paths_between
from recommender.profiles.profile import Anchors, Profile
from recommender.scoring.scorer import Scorer


class AnchorShares:
    """The rows of a kernel that belong to some anchors, gathered once, then asked for items."""

    def __init__(self, kernel: csr_array, anchors: Anchors) -> None:
        starts = kernel.indptr[anchors.idx]
        counts = kernel.indptr[anchors.idx + 1] - starts
        self._anchors, self._data = anchors, kernel.data
        self._ends = counts.cumsum()
        self._edges = (starts - self._ends + counts).repeat(counts) + np.arange(self._ends[-1])
        self._items = kernel.indices[self._edges]
        self._found: dict[int, tuple[NDArray[np.int64], NDArray[np.int64]]] = {}

    def of(self, item: int) -> Anchors:
        """The anchors with an entry for an item, and ``x[a] · K[a, item]`` of each."""
        position, anchor = self._find(item)
        weight = self._anchors.weight[anchor] * self._data[self._edges[position]]
        return Anchors(self._anchors.idx[anchor], weight)

    def sum(self, item: int) -> float:
        """``Σ_a x[a] · K[a, item]``."""
        position, anchor = self._find(item)
        return float(self._anchors.weight[anchor] @ self._data[self._edges[position]]) if len(position) else 0.0

    def kept(self, item: int) -> Anchors:
        """The anchors with an entry for an item, with the weights x[a] they came with."""
        _, anchor = self._find(item)
        return Anchors(self._anchors.idx[anchor], self._anchors.weight[anchor])

    def of_all(self, wanted: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
        """Item, anchor and ``x[a] · K[a, item]`` of all entries for some items, the same bits as of one item at a time;
        of each item the anchors in their order: three arrays of shape (entries,).

        :param wanted: shape (items,), bool.
        """
        position = wanted[self._items].nonzero()[0]
        anchor = self._ends.searchsorted(position, side="right")
        weight = self._anchors.weight[anchor] * self._data[self._edges[position]]
        return self._items[position], self._anchors.idx[anchor], weight

    def _find(self, item: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Places of the entries for an item, and of their anchors."""
        if item not in self._found:
            position = (self._items == item).nonzero()[0]
            self._found[item] = position, self._ends.searchsorted(position, side="right")
        return self._found[item]


@dataclass(frozen=True, eq=False)
class WeighedMetapath:
    """A metapath that weighs something, whoever asks.

    ``weight``: its weight; ``item_type``: where it leads; ``node_types``: entity type per step, anchor to item.
    """

    path: Metapath
    weight: float
    item_type: str
    node_types: tuple[str, ...]

    @classmethod
    def of(cls, scorer: Scorer, path: Metapath) -> Self:
        """A metapath of a scorer."""
        schema = scorer.snapshot.schema
        types = tuple(schema.ends(step)[1] for step in path.steps)
        return cls(path, scorer.blend.weight(path), path.item_type(schema), types)


class ProfilePaths:
    """What kernels and paths give one profile, looked up once for all that explain its scores."""

    def __init__(self, scorer: Scorer, profile: Profile) -> None:
        self.scorer, self.profile = scorer, profile
        self._anchors: dict[Metapath, AnchorShares] = {}
        self._instances: dict[tuple[Metapath, int], Instances] = {}

    def anchors(self, path: Metapath) -> AnchorShares:
        """The anchors' rows of the kernel of a metapath."""
        if path not in self._anchors:
            kernel = self.scorer.kernels.kernel(path.tail)
            self._anchors[path] = AnchorShares(kernel, self.profile.anchors[path.start])
        return self._anchors[path]

    def instances(self, path: Metapath, item: int) -> Instances:
        """All paths of a metapath to an item."""
        key = path, item
        if key not in self._instances:
            kept = self.anchors(path).kept(item)
            self._instances[key] = paths_between(self.scorer.kernels, path.tail, kept, item)
        return self._instances[key]


class ProfileMetapath:
    """A metapath that weighs something, for one profile: what :class:`WeighedMetapath` says, and its anchors."""

    def __init__(self, known: ProfilePaths, path: Metapath) -> None:
        weighed = WeighedMetapath.of(known.scorer, path)
        self._known, self.path = known, path
        self.weight, self.item_type, self.node_types = weighed.weight, weighed.item_type, weighed.node_types

    @cached_property
    def anchors(self) -> AnchorShares:
        """The anchors' rows of its kernel."""
        return self._known.anchors(self.path)

    def instances(self, item: int) -> Instances:
        """All its paths to an item."""
        return self._known.instances(self.path, item)
