"""Learn how much each attribute counts in the association, on the validation part of the most popular items."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.progress import Progress, no_progress
from recommender.catalogue.interactions import Interactions
from recommender.kernels.learned.association import (
    INTERACTIONS,
    MOST_ITEMS,
    AssociationConfig,
    Dense,
    gram_inverse,
    gram_terms,
    most_popular,
    weights_of,
)
from recommender.learning.coordinate_ascent import ndcg
from recommender.splitting.interaction_splits import Split
from recommender.splitting.validation import FITTED, evenly, validation_marks

ITEMS = 4_000
"""A trial inverts a matrix of this size: what is best for the popular items is nearly best for all, at a 27th of the
work."""
USERS = 8_000
ENOUGH = 200
"""Users below which the default is kept."""
FACTORS = (2.0, 2.0, 1.4)
"""By which a weight is multiplied and divided, one pass each."""
BOOSTS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25)
ANCHORS = (0.0, 0.05, 0.1, 0.15, 0.2)
SCALE, SCALINGS = 1.5, 2
"""By which all attributes are multiplied or divided together, as long as that helps, at most so many times."""
BLOCK = 512


@dataclass(frozen=True)
class Trial:
    """The terms of the regression for some items, and users to try it on.

    ``used``: shape (users, items); ``truth``: shape (users,), the column of the held-out item; ``counts``: shape
    (items,), how many people used each.
    """

    terms: dict[str, csr_array]
    used: csr_array
    truth: NDArray[np.int64]
    counts: NDArray[np.float64]
    _inverse: dict[str, Dense] = field(default_factory=dict)
    """The last one: popularity exponents are tried on the same."""

    def score(self, config: AssociationConfig) -> float:
        """Mean NDCG@10 of the held-out items among all that a user has not used."""
        key = config.model_copy(update={"popularity": 0.0}).model_dump_json()
        if key not in self._inverse:
            self._inverse.clear()
            self._inverse[key] = gram_inverse(self.terms, config)
        weights = weights_of(self._inverse[key], 1.0 + self.counts, config)
        return sum(_gain(used, used @ weights, truth) for used, truth in self._blocks()) / len(self.truth)

    def exponents(self, config: AssociationConfig) -> tuple[AssociationConfig, float]:
        """The configuration with the best of all pairs of exponents, and its NDCG@10."""
        plain = config.model_copy(update={"popularity": 0.0, "anchors": 0.0})
        weights = weights_of(gram_inverse(self.terms, plain), 1.0 + self.counts, plain)
        gains = np.zeros((len(ANCHORS), len(BOOSTS)))
        for used, truth in self._blocks():
            for number, anchors in enumerate(ANCHORS):
                scores = (used * (1.0 + self.counts) ** -anchors) @ weights
                gains[number] += [_gain(used, scores * (1.0 + self.counts) ** boost, truth) for boost in BOOSTS]
        row, column = divmod(int(gains.argmax()), len(BOOSTS))
        found = config.model_copy(update={"popularity": BOOSTS[column], "anchors": ANCHORS[row]})
        return found, float(gains.max()) / len(self.truth)

    def _blocks(self) -> Iterator[tuple[csr_array, NDArray[np.int64]]]:
        for start in range(0, len(self.truth), BLOCK):
            yield csr_array(self.used[start : start + BLOCK]), self.truth[start : start + BLOCK]


def learn_association(split: Split, progress: Progress = no_progress) -> AssociationConfig:
    """Coordinate ascent over ridge, weights and popularity exponent on the most popular items, from the default; then,
    with the whole catalogue, over the scale of all attributes together and both exponents.

    :param split: with one held-out item per user; only users whose mark is below ``FITTED`` are looked at.
    """
    trial = _trial(split, ITEMS)
    if len(trial.truth) < ENOUGH:
        return AssociationConfig()
    best = _ascent(trial, progress)
    progress("Association, whole catalogue", 0, 1)
    return _calibrated(_trial(split, MOST_ITEMS), best)


def _ascent(trial: Trial, progress: Progress) -> AssociationConfig:
    best = AssociationConfig()
    highest = trial.score(best)
    names = [name for name in trial.terms if name != INTERACTIONS]
    total = len(FACTORS) * (2 * (len(names) + 1) + len(BOOSTS))
    number = 0
    for factor in FACTORS:
        for name in (*names, "ridge", "popularity"):
            for config in _neighbours(best, name, factor):
                number += 1
                progress("Association", min(number, total) - 1, total, name)
                if (found := trial.score(config)) > highest:
                    best, highest = config, found
    return best


def _calibrated(trial: Trial, config: AssociationConfig) -> AssociationConfig:
    """The best exponents, with all attributes multiplied, else divided, for as long as that helps."""
    names = [name for name in trial.terms if name != INTERACTIONS]
    start, highest = trial.exponents(config)
    best = start
    for factor in (SCALE, 1 / SCALE) if names else ():
        for _ in range(SCALINGS):
            weights = {name: best.weights.get(name, 1.0) * factor for name in names}
            config, found = trial.exponents(best.model_copy(update={"weights": weights}))
            if found <= highest:
                break
            best, highest = config, found
        if best is not start:
            break
    return best


def _gain(used: csr_array, scores: Dense, truth: NDArray[np.int64]) -> float:
    """Sum of NDCG@10 over some users, whose used items are left out; ``scores`` is overwritten."""
    scores[np.repeat(np.arange(len(truth)), np.diff(used.indptr)), used.indices] = -np.inf
    return float(ndcg(np.asarray(scores, dtype=np.float64), truth).sum())


def _neighbours(config: AssociationConfig, name: str, factor: float) -> Iterator[AssociationConfig]:
    """Configurations that differ in one coordinate."""
    if name == "popularity":
        yield from (config.model_copy(update={"popularity": one}) for one in BOOSTS if one != config.popularity)
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
    terms = gram_terms(split.train, interactions, items)
    return Trial(terms, csr_array(used[known]), truth[known], interactions.counts[items])
