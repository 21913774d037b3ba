"""Intervals are told in the unit that a person would take, near enough, and no finer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.texts.intervals import MONTH, YEAR, habit_text, interval_of
from recommender.texts.languages import language

DAYS = {"days": 1.0, "weeks": 7.0, "months": MONTH, "years": YEAR}


@pytest.mark.parametrize(
    "days, told",
    [
        *((1.0, ("days", 1)), (3.4, ("days", 3)), (6.8, ("weeks", 1)), (13.4, ("days", 13)), (14.2, ("weeks", 2))),
        *((22.0, ("weeks", 3)), (30.4, ("months", 1)), (38.6, ("days", 40)), (44.0, ("days", 45))),
        *((61.0, ("months", 2)), (180.0, ("months", 6)), (370.0, ("years", 1)), (548.0, ("months", 18))),
        (740.0, ("years", 2)),
    ],
)
def test_the_unit_is_that_of_a_person(days: float, told: tuple[str, int]) -> None:
    assert interval_of(days) == told


@given(st.floats(1, 5000), st.floats(1, 2))
def test_it_is_near_and_a_longer_one_is_never_told_as_shorter(days: float, factor: float) -> None:
    (unit, number), (longer, more) = interval_of(days), interval_of(days * factor)
    told = number * DAYS[unit]
    assert abs(told - days) <= max(0.21 * days, 0.5)
    assert more * DAYS[longer] >= told - 1  # a month is 30.4 days, beside 30 days


@pytest.mark.parametrize(
    "phrase, reader, told",
    [
        *(("bought", "customer", "You buy it"), ("watched", "analyst", "The user watches it")),
        *(("listened to", "analyst", "The user listens to it"), ("streamed", "staff", "They streamed it")),
    ],
)
def test_english_verbs_of_habit(phrase: str, reader: str, told: str) -> None:
    assert habit_text(language("en"), reader, phrase, 3, 10.2) == f"{told} about every 10 days."
