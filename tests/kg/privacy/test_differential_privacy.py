"""Differential privacy: contributions capped, noise of the size that ε asks for, and a budget that is enforced."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import LimitError, UsageError, WorkspaceError
from kg.privacy.budget.ledger import PrivacyLedger
from kg.privacy.differential_privacy import (
    ToldCounts,
    capped,
    guess_bound,
    noise_bound,
    noise_scale,
    private_counts,
    sum_bound,
)
from kg.workspace.settings import LEAST_DELTA, LEAST_EPSILON, MOST_EPSILON, PrivacySettings


@given(st.lists(st.integers(0, 6), max_size=60), st.integers(1, 4), st.integers(0, 5))
def test_nobody_counts_for_more_than_the_cap_and_nothing_is_lost_below_it(
    people: list[int], most: int, seed: int
) -> None:
    who = np.array(people, dtype=np.int64)
    keep = capped(who, most, np.random.default_rng(seed))
    kept = np.bincount(who[keep], minlength=7) if people else np.zeros(7)
    assert (kept == np.minimum(np.bincount(who, minlength=7) if people else np.zeros(7), most)).all()


@pytest.mark.parametrize("delta", [0.0, 1e-6])
def test_noise_is_as_large_as_it_is_said_to_be(delta: float) -> None:
    settings = PrivacySettings(contributions=2, delta=delta)
    people, keys = np.arange(3000), np.repeat(np.arange(3), 1000)
    counts = private_counts((people, keys), 2000, settings, 0.5)
    off = counts - np.bincount(keys, minlength=2000)
    told = noise_scale(settings, 0.5)
    size = np.abs(off).mean() if delta == 0 else off.std()
    assert size == pytest.approx(told, rel=0.15) and abs(off.mean()) < 0.2 * told


def test_the_budget_of_a_day_is_kept_and_shown(tmp_path: Path) -> None:
    ledger = PrivacyLedger(tmp_path, PrivacySettings(epsilon_per_day=1.0))
    for _ in range(2):
        ledger.charge("popularity", 0.4, 0.0)
    assert ledger.spent() == (pytest.approx(0.8), 0.0) and len(ledger.releases()) == 2
    with pytest.raises(LimitError, match=r"0\.2 of 1 .* are left"):
        ledger.charge("popularity", 0.4, 0.0)
    assert len(ledger.releases()) == 2 and ledger.spent("2020-01-01") == (0.0, 0.0)
    assert ledger.path.stat().st_mode & 0o077 == 0
    ledger.path.write_text("{")
    with pytest.raises(WorkspaceError, match="damaged"):
        ledger.spent()


@pytest.mark.parametrize("epsilon", [0.0, -1.0, float("nan"), 5e-324, 9e-7, 1.1e6, float("inf")])
def test_noise_that_is_no_number_costs_nothing(tmp_path: Path, epsilon: float) -> None:
    ledger = PrivacyLedger(tmp_path, PrivacySettings(epsilon_per_day=1e300))
    with pytest.raises(UsageError, match=r"expected a number from 0\.000001 to 1,000,000"):
        ledger.charge("popularity", epsilon, 0.0)
    assert ledger.releases() == []


@pytest.mark.parametrize("delta", [0.0, LEAST_DELTA])
@pytest.mark.parametrize("epsilon", [LEAST_EPSILON, MOST_EPSILON])
def test_numbers_leave_at_the_ends_of_what_is_allowed(epsilon: float, delta: float) -> None:
    settings = PrivacySettings(delta=delta, contributions=1_000_000)
    counts = private_counts((np.arange(50), np.zeros(50, dtype=int)), 3, settings, epsilon / 8)
    bound = noise_bound(settings, epsilon / 8, 3)
    told = ToldCounts.of(counts, bound)
    assert np.isfinite(bound) and (told.low >= 0).all() and (told.low <= told.high).all()


@pytest.mark.parametrize("settings", [{"epsilon": 1e-7}, {"delta": 1e-300}, {"contributions": 10**9}])
def test_settings_that_give_no_noise_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"0\.000001|1e-15|1000000"):
        PrivacySettings(**settings)


@pytest.mark.parametrize("epsilon", [0.0, -1.0, float("inf"), float("nan")])
def test_an_epsilon_that_protects_nobody_is_refused(epsilon: float) -> None:
    with pytest.raises(UsageError, match="above 0"):
        private_counts((np.zeros(1, dtype=int), np.zeros(1, dtype=int)), 1, PrivacySettings(), epsilon)


@pytest.mark.parametrize("delta", [0.0, 1e-6])
@pytest.mark.parametrize("size", [1, 12, 900])
def test_the_sum_of_noise_stays_under_its_bound(delta: float, size: int) -> None:
    settings = PrivacySettings(contributions=1, delta=delta)
    empty = np.empty(0, dtype=np.int64)
    sums = [private_counts((empty, empty), size, settings, 1.0).sum() for _ in range(400)]
    assert np.mean(np.abs(sums) > sum_bound(settings, 1.0, size)) <= 0.05 + 4 * (0.05 * 0.95 / 400) ** 0.5


@given(st.lists(st.integers(-80, 300), min_size=1, max_size=30), st.integers(1, 60), st.integers(0, 200))
def test_what_does_not_stand_out_is_told_alike(numbers: list[int], bound: int, most: int) -> None:
    noisy = np.array(numbers, dtype=np.int64)
    told = ToldCounts.of(noisy, bound, most)
    assert (told.low >= 0).all() and (told.low <= told.high).all() and (told.high <= most).all()
    assert (told.stands == (noisy > bound)).all() and (told.people[~told.stands] == 0).all()
    assert len({told.shown(n) for n in range(len(numbers)) if not told.stands[n]}) <= 1
    rest = [n for n in told.order() if not told.people[n]]
    assert rest == sorted(rest)


def test_guesses_are_bounded_as_the_literature_has_it() -> None:
    assert guess_bound(0.5, 0) == pytest.approx(0.6225, abs=1e-4)
    assert guess_bound(2, 0) == pytest.approx(0.8808, abs=1e-4) and guess_bound(1e-9, 0) == pytest.approx(0.5)


@pytest.mark.parametrize("epsilon", ["-100.0", "NaN", '"1"'])
def test_no_line_of_the_ledger_gives_budget_back(tmp_path: Path, epsilon: str) -> None:
    ledger = PrivacyLedger(tmp_path, PrivacySettings())
    ledger.charge("popularity", 3.0, 0.0)
    line = ledger.path.read_text().replace("3.0", epsilon)
    ledger.path.write_text(ledger.path.read_text() + line)
    with pytest.raises(WorkspaceError, match="damaged"):
        ledger.charge("popularity", 3.0, 0.0)
