"""Exposure prices: floors are kept where they can be, at next to the least loss that a linear program finds."""

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_array

from recommender.reranking.exposure_prices import Pool, gap, solve

PEOPLE, ITEMS, N = 30, 24, 4


def crowd(seed: int) -> Pool:
    """People who all like the first items better than the last third, which is one group; odd items are another."""
    rng = np.random.default_rng(seed)
    scores = 1 + rng.random((PEOPLE, ITEMS)) + np.where(np.arange(ITEMS) < 16, 0.6, 0.0)
    positions = np.argsort(-scores, axis=1)
    groups = np.column_stack([np.arange(ITEMS) >= 16, np.arange(ITEMS) % 2 == 1]).astype(float)
    return Pool(positions, np.take_along_axis(scores, positions, axis=1), N, csr_array(groups))


@pytest.mark.parametrize("seed", range(2))
def test_floors_are_kept_at_next_to_the_least_loss(seed: int) -> None:
    pool, targets = crowd(seed), np.array([0.3, 0.5])
    found = solve(pool, targets, most_loss=1.0)
    assert found.before[0] < 0.1 and gap(found.after, targets) < 0.01
    worth = 1 / np.log2(np.arange(2, N + 2))
    gains = (pool.totals[:, :, None] * worth).ravel()  # x[person, item, rank]
    inside = pool.groups.toarray()[pool.positions]
    share = np.stack([(inside[:, :, g, None] * worth).ravel() for g in range(2)]) / (worth.sum() * PEOPLE)
    ranks = np.kron(np.eye(PEOPLE), np.tile(np.eye(N), ITEMS))
    once = np.kron(np.eye(PEOPLE * ITEMS), np.ones(N))
    best = linprog(
        -gains,
        A_ub=np.vstack([once, -share]),
        b_ub=[*np.ones(PEOPLE * ITEMS), *-found.after],
        A_eq=ranks,
        b_eq=np.ones(PEOPLE * N),
    )
    least = 1 + best.fun / float((pool.totals[:, :N] * worth).sum())
    assert found.loss <= least + 0.01


def test_lists_lose_no_more_than_they_may() -> None:
    pool, targets = crowd(0), np.array([0.6, 0.5])
    whole, some, none = (solve(pool, targets, most) for most in (1.0, 0.01, 0.0))
    assert whole.loss > 0.03 and some.loss <= 0.0101 and none.loss < 1e-6
    assert gap(whole.after, targets) < gap(some.after, targets) < gap(none.after, targets)
    assert [one.gap for one in whole.curve] == sorted((one.gap for one in whole.curve), reverse=True)
