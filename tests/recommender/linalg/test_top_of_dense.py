"""The largest positive entries of dense rows: of long ones too, which are looked through in two passes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recommender.linalg import sparse_matrix
from recommender.linalg.sparse_matrix import top_of_dense

TOP = 3


def _expected(dense: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of equal ones the first."""
    found = np.zeros_like(dense)
    for row, values in enumerate(dense):
        chosen = [one for one in np.argsort(-values, kind="stable")[:TOP] if values[one] > 0]
        found[row, chosen] = values[chosen]
    return found


@given(st.integers(0, 2**16), st.integers(0, 40), st.integers(12, 70), st.booleans())
def test_largest_of_long_rows(seed: int, rows: int, columns: int, ties: bool) -> None:
    random = np.random.default_rng(seed)
    dense = random.integers(-2, 4, (rows, columns)).astype(float) if ties else random.normal(size=(rows, columns))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("WIDE", 12), ("CHUNK", 4), ("CELLS", 5 * columns)):
            patch.setattr(sparse_matrix, name, value)
        patch.setattr(sparse_matrix, "cores", lambda: 1)
        found = top_of_dense(rows, columns, lambda some: dense[some], TOP)
    assert np.array_equal(found.toarray(), _expected(dense)) and found.has_sorted_indices


def test_largest_of_long_rows_on_several_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    dense = np.random.default_rng(0).normal(size=(50, 64))
    for name, value in (("WIDE", 12), ("CHUNK", 4), ("CELLS", 640)):
        monkeypatch.setattr(sparse_matrix, name, value)
    monkeypatch.setattr(sparse_matrix, "cores", lambda: 2)
    assert np.array_equal(top_of_dense(50, 64, lambda some: dense[some], TOP).toarray(), _expected(dense))
