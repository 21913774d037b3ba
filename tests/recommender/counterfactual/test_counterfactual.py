"""Why-not and what-if: the reasons are the real ones, and a change that is named does what it says."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.errors import UsageError
from recommender.counterfactual.anchor_changes import AnchorChanges, Cosines, Weighted
from recommender.counterfactual.changes import Change
from recommender.counterfactual.search import Counterfactual
from recommender.counterfactual.what_if import what_if
from recommender.counterfactual.why_not import why_not
from recommender.learning.model import open_model
from recommender.profiles.anchors import anchor_text
from recommender.profiles.profile import profile_of
from recommender.rules.rule_set import Rules
from recommender.serving.recommender import Recommender, Request
from tests.graphs import Entities, Triples, snapshot_of
from tests.recommender.explanation.test_explanation import COUNTS, _name, graphs

SHOP: tuple[Entities, Triples] = (
    {
        "User": ["u", *(f"o{n}" for n in range(6))],
        "Product": [
            ("rose", "Rose Oil", 30.0),
            ("mint", "Mint Oil", 9.0),
            ("clay", "Clay", 5.0),
            ("soap", "Soap", 4.0),
        ],
        "Course": [("oils", "Oils")],
        "Ingredient": [("rosa", "Rosa"), ("mentha", "Mentha"), ("kaolin", "Kaolin")],
        "Concern": [("acne", "Acne")],
    },
    {
        "purchased": [("u", "clay"), *((f"o{n}", "mint") for n in range(6)), *((f"o{n}", "clay") for n in range(6))],
        "contains": [("rose", "rosa"), ("mint", "mentha"), ("clay", "kaolin"), ("soap", "kaolin")],
        "teaches": [("oils", "rosa"), ("oils", "mentha")],
        "enrolled": [],
        "has_concern": [],
    },
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Recommender:
    """One buyer of clay: soap shares its kaolin, six others bought mint too, and nothing leads to the rose oil."""
    folder = tmp_path_factory.mktemp("shop")
    snapshot = snapshot_of(folder, *SHOP)
    return Recommender(open_model(folder / "model", snapshot, folder / "kernels"))


def test_each_reason_is_named(shop: Recommender) -> None:
    listed = why_not(shop, Request("u", n=3), "mint")
    assert (listed.reasons, listed.change) == ([], None) and "number" in listed.text
    used = why_not(shop, Request("u", n=1), "clay").reasons[0]
    assert used.kind == "interacted" and "You bought “Clay”" in used.text
    dear = why_not(shop, Request("u", rules=Rules(max_price=10.0), n=1), "rose")
    assert [reason.kind for reason in dear.reasons] == ["rule", "no_path"]
    assert dear.reasons[0].rule == "max_price" and dear.change is not None and dear.change.lift == ["max_price"]
    other = why_not(shop, Request("u", rules=Rules(domain="courses"), n=1), "mint")
    assert [reason.kind for reason in other.reasons] == ["other_domain"]
    avoided = why_not(shop, Request("u", rules=Rules(avoid=("contains:mentha",)), n=2), "mint")
    assert avoided.reasons[0].rule == "avoid contains:mentha" and "“Mentha”" in avoided.text
    assert avoided.change is not None and avoided.change.lift == ["avoid contains:mentha"]


def test_a_missing_link_names_what_would_lead_there_and_who_is_ahead(shop: Recommender) -> None:
    answer = why_not(shop, Request("u", n=1), "rose")
    missing, ahead = answer.reasons
    assert missing.kind == "no_path" and missing.missing is not None
    assert [link.anchor for link in missing.missing] == ["enrolled:oils"]
    first = shop.recommend(Request("u", n=1)).items[0]
    assert ahead.kind == "outscored" and ahead.ahead == (answer.rank or 0) - 1
    assert ahead.gap == pytest.approx(first.score - answer.score) and ahead.items is not None
    assert [(item.id, item.by) for item in ahead.items] == [(first.id, pytest.approx(first.score - answer.score))]
    assert answer.change is not None and answer.change.rank_after == 1
    after = shop.recommend(Request("u", answer_anchors(answer.change.add), without=tuple(answer.change.remove), n=1))
    assert [item.id for item in after.items] == ["rose"]


def answer_anchors(texts: list[str]) -> tuple[str, ...]:
    return tuple(texts)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(triples=graphs(), n=st.integers(1, 2))
def test_a_change_is_verified_and_single_where_a_single_one_works(
    tmp_path_factory: pytest.TempPathFactory, triples: dict[str, list[tuple[str, str, float]]], n: int
) -> None:
    folder = tmp_path_factory.mktemp("graph")
    entities: Entities = {name: [_name(name, number) for number in range(count)] for name, count in COUNTS.items()}
    recommender = Recommender(open_model(folder / "model", snapshot_of(folder, entities, triples), folder / "kernels"))
    for user, item in ((0, "Product"), (1, "Course"), (2, "Product")):
        request, item_id = Request(_name("User", user), n=n), _name(item, 1)
        answer = why_not(recommender, request, item_id)
        if answer.rank is not None and answer.rank <= n:
            continue
        singles = _singles(recommender, request, item_id)
        if answer.change is None:
            assert not singles
            continue
        if answer.change.item_add or answer.change.item_remove:  # tests of item changes look at those
            assert not singles and answer.change.rank_after <= n
            continue
        changed = what_if(recommender, request, answer.change.add, answer.change.remove)
        assert [row.rank for row in changed.after if row.id == item_id] == [answer.change.rank_after]
        assert answer.change.rank_after <= n
        if singles:
            assert len(answer.change.add) + len(answer.change.remove) == 1, singles


def _singles(recommender: Recommender, request: Request, item_id: str) -> list[str]:
    """Every single change that brings the item into the list, by trying all."""
    snapshot = recommender.snapshot
    vocabulary, found = snapshot.vocabulary, []
    profile = recommender.profile(request)
    for step in recommender.scorer.starts:
        tail = snapshot.schema.ends(step)[1]
        had = set(profile.anchors[step].idx.tolist()) if step in profile.anchors else set()
        for idx in range(vocabulary.count(tail)):
            text = anchor_text(snapshot, (step, idx))
            changed = (
                Request(request.user_id, without=(text,), n=request.n)
                if idx in had
                else Request(request.user_id, (text,), n=request.n)
            )
            if any(row.id == item_id for row in recommender.recommend(changed).items):
                found.append(text)
    return found


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(triples=graphs())
def test_estimates_are_the_scores_after_the_change(
    tmp_path_factory: pytest.TempPathFactory, triples: dict[str, list[tuple[str, str, float]]]
) -> None:
    folder = tmp_path_factory.mktemp("graph")
    entities: Entities = {name: [_name(name, number) for number in range(count)] for name, count in COUNTS.items()}
    recommender = Recommender(open_model(folder / "model", snapshot_of(folder, entities, triples), folder / "kernels"))
    request = Request(_name("User", 0))
    search = Counterfactual(recommender, request, 0, 1)
    profile, raw = recommender.profile(request), search.changed.raw(Change())
    lengths = {step: float(np.linalg.norm(weight)) for step, (_, weight) in raw.items()}
    for rival in range(1, recommender.catalogue.size):
        before = recommender.scorer.score([profile]).total[0]
        cosines = Cosines(recommender.scorer.anonymous)
        effects = AnchorChanges(cosines, profile, lengths, before, 0, np.array([rival]))
        for step, (idx, weight) in raw.items():
            for one, x in zip(idx, weight, strict=True):
                some = Weighted(step, np.array([one]), np.array([x]), added=False)
                after = profile_of(recommender.snapshot, "User", 0, (), [(step, int(one))])
                scores = recommender.scorer.score([after]).total[0]
                assert effects.margins(some, 1)[0] == pytest.approx(scores[0] - scores[rival], abs=1e-12)


def test_what_if_tells_who_moved_and_why(shop: Recommender) -> None:
    answer = what_if(shop, Request("u", n=2), ["enrolled:oils"], ["clay"])
    assert (answer.add, answer.remove) == (["enrolled:oils"], ["purchased:clay"])
    assert [row.id for row in answer.before] != [row.id for row in answer.after]
    moves = {move.id: move for move in answer.moved}
    assert moves["rose"].rank_after == 1 or moves["rose"].rank_after == 2
    assert "You enrolled in “Oils”, which teaches about “Rosa”" in moves["rose"].text
    assert moves["rose"].score_after > moves["rose"].score_before
    assert "bought “Clay”" in moves["soap"].text
    assert all(move.rank_before != move.rank_after for move in answer.moved)
    with pytest.raises(UsageError, match="nearest: 'purchased:clay'"):
        what_if(shop, Request("u"), [], ["purchased:clai"])


def test_answers_read_in_chinese(shop: Recommender) -> None:
    assert "假如" in why_not(shop, Request("u", n=1, lang="zh"), "rose").text
    assert "您购买了「Clay」" in why_not(shop, Request("u", n=1, lang="zh"), "clay").text
    assert what_if(shop, Request("u", n=2, lang="zh"), ["enrolled:oils"], []).text.endswith("。")


def test_what_may_change_can_be_said(shop: Recommender) -> None:
    """Too dear: the rule can go, and nothing that she has, or that the item is, would help."""
    asked = Request("u", rules=Rules(max_price=10.0), n=1)
    found = {one: why_not(shop, replace(asked, change=one), "rose").change for one in ("rules", "user", "item")}
    assert found["rules"] is None or (found["rules"].lift == ["max_price"] and not found["rules"].add)
    assert found["user"] is None and found["item"] is None
    free = {one: why_not(shop, Request("u", n=1, change=one), "mint").change for one in ("rules", "user")}
    assert free["rules"] is None
    assert free["user"] is None or not (free["user"].item_add or free["user"].item_remove or free["user"].lift)
    if free["user"] is not None:
        assert len(free["user"].lines) == len(free["user"].add) + len(free["user"].remove)
