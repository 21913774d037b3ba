"""Coordinate ascent on NDCG over candidates: one weight at a time, from several starts."""

import numpy as np
from numpy.typing import NDArray

from recommender.learning.candidate_features import CandidateFeatures

K = 10
PASSES = 6
FACTORS = (2.0, 1.4, 1.15)
SHRINK = 0.7
SMALL = 0.03
"""A feature of weight 0 is tried at this part of the sum of all weights."""
GAIN = 1.0
"""Least gain of a step, in standard errors of the paired difference: less is noise, and many steps fit noise."""
SURE = 2.0
"""The same of an ascent over another, which is left out of their mean."""
TOGETHER = 256
"""Users whose scores are tried together: what fits into a processor's cache, and no page is asked for again."""
Score = NDArray[np.float64]


def ndcg(scores: Score, truth: NDArray[np.int64]) -> Score:
    """NDCG@10 with one right candidate per user: ``1 / log2(1 + rank)``, 0 from rank 11; ties count against it.

    :param scores: shape (users, candidates), −inf where a user has fewer.
    :param truth: shape (users,), the column of the right candidate.
    :returns: shape (users,), float64, in [0, 1].
    """
    right = scores[np.arange(len(truth)), truth][:, None]
    kind = np.uint16 if scores.shape[1] < 2**16 else np.int64  # a third of the time where it is small
    return gain_of((scores >= right).view(np.uint8).sum(axis=1, dtype=kind).astype(np.int64))


def gain_of(ranks: NDArray[np.integer], depth: int = K) -> Score:
    """``1 / log2(1 + rank)``, 0 beyond the depth: the shape of ``ranks``, which are from 1."""
    return np.where(ranks <= depth, 1 / np.log2(1 + ranks), 0.0)


def best_ascent(fit: CandidateFeatures, check: CandidateFeatures, start: Score) -> Score:
    """The mean of ascents on ``fit`` from the best feature alone, from ``start`` and from equal weights, each as loud
    as the others and rid of what is idle on ``check``; without those that are surely worse than the best.

    Where few right candidates are near the top, which of several optima an ascent ends in is chance, and their mean
    varies less; where many are, the best is told from the others (``benchmarks/order_on_data.py``: COCO, Sephora).
    """
    alone = np.eye(len(start))
    single = alone[int(np.argmax([ndcg(fit.scores(row), fit.truth).mean() for row in alone]))]
    ascents = [_without_idle(check, _ascend(fit, begin)) for begin in (single, start, np.ones(len(start)))]
    loud = fit.loudness
    found = [one / (one @ loud) for one in ascents if one @ loud > 0]
    if not found or not fit.users:
        return start
    gains = [np.concatenate([ndcg(part.scores(one), part.truth) for part in (fit, check)]) for one in found]
    best = max(gains, key=lambda one: float(one.mean()))
    kept = [one for one, gain in zip(found, gains, strict=True) if not surely_better(best, gain, SURE)]
    return np.asarray(np.mean(kept, axis=0))


def _ascend(features: CandidateFeatures, start: Score) -> Score:
    """Multiply, divide, drop and revive one weight at a time, keeping what surely raises NDCG."""
    weights = start.copy()
    scores = features.scores(weights)
    best = ndcg(scores, features.truth)
    spread = 1.0
    for _ in range(PASSES):
        before = float(best.mean())
        for position, users in enumerate(features.asked):
            values = _trials(weights, position, spread) if len(users) else []
            while values:
                changes = [value - float(weights[position]) for value in values]
                tried, found = _gains(features, scores, position, (changes, users)), best.copy()
                for number, value in enumerate(values):
                    found[users] = tried[number]
                    if surely_better(found, best):
                        scores[users] += features.weighed(position, changes[number], users)
                        weights[position], best = value, found
                        break
                values = values[number + 1 :]
        if float(best.mean()) - before < 1e-5:
            break
        spread *= SHRINK
    return weights


def _gains(
    features: CandidateFeatures, scores: Score, position: int, changed: tuple[list[float], NDArray[np.int64]]
) -> Score:
    """NDCG@10 with each of some changes of the weight of one feature, all of them looked at together, a few users at a
    time: shape (changes, users).

    :param changed: the changes, and the users.
    """
    changes, users = changed
    found = np.empty((len(changes), len(users)))
    for first in range(0, len(users), TOGETHER):
        some = users[first : first + TOGETHER]
        before, truth = scores[some], features.truth[some]
        values, trial = features.values[position, some].astype(np.float64), np.empty(before.shape)
        for number, change in enumerate(changes):
            np.multiply(values, features.factor(position, change), out=trial)
            np.add(before, trial, out=trial)
            found[number, first : first + TOGETHER] = ndcg(trial, truth)
    return found


def surely_better(found: Score, best: Score, sure: float = GAIN) -> bool:
    """Whether gains are above others by more than their noise, ``sure`` standard errors, user by user."""
    gain = found - best
    return len(gain) > 0 and float(gain.mean()) > sure * float(gain.std()) / np.sqrt(len(gain))


def _without_idle(features: CandidateFeatures, weights: Score) -> Score:
    """Set to 0, smallest part first, every weight that NDCG does not fall without on users it was not fitted on:
    nobody gets a silent share."""
    if not features.users:
        return weights
    best = ndcg(features.scores(weights), features.truth).mean()
    parts = weights * features.loudness
    for position in np.argsort(parts):
        trial = weights.copy()
        trial[position] = 0.0
        if weights[position] == 0 or not trial.any():
            continue
        if (found := ndcg(features.scores(trial), features.truth).mean()) >= best:
            weights, best = trial, found
    return weights


def _trials(weights: Score, position: int, spread: float) -> list[float]:
    value = float(weights[position])
    if value == 0:
        return [SMALL * float(weights.sum())]
    factors = [factor**spread for factor in FACTORS]
    return [value * f for f in factors] + [value / f for f in factors] + [0.0, value + SMALL * float(weights.sum())]
