"""What two rows share at most, against dense matrices."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import random_array

from recommender.kernels.learned.bridge import over_most
from recommender.linalg.largest_shared import largest_per_row, row_of


@given(seed=st.integers(0, 10**6), density=st.floats(0, 0.7))
def test_the_largest_of_each_row_is_that_of_the_dense_one(seed: int, density: float) -> None:
    rng = np.random.default_rng(seed)
    matrix = random_array((7, 9), density=density, format="csr", rng=rng)
    rows, weights = rng.integers(7, size=5), rng.integers(3, size=9).astype(np.float64)
    expected = (matrix.toarray()[rows] * weights).max(axis=1)
    assert largest_per_row(matrix, rows, weights).tolist() == expected.tolist()


@given(seed=st.integers(0, 10**6), density=st.floats(0, 0.7))
def test_an_entry_runs_most_over_the_largest_product_of_what_both_have(seed: int, density: float) -> None:
    """Of equal ones over the first."""
    rng = np.random.default_rng(seed)
    left, right = (random_array((2, 9), density=density, format="csr", rng=rng) for _ in range(2))
    for matrix in (left, right):
        matrix.data = np.ceil(matrix.data * 3)
    products = left.toarray() * right.toarray()
    halves = [(row_of(left, row), row_of(right, row), "Ab"[row]) for row in range(2)]
    most = int(products.argmax())
    expected = ("Ab"[most // 9], most % 9) if products.any() else None
    assert over_most(halves) == expected
