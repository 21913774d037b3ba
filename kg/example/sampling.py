"""Seeded draws for the example data.

Everything is made from ``Generator.random`` alone, the one stream that numpy has never changed, so that the same
seed writes the same files under other versions.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Sampler:
    """Draws from a seeded numpy generator."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.Generator(np.random.PCG64(seed))

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return bool(self._rng.random() < probability)

    def between(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return low + int(self._rng.random() * (high - low + 1))

    def uniform(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + float(self._rng.random()) * (high - low)

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, all equally likely."""
        return options[self.between(0, len(options) - 1)]

    def sample(self, options: Sequence[T], n: int, weights: Sequence[float] | None = None) -> list[T]:
        """Up to ``n`` different options, in the order drawn; an option of weight 0 never comes.

        Weighted sampling without replacement by exponential keys (Efraimidis and Spirakis 2006).
        """
        shares = np.ones(len(options)) if weights is None else np.asarray(weights, dtype=np.float64)
        keys = np.full(len(options), np.inf)
        draws = self._rng.random(len(options))
        keys[shares > 0] = -np.log1p(-draws[shares > 0]) / shares[shares > 0]
        order = np.argsort(keys, kind="stable")[: min(n, int((shares > 0).sum()))]
        return [options[i] for i in order.tolist()]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """All options in a random order."""
        return self.sample(options, len(options))
