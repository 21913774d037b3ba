"""Choose how learned kernels are made: each on its own, by what it ranks on the validation part."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.progress import Progress, no_progress
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.catalogue import Catalogue
from recommender.kernels.kernel import KernelInputs, LearnedKernel
from recommender.kernels.registry import LEARNED
from recommender.learning.coordinate_ascent import gain_of
from recommender.learning.sparse_ranking import ndcg_of_unused
from recommender.profiles.profile import anchors_of
from recommender.splitting.interaction_splits import Split
from recommender.splitting.validation import FITTED, evenly, validation_marks

USERS = 2_000
"""Users that one interaction is tried on at most."""
ENOUGH = 100
"""Users below which nothing is chosen."""
PASSES = 2
SURE = 2.0
"""Least gain, in standard errors of the paired difference."""
Gains = NDArray[np.float64]


@dataclass(frozen=True)
class KernelTrial:
    """People who are to be told one more item from what they used before by the same interaction.

    ``relation``: the interaction; ``item_type``: where it leads; ``users``: indices of the people; ``truth``: the item
    of each that is held out; both of shape (users,).
    """

    relation: str
    item_type: str
    users: NDArray[np.int64]
    truth: NDArray[np.int64]

    def anchors(self, snapshot: Snapshot) -> csr_array:
        """What they used before, with the weights of their profiles: users × items."""
        return anchors_of(snapshot, self.relation, self.users)

    def gains(self, anchors: csr_array, kernel: csr_array) -> Gains:
        """NDCG@10 of the held-out item by one kernel, among all that were not used: shape (users,). Ties count against
        it, and so does a score of 0."""
        return ndcg_of_unused(anchors, kernel, self.truth)

    def gains_of(self, scores: NDArray[np.float64], anchors: csr_array) -> Gains:
        """The same by one score for everybody.

        :param scores: shape (items,).
        """
        right = scores[self.truth]
        rows = np.repeat(np.arange(len(right)), np.diff(anchors.indptr))
        ordered = np.sort(scores)
        ranks = len(scores) - np.searchsorted(ordered, right, side="left")
        ranks -= np.bincount(rows[scores[anchors.indices] >= right[rows]], minlength=len(right))
        return np.where(right > 0, gain_of(np.maximum(ranks, 1)), 0.0)


def kernel_trials(split: Split) -> list[KernelTrial]:
    """One trial for each interaction with enough people, of whom only those with a mark below ``FITTED`` are asked, and
    only for what is new to them."""
    train, slices = split.train, Catalogue(split.train).slices
    marks = dict(zip(split.test, validation_marks(train, list(split.test)).tolist(), strict=True))
    trials = []
    for name in train.schema.interactions:
        relation, links = train.schema.relation[name], train.adjacency(name)
        indptr, pairs = links.indptr, []
        for (user_type, idx), positions in split.test.items():
            held = positions[(positions >= slices[relation.tail].start) & (positions < slices[relation.tail].stop)]
            known = user_type == relation.head and indptr[idx + 1] > indptr[idx]
            if known and len(held) and marks[user_type, idx] < FITTED:
                truth = int(held[0]) - slices[relation.tail].start
                if not (links.indices[indptr[idx] : indptr[idx + 1]] == truth).any():
                    pairs.append((idx, truth))
        if len(pairs) >= ENOUGH:
            users, truth = np.array(evenly(pairs, USERS), dtype=np.int64).T
            trials.append(KernelTrial(name, relation.tail, users, truth))
    return trials


def learn_kernels(
    trials: Sequence[KernelTrial],
    snapshot: Snapshot,
    settings: Mapping[str, Any],
    top: int,
    progress: Progress = no_progress,
) -> dict[str, dict[str, Any]]:
    """The configuration of every kind of kernel that has a grid, where there is anything to choose it by.

    Coordinate ascent over the grid, from the default; the mean NDCG@10 of the kernel alone, within its item type,
    decides. Where it says nothing of its own (``LearnedKernel.silent``), it is left empty.

    :param snapshot: the training part of the split, its anchors weighed as they are to be.
    :param settings: where to start: kind → configuration, the default where it is missing.
    """
    found: dict[str, dict[str, Any]] = {}
    for kind in (one for one in LEARNED if one.grid):
        asked = [one for one in trials if kind.exists(snapshot, one.item_type, one.item_type)]
        if asked:
            start = dict(settings.get(kind.name, {}))
            start = {} if kind.silent is not None and start == kind.silent[1] else start
            found[kind.name] = _best(kind, asked, (snapshot, top), start, progress)
    return found


def _best(
    kind: type[LearnedKernel],
    trials: Sequence[KernelTrial],
    made_of: tuple[Snapshot, int],
    start: dict[str, Any],
    progress: Progress,
) -> dict[str, Any]:
    snapshot, top = made_of
    shared, known = dict[str, Any](), dict[str, Gains]()
    rows = [one.anchors(snapshot) for one in trials]
    asked = {one.item_type: np.empty(0, dtype=np.int64) for one in trials}
    for one, mine in zip(trials, rows, strict=True):
        asked[one.item_type] = np.union1d(asked[one.item_type], mine.indices)
    total, number = PASSES * sum(len(values) for values in kind.grid.values()), 0

    def gains(config: dict[str, Any]) -> Gains:
        """NDCG@10 of the kernels with a configuration, user by user of all trials."""
        if (key := json.dumps(config, sort_keys=True)) not in known:
            inputs = KernelInputs(snapshot, top, {kind.name: config}, shared)
            kernels = {end: kind(inputs, end, end).with_rows_of(some) for end, some in asked.items()}
            parts = [one.gains(mine, kernels[one.item_type]) for one, mine in zip(trials, rows, strict=True)]
            known[key] = np.concatenate(parts)
        return known[key]

    best, highest = start, gains(start)
    for _ in range(PASSES):
        before = best
        for name, value in _values(kind.grid):
            number += 1
            progress("Kernels to choose from", min(number, total), total, f"{kind.name}: {name} {value:g}")
            trial = {**best, name: value}
            if trial != best and (found := gains(trial)).mean() > highest.mean():
                best, highest = trial, found
        if best == before:
            break
    if kind.silent is not None and not surely_gained(highest - gains({**best, **kind.silent[0]})):
        return dict(kind.silent[1])
    return best


def surely_gained(gain: Gains) -> bool:
    """Whether a paired gain is more than chance: the best of a dozen is often better by one standard error."""
    return bool(gain.mean() > SURE * gain.std() / np.sqrt(len(gain)))


def _values(grid: Mapping[str, Iterable[float]]) -> list[tuple[str, float]]:
    return [(name, value) for name, values in grid.items() for value in values]
