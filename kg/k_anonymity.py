"""k-anonymity: what may be said of a number of people.

Fewer than k people are never counted. More are counted in steps of k, of 2 k from 10 k on: the difference of two counts
of nested groups, one of which lacks a single person, then says nothing of that person. k = 1 counts everybody.
"""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TINY = 1e-9
K_ANONYMITY = 5
"""Fewest people that may be counted where ``[privacy] k`` does not say otherwise."""


def told_count(people: int, k: int) -> int | None:
    """A number of people as it may be told: rounded down to a step; ``None`` for fewer than k."""
    if people < k and k > 1:
        return None
    step = _step(people, k)
    return people // step * step


def told_counts(people: "NDArray[np.int64]", k: int) -> "NDArray[np.int64]":
    """The same of many numbers, int64, 0 for fewer than k: the same shape."""
    if k == 1:
        return people
    step = k * (1 + (people >= 10 * k))
    told: NDArray[np.int64] = people // step * step * (people >= k)
    return told


def _step(people: int, k: int) -> int:
    """The step in which a number is told, exact or rounded down to it."""
    return 1 if k == 1 else k if people < 10 * k else 2 * k


def shown_count(people: int, k: int) -> int | str:
    """The same as a person reads it: ``"<5"`` for fewer than k, zero included."""
    told = told_count(people, k)
    return f"<{k}" if told is None else told


def floored_count(people: int, k: int) -> int | str:
    """A number of people, or of what they did, for whoever holds the data: exact, but for fewer than k, who are
    ``"<5"``; nobody at all is 0."""
    return f"<{k}" if 0 < people < k else people


def step_middle(told: int, k: int) -> float:
    """The middle of the numbers that a told one stands for: what shares and ratios are made of.

    A share of numbers rounded down is too small, and a ratio of two too large or too small as chance has it; of middles
    it is neither on average, and it says nothing that the told numbers do not.
    """
    return (told + step_end(told, k)) / 2


def step_end(told: int, k: int) -> int:
    """The largest of the numbers that a told one stands for."""
    return told + _step(told, k) - 1


def told_step(largest: float, k: int) -> float:
    """The step in which a sum over people is told: no smaller than what the ``k`` who contribute most could make
    together, up to 1, 2 or 5 times a power of ten; a sum with one person more, or less, is then mostly the same, and
    never tells what she contributes.

    :param largest: what anybody contributes at most, ≥ 0.
    :returns: 0 where nobody contributes, or everybody may be counted.
    """
    return 0.0 if k == 1 else readable_step(k * largest)


def readable_step(least: float) -> float:
    """The next 1, 2 or 5 times a power of ten; 0 for 0."""
    if least <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * size for size in (1, 2, 5, 10) if power * size >= least * (1 - TINY))


def told_interval(low: float, high: float, step: float) -> tuple[float, float]:
    """An interval as it may be told: its ends on multiples of a step, no nearer than they are."""
    if step <= 0:
        return low, high
    return round(math.floor(low / step) * step, 12), round(math.ceil(high / step) * step, 12)


def told_sum(value: float, step: float) -> float:
    """A sum over people as it may be told: the nearest multiple of a step."""
    return value if step <= 0 else round(round(value / step) * step, 12)
