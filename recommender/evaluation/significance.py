"""Intervals and paired tests over users, by the percentile bootstrap (Efron & Tibshirani, 1993) of scipy.

scipy.stats takes about a second to import, so it is where figures are made, not where they are read.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kg.counting import by_number
from kg.k_anonymity import told_count, told_step, told_sum

RESAMPLES = 1000
LEVEL = 0.95
NORMAL = 1.96
"""The quantile of the normal distribution at ``LEVEL``."""
FEW = 30
"""People below whom the percentile bootstrap is known to be too sure."""
_BATCH = 50
"""Resamples at a time, which bounds the memory."""


@dataclass(frozen=True)
class Interval:
    """A mean and its percentile bootstrap interval at ``LEVEL``."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """A paired difference of means; ``p`` is two-sided: twice the smaller tail of resamples beyond 0, and never less
    than 2^(1 − n) of n users who differ, which is the least that any test of their signs can give: resampling one user
    again and again says nothing of others."""

    mean: float
    low: float
    high: float
    p: float


def interval(values: NDArray[np.float64], seed: int = 0) -> Interval:
    """Interval of a mean over users.

    :param values: shape (users,), float64.
    """
    if not len(values):
        return Interval(0.0, 0.0, 0.0)
    low, high = np.quantile(_resampled_means(values, seed), _tails())
    return Interval(float(values.mean()), float(low), float(high))


def paired_difference(first: NDArray[np.float64], second: NDArray[np.float64], seed: int = 0) -> Difference:
    """``first − second`` of the same users.

    :param first: shape (users,), float64; ``second`` likewise, user by user.
    """
    gaps = first - second
    if not len(gaps):
        return Difference(0.0, 0.0, 0.0, 1.0)
    means = _resampled_means(gaps, seed)
    low, high = np.quantile(means, _tails())
    tail = min(int((means <= 0).sum()), int((means >= 0).sum()))
    p = max(2 * (tail + 1) / (len(means) + 1), 2.0 ** (1 - np.count_nonzero(gaps)))
    return Difference(float(gaps.mean()), float(low), float(high), min(1.0, p))


def false_discovery(p: Sequence[float]) -> list[float]:
    """p-values of several comparisons, adjusted so that their false discovery rate is bounded (Benjamini & Hochberg,
    1995)."""
    from scipy.stats import false_discovery_control

    return [float(one) for one in false_discovery_control(p)] if len(p) else []


def told_few(users: int, k: int) -> list[str]:
    """What a reader of the intervals of few people should know.

    :param k: fewest people that may be counted, in steps.
    """
    if not 0 < users < FEW:
        return []
    tested = f"{told_count(users, k) or k} [person was|people were] tested on"
    told = f"{tested}: intervals resampled from fewer than {FEW} are too narrow, and say little of others"
    return [by_number(told)]


def told_short(items: int, n: int) -> list[str]:
    """Where a list cannot be as long as it is asked for."""
    told = f"lists of {n} are asked for, and there are {items} items to rank: precision counts empty places as misses"
    return [told] if items < n else []


def told_ties(cuts: Mapping[str, float], users: int, k: int) -> list[str]:
    """What is to be said where equal scores decide who is in a list.

    :param cuts: of each model, the part of the lists of ``users`` people that end within items of equal score; told in
        steps of what k people make of it, and not where it is nearest to none.
    """
    step = min(told_step(1 / max(users, 1), k), 1.0)
    shares = {name: told_sum(cut, step) for name, cut in cuts.items()}
    parts = [f"{name} {share:.1%}" for name, share in shares.items() if share > 0]
    if not parts:
        return []
    return [
        "lists that end within items of equal score: "
        + ", ".join(parts)
        + "; accuracy is the mean over all orders of these, whatever the ids"
    ]


def _tails() -> list[float]:
    return [(1 - LEVEL) / 2, (1 + LEVEL) / 2]


def _resampled_means(values: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Means of resampled users: shape (RESAMPLES,), float64; one user is always drawn again."""
    if len(values) == 1:
        return np.repeat(values, RESAMPLES)
    from scipy.stats import bootstrap

    how = {"n_resamples": RESAMPLES, "batch": _BATCH, "confidence_level": LEVEL, "method": "percentile", "rng": seed}
    return np.asarray(bootstrap((values,), np.mean, **how).bootstrap_distribution)


def wilson(share: float, of: float) -> tuple[float, float]:
    """The 95 % interval of a proportion of independent draws (Wilson, 1927)."""
    square = NORMAL**2 / of
    middle, half = share + square / 2, NORMAL * math.sqrt(share * (1 - share) / of + square / (4 * of))
    return max((middle - half) / (1 + square), 0.0), min((middle + half) / (1 + square), 1.0)
