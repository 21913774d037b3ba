"""What is long ago fades, what is disliked subtracts and is told so, and the score stays a sum."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kg.errors import SchemaError
from kg.schema import parse_schema
from recommender.kernels.metapaths import enumerate_metapaths
from recommender.learning.model import open_model
from recommender.profiles.profile import anchors_of, profile_of
from recommender.profiles.weights import Recency, with_recency
from recommender.serving.recommender import Recommender, Request
from tests.graphs import SCHEMA, snapshot_of

DAY = 86_400_000
FADING: dict[str, Any] = {
    **SCHEMA,
    "relation": {**SCHEMA["relation"], "purchased": {**SCHEMA["relation"]["purchased"], "half_life_days": 30}},
}
DISLIKED = {
    "head": "User",
    "tail": "Product",
    "negative": True,
    "phrase": {"en": "disliked", "zh": "不喜欢"},
}
NEGATIVE: dict[str, Any] = {**SCHEMA, "relation": {**SCHEMA["relation"], "disliked": DISLIKED}}


def test_a_purchase_counts_half_after_its_half_life(tmp_path: Path) -> None:
    """30 days before the latest triple of the graph counts 1/2, 60 days 1/4; without a time like the oldest."""
    entities: dict[str, list[Any]] = {"User": ["ann", "bob"], "Product": ["p0", "p1", "p2", "p3"], "Course": ["c"]}
    triples: dict[str, list[tuple[Any, ...]]] = {
        "purchased": [("ann", "p0", 1, 70 * DAY), ("ann", "p1", 2, 40 * DAY), ("ann", "p2", 4), ("bob", "p3", 1, DAY)],
        "enrolled": [("bob", "c", 1, 100 * DAY)],
    }
    snapshot = snapshot_of(tmp_path, entities, triples, FADING)
    expected = np.array([2**-1, 2 * 2**-2, 4 * 2 ** (-99 / 30)])
    anchors = profile_of(snapshot, "User", 0).anchors["purchased"]
    np.testing.assert_allclose(anchors.weight, expected / np.linalg.norm(expected))
    together = anchors_of(snapshot, "purchased", np.array([1, 0]))
    assert together.data[1:].tolist() == anchors.weight.tolist() and together.data[0] == 1.0
    assert profile_of(snapshot, "User", 1).anchors["enrolled"].weight.tolist() == [1.0]


def test_the_latest_counts_most_by_its_place(tmp_path: Path) -> None:
    """p1 is the latest; p0 and p2 share place 2, since one is later; without a time p3 comes last, in place 4."""
    entities: dict[str, list[Any]] = {"User": ["ann", "bob"], "Product": ["p0", "p1", "p2", "p3"]}
    bought = [("ann", "p0", 1, 5), ("ann", "p1", 1, 9), ("ann", "p2", 2, 5), ("ann", "p3", 1), ("bob", "p3", 3, 1)]
    plain = snapshot_of(tmp_path, entities, {"purchased": bought})
    snapshot = with_recency(plain, {"purchased": Recency(place_exponent=2)})
    expected = np.array([1 / 4, 1, 2 / 4, 1 / 16])
    anchors = profile_of(snapshot, "User", 0).anchors["purchased"]
    np.testing.assert_allclose(anchors.weight, expected / np.linalg.norm(expected))
    together = anchors_of(snapshot, "purchased", np.array([1, 0]))
    assert together.data[1:].tolist() == anchors.weight.tolist() and together.data[0] == 1.0
    assert profile_of(plain, "User", 0).anchors["purchased"].weight[1] == pytest.approx(1 / np.sqrt(7))


def test_a_graph_without_times_does_not_fade(tmp_path: Path) -> None:
    entities: dict[str, list[Any]] = {"User": ["ann"], "Product": ["p0", "p1"]}
    snapshot = snapshot_of(tmp_path, entities, {"purchased": [("ann", "p0", 3), ("ann", "p1", 4)]}, FADING)
    assert profile_of(snapshot, "User", 0).anchors["purchased"].weight.tolist() == pytest.approx([0.6, 0.8])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Recommender:
    """``ann`` bought a rose cream and disliked a retinol one; two more of each kind are for sale."""
    folder = tmp_path_factory.mktemp("shop")
    entities: dict[str, list[Any]] = {
        "User": ["ann", "bob"],
        "Product": [
            ("rose1", "Rose one"),
            ("rose2", "Rose two"),
            ("ret1", "Retinol one"),
            ("ret2", "Retinol two"),
            "n",
        ],
        "Course": [("night", "Night care")],
        "Ingredient": [("Rosa", "Rosa"), ("Retinol", "Retinol")],
    }
    triples: dict[str, list[tuple[Any, ...]]] = {
        "purchased": [("ann", "rose1"), ("bob", "rose1")],
        "disliked": [("ann", "ret1", 5.0)],
        "contains": [("rose1", "Rosa"), ("rose2", "Rosa"), ("ret1", "Retinol"), ("ret2", "Retinol")],
        "teaches": [("night", "Retinol")],
    }
    snapshot = snapshot_of(folder, entities, triples, NEGATIVE)
    return Recommender(open_model(folder / "model", snapshot, folder / "kernels"))


def test_what_is_disliked_subtracts_and_is_told_so(shop: Recommender) -> None:
    answer = shop.recommend(Request("ann", n=9))
    assert answer.items[0].id == "rose2"
    scores = {item.id: item.score for item in answer.items}
    assert scores["ret2"] < scores["n"] and scores["night"] < scores["n"]
    assert answer.excluded == {"interacted": 1, "disliked": 1}
    account = shop.why(Request("ann"), "ret2")
    (part,) = [part for part in account.parts if part.metapath == "disliked > contains > ~contains"]
    assert part.share < 0 and part.paths is not None
    assert part.share == pytest.approx(sum(path.share for path in part.paths))
    assert account.score == pytest.approx(sum(one.share for one in account.parts), abs=1e-12)
    assert (
        part.text
        == "Against it: you disliked “Retinol one”, which contains “Retinol”, which is contained in “Retinol two”."
    )
    assert "Against it: you disliked “Retinol one”" in account.text
    assert shop.why(Request("ann", lang="zh"), "ret2").parts[-1].text.startswith("不利因素：您不喜欢「Retinol one」")
    assert "disliked" not in next(item.reason for item in answer.items if item.id == "ret2")


def test_a_dislike_can_be_told_by_hand(shop: Recommender) -> None:
    told = shop.recommend(Request(anchors=("purchased:rose1", "disliked:ret1"), n=9))
    known = shop.recommend(Request("ann", n=9))
    assert [(i.id, i.score) for i in told.items] == [(i.id, i.score) for i in known.items]


def test_a_dislike_is_no_interaction_and_of_nobody_else() -> None:
    schema = parse_schema(
        {**NEGATIVE, "relation": {**NEGATIVE["relation"], "disliked": {**DISLIKED, "interaction": True}}}
    )
    assert schema.interactions == ("purchased", "enrolled") and schema.negatives == ("disliked",)
    paths = [path.steps for path in enumerate_metapaths(schema)]
    assert any(steps[0] == "disliked" for steps in paths)
    assert not any("disliked" in steps[1:] or "~disliked" in steps for steps in paths)


def test_a_rule_is_in_no_metapath() -> None:
    avoids = {"head": "User", "tail": "Ingredient", "rule": "avoid"}
    schema = parse_schema({**SCHEMA, "relation": {**SCHEMA["relation"], "avoids": avoids}})
    assert schema.rules == ("avoids",)
    assert not any("avoids" in step for path in enumerate_metapaths(schema) for step in path.steps)


@pytest.mark.parametrize(
    ("relation", "message"),
    [
        ({"head": "Product", "tail": "Ingredient", "rule": "avoid"}, "no user type .known: User"),
        ({"head": "Product", "tail": "Ingredient", "negative": True}, "negative: the head is 'Product'"),
        ({"head": "Product", "tail": "Ingredient", "half_life_days": 3}, "half_life_days: the head is 'Product'"),
        ({"head": "Product", "tail": "Ingredient", "place_exponent": 1}, "place_exponent: the head is 'Product'"),
        ({"head": "User", "tail": "Product", "rule": "avoid", "place_exponent": 1}, "does not fade"),
        ({"head": "User", "tail": "Product", "half_life_days": 0}, "greater than 0"),
        ({"head": "User", "tail": "Product", "rule": "avoid", "interaction": True}, "a rule is no interaction"),
        ({"head": "User", "tail": "Product", "rule": "shun"}, "'avoid'"),
        ({"head": "User", "tail": "Product", "half_life": 3}, "nearest: 'half_life_days'"),
    ],
)
def test_relations_of_people_are_checked(relation: dict[str, Any], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        parse_schema({**SCHEMA, "relation": {**SCHEMA["relation"], "other": relation}})
