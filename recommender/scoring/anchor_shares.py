"""Anchor shares: what each anchor contributes to an item over one kernel."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.kernels.kernel import LearnedKernel
from recommender.kernels.metapaths import Metapath
from recommender.kernels.path_instances import Instances, paths_between
from recommender.profiles.profile import Anchors, Profile
from recommender.scoring.scorer import Scorer


class AnchorShares:
    """The rows of a kernel that belong to some anchors, gathered once, then asked for items.

    ``items``: the items of all rows, one row after the other; ``counts``: how many each has; ``starts``: where each is
    in ``data``, the entries of the kernel, which are read where they are asked for: few of a row are.
    """

    def __init__(self, kernel: csr_array, anchors: Anchors) -> None:
        starts, ends = kernel.indptr[anchors.idx], kernel.indptr[anchors.idx + 1]
        self.anchors, self.starts, self.counts, self.data = anchors, starts, ends - starts, kernel.data
        rows = zip(starts.tolist(), ends.tolist(), strict=True)
        self.items = np.concatenate([kernel.indices[start:end] for start, end in rows])
        self._found: dict[int, tuple[NDArray[np.int64], NDArray[np.float64]]] = {}

    def of(self, item: int) -> Anchors:
        """The anchors with an entry for an item, and ``x[a] · K[a, item]`` of each."""
        row, entries = self._find(item)
        return Anchors(self.anchors.idx[row], self.anchors.weight[row] * entries)

    def sum(self, item: int) -> float:
        """``Σ_a x[a] · K[a, item]``."""
        row, entries = self._find(item)
        return float(self.anchors.weight[row] @ entries) if len(row) else 0.0

    def kept(self, item: int) -> Anchors:
        """The anchors with an entry for an item, with the weights x[a] they came with."""
        row, _ = self._find(item)
        return Anchors(self.anchors.idx[row], self.anchors.weight[row])

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        """Where each row ends in ``items``."""
        return np.asarray(self.counts.cumsum())

    @cached_property
    def _shift(self) -> NDArray[np.int64]:
        """How much further on each row is in the kernel."""
        return np.asarray(self.starts - self._ends + self.counts)

    def _find(self, item: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Places of the anchors with an entry for an item, and ``K[a, item]`` of each."""
        if item not in self._found:
            position = (self.items == item).nonzero()[0]
            row = self._ends.searchsorted(position, side="right")
            self._found[item] = row, self.data[position + self._shift[row]]
        return self._found[item]


@dataclass(frozen=True, eq=False)
class ItemShares:
    """Entries for some items: which of several parts each is of, its item, its anchor, and ``x[a] · K[a, item]``: four
    arrays of shape (entries,), part by part, and of each item the anchors in their order."""

    part: NDArray[np.int64]
    item: NDArray[np.int32]
    anchor: NDArray[np.int32]
    share: NDArray[np.float64]

    @classmethod
    def of(cls, parts: Sequence[AnchorShares], wanted: NDArray[np.bool_]) -> Self:
        """All that are not 0, the same bits as of one item and one part at a time, with fewer and longer arrays.

        :param parts: at least one.
        :param wanted: shape (items,), bool.
        """
        items, counts, starts = (
            np.concatenate(column)
            for column in zip(*((one.items, one.counts, one.starts) for one in parts), strict=True)
        )
        ends, position = counts.cumsum(), wanted[items].nonzero()[0]
        row = ends.searchsorted(position, side="right")
        part = np.arange(len(parts)).repeat([len(one.counts) for one in parts])[row]
        entries = position + (starts - ends + counts)[row]
        bounds = part.searchsorted(np.arange(len(parts) + 1)).tolist()
        data = np.concatenate(
            [one.data[entries[begin:end]] for one, (begin, end) in zip(parts, pairwise(bounds), strict=True)]
        )
        share = np.concatenate([one.anchors.weight for one in parts])[row] * data
        anchor = np.concatenate([one.anchors.idx for one in parts])[row]
        kept = slice(None) if share.all() else share.nonzero()[0]
        return cls(part[kept], items[position][kept], anchor[kept], share[kept])


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
        """A metapath of a scorer, which keeps it."""
        key = "weighed", path
        if key not in scorer.kept:
            schema = scorer.snapshot.schema
            types = tuple(schema.ends(step)[1] for step in path.steps)
            scorer.kept[key] = cls(path, scorer.blend.weight(path), path.item_type(schema), types)
        found: Self = scorer.kept[key]
        return found


class ProfilePaths:
    """What kernels and paths give one profile, looked up once for all that explain its scores."""

    def __init__(self, scorer: Scorer, profile: Profile) -> None:
        self.scorer, self.profile = scorer, profile
        self._anchors: dict[Metapath, AnchorShares] = {}
        self._instances: dict[tuple[Metapath, int], Instances] = {}
        self._both: dict[tuple[str, str], dict[int, dict[int, int]]] = {}

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

    def used_both(self, kernel: LearnedKernel, start: str, items: Sequence[int]) -> list[dict[int, int]]:
        """Of each of some items, how many people used it and each anchor of a step: the same for all kernels that
        ``counts_together``."""
        known = self._both.setdefault((start, kernel.item_type), {})
        if missing := [item for item in items if item not in known]:
            idx = self.profile.anchors[start].idx
            anchors, rows = idx.tolist(), kernel.people_of_all(idx, missing).tolist()
            known.update((item, dict(zip(anchors, row, strict=True))) for item, row in zip(missing, rows, strict=True))
        return [known[item] for item in items]


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

    def people(self, kernel: LearnedKernel, anchors: NDArray[np.integer], item: int) -> list[int] | None:
        """How many people are behind the entries of some of its anchors for an item, where that is counted.

        :param kernel: what its path stands for.
        """
        if kernel.counts_together:
            (both,) = self._known.used_both(kernel, self.path.start, [item])
            return [both[one] for one in anchors.tolist()]
        found = kernel.people(anchors, item)
        return None if found is None else found.tolist()
