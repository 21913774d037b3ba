"""Days of what is repeated: what a snapshot tells of a triple, and what it would tell without its last day."""

import numpy as np
from numpy.typing import NDArray

from kg.instant import DAY, NO_TIME

Days = dict[str, NDArray[np.int64]]
"""``timestamp`` and what :meth:`kg.snapshot.snapshot.Snapshot.occasions` tells, each of shape (triples,)."""


def only_other_day(timestamp: NDArray[np.int64], first: NDArray[np.int64], occasions: NDArray[np.int64]) -> Days:
    """``previous`` as far as an earlier version tells it, which wrote none: of two days it is the first.

    ``NO_TIME`` where it is not known.
    """
    other = (occasions == 2) & (first // DAY < timestamp // DAY)
    return {"previous": np.where(other, first, NO_TIME)}


def can_lose_a_day(days: Days) -> NDArray[np.bool_]:
    """Which triples were so on several days, and are known to have been so before the last: shape (triples,); none of a
    relation that is not repeated."""
    times = days["timestamp"]
    if "previous" not in days:
        return np.zeros(times.shape, dtype=bool)
    known: NDArray[np.bool_] = (days["previous"] != NO_TIME) & (days["previous"] // DAY < times // DAY)
    return known & (days["occasions"] >= 2)


def before_last_day(days: Days, shortened: NDArray[np.bool_]) -> Days:
    """The same without the last day of some triples; of more than three days nobody knows then which is the last but
    one.

    :param shortened: which, each of them one that :func:`can_lose_a_day`; shape (triples,).
    """
    left = {"timestamp": np.where(shortened, days["previous"], days["timestamp"])}
    left |= {"first": days["first"], "occasions": days["occasions"] - shortened}
    rest = only_other_day(left["timestamp"], left["first"], left["occasions"])
    return left | {"previous": np.where(shortened, rest["previous"], days["previous"])}
