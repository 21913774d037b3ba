"""Off-policy evaluation: what another model would have brought, from the log of this one, with an interval.

Each record is one drawn slot: what was shown there with which probability, and whether it had the outcome. Estimators
(Horvitz & Thompson, 1952; Swaminathan & Joachims, 2015; Dudík, Langford & Li, 2011)::

    IPS    mean of w·r,  w = [shown is what the other model would show] / probability of what was shown
    SNIPS  Σ w·r / Σ w
    DR     mean of q(other's item) + w·(r − q(shown))

A few large weights make normal intervals too narrow. Intervals are by betting (Waudby-Smith & Ramdas, Estimating means
of bounded random variables by betting, JRSS-B 86(1), 2024): they hold for any number of records.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ALPHA = 0.05
GRID = 400
"""Values that an interval is looked for among."""
CAUTION = 0.5
"""Part of the wealth that one bet may cost at most."""
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A rate in [0, 1] and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Records:
    """Drawn slots, in the order of time; all of shape (records,).

    ``rewards``: 0 or 1. ``propensities``: of what was shown, in (0, 1]. ``same``: whether the other model would have
    shown that. ``q_shown``, ``q_other``: expected rewards of what was shown, and of what the other would show, from a
    model that has not seen the record.
    """

    rewards: Values
    propensities: Values
    same: NDArray[np.bool_]
    q_shown: Values
    q_other: Values

    @property
    def weights(self) -> Values:
        """Importance weights."""
        return self.same / self.propensities


def estimates(records: Records) -> dict[str, Estimate]:
    """What the other model would have brought, by each estimator.

    :raises ValueError: for no records.
    """
    if not len(records.rewards):
        raise ValueError("no records")
    weights, rewards = records.weights, records.rewards
    most = float(1 / records.propensities.min())
    grid = np.linspace(0.0, 1.0, GRID + 1)
    ips, doubly = weights * rewards, records.q_other + weights * (rewards - records.q_shown)
    snips = float(weights @ rewards / weights.sum()) if weights.any() else 0.0
    return {
        "ips": Estimate(float(ips.mean()), *_interval((ips, np.ones(len(ips))), (0.0, most), grid)),
        "snips": Estimate(snips, *_interval((ips, weights), (0.0, most), grid)),
        "dr": Estimate(
            float(np.clip(doubly.mean(), 0, 1)), *_interval((doubly, np.ones(len(ips))), (-most, most + 1), grid)
        ),
    }


def _interval(ratio: tuple[Values, Values], bounds: tuple[float, float], grid: Values) -> tuple[float, float]:
    """The values m for which no bet on the mean of ``numerator − m · denominator`` being other than 0 wins 2/α.

    :param ratio: numerator and denominator of each record, whose means have the quotient that is sought.
    :param bounds: of both numerator and ``numerator − denominator``.
    """
    numerator, denominator = ratio
    n, width = len(numerator), bounds[1] - bounds[0]
    middle = float(numerator.sum() / denominator.sum()) if denominator.any() else 0.5
    spread = _spread_before(numerator, denominator, width)
    bets = np.sqrt(2 * np.log(2 / ALPHA) / (n * spread))
    least, log_needed = np.minimum(bets, CAUTION), np.log(2 / ALPHA)
    kept = []
    for m in grid:
        gains = (numerator - m * denominator) / width
        up, down = np.log1p(least * gains).sum(), np.log1p(-least * gains).sum()
        if max(up, down) < log_needed:
            kept.append(float(m))
    return (kept[0], kept[-1]) if kept else (middle, middle)


def _spread_before(numerator: Values, denominator: Values, width: float) -> Values:
    """The variance of what came before each record, begun with 1/4 once: a bet may not know its outcome."""
    middle = (0.5 + _before(numerator)) / (1 + _before(denominator))
    counts = np.arange(1, len(numerator) + 1)
    squares = 0.25 + _before(((numerator - middle * denominator) / width) ** 2)
    return np.maximum(squares / counts, 1e-12)


def _before(values: Values) -> Values:
    """The sum of what came before each."""
    return np.concatenate([[0.0], np.cumsum(values)])[:-1]
