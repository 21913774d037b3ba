"""Metrics agree with ir-measures, and with hand-worked cases."""

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import RR, P, R, Success, nDCG

from recommender.metrics import coverage, gini, novelty, ranking_metrics

K = 5
MEASURES = {"ndcg": nDCG @ K, "recall": R @ K, "hit_rate": Success @ K, "precision": P @ K, "mrr": RR @ K}


@given(st.permutations(range(8)), st.sets(st.integers(0, 11), min_size=1, max_size=7))
def test_metrics_agree_with_ir_measures(ranking: list[int], relevant: set[int]) -> None:
    hits = np.array([[item in relevant for item in ranking[:K]]])
    ours = ranking_metrics(hits, np.array([len(relevant)])).items()
    judged = [ir_measures.Qrel("u", str(item), 1) for item in relevant]
    listed = [ir_measures.ScoredDoc("u", str(item), -float(rank)) for rank, item in enumerate(ranking)]
    theirs = ir_measures.calc_aggregate(MEASURES.values(), judged, listed)
    for name, measure in MEASURES.items():
        assert ours[name][0] == pytest.approx(theirs[measure], abs=1e-6)


def test_a_user_without_a_hit_counts_as_zero() -> None:
    found = ranking_metrics(np.zeros((1, K), dtype=bool), np.array([3])).items()
    assert all(values.tolist() == [0.0] for values in found.values())


def test_exposure() -> None:
    assert coverage(np.array([3, 0, 1, 0])) == 0.5
    assert gini(np.array([2, 2, 2, 2])) == pytest.approx(0)
    assert gini(np.array([8, 0, 0, 0])) == pytest.approx(0.75)
    # shown once each: one item used by 1 of 4 users (2 bits), one used by all (0 bits)
    assert novelty(np.array([1, 1]), np.array([1, 4]), users=4) == pytest.approx(1.0)
