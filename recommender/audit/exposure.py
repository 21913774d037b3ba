"""Exposure: what share of the lists groups of items get, beside the share of what people use that they are.

Exposure of a place is 1 / log2(rank + 1), the discount of DCG; fairness of exposure compares it with merit (Singh &
Joachims, 2018), here with use. Intervals and p are of a bootstrap over people.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.k_anonymity import readable_step, told_step, told_sum
from recommender.audit.item_groups import Side
from recommender.audit.trade_offs import WORTH
from recommender.marketing.crowd import Crowd

RESAMPLES = 1000
LEVEL = 0.95
TINY = 1e-9
"""Of a step, which makes an upper bound one step: that nobody's list has a group is not told."""
LAST = float(WORTH[-1])
"""What the last place of a list is worth: the least that a group gets that stands in one."""
_BLOCK = 100
"""Resamples at a time, which bounds the memory."""
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Exposure:
    """Groups of one side; arrays of shape (groups,).

    ``exposure``, ``merit``: shares in [0, 1], in the ``steps`` in which they may be told; ``ratio`` = exposure / merit,
    with its interval ``low`` … ``high``, rounded outwards to such steps; ``p``: two-sided, of a ratio of 1;
    ``people``: how many used anything of the group; ``told``: whether k people used it, and k did not, and what they
    used of it is a step at least.
    """

    exposure: Values
    merit: Values
    ratio: Values
    low: Values
    high: Values
    p: Values
    people: NDArray[np.int64]
    told: NDArray[np.bool_]


def exposure(crowd: Crowd, side: Side, inside: NDArray[np.bool_], seed: int = 0) -> Exposure:
    """Compare the groups of a side with their merit.

    :param crowd: with the lists of the domain.
    :param inside: the items of the domain.
    """
    seen = csr_array(crowd.exposure @ side.membership).toarray()
    used = csr_array(crowd.used @ side.membership).toarray()
    whole = np.asarray(crowd.exposure[:, inside].sum(axis=1)).ravel()
    uses = np.asarray(crowd.used[:, inside].sum(axis=1)).ravel()
    parts = np.column_stack([seen, used, whole, uses])
    ratios = _resampled(parts, seen.shape[1], seed)
    low, high = np.quantile(ratios, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    tail = np.minimum((ratios <= 1).sum(axis=0), (ratios >= 1).sum(axis=0))
    people, everybody = (used > 0).sum(axis=0), int((uses > 0).sum())
    (exposure, steps), (merit, merits) = shares_in_steps(seen, whole, crowd.k), shares_in_steps(used, uses, crowd.k)
    steps = np.maximum(steps, told_step(LAST / max(float(whole.sum()), 1e-12), crowd.k))
    told = _tellable(used > 0, people, everybody, crowd.k) & (merit > 0)
    ratio = np.divide(exposure, merit, out=np.zeros(len(merit)), where=merit > 0)
    width = np.divide(steps + ratio * merits, merit, out=np.ones(len(merit)), where=merit > 0)
    return Exposure(
        exposure=exposure,
        merit=merit,
        ratio=ratio,
        low=_outwards(np.minimum(low, ratio), width, np.floor),
        high=_outwards(np.maximum(high, np.maximum(ratio, TINY * width)), width, np.ceil),
        p=np.minimum(1.0, 2 * (tail + 1) / (len(ratios) + 1)),
        people=people,
        told=told,
    )


def shares_in_steps(parts: Values, whole: Values, k: int) -> tuple[Values, Values]:
    """The share of each group, and the step in which it is told; both of shape (groups,).

    :param parts: what each person contributes to each group; ``whole``: to all of them.
    """
    total = max(float(whole.sum()), 1e-12)
    steps = np.array([told_step(float(largest) / total, k) for largest in parts.max(axis=0, initial=0.0)])
    shares = [told_sum(float(share), step) for share, step in zip(parts.sum(axis=0) / total, steps, strict=True)]
    return np.array(shares), steps


def _outwards(bounds: Values, width: Values, rounded: Callable[[Values], Values]) -> Values:
    """Bounds of intervals, rounded to steps of a width each."""
    steps = np.array([readable_step(float(one)) for one in width])
    return np.where(steps > 0, rounded(np.divide(bounds, steps, out=bounds.copy(), where=steps > 0)) * steps, bounds)


def _tellable(used: NDArray[np.bool_], people: NDArray[np.int64], everybody: int, k: int) -> NDArray[np.bool_]:
    """Which groups at least k people used, and k did not or nobody; what is left of the whole must be k people too, or
    the smallest group is left out with it.

    :param used: shape (people, groups): who used anything of which.
    """
    told = np.asarray((people >= k) & ((everybody - people >= k) | (everybody == people)))
    while told.any() and not told.all() and int(used[:, ~told].any(axis=1).sum()) < k:
        told[np.flatnonzero(told)[np.argmin(people[told])]] = False
    return told


def _resampled(parts: Values, groups: int, seed: int) -> Values:
    """Ratios of resampled people: shape (RESAMPLES, groups)."""
    draws, people = np.random.default_rng(seed), len(parts)
    found = []
    for _ in range(RESAMPLES // _BLOCK):
        often = draws.multinomial(people, np.full(people, 1 / people), size=_BLOCK).astype(np.float64)
        found.append(_ratio(often @ parts, groups))
    return np.concatenate(found)


def _ratio(sums: Values, groups: int) -> Values:
    """Exposure by merit: of sums over people, of shape (resamples, 2 groups + 2)."""
    seen, used = sums[:, :groups], sums[:, groups : 2 * groups]
    whole, uses = np.maximum(sums[:, [-2]], 1e-12), np.maximum(sums[:, [-1]], 1e-12)
    merit = used / uses
    return np.asarray(np.divide(seen / whole, merit, out=np.zeros(seen.shape), where=merit > 0))
