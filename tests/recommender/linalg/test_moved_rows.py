"""Rows that changed are found whatever their lengths are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from recommender.linalg.moved_rows import changed_rows

VALUES = st.sampled_from([0.0, 0.0, 1.0, 2.0])


@given(st.integers(0, 6), st.integers(1, 4), st.data())
def test_rows_that_differ_by_a_place_or_a_bit_are_found(rows: int, columns: int, data: st.DataObject) -> None:
    size = rows * columns
    now, then = (
        np.reshape(data.draw(st.lists(VALUES, min_size=size, max_size=size)), (rows, columns)) for _ in range(2)
    )
    then[: rows // 2] = now[: rows // 2]
    assert changed_rows(csr_array(now), csr_array(then)).tolist() == (now != then).any(axis=1).tolist()


@pytest.mark.parametrize("entry", [1.0, np.nextafter(1.0, 2.0)])
def test_between_rows_of_other_lengths_one_entry_is_its_row(entry: float) -> None:
    then = csr_array(np.array([[1.0, 1.0], [0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]]))
    now = csr_array(np.array([[1.0, 0.0], [0.0, 0.0], [1.0, entry], [1.0, 0.0], [0.0, 1.0]]))
    assert changed_rows(now, then).tolist() == [True, False, entry != 1.0, True, True]
