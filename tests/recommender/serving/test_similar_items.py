"""Similar items: the shares are what the formula says, in both domains, and few people are never counted."""

from math import log, sqrt
from pathlib import Path

import pytest

from kg.errors import UsageError
from recommender.serving.similar_items import SimilarItems
from tests.graphs import snapshot_of


@pytest.fixture(scope="module")
def similar(tmp_path_factory: pytest.TempPathFactory) -> SimilarItems:
    """Two rose products that five people bought both, one that four bought too, a course about roses."""
    people = [f"u{n}" for n in range(6)]
    snapshot = snapshot_of(
        tmp_path_factory.mktemp("shop"),
        {
            "User": people,
            "Product": [("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")],
            "Course": [("k", "K")],
            "Ingredient": [("rosa", "Rosa"), ("aqua", "Aqua")],
            "Concern": [],
        },
        {
            "purchased": [
                *((u, "a") for u in people),
                *((u, "b") for u in people[:5]),
                *((u, "c") for u in people[:4]),
            ],
            "enrolled": [(u, "k") for u in people],
            "contains": [("a", "rosa"), ("a", "aqua"), ("b", "rosa"), ("c", "aqua")],
            "teaches": [("k", "rosa")],
            "has_concern": [],
        },
    )
    return SimilarItems(snapshot)


def test_shares_follow_the_formula(similar: SimilarItems) -> None:
    found = {item.id: item for item in similar.of("a", 10).items}
    rosa, aqua = log(1 + 5 / 3), log(1 + 5 / 2)
    length = sqrt(rosa**2 + aqua**2)
    assert found["b"].shares.attributes == pytest.approx(0.5 * rosa / length)
    assert found["b"].shares.people == pytest.approx(0.5 * 5 / sqrt(5 * 5))  # six who bought a are at least five
    assert (found["b"].people, found["k"].people, found["c"].people) == (5, 5, None)
    assert found["c"].shares.people == 0
    for item in found.values():
        assert item.score == pytest.approx(item.shares.attributes + item.shares.people, abs=1e-12)
        assert sum(one.share for one in item.shared) == pytest.approx(item.shares.attributes, abs=1e-12)
    assert "d" not in found and "a" not in found


def test_both_domains_are_listed_and_told(similar: SimilarItems) -> None:
    answer = similar.of("k", 1)
    assert [(item.domain, item.id, item.rank) for item in answer.items] == [("cosmetics", "b", 1)]
    assert answer.items[0].text == "They share “Rosa”; at least 5 people used both."
    assert [item.domain for item in similar.of("a", 1).items] == ["cosmetics", "courses"]
    assert similar.of("a", 5, "courses").items[0].id == "k"
    assert "fewer than 5 people" in similar.of("d", 3).text
    with pytest.raises(UsageError, match="nearest: 'courses'"):
        similar.of("a", 1, "course")


def test_it_reads_in_chinese(tmp_path: Path, similar: SimilarItems) -> None:
    answer = SimilarItems(similar.snapshot, "zh").of("a", 1)
    assert answer.items[0].text == "它们都涉及「Rosa」；至少有 5 人两者都用过。"
