"""Learn how much each attribute counts in the association, on the validation part of the most popular items.

Weights are tried by local regressions of few items on fewer near ones, which stay the same all along, so that a trial
is one batch of small systems; scale and exponents by the regressions of the kernel itself, on many more items.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.progress import Progress, no_progress
from recommender.catalogue.interactions import Interactions
from recommender.kernels.learned.association import (
    INTERACTIONS,
    AssociationConfig,
    attribute_steps_of,
    nearest,
    terms_of,
    weighed,
)
from recommender.kernels.trained_graph import AsTrained
from recommender.learning.sparse_ranking import ndcg_by_factors
from recommender.linalg.blas_threads import one_thread
from recommender.linalg.local_ridge import regressions
from recommender.splitting.interaction_splits import Split
from recommender.splitting.validation import FITTED, evenly, validation_marks

MOST_ITEMS = 15_000
"""Items that scale and exponents are tried on, the most popular ones."""
Single = NDArray[np.float32]
ITEMS, NEAR = 4_000, 50
"""Items that weights are tried on, and on how many each is regressed: what is best for the popular items is nearly best
for all."""
ROWS = 256
"""Rows of a block of the Gram matrix."""
CELLS = 200_000_000
"""Entries of the small systems that are held: where there are many terms there are fewer items."""
USERS = 8_000
ENOUGH = 200
"""Users below which the default is kept."""
FACTORS = (2.0, 2.0, 1.4)
"""By which a weight is multiplied and divided, one pass each."""
BOOSTS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4)
ANCHORS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4)
EXPONENTS = {"popularity": BOOSTS, "anchors": ANCHORS}
SCALE, SCALINGS = 1.5, 2
"""By which all attributes are multiplied or divided together, as long as that helps, at most so many times."""


@dataclass(frozen=True)
class Trial:
    """The features of some items by term, and users to try a regression on.

    ``parts``: where the items of each type are; ``used``: shape (users, items); ``truth``: shape (users,), the column
    of the held-out item; ``counts``: shape (items,), how many people used each.
    """

    terms: dict[str, csr_array]
    parts: list[slice]
    used: csr_array
    truth: NDArray[np.int64]
    counts: NDArray[np.float64]

    def score(self, weights: csr_array, config: AssociationConfig) -> float:
        """Mean NDCG@10 of the held-out items among all that a user has not used.

        :param weights: B without exponents, shape (items, items).
        """
        return float(self._gains(weights, [config.anchors], [config.popularity]).mean())

    def by_exponents(self, weights: csr_array) -> NDArray[np.float64]:
        """The score with each of ``ANCHORS``, a row, and each of ``BOOSTS``: the same numbers, made together."""
        return np.array([[float(one.mean()) for one in row] for row in self._gains(weights, ANCHORS, BOOSTS)])

    def _gains(self, weights: csr_array, anchors: Sequence[float], boosts: Sequence[float]) -> NDArray[np.float64]:
        """NDCG@10 of each user with each pair of exponents: shape (anchors, boosts, users)."""
        counts = 1.0 + self.counts
        before, after = [counts**-one for one in anchors], [counts**one for one in boosts]
        return ndcg_by_factors(self.used, weights, self.truth, before, after)

    def solved(self, config: AssociationConfig) -> csr_array:
        """B of the kernel without exponents: shape (items, items)."""
        features = weighed(self.terms, config)
        near = nearest(features, self.parts, config.neighbours)
        found = regressions(features, near, config.ridge, np.arange(features.shape[0]))
        np.maximum(found.data, 0.0, out=found.data)
        return csr_array(found.T)


@dataclass(frozen=True)
class SmallSystems:
    """The regressions of all items of a trial on the same near ones, whatever the terms count.

    ``near``: shape (items, n), the items near each, −1 where there are fewer; ``left``, ``right``: G_NN, shape (terms,
    items, n, n), and G_Nj, shape (terms, items, n), of each term alone.
    """

    terms: tuple[str, ...]
    near: NDArray[np.int64]
    left: Single
    right: Single

    @classmethod
    def of(cls, trial: Trial) -> "SmallSystems":
        """Those of a trial, with the items that are near where all terms count alike."""
        size = len(trial.counts)
        rows = nearest(weighed(trial.terms, AssociationConfig()), [slice(0, size)], NEAR)
        lengths = np.diff(rows.indptr)
        near = np.full((size, int(lengths.max(initial=1))), -1, dtype=np.int64)
        near[np.arange(near.shape[1]) < lengths[:, None]] = rows.indices
        there, width = near >= 0, near.shape[1]
        left = np.empty((len(trial.terms), size, width, width), dtype=np.float32)
        right = np.empty(left.shape[:3], dtype=np.float32)
        for number, term in enumerate(trial.terms.values()):
            gram = _gram(term)
            right[number] = np.where(there, gram[np.arange(size)[:, None], near], np.float32(0))
            left[number] = gram[near[:, :, None], near[:, None, :]]
            left[number] *= there[:, :, None] & there[:, None, :]
        return cls(tuple(trial.terms), near, left, right)

    @one_thread()
    def solved(self, config: AssociationConfig) -> csr_array:
        """B without exponents: shape (items, items)."""
        size, most = self.near.shape
        counts = [1.0 if name == INTERACTIONS else config.weights.get(name, 1.0) for name in self.terms]
        left, right = (
            np.einsum("t,t...->...", np.array(counts, dtype=np.float32), one) for one in (self.left, self.right)
        )
        left[:, np.arange(most), np.arange(most)] += np.float32(config.ridge)
        found = np.maximum(np.linalg.solve(left, right[:, :, None])[:, :, 0], 0.0)
        there = self.near >= 0
        indptr = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
        rows = csr_array((found[there].astype(np.float64), self.near[there], indptr), shape=(size, size))
        return csr_array(rows.T)


def _gram(features: csr_array) -> Single:
    """F Fᵀ, shape (items, items), added up in blocks of rows: what every item has would make it dense while sparse."""
    gram, turned = np.empty((features.shape[0],) * 2, dtype=np.float32), csr_array(features.T)
    for start in range(0, features.shape[0], ROWS):
        gram[start : start + ROWS] = csr_array(features[start : start + ROWS] @ turned).toarray()
    return gram


def learn_association(splits: Sequence[Split], progress: Progress = no_progress) -> AssociationConfig:
    """Coordinate ascent over ridge, weights and exponents on the most popular items, from the default; then, with the
    whole catalogue, over the scale of all attributes together and both exponents.

    :param splits: each with one held-out item per user; only users whose mark is below ``FITTED`` are looked at.
    """
    terms = 1 + len(attribute_steps_of(splits[0].train))
    trials = [_trial(one, min(ITEMS, CELLS // (len(splits) * terms * NEAR**2))) for one in splits]
    if len(trials[0].truth) < ENOUGH:
        return AssociationConfig()
    best = _ascent(trials, progress)
    progress("Association, whole catalogue", 0, 1)
    return _calibrated([_trial(one, MOST_ITEMS) for one in splits], best)


def _score(trials: Sequence[Trial], weights: Sequence[csr_array], config: AssociationConfig) -> float:
    """Mean NDCG@10 over the users of all trials."""
    gains = [trial.score(one, config) * len(trial.truth) for trial, one in zip(trials, weights, strict=True)]
    return sum(gains) / sum(len(trial.truth) for trial in trials)


def _ascent(trials: Sequence[Trial], progress: Progress) -> AssociationConfig:
    systems, known = [SmallSystems.of(one) for one in trials], dict[str, float]()
    last: tuple[str, list[csr_array]] = ("", [])

    def score(config: AssociationConfig) -> float:
        """That of a configuration, each solved and tried once."""
        nonlocal last
        plain = config.model_copy(update={"popularity": 0.0, "anchors": 0.0}).model_dump_json()
        key = config.model_dump_json()
        if key not in known:
            last = last if last[0] == plain else (plain, [one.solved(config) for one in systems])
            known[key] = _score(trials, last[1], config)
        return known[key]

    best = AssociationConfig()
    names = [name for name in trials[0].terms if name != INTERACTIONS]
    total = len(FACTORS) * (2 * (len(names) + 1) + len(BOOSTS) + len(ANCHORS))
    number = 0
    for factor in FACTORS:
        for name in (*names, "ridge", *EXPONENTS):
            for config in _neighbours(best, name, factor):
                number += 1
                progress("Association", min(number, total) - 1, total, name)
                best = max(best, config, key=score)
    return best


def _calibrated(trials: Sequence[Trial], config: AssociationConfig) -> AssociationConfig:
    """The best exponents, with all attributes multiplied, else divided, for as long as that helps."""
    names = [name for name in trials[0].terms if name != INTERACTIONS]
    start, highest = _exponents(trials, config)
    best = start
    for factor in (SCALE, 1 / SCALE) if names else ():
        for _ in range(SCALINGS):
            weights = {name: best.weights.get(name, 1.0) * factor for name in names}
            config, found = _exponents(trials, best.model_copy(update={"weights": weights}))
            if found <= highest:
                break
            best, highest = config, found
        if best is not start:
            break
    return best


def _exponents(trials: Sequence[Trial], config: AssociationConfig) -> tuple[AssociationConfig, float]:
    """The configuration with the best of all pairs of exponents, and its NDCG@10 over the users of all trials."""
    people = [len(one.truth) for one in trials]
    gains = [one.by_exponents(one.solved(config)) * count for one, count in zip(trials, people, strict=True)]
    found = np.sum(gains, axis=0) / sum(people)
    row, column = divmod(int(np.argmax(found)), len(BOOSTS))
    pair = {"anchors": ANCHORS[row], "popularity": BOOSTS[column]}
    return config.model_copy(update=pair), float(found[row, column])


def _neighbours(config: AssociationConfig, name: str, factor: float) -> Iterator[AssociationConfig]:
    """Configurations that differ in one coordinate."""
    if name in EXPONENTS:
        yield from (config.model_copy(update={name: one}) for one in EXPONENTS[name] if one != getattr(config, name))
        return
    for times in (factor, 1 / factor):
        if name == "ridge":
            yield config.model_copy(update={"ridge": config.ridge * times})
        else:
            weights = {**config.weights, name: config.weights.get(name, 1.0) * times}
            yield config.model_copy(update={"weights": weights})


def _trial(split: Split, most: int) -> Trial:
    interactions = Interactions(split.train)
    items = most_popular(interactions.counts, most)
    column = np.full(interactions.catalogue.size, -1)
    column[items] = np.arange(len(items))
    users = [(user, int(column[held[0]])) for user, held in split.test.items() if column[held[0]] >= 0]
    marks = validation_marks(split.train, [user for user, _ in users])
    users = [one for one, mark in zip(users, marks, strict=True) if mark < FITTED]
    users = list(evenly(users, USERS))
    used = csr_array(interactions.rows([user for user, _ in users])[:, items]) if users else csr_array((0, len(items)))
    known = np.diff(used.indptr) > 0
    truth = np.array([held for _, held in users], dtype=np.int64)
    terms = {name: csr_array(one[items]) for name, one in terms_of(AsTrained(split.train), interactions, {}).items()}
    ends = [(one.start, one.stop) for one in interactions.catalogue.slices.values()]
    parts = [slice(*np.searchsorted(items, one).tolist()) for one in ends]
    return Trial(terms, parts, csr_array(used[known]), truth[known], interactions.counts[items])


def most_popular(counts: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """Positions of at most ``most`` items, those with the highest counts, in the order of the catalogue."""
    return np.sort(np.argsort(-counts, kind="stable")[:most])
