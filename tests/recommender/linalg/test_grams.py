"""Gram matrices of a few rows are those of SciPy's sparse product, to the bit, whichever way they are made."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array, random_array

from recommender.linalg import local_ridge
from recommender.linalg.local_ridge import Grams


@given(st.integers(0, 2**16), st.floats(0.0, 0.6), st.integers(1, 12))
def test_as_scipy_to_the_bit(seed: int, density: float, rows: int) -> None:
    random = np.random.default_rng(seed)
    features = csr_array(random_array((20, 15), density=density, rng=random, format="csr"))
    features.sort_indices()
    grams = Grams(features)
    for _ in range(3):  # the room of the one before is empty again
        some = random.choice(20, rows, replace=False)
        wanted = csr_array(features[some] @ features[some].T).toarray()
        assert grams.of(some).tobytes() == wanted.tobytes()


def test_more_numbers_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    features = csr_array(np.random.default_rng(0).random((9, 7)))
    open_ = Grams(features).of(np.arange(9))
    monkeypatch.setattr(local_ridge, "CELLS", 100)
    assert Grams(features).of(np.arange(9)).tobytes() == open_.tobytes()
