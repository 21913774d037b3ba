"""A kernel made by blocks on several cores has the bits of the one that is multiplied out."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from recommender.linalg import pruned_product as module
from recommender.linalg.pruned_product import kernel_product
from recommender.linalg.sparse_matrix import top_per_row, without_diagonal


def _random(rows: int, columns: int, seed: int) -> csr_array:
    random = np.random.default_rng(seed)
    return csr_array(np.where(random.random((rows, columns)) < 0.2, random.random((rows, columns)), 0.0))


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("top", [3, 1000])
def test_blocks_on_several_cores_are_the_whole_product(workers: int, top: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS", 7)
    there, back, on = _random(40, 25, 1), _random(25, 40, 2), _random(40, 30, 3)
    closed = without_diagonal(csr_array(there @ back))
    found = kernel_product([(there, back)], top, closed=True, workers=workers)
    np.testing.assert_array_equal(found.toarray(), top_per_row(closed.copy(), top).toarray())
    found = kernel_product([(there, back), (on,)], top, closed=False, workers=workers)
    np.testing.assert_array_equal(found.toarray(), top_per_row(csr_array(closed @ on), top).toarray())
    inner = without_diagonal(csr_array(csr_array(on.T) @ on))
    found = kernel_product([(on,), (csr_array(on.T), on)], top, closed=False, workers=workers)
    np.testing.assert_array_equal(found.toarray(), top_per_row(csr_array(on @ inner), top).toarray())


def test_a_kernel_without_rows_is_empty() -> None:
    found = kernel_product([(csr_array((0, 4)), csr_array((4, 3)))], 5, closed=False)
    assert found.shape == (0, 3)
