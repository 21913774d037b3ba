"""Times as they may be told: calendar weeks, months or years in which at least k people did something.

The newest moment of all is one person's, and so is the oldest. A period that k people share is nobody's; it is a week
(Monday to Sunday, UTC) where so many do something in one, else a month, else a year.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from kg.instant import DAY

MONDAY = 3
"""Days from the Monday before 1970 to 1 January 1970."""
Times = NDArray[np.int64]


@dataclass(frozen=True)
class SharedSpan:
    """``first``: the first day of the oldest period that k people share; ``last``: the last day of the newest one."""

    first: date
    last: date

    @property
    def end(self) -> int:
        """When the last day is over: milliseconds since 1970 UTC."""
        return ((self.last - date(1970, 1, 1)).days + 1) * DAY


def shared_span(people: NDArray[np.integer], times: Times, k: int) -> SharedSpan | None:
    """From when to when at least k people did something; ``None`` where not even a year has so many.

    A longer period is told only where all of it is newer (older) than any shorter one that k people share.

    :param people: who did each thing, shape (n,).
    :param times: when, shape (n,), milliseconds since 1970 UTC.
    """
    oldest: Period | None = None
    newest: Period | None = None
    for number in (_weeks, _months, _years):
        for old, new in _shared(people, number(times), k):
            oldest = old if oldest is None or old[1] < oldest[0] else oldest
            newest = new if newest is None or new[0] > newest[1] else newest
    return None if oldest is None or newest is None else SharedSpan(oldest[0], newest[1])


Period = tuple[date, date]
"""First and last day."""
Periods = tuple[Times, str]


def _shared(people: NDArray[np.integer], periods: Periods, k: int) -> list[tuple[Period, Period]]:
    """The oldest and the newest period with at least k people; none where none has."""
    numbers, unit = periods
    pairs = np.unique(np.column_stack([numbers, people.astype(np.int64)]), axis=0)
    there, counts = np.unique(pairs[:, 0], return_counts=True)
    enough = there[counts >= k].tolist()
    ends = [(_day(one, unit), _day(one + 1, unit) - timedelta(days=1)) for one in (*enough[:1], *enough[-1:])]
    return [(ends[0], ends[1])] if ends else []


def _day(number: int, unit: str) -> date:
    """The first day of a period."""
    if unit == "W":
        return date(1970, 1, 1) + timedelta(days=number * 7 - MONDAY)
    found: date = np.array(number).astype(f"datetime64[{unit}]").astype("datetime64[D]").item()
    return found


def _weeks(times: Times) -> Periods:
    return (times // DAY + MONDAY) // 7, "W"


def _months(times: Times) -> Periods:
    return times.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64), "M"


def _years(times: Times) -> Periods:
    return times.astype("datetime64[ms]").astype("datetime64[Y]").astype(np.int64), "Y"
