"""Always-valid inference for two arms: p-values and intervals that hold however often somebody looks.

The mixture sequential probability ratio test with a normal mixture (Robbins, 1970; for two arms Johari, Koomen, Pekelis
and Walsh, Always Valid Inference, Operations Research 70(3), 2022, equation 11): with the difference ``d`` of two means
and its variance ``V = σ²(1/n₁ + 1/n₂)``, ``Λ = √(V/(V+τ²)) exp(d²τ² / 2V(V+τ²))`` is a martingale where there is no
effect, so it exceeds ``1/α`` at any time with probability ``α`` at most. Means of few people are not normal: nothing is
said before ``LEAST`` of them in each arm, and ``LEAST_SUCCESSES`` outcomes.
"""

import math
from dataclasses import dataclass

LEAST = 100
"""People of each arm before anything is said."""
LEAST_SUCCESSES = 10
"""Outcomes, of both arms together, before anything is said; as many people without."""
SCALE = 0.1
"""τ, in standard deviations of one person's outcome: the size of effects that are found soonest."""
ALPHA = 0.05


@dataclass(frozen=True)
class Arm:
    """People of an arm and how many of them had the outcome."""

    people: int
    successes: int

    @property
    def rate(self) -> float:
        """The share with the outcome, in [0, 1]; 0 for nobody."""
        return self.successes / self.people if self.people else 0.0


@dataclass(frozen=True)
class Evidence:
    """A difference of rates, its always-valid interval and p-value; ``p`` is 1 where there is too little to say."""

    difference: float
    low: float
    high: float
    p: float


NOTHING = Evidence(0.0, -1.0, 1.0, 1.0)


def compare(first: Arm, second: Arm, alpha: float = ALPHA) -> Evidence:
    """The rate of the second arm minus that of the first.

    :param alpha: the interval holds at all times together with probability 1 − α.
    """
    people, successes = first.people + second.people, first.successes + second.successes
    few = min(first.people, second.people) < LEAST or min(successes, people - successes) < LEAST_SUCCESSES
    difference = second.rate - first.rate
    if few:
        return Evidence(difference, -1.0, 1.0, 1.0)
    pooled = successes / people
    square = pooled * (1 - pooled)
    variance, mixing = square * (1 / first.people + 1 / second.people), square * SCALE**2
    whole = variance + mixing
    log_ratio = 0.5 * math.log(variance / whole) + difference**2 * mixing / (2 * variance * whole)
    half = math.sqrt(variance * whole / mixing * (math.log(whole / variance) - 2 * math.log(alpha)))
    return Evidence(difference, difference - half, difference + half, min(1.0, math.exp(-log_ratio)))
