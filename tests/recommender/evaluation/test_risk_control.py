"""Risk control: the p-value is one, and the filter that is chosen breaks its bound no more often than it may."""

import numpy as np
import pytest

from recommender.evaluation.risk_control import loosest, p_value


@pytest.mark.parametrize(("alpha", "people"), [(0.05, 200), (0.02, 1000), (0.2, 80)])
def test_a_true_hypothesis_is_seldom_rejected(alpha: float, people: int) -> None:
    means = np.random.default_rng(0).binomial(people, alpha, size=2000) / people
    rejected = np.mean([p_value(float(mean), people, alpha) <= 0.05 for mean in means])
    assert rejected <= 0.05
    assert p_value(alpha / 4, people, alpha) < 0.05 < p_value(alpha, people, alpha) == 1


def test_the_loosest_before_the_first_that_fails() -> None:
    risks = np.array([0.01, 0.02, 0.3, 0.0])
    losses = (np.arange(500)[:, None] < 500 * risks).astype(float)
    assert loosest(losses, alpha=0.05, delta=0.05) == 1  # what follows a failure is not tested
    assert loosest(losses, alpha=0.005, delta=0.05) is None


def test_the_choice_is_wrong_no_more_often_than_it_may_be() -> None:
    rng, risks = np.random.default_rng(1), np.linspace(0.01, 0.15, 15)
    wrong = 0
    for _ in range(300):
        chosen = loosest((rng.random((400, 15)) < risks).astype(float), alpha=0.1, delta=0.05)
        wrong += chosen is not None and risks[chosen] > 0.1
    assert wrong <= 15
