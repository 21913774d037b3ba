"""Popularity as the floor: where nothing is surely better, the most personal blend that is not worse."""

import numpy as np
from numpy.typing import NDArray

from recommender.learning.candidate_features import POPULARITY, CandidateFeatures
from recommender.learning.coordinate_ascent import K, gain_of

PARTS = (0.1, 0.07, 0.05, 0.03, 0.02, 0.01)
"""Parts of the score that paths may have, the largest that passes is taken."""
WORSE = 0.02
"""Part of popularity's NDCG that may be lost, at most, by the lower bounds below."""
DEEP = 100
"""The second depth: ten places have too few hits to judge, a hundred say nothing of the first ten."""
BOUNDS = {DEEP: 1.96, K: 1.28}
"""Depth → standard errors below the mean: the lower end of the interval of 95 % and of 80 %."""
Score = NDArray[np.float64]


def most_personal(features: CandidateFeatures, start: Score) -> Score:
    """Weights of features that stand beside popularity as loudly as they may::

        score = (1 − t) · popularity + t · P,   both of mean 1

    P is ``start`` or any feature alone. Each takes the largest t with which NDCG is not worse than popularity's, at
    two depths, over all users; among them that with the highest lower bound wins. Popularity alone where none passes.

    :param features: standardised.
    :param start: shape (features,): the default weights.
    :returns: shape (features,), summing to 1.
    """
    popular = np.array([float(name == POPULARITY) for name in features.names])
    base = {depth: _gains(features, popular, depth) for depth in BOUNDS}
    best, highest = popular, -np.inf
    for row in _tastes(start, popular):
        for part in PARTS:
            weights = (1 - part) * popular + part * row
            bounds = {depth: _lower(_gains(features, weights, depth), base[depth], depth) for depth in BOUNDS}
            if min(bounds.values()) > -WORSE:
                if bounds[DEEP] > highest:
                    best, highest = weights, bounds[DEEP]
                break
    return best


def _tastes(start: Score, popular: Score) -> list[Score]:
    """The blends that may stand beside popularity, each summing to 1."""
    personal = np.where(popular > 0, 0.0, start)
    alone = [row for row in np.eye(len(start)) if not row @ popular]
    return [*([personal / personal.sum()] if personal.sum() > 0 else []), *alone]


def _gains(features: CandidateFeatures, weights: Score, depth: int) -> Score:
    scores = features.scores(weights)
    right = scores[np.arange(features.users), features.truth][:, None]
    return gain_of((scores >= right).sum(axis=1), depth)


def _lower(found: Score, base: Score, depth: int) -> float:
    """The lower bound of the paired difference, as a part of what there is to lose."""
    gain, whole = found - base, float(base.mean())
    if not whole > 0:
        return -np.inf
    return float(gain.mean() - BOUNDS[depth] * gain.std() / np.sqrt(len(gain))) / whole
