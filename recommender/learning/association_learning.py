"""Learn how much each attribute counts in the association, on the validation part of the most popular items.

Weights are tried by the inverse of the whole Gram matrix of few items (EASE, Steck, 2019), which the local regressions
of the kernel come close to; scale and exponents by these themselves, on many more.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.progress import Progress, no_progress
from recommender.catalogue.interactions import Interactions
from recommender.kernels.learned.association import INTERACTIONS, AssociationConfig, nearest, terms_of, weighed
from recommender.learning.coordinate_ascent import ndcg
from recommender.linalg.local_ridge import regressions
from recommender.linalg.ridge import ridge_inverse
from recommender.linalg.sparse_matrix import times_columns
from recommender.splitting.interaction_splits import Split
from recommender.splitting.validation import FITTED, evenly, validation_marks

MOST_ITEMS = 15_000
"""Items that scale and exponents are tried on, the most popular ones."""
Dense = NDArray[np.floating]
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
    """The features of some items by term, and users to try a regression on.

    ``parts``: where the items of each type are; ``used``: shape (users, items); ``truth``: shape (users,), the column
    of the held-out item; ``counts``: shape (items,), how many people used each.
    """

    terms: dict[str, csr_array]
    parts: list[slice]
    used: csr_array
    truth: NDArray[np.int64]
    counts: NDArray[np.float64]
    _inverse: dict[str, Dense] = field(default_factory=dict)
    """The last one: popularity exponents are tried on the same."""

    @cached_property
    def grams(self) -> dict[str, csr_array]:
        """The terms of G: items × items."""
        return {name: csr_array(one @ one.T) for name, one in self.terms.items()}

    def score(self, config: AssociationConfig) -> float:
        """Mean NDCG@10 of the held-out items among all that a user has not used."""
        key = config.model_copy(update={"popularity": 0.0}).model_dump_json()
        if key not in self._inverse:
            self._inverse.clear()
            self._inverse[key] = gram_inverse(self.grams, config)
        weights = weights_of(self._inverse[key], 1.0 + self.counts, config)
        return sum(_gain(used, used @ weights, truth) for used, truth in self._blocks()) / len(self.truth)

    def exponents(self, config: AssociationConfig) -> tuple[AssociationConfig, float]:
        """The configuration with the best of all pairs of exponents, and its NDCG@10."""
        plain = config.model_copy(update={"popularity": 0.0, "anchors": 0.0})
        weights = self._local(plain)
        gains = np.zeros((len(ANCHORS), len(BOOSTS)))
        for used, truth in self._blocks():
            for number, anchors in enumerate(ANCHORS):
                scores = csr_array(times_columns(used, (1.0 + self.counts) ** -anchors) @ weights).toarray()
                gains[number] += [_gain(used, scores * (1.0 + self.counts) ** boost, truth) for boost in BOOSTS]
        row, column = divmod(int(gains.argmax()), len(BOOSTS))
        found = config.model_copy(update={"popularity": BOOSTS[column], "anchors": ANCHORS[row]})
        return found, float(gains.max()) / len(self.truth)

    def _local(self, config: AssociationConfig) -> csr_array:
        """B of the kernel without exponents: shape (items, items)."""
        features = weighed(self.terms, config)
        near = nearest(features, self.parts, config.neighbours)
        found = regressions(features, near, config.ridge, np.arange(features.shape[0]))
        np.maximum(found.data, 0.0, out=found.data)
        return csr_array(found.T)

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
    terms = {name: csr_array(one[items]) for name, one in terms_of(split.train, interactions, {}).items()}
    ends = [(one.start, one.stop) for one in interactions.catalogue.slices.values()]
    parts = [slice(*np.searchsorted(items, one).tolist()) for one in ends]
    return Trial(terms, parts, csr_array(used[known]), truth[known], interactions.counts[items])


def most_popular(counts: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """Positions of at most ``most`` items, those with the highest counts, in the order of the catalogue."""
    return np.sort(np.argsort(-counts, kind="stable")[:most])


def gram_inverse(grams: Mapping[str, csr_array], config: AssociationConfig) -> Dense:
    """P = G^-1 for given terms of G, or for the same rows and columns of each: shape (items, items)."""
    gram = np.zeros(grams[INTERACTIONS].shape, dtype=np.float32)
    for name, term in grams.items():
        weight = 1.0 if name == INTERACTIONS else config.weights.get(name, 1.0)
        if weight > 0:
            rows = np.repeat(np.arange(term.shape[0]), np.diff(term.indptr))
            gram[rows, term.indices] += (weight * term.data).astype(np.float32)
    return ridge_inverse(gram, config.ridge)


def weights_of(inverse: Dense, counts: NDArray[np.float64], config: AssociationConfig) -> Dense:
    """``B_ij = max(0, −P_ij / P_jj)`` with the exponents, for P, which stays as it is.

    :param counts: 1 + n of each item, shape (items,).
    """
    weights = inverse * (-(counts**config.popularity) / np.diag(inverse)).astype(np.float32)
    if config.anchors > 0:
        weights *= (counts**-config.anchors).astype(np.float32)[:, None]
    np.fill_diagonal(weights, 0.0)
    return np.maximum(weights, 0.0, out=weights)
