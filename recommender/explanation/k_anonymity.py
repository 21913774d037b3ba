"""Path groups: paths as they may be told; people become a number, and fewer than k people nothing at all."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kg.k_anonymity import told_count
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.flagged_accounts import flagged
from recommender.kernels.path_instances import Instances

Who = tuple[str, int]
"""Entity type and index of a user."""


@dataclass(frozen=True)
class PathGroup:
    """Path instances that differ only in people.

    ``nodes``: entity index per step from anchor to item, −1 for people; ``people``: at least how many different
    people it stands for (the fewest, where people stand at several steps; see :func:`kg.k_anonymity.told_count`),
    ``None`` without people on the way.
    """

    nodes: tuple[int, ...]
    share: float
    people: int | None


@dataclass(frozen=True)
class PathGroups:
    """``largest``: groups that may be shown, largest share first. ``others``: number of the other paths, through people
    at least so many: of further groups, and of small ones that only together have k people; ``rest``: the sum of their
    shares. ``untold``: the share of all paths through fewer than k people: nothing else is said of them, not even how
    many there are."""

    largest: list[PathGroup]
    others: int
    rest: float
    untold: float = 0.0


def group_paths(
    snapshot: Snapshot,
    node_types: tuple[str, ...],
    instances: Instances,
    weight: float,
    most: int,
    asks: Who | None = None,
) -> PathGroups:
    """Group instances.

    :param node_types: entity type per place, anchor to item.
    :param weight: the metapath's weight, by which products become shares.
    :param most: groups to tell.
    :param asks: whose paths they are: she is none of the others who are counted.
    """
    shares = instances.product * weight
    sensitive = through_people(snapshot, node_types)
    if not any(sensitive):  # paths differ in a node, so each is a group
        chosen = _largest(shares, instances.nodes, most)
        pairs = zip(instances.nodes[chosen].tolist(), shares[chosen].tolist(), strict=True)
        told = [PathGroup(tuple(nodes), share, None) for nodes, share in pairs]
        return PathGroups(told, len(shares) - len(chosen), _sum_without(shares, chosen))
    if not len(shares):
        return PathGroups([], 0, 0.0)
    masked = np.where(sensitive, np.int32(-1), instances.nodes)
    first, which = _groups(snapshot, node_types, masked)
    sums = np.bincount(which, weights=shares, minlength=len(first)).astype(np.float64)
    others = np.where(_is_no_other(snapshot, node_types, instances.nodes, asks), np.int32(-1), instances.nodes)
    people = _people(others[:, sensitive], which, len(first))
    few = people < snapshot.k
    shown = np.flatnonzero(~few)
    chosen = shown[_largest(sums[shown], masked[first[shown]], most)]
    groups = zip(masked[first[chosen]].tolist(), sums[chosen].tolist(), people[chosen].tolist(), strict=True)
    told = [PathGroup(tuple(nodes), share, told_count(count, snapshot.k)) for nodes, share, count in groups]
    further, untold = int(people[shown].sum() - people[chosen].sum()), float(sums[few].sum())
    rest = float(sums[np.setdiff1d(shown, chosen)].sum())
    if told and few.sum() > 1:  # enough people are behind the small groups together: then these are other paths
        small = few[which]
        together = int(_people(others[small][:, sensitive], np.zeros(int(small.sum()), dtype=np.int64), 1)[0])
        if together >= snapshot.k:
            further, rest, untold = further + together, rest + untold, 0.0
    return PathGroups(told, told_count(further, snapshot.k) or 0, rest, untold)


def _is_no_other(
    snapshot: Snapshot, node_types: tuple[str, ...], nodes: NDArray[np.int32], asks: Who | None
) -> NDArray[np.bool_]:
    """Where whoever asks stands on the paths herself, or an account that is flagged: the shape of ``nodes``."""
    found = np.zeros(nodes.shape, dtype=bool)
    for place, name in enumerate(node_types):
        if asks is not None and name == asks[0]:
            found[:, place] = nodes[:, place] == asks[1]
        if accounts := flagged(snapshot, name):
            found[:, place] |= np.isin(nodes[:, place], np.fromiter(accounts, dtype=np.int32))
    return found


def through_people(snapshot: Snapshot, node_types: tuple[str, ...]) -> list[bool]:
    """Which places on the way from anchor to item people stand at."""
    return [snapshot.schema.entity[name].sensitive for name in node_types]


def _sum_without(shares: NDArray[np.float64], chosen: NDArray[np.int64]) -> float:
    """The sum of all shares but the chosen."""
    if len(chosen) == len(shares):
        return 0.0
    rest = np.ones(len(shares), dtype=bool)
    rest[chosen] = False
    return float(shares[rest].sum())


def _largest(shares: NDArray[np.float64], nodes: NDArray[np.int32], most: int) -> NDArray[np.int64]:
    """Places of the ``most`` largest shares, for or against, largest first; ties by nodes."""
    size = np.abs(shares)
    position = np.arange(len(size))
    if len(size) < 2:
        return position[:most]
    if len(size) > most:
        position = np.flatnonzero(size >= np.partition(size, len(size) - most)[len(size) - most])
    order = np.lexsort((*nodes[position].T[::-1], -size[position]))
    return position[order][:most]


def _groups(
    snapshot: Snapshot, node_types: tuple[str, ...], masked: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """A path of each group of equal masked nodes, and the group of each path."""
    code, size = np.zeros(len(masked), dtype=np.int64), 1
    for name, column in zip(node_types, masked.T, strict=True):
        count = snapshot.vocabulary.count(name) + 1
        if size > np.iinfo(np.int64).max // count:  # the numbers of all groups so far are fewer
            code, size = np.unique(code, return_inverse=True)[1].astype(np.int64), len(masked)
        code, size = code * count + (column + 1), size * count
    _, first, which = np.unique(code, return_index=True, return_inverse=True)
    return first, which.astype(np.int64)


def _people(nodes: NDArray[np.int32], which: NDArray[np.int64], groups: int) -> NDArray[np.int64]:
    """Different people per group, the fewest over the steps: shape (groups,)."""
    fewest = np.full(groups, np.iinfo(np.int64).max)
    for column in nodes.T:
        order = np.lexsort((column, which))
        group, person = which[order], column[order]
        new = person >= 0
        new[1:] &= (group[1:] != group[:-1]) | (person[1:] != person[:-1])
        fewest = np.minimum(fewest, np.bincount(group[new], minlength=groups))
    return fewest
