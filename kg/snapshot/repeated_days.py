"""Days of what is repeated, as a snapshot tells them of a triple."""

import numpy as np
from numpy.typing import NDArray

DAY = 86_400_000
"""Milliseconds."""
Days = dict[str, NDArray[np.int64]]
"""``timestamp`` and what :meth:`kg.snapshot.snapshot.Snapshot.occasions` tells, each of shape (triples,)."""
_UNKNOWN = int(np.iinfo(np.int64).min)
"""The same as ``NO_TIME`` of a snapshot."""


def only_other_day(timestamp: NDArray[np.int64], first: NDArray[np.int64], occasions: NDArray[np.int64]) -> Days:
    """``previous`` as far as an earlier version tells it, which wrote none: of two days it is the first.

    ``NO_TIME`` where it is not known.
    """
    other = (occasions == 2) & (first // DAY < timestamp // DAY)
    return {"previous": np.where(other, first, _UNKNOWN)}
