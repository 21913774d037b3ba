"""Places among what was not used are those of the whole product, for all pairs of factors, to the bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array, random_array

from recommender.learning import sparse_ranking
from recommender.learning.sparse_ranking import ndcg_by_factors, ndcg_of_unused


@pytest.mark.parametrize("cells", [1, 30, 10**6])
@given(seed=st.integers(0, 2**16), density=st.floats(0.0, 0.9))
def test_as_counted_one_by_one(cells: int, seed: int, density: float) -> None:
    random, items = np.random.default_rng(seed), 25
    used, kernel = (
        csr_array(random_array((rows, items), density=density, format="csr", rng=random)) for rows in (9, items)
    )
    kernel.data = np.round(kernel.data, 1)  # zeros, and equal scores
    truth = random.integers(0, items, 9)
    before, after = random.random((2, items)) + 0.1, random.random((3, items)) + 0.1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sparse_ranking, "CELLS", cells)
        found = ndcg_by_factors(used, kernel, truth, before, after)
        plain = ndcg_of_unused(used, kernel, truth)
    expected = [[_gains(used, kernel, truth, one, other) for other in after] for one in before]
    assert found.tobytes() == np.array(expected).tobytes()
    assert plain.tobytes() == np.array(_gains(used, kernel, truth, np.ones(items), np.ones(items))).tobytes()


def _gains(used: csr_array, kernel: csr_array, truth: np.ndarray, before: np.ndarray, after: np.ndarray) -> list[float]:
    weighed = csr_array((used.data * before[used.indices], used.indices, used.indptr), shape=used.shape)
    scores = (weighed @ kernel).toarray() * after
    scores[used.toarray() > 0] = 0.0
    gains = []
    for row, item in zip(scores, truth, strict=True):
        rank = int((row >= row[item]).sum())
        gains.append(1 / np.log2(1 + rank) if row[item] > 0 and rank <= 10 else 0.0)
    return gains
