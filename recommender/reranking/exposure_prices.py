"""Exposure prices: how much the scores of groups have to rise so that everybody's lists together keep floors.

The linear program that gives everybody the best lists under floors for the exposure of groups has one dual price per
floor (Singh & Joachims, 2018, for one list; here for all together). A price is paid as a part of an item's score, so
that each list is again the best by score, alone or among others, and each score says what the price adds. Prices rise
while a floor is missed and fall while it is kept, by ever smaller steps; then all are made smaller by one factor where
lists would lose more of their scores than is allowed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

STEPS, STEP, SLOWER = 60, 0.4, 12
"""Rounds; how much a price moves at first, by what part of its floor is missing; after how many rounds half of that."""
HIGHEST = 5.0
"""Highest price: a score times six."""
HALVINGS = 10
STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Of the prices, for the curve of what is won and what is lost."""
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Pool:
    """The best items of each person before any price.

    ``positions``: shape (people, pool), int64, −1 where there are fewer; ``totals``: scores, −inf there; ``n``: length
    of a list; ``groups``: items × floors, 1 where an item is of the group, which is what prices raise; ``counted``: how
    much of an item's exposure is the group's, where it is shared among several; all where ``None``.
    """

    positions: NDArray[np.int64]
    totals: Values
    n: int
    groups: csr_array
    counted: csr_array | None = None

    def lists(self, prices: Values) -> tuple[NDArray[np.int64], Values]:
        """Positions and scores, without prices, of the lists under prices: shape (people, n) each."""
        factor = np.append(self.groups @ prices, 0.0)  # the last one is of what is not there
        ruled = self.totals + np.where(np.isfinite(self.totals), np.abs(self.totals), 0.0) * factor[self.positions]
        n = min(self.n, ruled.shape[1])
        best = np.argsort(-ruled, axis=1, kind="stable")[:, :n]
        return np.take_along_axis(self.positions, best, axis=1), np.take_along_axis(self.totals, best, axis=1)

    def exposure(self, positions: NDArray[np.int64]) -> Values:
        """Share of all exposure, 1 / log2(rank + 1) a place, that each group gets: shape (floors,)."""
        worth = np.broadcast_to(_worth(positions.shape[1]), positions.shape)
        there = positions >= 0
        items = np.bincount(positions[there], weights=worth[there], minlength=self.groups.shape[0])
        counted = self.groups if self.counted is None else self.counted
        return np.asarray(counted.T @ items) / max(float(items.sum()), 1e-12)

    def loss(self, prices: Values) -> float:
        """Part of the summed scores of the best lists that lists under prices give up, in [0, 1]."""
        best, left = (self._sum(self.lists(one)[1]) for one in (np.zeros(len(prices)), prices))
        return max(1.0 - left / best, 0.0) if best > 0 else 0.0

    @staticmethod
    def _sum(totals: Values) -> float:
        return float((np.where(np.isfinite(totals), totals, 0.0) * _worth(totals.shape[1])).sum())


@dataclass(frozen=True)
class Point:
    """``strength`` of the prices, the ``loss`` of score, and the ``gap``: what is missing to all floors together, as a
    share of all exposure."""

    strength: float
    loss: float
    gap: float


@dataclass(frozen=True)
class Prices:
    """``prices``: shape (floors,), part of the score; ``before``, ``after``: exposure of each group; the curve."""

    prices: Values
    strength: float
    loss: float
    before: Values
    after: Values
    curve: tuple[Point, ...]


def solve(pool: Pool, targets: Values, most_loss: float) -> Prices:
    """Prices under which the groups get their target shares of exposure, as far as lists may lose by it.

    :param targets: shape (floors,), shares in [0, 1].
    :param most_loss: part of the summed scores that may be given up, in [0, 1].
    """
    before = pool.exposure(pool.lists(np.zeros(len(targets)))[0])
    full = _dual_ascent(pool, targets)
    strength = 1.0 if pool.loss(full) <= most_loss else _largest(pool, full, most_loss)
    curve = tuple(_point(pool, full, targets, one) for one in sorted({*STRENGTHS, round(strength, 4)}))
    prices = np.where(strength * full < 5e-5, 0.0, np.round(strength * full, 4))
    return Prices(prices, strength, pool.loss(prices), before, pool.exposure(pool.lists(prices)[0]), curve)


def gap(exposure: Values, targets: Values) -> float:
    """What is missing to all targets together."""
    return float(np.maximum(targets - exposure, 0.0).sum())


def _dual_ascent(pool: Pool, targets: Values) -> Values:
    prices, best = np.zeros(len(targets)), np.zeros(len(targets))
    least = np.inf
    for step in range(STEPS):
        exposure = pool.exposure(pool.lists(prices)[0])
        missing = gap(exposure, targets)
        if missing < least:
            least, best = missing, prices.copy()
        move = (targets - exposure) / np.maximum(targets, 1e-3)
        prices = np.clip(prices + STEP / (1 + step / SLOWER) * np.clip(move, -1, 1), 0.0, HIGHEST)
    return best


def _largest(pool: Pool, full: Values, most_loss: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if pool.loss(middle * full) <= most_loss else (low, middle)
    return low


def _point(pool: Pool, full: Values, targets: Values, strength: float) -> Point:
    exposure = pool.exposure(pool.lists(strength * full)[0])
    return Point(strength, round(pool.loss(strength * full), 4), round(gap(exposure, targets), 4))


def _worth(n: int) -> Values:
    return np.asarray(1 / np.log2(np.arange(2, n + 2)))
