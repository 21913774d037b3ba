"""A product without the pass that counts has the bits and the order of SciPy's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array, random_array

from recommender.linalg.sparse_matrix import add_rows, few_rows_product


@given(seed=st.integers(0, 10**6), rows=st.integers(0, 6), density=st.floats(0, 0.6))
def test_it_is_the_product(seed: int, rows: int, density: float) -> None:
    draw = np.random.default_rng(seed)
    left, right = (
        csr_array(random_array(shape, density=density, format="csr", rng=draw)) for shape in ((rows, 9), (9, 11))
    )
    found, expected = few_rows_product(left, right), csr_array(left @ right)
    assert found.shape == expected.shape
    for part in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(found, part), getattr(expected, part))


@pytest.mark.parametrize("kind", [np.int32, np.int64])
def test_indices_of_either_type(kind: type[np.integer]) -> None:
    left = csr_array(np.array([[1.0, 0.0, 2.0], [0.0, 0.0, 0.0]]))
    right = csr_array(np.array([[0.5, 1.0], [3.0, 0.0], [0.25, -1.0]]))
    right = csr_array((right.data, right.indices.astype(kind), right.indptr.astype(kind)), shape=right.shape)
    np.testing.assert_array_equal(few_rows_product(left, right).toarray(), (left @ right).toarray())


@given(seed=st.integers(0, 10**6), rows=st.lists(st.integers(0, 8), max_size=6))
def test_rows_that_are_added_up_have_the_bits_of_the_product(seed: int, rows: list[int]) -> None:
    draw = np.random.default_rng(seed)
    matrix = csr_array(random_array((9, 11), density=0.4, format="csr", rng=draw))
    weights, to = draw.standard_normal(len(rows)), np.zeros(11)
    left = csr_array((weights, np.array(rows, dtype=np.int32), np.array([0, len(rows)], dtype=np.int32)), shape=(1, 9))
    assert add_rows(matrix, np.array(rows, dtype=np.int32), weights, to) is to
    assert to.tobytes() == (csr_array(left @ matrix).toarray() + 0.0).tobytes()
