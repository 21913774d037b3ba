"""Paths as they may be shown: people on the way become counts, few people become nothing but a share."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kg.snapshot import Snapshot
from recommender.paths import Instances

K_ANONYMITY = 5
"""Fewest people that may be counted in an explanation."""


@dataclass(frozen=True)
class PathGroup:
    """Path instances that differ only in people.

    ``nodes``: entity index per place from anchor to item, −1 for people; ``people``: how many different people it
    stands for (the fewest, where people stand at several places), ``None`` without people on the way.
    """

    nodes: tuple[int, ...]
    share: float
    people: int | None


def group_paths(
    snapshot: Snapshot, node_types: tuple[str, ...], instances: Instances, weight: float
) -> tuple[list[PathGroup], int, float]:
    """Group instances, largest share first.

    :param node_types: entity type per place, anchor to item.
    :param weight: the metapath's weight, by which products become shares.
    :returns: the groups that may be shown, and number and share of the paths through fewer than ``K_ANONYMITY``
        people, whose way is not told.
    """
    if not len(instances.product):
        return [], 0, 0.0
    sensitive = np.array([snapshot.schema.entity[name].sensitive for name in node_types])
    shares = instances.product * weight
    masked = np.where(sensitive, -1, instances.nodes)
    keys, which = np.unique(masked, axis=0, return_inverse=True)
    which = which.reshape(-1)
    sums = np.bincount(which, weights=shares, minlength=len(keys))
    counts = _people(instances.nodes[:, sensitive], which, len(keys))
    groups = [
        PathGroup(tuple(int(node) for node in key), float(total), int(count) if sensitive.any() else None)
        for key, total, count in zip(keys, sums, counts, strict=True)
    ]
    shown = [group for group in groups if group.people is None or group.people >= K_ANONYMITY]
    hidden = np.array([group.people is not None and group.people < K_ANONYMITY for group in groups])
    shown.sort(key=lambda group: (-group.share, group.nodes))
    return shown, int(hidden[which].sum()), float(sums[hidden].sum())


def _people(nodes: NDArray[np.int32], which: NDArray[np.int64], groups: int) -> NDArray[np.int64]:
    """Different people per group, the fewest over the places: shape (groups,)."""
    fewest = np.full(groups, np.iinfo(np.int64).max)
    for column in nodes.T:
        pairs = np.unique(np.column_stack([which, column]), axis=0)
        fewest = np.minimum(fewest, np.bincount(pairs[:, 0], minlength=groups))
    return fewest
