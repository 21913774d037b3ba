"""Diversity: lists are arranged as the formula says, caps hold, scores stay; reasons are chosen for what they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import UsageError
from recommender.audit.explanation_metrics import ExplanationMetrics
from recommender.learning.model import open_model
from recommender.reasons.path_quality import PathQuality, moving_average, type_diversity
from recommender.reranking.mmr import Arrangement
from recommender.rules.rule_set import Rules
from recommender.serving.recommender import Recommender, Request
from tests.graphs import snapshot_of

PEOPLE = [f"u{n}" for n in range(7)]
TWINS = ["twin1", "twin2", "twin3"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Recommender:
    """One buyer: three twins with the same ingredients lead her list, an odd product and a course come behind."""
    folder = tmp_path_factory.mktemp("shop")
    snapshot = snapshot_of(
        folder,
        {
            "User": ["u", *PEOPLE],
            "Product": ["old", "new", *TWINS, "odd"],
            "Course": ["k"],
            "Ingredient": ["a", "b", "c"],
            "Concern": ["acne"],
        },
        {
            "purchased": [
                *[("u", "old", 1.0, 1_000), ("u", "new", 1.0, 9_000)],
                *((one, product) for one in PEOPLE for product in ("old", "new", *TWINS)),
                *((one, "odd") for one in PEOPLE[:6]),
            ],
            "enrolled": [],
            "has_concern": [("u", "acne")],
            "contains": [
                *((product, part) for product in (*TWINS, "old") for part in ("a", "b")),
                *[("odd", "c"), ("new", "c"), ("new", "a")],
            ],
            "teaches": [("k", "c")],
        },
    )
    return Recommender(open_model(folder / "model", snapshot, folder / "kernels"))


def _ids(recommender: Recommender, n: int = 3, **how: object) -> list[str]:
    request = Request("u", n=n, rules=Rules(domain="cosmetics"), arrangement=Arrangement(**how))
    return [item.id for item in recommender.recommend(request).items]


def test_diversity_takes_the_unlike_item_and_leaves_scores(shop: Recommender) -> None:
    plain = shop.recommend(Request("u", n=4, rules=Rules(domain="cosmetics")))
    assert {item.id for item in plain.items[:3]} == set(TWINS) and plain.arrangement is None
    arranged = shop.recommend(Request("u", n=3, rules=Rules(domain="cosmetics"), arrangement=Arrangement(0.6)))
    assert [item.id for item in arranged.items[:2]] == [plain.items[0].id, "odd"]
    scores = {item.id: item.score for item in plain.items}
    assert all(item.score == scores[item.id] for item in arranged.items)
    assert [item.rank_by_score for item in arranged.items] == [1, 4, 2]
    report = arranged.arrangement
    assert report is not None and report.moved == 2 and report.alike_after < report.alike_before == pytest.approx(1.0)
    assert report.text.startswith("Arranged for variety: 2 of 3 items")


def test_without_diversity_the_order_is_that_of_scores(shop: Recommender) -> None:
    assert _ids(shop, 4, max_per=("contains:9",)) == _ids(shop, 4)


def test_caps_hold_and_may_shorten_the_list(shop: Recommender) -> None:
    assert _ids(shop, 4, max_per=("contains:1",)) == [_ids(shop, 1)[0], "odd"]
    capped = _ids(shop, 4, max_per=("contains:2",))
    assert sum(one in TWINS for one in capped) == 2


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"diversity": 1.5}, "`diversity` 1.5: expected a number from 0 to 1"),
        ({"max_per": ("contain:1",)}, "nearest: 'contains'"),
        ({"max_per": ("contains:0",)}, "N ≥ 1"),
        ({"max_per": ("contains:²",)}, "N ≥ 1"),  # a digit, and no number
        ({"max_per": ("~purchased:1",)}, "with a relation of an item"),  # which two items one person has
        ({"reasons": "resent"}, "nearest: 'recent'"),
        ({"path_quality": 0.5, "reasons": "strongest"}, "needs to know which"),
    ],
)
def test_what_does_not_fit_is_refused(shop: Recommender, how: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        _ids(shop, **how)


def test_reasons_are_chosen_for_what_they_say(shop: Recommender) -> None:
    def told(choice: str) -> list[str]:
        request = Request("u", n=4, rules=Rules(domain="cosmetics"), arrangement=Arrangement(reasons=choice))
        return [item.reason for item in shop.recommend(request).items]

    assert told("varied") == [item.reason for item in shop.recommend(_plain()).items]
    assert all("“new”" in one for one in told("recent"))
    assert len(set(told("varied"))) >= 2


def _plain() -> Request:
    return Request("u", n=4, rules=Rules(domain="cosmetics"))


def test_path_quality_moves_items_only_where_asked(shop: Recommender) -> None:
    assert _ids(shop, 4, reasons="popular") == _ids(shop, 4)
    moved = _ids(shop, 4, reasons="varied", path_quality=1.0)
    assert set(moved) == set(_ids(shop, 4))


def test_lir_is_the_moving_average_of_the_paper(shop: Recommender) -> None:
    assert moving_average(np.array([1.0, 2.0, 5.0]), 0.5) == pytest.approx([0.0, 0.5 / 2.25, 1.0])
    recency = PathQuality(shop.snapshot).recency(shop.profile(Request("u")))
    labels = {shop.snapshot.vocabulary.id("Product", idx): value for (_, idx), value in recency.items()}
    assert labels == {"old": 0.0, "new": 1.0}


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30), st.floats(0.01, 1))
def test_moving_averages_rise_within_bounds(values: list[float], beta: float) -> None:
    found = moving_average(np.array(sorted(values)), beta)
    assert (found >= 0).all() and (found <= 1).all() and (np.diff(found) >= -1e-9).all()


def test_etd_is_right_at_every_k() -> None:
    types = ["a", "b", "a", "c", "c"]
    assert [type_diversity(types, k, 3) for k in (1, 2, 3, 4, 5)] == pytest.approx([1, 1, 2 / 3, 1, 1])
    assert [type_diversity(types, k, 10) for k in (1, 2, 3, 4, 5)] == pytest.approx([1, 1, 2 / 3, 3 / 4, 3 / 5])


def test_sep_follows_the_number_of_triples(shop: Recommender) -> None:
    sep = PathQuality(shop.snapshot).popularity("Ingredient")
    by_id = {shop.snapshot.vocabulary.id("Ingredient", idx): value for idx, value in enumerate(sep.tolist())}
    assert by_id["c"] == 0.0 and by_id["a"] == 1.0 and 0 < by_id["b"] < 1


def test_metrics_find_real_and_needed_paths(shop: Recommender) -> None:
    report = ExplanationMetrics(shop, 3, Rules(domain="cosmetics")).measure(["u", "u0"])
    assert report.existing == 1.0 and report.with_path == 1.0 and report.paths > 10
    assert report.sufficiency is not None and 0 < report.sufficiency <= 1
    shown, random = (report.necessity["1"][key] for key in ("shown", "random"))
    assert shown is not None and random is not None and shown >= random
    strongest, balanced = report.quality["strongest"], report.quality["balanced"]
    assert balanced.etd >= strongest.etd and report.quality["recent"].lir == 1.0
    assert sum(report.path_types.values()) == report.items == 3
