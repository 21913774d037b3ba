"""Matrix factorization ends where both sides are the exact solutions of their least squares."""

import numpy as np
import pytest
from scipy.sparse import csr_array

import recommender.linalg.matrix_factorization as module
from recommender.linalg.matrix_factorization import CONFIDENCE, RIDGE, factorize


def _used(users: int, items: int) -> csr_array:
    """Two tastes; the last user used nothing."""
    random = np.random.default_rng(1)
    same = (np.arange(users)[:, None] % 2) == (np.arange(items)[None] % 2)
    used = (random.random((users, items)) < np.where(same, 0.6, 0.1)).astype(np.float64)
    used[-1] = 0
    return csr_array(used)


def test_factors_solve_the_normal_equations() -> None:
    used = _used(30, 12)
    users, items = (side.astype(np.float64) for side in factorize(used, 3))
    dense, gram = used.toarray(), items.T @ items + RIDGE * np.eye(3)
    for user, row in enumerate(dense):
        told = items[row > 0]
        exact = np.linalg.solve(gram + (CONFIDENCE - 1) * told.T @ told, CONFIDENCE * told.sum(axis=0))
        np.testing.assert_allclose(users[user], exact, atol=2e-2)
    assert (users[-1] == 0).all()  # not nearly: by what is left of random numbers all items would be ranked


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    used = _used(25, 9)
    whole = factorize(used, 4)
    monkeypatch.setattr(module, "BLOCK", 5)
    for one, other in zip(whole, factorize(used, 4), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-3)


def test_on_several_cores_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 500)
    alone = factorize(_used(300, 40), 8)
    monkeypatch.setattr(module, "LARGE", 0)
    monkeypatch.setattr(module, "cores", lambda: 2)
    together = factorize(_used(300, 40), 8)
    assert [one.tobytes() for one in together] == [one.tobytes() for one in alone]
