"""Ranking agrees with sorting everything."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.scoring.ranking import rank_of, top_n

ROWS = st.lists(st.tuples(st.sampled_from([-1.0, 0.0, 0.5, 2.0]), st.booleans()), min_size=1, max_size=12)


@given(ROWS, st.integers(1, 15))
def test_top_n_is_the_start_of_the_sorted_candidates(rows: list[tuple[float, bool]], n: int) -> None:
    scores, allowed = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    expected = sorted((i for i in range(len(rows)) if allowed[i]), key=lambda i: (-scores[i], i))
    assert top_n(scores, allowed, n).tolist() == expected[:n]
    for rank, position in enumerate(expected, start=1):
        assert rank_of(scores, allowed, position) == rank
    assert all(rank_of(scores, allowed, i) is None for i in range(len(rows)) if not allowed[i])


@given(
    st.integers(0, 10_000),
    st.integers(1, 40),
    st.sampled_from(["apart", "mostly 0", "tied", "all 0"]),
    st.sampled_from([0, 5, 150, 2_990]),
)
def test_top_n_of_a_catalogue_is_the_start_of_the_sorted_candidates(seed: int, n: int, kind: str, out: int) -> None:
    """3,001 items, the best of them not allowed: enough that most are left out before anything is sorted."""
    random = np.random.default_rng(seed)
    scores = {
        "apart": random.random(3_001),
        "mostly 0": np.where(random.random(3_001) < 0.02, random.random(3_001), 0.0),
        "tied": random.integers(-3, 4, 3_001).astype(np.float64),
        "all 0": np.zeros(3_001),
    }[kind]
    allowed, expected = np.ones(3_001, dtype=bool), np.lexsort((np.arange(3_001), -scores))
    allowed[expected[:out]] = False
    assert top_n(scores, allowed, n).tolist() == expected[allowed[expected]][:n].tolist()
