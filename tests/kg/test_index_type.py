"""Places in a sparse matrix do not wrap where they no longer fit 32 bits."""

import numpy as np
import pytest

from kg.index_type import compressed


@pytest.mark.parametrize(("entries", "kind"), [(2**31 - 1, np.int32), (2**31, np.int64), (3_000_000_000, np.int64)])
def test_the_end_of_a_matrix_of_billions_of_entries_stays(entries: int, kind: type) -> None:
    """A fake matrix: the end is told, its entries are not there."""
    indptr, indices = compressed(np.array([0, entries]), np.array([7], dtype=np.int32))
    assert indptr.tolist() == [0, entries] and indptr.dtype == indices.dtype == kind
