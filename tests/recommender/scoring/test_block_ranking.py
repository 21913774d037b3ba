"""Lists from sparse scores are those of sorting a score for every item."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from recommender.scoring.block_ranking import Popular, rank_dense, rank_sparse
from recommender.scoring.ranking import top_n

VALUES = st.sampled_from([0.0, 0.0, 0.0, 0.5, 1.0, 2.0, -1.0])


@st.composite
def blocks(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Path scores with many ties, popularity with many ties, what is allowed, and a length."""
    users, items = draw(st.integers(1, 4)), draw(st.integers(1, 9))
    paths = draw(st.lists(VALUES, min_size=users * items, max_size=users * items))
    popular = draw(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=items, max_size=items))
    allowed = draw(st.lists(st.booleans(), min_size=users * items, max_size=users * items))
    shape = (users, items)
    return np.reshape(paths, shape), np.array(popular), np.reshape(allowed, shape), draw(st.integers(1, 10))


@given(blocks())
def test_sparse_lists_are_the_dense_ones(block: tuple[np.ndarray, np.ndarray, np.ndarray, int]) -> None:
    paths, popular, allowed, n = block
    own = (~allowed).sum(axis=1)
    sparse = rank_sparse(csr_array(paths), Popular.of(popular), allowed, own, n)
    dense = rank_dense(paths + popular, paths, allowed, n)
    for name in ("indptr", "positions", "totals", "paths"):
        assert getattr(sparse, name).tolist() == getattr(dense, name).tolist()


@pytest.mark.parametrize("weight", [0.0, 0.05, 3.0])
@pytest.mark.parametrize("dislikes", [False, True])
def test_sparse_lists_are_the_dense_ones_in_a_large_catalogue(weight: float, dislikes: bool) -> None:
    random = np.random.default_rng(5)
    users, items, n = 40, 3000, 10
    paths = np.where(random.random((users, items)) < 0.4, random.gamma(0.3, size=(users, items)), 0.0)
    if dislikes:
        paths[::2] *= random.choice([1.0, -1.0], (users // 2, items))
    popular = weight * random.power(0.2, items)
    allowed = np.ones((users, items), dtype=bool)
    for row in range(users):
        allowed[row, random.choice(items, row * 10)] = False
    ranked = rank_sparse(csr_array(paths), Popular.of(popular), allowed, (~allowed).sum(axis=1), n)
    for row, scores in enumerate(paths + popular):
        assert (
            ranked.positions[ranked.indptr[row] : ranked.indptr[row + 1]].tolist()
            == top_n(scores, allowed[row], n).tolist()
        )
