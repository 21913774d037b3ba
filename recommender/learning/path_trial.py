"""Path trial: which of many metapaths deserve a kernel, each alone, on a few people of the validation part.

A kernel is made for every anchor there is; a few hundred people need the rows of their own anchors only. So a wide
schema costs by what may earn a weight, and not by what can be walked.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.progress import Progress, no_progress
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.catalogue import Catalogue
from recommender.kernels.degree_damping import DampingConfig
from recommender.kernels.metapaths import Metapath
from recommender.kernels.transition import Transitions
from recommender.learning.coordinate_ascent import gain_of
from recommender.linalg.sparse_matrix import binary
from recommender.profiles.profile import anchors_of
from recommender.splitting.interaction_splits import Split
from recommender.splitting.validation import FITTED, evenly, validation_marks

MANY = 100
"""Metapaths up to which all get a kernel."""
KEPT, LEAST = 60, 6
"""How many are kept in all, and at least of those from one step of a user to one item type."""
PEOPLE = 300
"""People that the metapaths from one step to one item type are tried on at most."""
ENOUGH = 30
"""People below which nothing is tried: the shortest are kept."""
DEPTH = 100
Way = tuple[str, str]
"""The step from a user to her anchors, and the type of the items."""


def worth_a_kernel(
    split: Split, metapaths: Sequence[Metapath], config: DampingConfig, progress: Progress = no_progress
) -> tuple[str, ...] | None:
    """The metapaths that rank held-out items best, NDCG@100 of each alone, written out; ``None`` where they are at most
    ``MANY``: all of them.

    :param metapaths: without learned kernels.
    """
    if len(metapaths) <= MANY:
        return None
    ways: dict[Way, list[Metapath]] = {}
    for path in metapaths:
        ways.setdefault((path.start, path.item_type(split.train.schema)), []).append(path)
    quota = max(LEAST, KEPT // len(ways))
    transitions, kept, number = Transitions(split.train, config), list[str](), 0
    for way, paths in ways.items():
        progress("Metapaths to choose from", number, len(metapaths), " > ".join(way))
        users, truth = _people(split, way)
        worth = [0.0] * len(paths)
        if len(users) >= ENOUGH and len(paths) > quota:
            trial = _Trial(transitions, anchors_of(split.train, way[0], users), truth)
            worth = [trial.gain(path) for path in paths]
        best = sorted(range(len(paths)), key=lambda one: (-worth[one], len(paths[one].steps), one))[:quota]
        kept += [str(paths[one]) for one in best]
        number += len(paths)
    return tuple(sorted(kept))


class _Trial:
    """People, by the rows of their anchors, and the item of each that is to be found."""

    def __init__(self, transitions: Transitions, anchors: csr_array, truth: NDArray[np.int64]) -> None:
        self.transitions, self.anchors, self.truth = transitions, anchors, truth
        self._begun: dict[tuple[str, ...], csr_array] = {}
        """Steps → what they give the people, without the last one: many metapaths begin alike."""

    def gain(self, path: Metapath) -> float:
        """Mean NDCG@100 of the held-out items among all that are not anchors."""
        schema = self.transitions.snapshot.schema
        tail, last = path.tail, len(path.tail) - 1
        scores = csr_array(self._up_to(tail, last) @ self.transitions.matrix(tail, last))
        if schema.ends(path.start)[1] == path.item_type(schema):
            scores = csr_array(scores - scores.multiply(binary(self.anchors)))
        right = np.asarray(scores[np.arange(len(self.truth)), self.truth]).ravel()
        rows = np.repeat(np.arange(len(right)), np.diff(scores.indptr))
        ranks = np.bincount(rows[scores.data >= right[rows]], minlength=len(right))
        return float(np.where(right > 0, gain_of(np.maximum(ranks, 1), DEPTH), 0.0).mean())

    def _up_to(self, tail: tuple[str, ...], position: int) -> csr_array:
        if position == 0:
            return self.anchors
        if tail[:position] not in self._begun:
            before = self._up_to(tail, position - 1)
            self._begun[tail[:position]] = csr_array(before @ self.transitions.matrix(tail, position - 1))
        return self._begun[tail[:position]]


def _people(split: Split, way: Way) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """People with anchors by a step, and a held-out item of a type of each: two arrays of shape (people,)."""
    snapshot: Snapshot = split.train
    part, (user_type, _) = Catalogue(snapshot).slices[way[1]], snapshot.schema.ends(way[0])
    known = np.diff(snapshot.adjacency(way[0]).indptr) > 0
    found = [
        (user, int(held[0]) - part.start)
        for user, positions in split.test.items()
        if user[0] == user_type and known[user[1]]
        if len(held := positions[(positions >= part.start) & (positions < part.stop)])
    ]
    marks = validation_marks(snapshot, [user for user, _ in found])
    pairs = [(user[1], item) for (user, item), mark in zip(found, marks, strict=True) if mark < FITTED]
    users, truth = np.array(evenly(pairs, PEOPLE) or np.empty((0, 2)), dtype=np.int64).reshape(-1, 2).T
    return users, truth
