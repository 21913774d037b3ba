"""A histogram with noise, and what can be said of it without any further cost."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kg.privacy.differential_privacy import ToldCounts, private_counts, sum_bound
from kg.workspace.settings import PrivacySettings
from recommender.marketing.private.histograms import Histogram

Lift = tuple[float, float, float] | None
"""A ratio of parts, and what the noise leaves open of it; ``None`` where it leaves everything open."""
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Noisy:
    """A histogram with its noise: ``counts``, shape (keys,), or, where it is of a group, those of the group and then
    those of all others, shape (2 × keys,)."""

    histogram: Histogram
    settings: PrivacySettings
    epsilon: float
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, histogram: Histogram, settings: PrivacySettings, epsilon: float) -> "Noisy":
        """Make the noise. Where the table is of a group, those outside are counted too, each person in one of both, so
        that everybody costs nothing more."""
        size, group, found = len(histogram.keys), histogram.group, histogram.matrix.tocoo()
        people, keys = found.coords[0].astype(np.int64), found.coords[1].astype(np.int64)
        if group is not None:
            keys = keys + size * ~group[people]
        counts = private_counts((people, keys), size if group is None else 2 * size, settings, epsilon)
        return cls(histogram, settings, epsilon, counts)

    @property
    def inside(self) -> NDArray[np.int64]:
        """Of the group, or of everybody: shape (keys,)."""
        return self.counts[: len(self.histogram.keys)]

    def lifts(self, told: ToldCounts, bound: float) -> list[Lift]:
        """How much larger a part of what counts in the group each key is than of what counts for everybody.

        With a of A in the group and b of B outside it is a / (a + b) · (1 + B / A): the ends of its interval are those
        of the four numbers.

        :param told: the numbers of the group as they leave.
        :param bound: what the noise of each number stays under.
        """
        size = len(told.people)
        if self.histogram.group is None:
            return [None] * size
        outside = ToldCounts.of(self.counts[size:], bound)
        off = sum_bound(self.settings, self.epsilon, size)
        inner, outer = (float(max(part.sum(), 1)) for part in (self.inside, self.counts[size:]))
        if inner <= off:  # nobody knows how much counts in the group at all
            return [None] * size
        low = _ratio((told.low, outside.high), (inner + off, max(outer - off, 0.0)))
        high = _ratio((told.high, outside.low), (inner - off, outer + off))
        middle = np.where(outside.stands, outside.people, (outside.low + outside.high) / 2)
        ratio = np.clip(_ratio((told.people, middle), (inner, outer)), low, high)
        rounded = np.round(np.column_stack([ratio, low, high]), 2)
        return [(*map(float, row),) if one else None for row, one in zip(rounded, told.stands, strict=True)]  # type: ignore[misc]


def _ratio(counts: tuple[NDArray[np.number], NDArray[np.number]], sums: tuple[float, float]) -> Values:
    inside, outside = (one.astype(np.float64) for one in counts)
    return np.asarray(inside / np.maximum(inside + outside, 1e-12) * (1 + sums[1] / sums[0]))
