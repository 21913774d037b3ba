"""Metrics agree with ir-measures, and with hand-worked cases."""

from collections.abc import Sequence
from itertools import permutations

import ir_measures
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ir_measures import RR, P, R, Success, nDCG
from scipy.sparse import csr_array

from kg.errors import ModelError
from recommender.evaluation.metrics import (
    HeldOutRanks,
    above_and_tied,
    coverage,
    expected_metrics,
    gini,
    intra_list_distance,
    novelty,
)

K = 5
MEASURES = {"ndcg": nDCG @ K, "recall": R @ K, "hit_rate": Success @ K, "precision": P @ K, "mrr": RR @ K}


def _metrics(ranking: Sequence[int], relevant: set[int]) -> dict[str, float]:
    """Of one list of items, no two of equal score; what is not in it is behind it."""
    above = np.array([ranking.index(item) if item in ranking else len(ranking) for item in sorted(relevant)])
    ranks = HeldOutRanks(np.zeros(len(above), dtype=np.int64), above, np.ones(len(above), dtype=np.int64))
    return {name: float(found[0]) for name, found in expected_metrics(ranks, np.array([len(above)]), K).items().items()}


@given(st.permutations(range(8)), st.sets(st.integers(0, 11), min_size=1, max_size=7))
def test_metrics_agree_with_ir_measures(ranking: list[int], relevant: set[int]) -> None:
    ours = _metrics(ranking, relevant)
    judged = [ir_measures.Qrel("u", str(item), 1) for item in relevant]
    listed = [ir_measures.ScoredDoc("u", str(item), -float(rank)) for rank, item in enumerate(ranking)]
    theirs = ir_measures.calc_aggregate(MEASURES.values(), judged, listed)
    for name, measure in MEASURES.items():
        assert ours[name] == pytest.approx(theirs[measure], abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 2), min_size=1, max_size=6), st.data())
def test_ties_count_at_the_mean_over_all_their_orders(scores: list[int], data: st.DataObject) -> None:
    """Every order of all items that their scores allow, one by one."""
    relevant = data.draw(st.sets(st.integers(0, len(scores) - 1), min_size=1))
    orders = [
        order for order in permutations(range(len(scores))) if sorted(order, key=lambda i: -scores[i]) == [*order]
    ]
    every = [_metrics(order, relevant) for order in orders]
    values, held_out = np.array(scores), np.array(sorted(relevant))
    above, tied = ((values > values[held_out][:, None]).sum(axis=1), (values == values[held_out][:, None]).sum(axis=1))
    ranks = HeldOutRanks(np.zeros(len(held_out), dtype=np.int64), above, tied)
    for name, found in expected_metrics(ranks, np.array([len(held_out)]), K).items().items():
        assert found[0] == pytest.approx(np.mean([one[name] for one in every]), abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.permutations(range(8)), st.sets(st.integers(0, 7), min_size=1, max_size=7))
def test_a_list_that_is_asked_for_longer_than_all_there_is_takes_no_longer(
    order: list[int], relevant: set[int]
) -> None:
    """Of a k of a thousand million, as of one of all items; precision counts the empty places."""
    above = np.array([order.index(item) for item in sorted(relevant)])
    ranks = HeldOutRanks(np.zeros(len(above), dtype=np.int64), above, np.ones(len(above), dtype=np.int64))
    whole, longer = (expected_metrics(ranks, np.array([len(above)]), k).items() for k in (8, 10**9))
    for name in ("ndcg", "recall", "hit_rate", "mrr"):
        assert longer[name] == whole[name]
    assert longer["precision"] == pytest.approx(len(relevant) / 10**9)


@pytest.mark.parametrize("where", [0, 1])
def test_a_model_whose_scores_are_no_numbers_is_not_the_best(where: int) -> None:
    """Nothing is more than a NaN: a held-out item that scores one was first, and all others were behind any number."""
    values = np.array([1.0, 2.0, 3.0])
    values[where] = np.nan
    with pytest.raises(ModelError, match="no number"):
        above_and_tied(values, values[[0]])


def test_a_user_without_a_hit_counts_as_zero_beside_one_with() -> None:
    ranks = HeldOutRanks(np.array([0, 1, 1]), np.array([K, 0, K + 3]), np.array([2, 1, 1]))
    found = expected_metrics(ranks, np.array([1, 2]), K).items()
    assert all(values[0] == 0 for values in found.values())
    assert (found["recall"][1], found["hit_rate"][1], found["mrr"][1]) == (0.5, 1.0, 1.0)


def test_exposure() -> None:
    assert coverage(np.array([3, 0, 1, 0])) == 0.5
    assert gini(np.array([2, 2, 2, 2])) == pytest.approx(0)
    assert gini(np.array([8, 0, 0, 0])) == pytest.approx(0.75)
    # shown once each: one item used by 1 of 4 users (2 bits), one used by all (0 bits)
    assert novelty(np.array([1, 1]), np.array([1, 4]), users=4) == pytest.approx(1.0)


def test_intra_list_distance_by_hand() -> None:
    """Attributes {a, b}, {a, b}, {b}, {}: cos 1, 1/√2, 1/√2 among the first three, 0 with the last."""
    half = 1 / np.sqrt(2)
    attributes = csr_array(np.array([[half, half], [half, half], [0, 1], [0, 0]]))
    lists = np.array([[0, 1, -1], [0, 1, 2], [0, 2, 3], [2, -1, -1]])
    expected = [0, 1 - (1 + 2 * half) / 3, 1 - half / 3, np.nan]
    np.testing.assert_allclose(intra_list_distance(lists, attributes), expected, atol=1e-12)


def test_items_without_attributes_have_no_distance() -> None:
    assert np.isnan(intra_list_distance(np.array([[0, 1]]), csr_array((2, 3)))).all()


@given(st.lists(st.sets(st.integers(0, 5)), min_size=2, max_size=6).filter(any))
def test_intra_list_distance_is_the_mean_over_pairs(sets: list[set[int]]) -> None:
    rows = np.array([[(n in one) / np.sqrt(max(len(one), 1)) for n in range(6)] for one in sets])
    found = intra_list_distance(np.arange(len(sets))[None, :], csr_array(rows))
    pairs = [rows[i] @ rows[j] for i in range(len(sets)) for j in range(i)]
    assert found[0] == pytest.approx(1 - np.mean(pairs), abs=1e-12)
