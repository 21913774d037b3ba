"""Times as they may be told: known by construction."""

from datetime import UTC, date, datetime

import numpy as np
import pytest

from kg.privacy.shared_times import SharedSpan, shared_span


def span(done: list[tuple[int, str]], k: int = 5) -> SharedSpan | None:
    """Of who did something on which day."""
    times = [int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000) for _, day in done]
    return shared_span(np.array([who for who, _ in done]), np.array(times, dtype=np.int64), k)


WEEK = [(who, f"2024-03-{4 + who:02}T23:59:59") for who in range(5)]
"""Monday 4 to Friday 8 March 2024: a person a day."""


@pytest.mark.parametrize("alone", ["2024-03-17", "2024-07-01", "2099-01-01", "1970-01-01", "1931-05-02"])
def test_what_one_person_did_before_or_after_all_others_moves_nothing(alone: str) -> None:
    assert span(WEEK) == SharedSpan(date(2024, 3, 4), date(2024, 3, 10))
    assert span([*WEEK, (9, alone)]) == span(WEEK)


def test_four_people_share_nothing_and_one_person_is_not_five() -> None:
    assert span(WEEK[:4]) is None and span([]) is None
    assert span([*WEEK[:4], *[(0, f"2024-03-{day:02}") for day in range(4, 11)]]) is None


def test_months_and_years_are_told_where_no_week_is_shared() -> None:
    month = [(who, f"2024-05-{1 + 7 * who:02}") for who in range(5)]
    assert span(month) == SharedSpan(date(2024, 5, 1), date(2024, 5, 31))
    year = [(who, f"2024-{1 + 2 * who:02}-15") for who in range(5)]
    assert span(year) == SharedSpan(date(2024, 1, 1), date(2024, 12, 31))
    assert span([*WEEK, *month]) == SharedSpan(date(2024, 3, 4), date(2024, 5, 31))


def test_weeks_begin_on_monday_before_1970_too() -> None:
    assert span([(who, "1969-12-29") for who in range(5)]) == SharedSpan(date(1969, 12, 29), date(1970, 1, 4))
    sunday = span([(who, "1969-12-28") for who in range(5)])
    assert sunday == SharedSpan(date(1969, 12, 22), date(1969, 12, 28))
    assert sunday is not None and sunday.end == -3 * 86_400_000


def test_a_month_that_ends_or_begins_within_the_week_is_not_told_for_it() -> None:
    """The last week of February 2024 goes to 3 March: neither month is wholly before or after it."""
    for day in ("2024-02-29", "2024-03-01"):
        assert span([(who, day) for who in range(5)]) == SharedSpan(date(2024, 2, 26), date(2024, 3, 3))


def test_of_everybody_may_be_told_with_k_one() -> None:
    assert span([(0, "2024-02-29")], k=1) == SharedSpan(date(2024, 2, 26), date(2024, 3, 3))
