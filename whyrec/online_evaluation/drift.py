"""Drift: whether what is shown, and what people do, is another than it was in a reference window.

Everything is counted once per person of a window, since one person's lists are alike. An alarm needs both a difference
that chance explains in one of a thousand looks, and one that is large enough to matter.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

ALPHA = 0.001
"""Probability of a false alarm of one figure at one look."""
LEAST = 50
"""People of each window before anything is said."""
MATTERS = {"impersonal": 0.05, "coverage": 0.1, "scores": 0.1, "events": 0.1}
"""Smallest differences that count: of shares; of the parts of the catalogue that were shown; between distribution
functions; of the total variation of event kinds."""
SAMPLES = 200
"""Draws of as many people from the reference as the window has, to compare how many items they were shown."""


@dataclass
class Window:
    """What one window of time holds, once for each person."""

    personal: list[bool] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    """Of the first item."""
    items: list[tuple[str, ...]] = field(default_factory=list)
    """The list."""
    events: Counter[str] = field(default_factory=Counter)
    """Relation → people who did it."""


@dataclass(frozen=True)
class Drifted:
    """One figure: before, now, how far apart they are on the scale of ``MATTERS``, and whether that is an alarm."""

    figure: str
    before: float
    now: float
    distance: float
    p: float
    alarm: bool


def drift(before: Window, now: Window) -> list[Drifted]:
    """Each figure of two windows; none where either has too few people."""
    if min(len(before.personal), len(now.personal)) < LEAST:
        return []
    shares = [1 - float(np.mean(one.personal)) for one in (before, now)]
    found = [_told("impersonal", (shares[0], shares[1]), abs(shares[1] - shares[0]), _p_shares(before, now, shares))]
    found.append(_coverage(before, now))
    found.append(_scores(np.array(before.scores), np.array(now.scores)))
    if min(before.events.total(), now.events.total()) >= LEAST:
        found.append(_events(before.events, now.events))
    return found


def _told(figure: str, values: tuple[float, float], distance: float, p: float) -> Drifted:
    return Drifted(figure, *values, distance, p, bool(p < ALPHA and distance >= MATTERS[figure]))


def _p_shares(before: Window, now: Window, shares: Sequence[float]) -> float:
    first, second = len(before.personal), len(now.personal)
    pooled = (shares[0] * first + shares[1] * second) / (first + second)
    deviation = math.sqrt(pooled * (1 - pooled) * (1 / first + 1 / second))
    return math.erfc(abs(shares[1] - shares[0]) / deviation / math.sqrt(2)) if deviation else 1.0


def _coverage(before: Window, now: Window) -> Drifted:
    """How many different items the same number of people is shown."""
    random, people = np.random.default_rng(0), min(len(before.items), len(now.items))
    first, second = (_distinct(one.items, people, random) for one in (before, now))
    spread = math.sqrt(float(first.var() + second.var()) + 1.0)  # of draws; 1 for what is whole numbers
    gap = float(second.mean() - first.mean())
    p = math.erfc(abs(gap) / spread / math.sqrt(2))
    return _told("coverage", (float(first.mean()), float(second.mean())), abs(gap) / float(first.mean()), p)


def _distinct(lists: Sequence[tuple[str, ...]], people: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Different items of as many people, drawn with repetition, again and again."""
    drawn = random.integers(len(lists), size=(SAMPLES, people))
    return np.array([len({item for one in row for item in lists[one]}) for row in drawn], dtype=np.float64)


def _scores(first: NDArray[np.float64], second: NDArray[np.float64]) -> Drifted:
    """Kolmogorov and Smirnov's distance, with the p-value of large samples."""
    both = np.sort(np.concatenate([first, second]))
    shares = [np.searchsorted(np.sort(one), both, side="right") / len(one) for one in (first, second)]
    distance = float(np.abs(shares[0] - shares[1]).max())
    root = math.sqrt(len(first) * len(second) / (len(first) + len(second)))
    p = min(1.0, 2 * math.exp(-2 * (root * distance) ** 2))
    return _told("scores", (float(first.mean()), float(second.mean())), distance, p)


def _events(before: Mapping[str, int], now: Mapping[str, int]) -> Drifted:
    """Pearson's χ² of the kinds of events, and half of the sum of differences of their shares."""
    from scipy.special import chdtrc  # .1 s and 5 MB of every worker, for a question of once an hour

    names = sorted({*before, *now})
    table = np.array([[one.get(name, 0) for name in names] for one in (before, now)], dtype=np.float64)
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    p = float(chdtrc(max(len(names) - 1, 1), float(((table - expected) ** 2 / expected).sum())))
    shares = table / table.sum(axis=1, keepdims=True)
    changed = int(np.abs(shares[1] - shares[0]).argmax())
    distance = float(np.abs(shares[1] - shares[0]).sum() / 2)
    return _told("events", (float(shares[0, changed]), float(shares[1, changed])), distance, p)
