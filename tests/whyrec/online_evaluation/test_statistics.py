"""Drift, always-valid tests and off-policy estimates against truths known by construction."""

from collections import Counter

import numpy as np
import pytest

from whyrec.online_evaluation.always_valid import Arm, compare
from whyrec.online_evaluation.drift import Window, drift
from whyrec.online_evaluation.off_policy import Records, estimates


def test_nothing_is_said_of_few_and_the_interval_is_the_test() -> None:
    assert compare(Arm(99, 50), Arm(500, 10)).p == 1.0
    assert compare(Arm(500, 2), Arm(500, 3)).p == 1.0
    for successes in range(60, 200, 7):
        found = compare(Arm(1_000, 100), Arm(1_000, successes))
        assert (found.p <= 0.05) == (not found.low < 0 < found.high), successes


def test_a_policy_that_is_the_logging_one_is_worth_what_was_seen() -> None:
    rewards = np.tile([1.0, 0.0, 0.0, 0.0], 500)
    ones = np.ones(2_000)
    found = estimates(Records(rewards, ones, ones.astype(bool), ones / 4, ones / 4))
    for one in found.values():
        assert one.value == pytest.approx(0.25) and one.low < 0.25 < one.high


def test_weights_bring_another_policy_back() -> None:
    random = np.random.default_rng(0)
    explored = random.random(20_000) < 0.5
    rewards = (random.random(20_000) < np.where(explored, 0.3, 0.1)).astype(float)
    q = np.full(20_000, 0.2)
    for one in estimates(Records(rewards, np.full(20_000, 0.5), explored, q, q)).values():
        assert one.value == pytest.approx(0.3, abs=0.02) and one.low < 0.3 < one.high and one.high - one.low < 0.1


def _window(personal: float = 0.9, score: float = 2.0, items: int = 50, bought: int = 5) -> Window:
    lists = [tuple(str((n * 7 + m) % items) for m in range(5)) for n in range(200)]
    scores = [score + (n % 20) / 20 for n in range(200)]
    events = Counter({"view": 100 - bought, "purchased": bought})
    return Window([n < 200 * personal for n in range(200)], scores, lists, events)


@pytest.mark.parametrize(
    ("figure", "now"),
    [
        ("impersonal", _window(personal=0.6)),
        ("scores", _window(score=2.4)),
        ("coverage", _window(items=20)),
        ("events", _window(bought=50)),
    ],
)
def test_each_drift_raises_its_own_alarm_alone(figure: str, now: Window) -> None:
    assert [one.figure for one in drift(_window(), now) if one.alarm] == [figure]
    assert not any(one.alarm for one in drift(_window(), _window()))
    assert drift(_window(), Window()) == []
