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
