"""Trade-offs: curves begin with the lists as they are, arrange them as lists are arranged, and mark what is beaten."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from recommender.audit.trade_offs import LAMBDAS, _marginal, _points, trade_offs
from recommender.marketing.crowd import FIRST, Crowd
from recommender.reranking.mmr import Arrangement, Caps, Pool, arrange
from recommender.rules.rule_set import Rules
from recommender.serving.recommender import Recommender
from tests.recommender.marketing.test_marketing import shop


@pytest.fixture(scope="module")
def recommender(tmp_path_factory: pytest.TempPathFactory) -> Recommender:
    return shop(tmp_path_factory.mktemp("shop"))


@pytest.mark.parametrize("weight", LAMBDAS)
def test_variety_is_that_of_the_lists_that_people_get(recommender: Recommender, weight: float) -> None:
    rng = np.random.default_rng(3)
    scores, attributes = np.sort(rng.random(30))[::-1], (rng.random((30, 12)) < 0.3).astype(float)
    attributes /= np.maximum(np.linalg.norm(attributes, axis=1, keepdims=True), 1e-12)
    pool = Pool(scores, csr_array(attributes), [[]] * 30, [[]] * 30)
    caps = Caps(recommender.snapshot, recommender.catalogue, ())
    choice = type("Nothing", (), {"best": lambda *_: None})()
    expected = arrange(pool, FIRST, Arrangement(diversity=weight), caps, choice).order  # type: ignore[arg-type]
    assert _marginal(scores, attributes @ attributes.T, weight) == expected


def test_what_another_setting_beats_in_both_is_marked() -> None:
    told = [(0.0, 1.0, 0.4), (0.5, 0.98, 0.2), (1.0, 0.97, 0.3), (2.0, 0.98, 0.2)]
    assert [one.efficient for one in _points(told, True, [None] * 4)] == [True, True, False, True]


def test_curves_begin_with_the_lists_as_they_are(recommender: Recommender) -> None:
    crowd = Crowd(recommender, Rules(domain="courses"))
    found = trade_offs(crowd, "courses", ["20% teaches:OAT"], "en")
    floors, variety = found.curves
    assert [one.aim for one in found.curves] == ["gap", "diversity"] and "margin" in found.missing[0]
    assert floors.points[0].kept == variety.points[0].kept == 1.0
    assert floors.points[0].value > floors.points[-1].value == 0
    assert variety.points[-1].value >= variety.points[0].value


def test_ndcg_of_what_was_held_out_is_told_and_decides(recommender: Recommender) -> None:
    """Everybody's list as it is begins with what she wanted; arranged otherwise it begins with something else."""
    crowd = Crowd(recommender, Rules(domain="courses"))
    first = [row[row >= 0][:1] for row in crowd.lists.positions]
    found = trade_offs(crowd, "courses", ["20% teaches:OAT"], "en", first)
    assert found.tested == crowd.told_count(sum(len(one) > 0 for one in first)) and "NDCG@10" in found.text
    for curve in found.curves:
        assert curve.points[0].ndcg == 1.0
        assert all(one.ndcg is not None and one.ndcg <= 1.0 for one in curve.points)
    few = [*first[:4], *(one[:0] for one in first[4:])]
    assert {one.ndcg for one in trade_offs(crowd, "courses", [], "en", few).curves[0].points} == {None}
