"""Groups: exactly what their sentence tells, summing to the score, and a list's reason is one of them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.explanation.phrasing import Phrasing
from recommender.learning.model import open_model
from recommender.reasons.cells import LEARNED, THEME
from recommender.reasons.groups import POPULARITY, SMALLER, UNTOLD
from recommender.reasons.reasons import Reason, Reasons
from recommender.reranking.arranged_list import reason_choice
from recommender.rules.rule_set import Rules
from recommender.scoring.blend import Blend
from recommender.scoring.scorer import Scorer
from recommender.serving.recommender import Recommender, Request
from tests.graphs import SCHEMA, snapshot_of
from tests.recommender.rules.worlds import COUNTS, World, id_of, world_of

WORLDS = 3
ITEMS = [id_of(name, number) for name in ("Product", "Course") for number in range(COUNTS[name])]


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> list[World]:
    return [world_of(tmp_path_factory.mktemp("world"), seed) for seed in range(WORLDS)]


CASES = st.fixed_dictionaries(
    {
        "world": st.integers(0, WORLDS - 1),
        "user": st.integers(0, COUNTS["User"] - 1),
        "item": st.sampled_from(ITEMS),
        "avoid": st.sampled_from([(), (id_of("Ingredient", 1),)]),
    }
)


@settings(max_examples=150, deadline=None)
@given(case=CASES)
def test_the_groups_of_an_account_are_its_score(worlds: list[World], case: dict[str, Any]) -> None:
    recommender = worlds[case["world"]].recommender
    avoided = tuple(f"Ingredient:{one}" for one in case["avoid"])
    request = Request(id_of("User", case["user"]), rules=Rules(avoid=avoided, unknown="keep"), n=len(ITEMS))
    account = recommender.why(request, case["item"])
    assert sum(group.share for group in account.groups) == pytest.approx(account.score, abs=1e-9)
    shares = [group.share for group in account.groups]
    assert shares == sorted(shares, reverse=True)
    for group in account.groups:
        assert group.people is None or (group.people >= 5 and group.people % 5 == 0)
        assert not any(one in group.text for one in case["avoid"])
    listed = {row.id: row for row in recommender.recommend(request).items}
    if (row := listed.get(case["item"])) is not None and account.groups and account.groups[0].share > 0:
        told = [group for group in account.groups if group.text == row.reason]
        assert told and told[0].share >= 0.5 * shares[0]
        assert told[0].kind != "popularity" or told[0].share >= 0.5 * account.score


@settings(max_examples=100, deadline=None)
@given(case=CASES)
def test_a_theme_names_and_counts_what_its_paths_run_through(worlds: list[World], case: dict[str, Any]) -> None:
    recommender = worlds[case["world"]].recommender
    request = Request(id_of("User", case["user"]), rules=Rules(unknown="keep"))
    profile, rules = recommender.profile(request), recommender.rule_set(request.rules)
    phrasing = Phrasing(recommender.snapshot)
    reasons = Reasons(recommender.cold_start.of(profile), profile, phrasing, rules.forbidden(profile))
    item_type = case["item"].partition("/")[0]
    position = recommender.catalogue.position(item_type, recommender.snapshot.vocabulary.idx(item_type, case["item"]))
    for group in (one for one in reasons.groups(position) if one.kind == THEME):
        paths = group.grounds
        found = [reasons.evidence.paths.instances(position, one) for one in paths]
        between = {int(idx) for one in found for idx in one.nodes[:, -2]}
        named, total = reasons.evidence.named(position, paths)
        assert total == len(between), (group, between)
        assert {idx for _, idx in named} <= between
        weights = [one.source.metapath.weight for one in paths if one.source.metapath]
        share = sum(float(one.product.sum()) * weight for one, weight in zip(found, weights, strict=True))
        assert share == pytest.approx(sum(one.share for one in paths), abs=1e-9)


def _shop(folder: Path, buyers: int, popularity: float | None = None) -> Recommender:
    """``ann`` bought the cream; cream and balm contain shea, all products water; others bought both."""
    entities: dict[str, list[Any]] = {
        "User": ["ann", *[f"u{n}" for n in range(buyers)]],
        "Product": ["cream", "balm", "soap", *[f"p{n}" for n in range(6)]],
        "Course": [],
        "Ingredient": ["shea", "water"],
        "Concern": ["dryness"],
    }
    triples = {
        "purchased": [("ann", "cream"), *[(f"u{n}", p) for n in range(buyers) for p in ("cream", "soap")]],
        "contains": [("cream", "shea"), ("balm", "shea"), *[(p, "water") for p in entities["Product"]]],
        "has_concern": [],
    }
    snapshot = snapshot_of(folder, entities, triples, SCHEMA)
    return Recommender(open_model(folder / "model", snapshot, folder / "kernels"))


def _groups(recommender: Recommender, item: str, **more: Any) -> dict[str, str]:
    return {group.kind: group.text for group in recommender.why(Request("ann", **more), item).groups}


def test_what_nearly_everything_has_is_never_named(tmp_path: Path) -> None:
    groups = _groups(_shop(tmp_path, 6), "balm")
    told = next(text for kind, text in groups.items() if kind in ("shared", "anchor"))
    assert "“shea”" in told and "and 1 more" in told and "water" not in told
    assert not any("water" in text for text in _groups(_shop(tmp_path / "b", 6), "p1").values())


def test_of_three_items_what_two_share_is_the_reason(tmp_path: Path) -> None:
    """A first try on a few rows: it was "a smaller link to what is known of you"."""
    entities: dict[str, list[Any]] = {"User": ["ann"], "Product": ["cream", "soap", "balm"], "Ingredient": ["shea"]}
    triples = {"purchased": [("ann", "cream")], "contains": [("cream", "shea"), ("soap", "shea")], "has_concern": []}
    snapshot = snapshot_of(tmp_path, {**entities, "Course": [], "Concern": []}, triples, SCHEMA)
    recommender = Recommender(open_model(tmp_path / "model", snapshot, tmp_path / "kernels"))
    assert "“shea”" in recommender.recommend(Request("ann", n=1)).items[0].reason


@pytest.mark.parametrize("buyers", [4, 5])
def test_people_are_told_from_five_on(tmp_path: Path, buyers: int) -> None:
    groups = _groups(_shop(tmp_path, buyers), "soap")
    told = [text for text in groups.values() if "5 others" in text and "at least" in text.lower()]
    assert bool(told) == (buyers == 5)
    assert (UNTOLD in groups) == (buyers == 4) and not any("4" in text for text in groups.values())


def test_popularity_is_a_reason_where_it_is_half_of_the_score(tmp_path: Path) -> None:
    recommender = _shop(tmp_path, 6)
    listed = recommender.recommend(Request("ann", n=9)).items
    for row in listed:
        if "Popular" in row.reason:
            assert row.shares.popularity >= 0.5 * row.score
    assert not any(POPULARITY in row.reason for row in listed)


def test_readers_are_spoken_to_or_told(tmp_path: Path) -> None:
    recommender = _shop(tmp_path, 6)
    told = {one: _groups(recommender, "balm", reader=one) for one in ("customer", "staff", "analyst")}
    assert "you bought" in json.dumps(told["customer"]) and "they bought" in json.dumps(told["staff"])
    assert "purchased > contains > ~contains" in json.dumps(told["analyst"])
    assert "~" not in json.dumps(told["customer"]) and ">" not in json.dumps(told["staff"])


def test_a_list_says_something_else_of_the_next_item_where_that_is_as_true(worlds: list[World]) -> None:
    """Of groups that are nearly as large as the best, the one the list has not said yet."""
    varied, same = 0, 0
    for world in worlds:
        for user in range(COUNTS["User"]):
            rows = world.recommender.recommend(Request(id_of("User", user), rules=Rules(unknown="keep"))).items
            texts = [row.reason for row in rows if row.score > 0]
            same += len(texts) - len(set(texts))
            varied += len(set(texts))
    assert varied > same


def _choices(scorer: Scorer, recommender: Recommender, request: Request) -> Iterator[tuple[str, str]]:
    """Of each item, the reason that is chosen early, and the one that is chosen of all groups."""
    profile, phrasing = recommender.profile(request), Phrasing(recommender.snapshot)
    forbidden = recommender.rule_set(request.rules).forbidden(profile)
    early, all_of_them, account = (Reasons(scorer, profile, phrasing, forbidden) for _ in range(3))
    choice, said, scores = reason_choice(early, "varied"), list[Reason](), scorer.score([profile]).total[0]
    for position in range(scorer.catalogue.size):
        groups = account.groups(position)
        assert sum(group.share for group in groups) == pytest.approx(scores[position], abs=1e-9), position
        for one in groups:
            if one.people is not None and one.kind not in (SMALLER, UNTOLD):
                behind = [account.evidence.who(position, strand) for strand in one.strands if strand.source.people]
                few = len(frozenset[int]().union(*behind)) < account.evidence.k
                assert not few or (one.kind == LEARNED and account.evidence.common.of(position, one)), one.kind
        found = choice.best(early.of(position, varied=True), said)
        expected = choice.best(all_of_them.of(position), said)
        yield early.text(found), all_of_them.text(expected)
        if found is not None:
            same = [one for one in groups if one.key == found.group.key and one.share == pytest.approx(found.share)]
            assert same and same[0].share >= 0.5 * groups[0].share - 1e-12, position
        said += [found] if found else []


@pytest.mark.parametrize("kernels", ["paths", "learned"])
def test_a_list_chooses_early_what_it_would_choose_of_all_groups(worlds: list[World], kernels: str) -> None:
    """As soon as its choice is certain, an item is parted no further; the choice is the same: by default weights and by
    all kinds of weights of what is learned."""
    random = np.random.default_rng(0)
    for recommender in (world.recommender for world in worlds):
        requests = [Request(id_of("User", user), rules=Rules(unknown="keep")) for user in range(COUNTS["User"])]
        for request in requests * (6 if kernels == "learned" else 1):
            scorer = recommender.cold_start.of(recommender.profile(request))
            if kernels == "learned":
                scorer = Scorer(scorer.snapshot, scorer.kernels, _drawn(scorer, random), None)
            for early, of_all in _choices(scorer, recommender, request):
                assert early == of_all, request.user_id


def _drawn(scorer: Scorer, random: np.random.Generator) -> Blend:
    """A few metapaths, learned kernels and popularity with weights by lot."""
    paths = [str(path) for path in scorer.metapaths]
    learned = [str(path) for path in scorer.metapaths if scorer.kernels.learned(path.tail)]
    names = [*random.choice(learned, 2).tolist(), *random.choice(paths, 3).tolist()]
    popularity = {domain: float(random.choice([0.0, 0.3, 3.0])) for domain in scorer.snapshot.schema.domains}
    return Blend(metapaths=dict(zip(names, random.exponential(size=5).tolist(), strict=True)), popularity=popularity)


def test_percentages_are_of_what_speaks_for_an_item(tmp_path: Path) -> None:
    """Of a score that dislikes have made small, two reasons were 400 % and 200 %, told as 100 % each."""
    people = [f"u{number}" for number in range(6)]
    relations = {
        **SCHEMA["relation"],
        "disliked": {"head": "User", "tail": "Product", "negative": True, "phrase": {"en": "disliked"}},
    }
    triples = {
        "purchased": [(person, item) for person in people for item in ("p1", "p3")][1:],
        "disliked": [("u0", "p2")],
        "contains": [("p1", "i1"), ("p3", "i1"), ("p2", "i2"), ("p3", "i2")],
    }
    entities = {"User": people, "Product": ["p1", "p2", "p3"], "Ingredient": ["i1", "i2"]}
    snapshot = snapshot_of(tmp_path, entities, triples, {**SCHEMA, "relation": relations})
    recommender = Recommender(open_model(tmp_path / "model", snapshot, tmp_path / "kernels"))
    account = recommender.why(Request("u1"), "p3")
    assert sum(one.percent for one in account.groups if one.share > 0) == pytest.approx(100)
    against = recommender.why(Request("u0"), "p3")
    assert min(one.share for one in against.groups) < 0
    told = [one for one in against.groups if one.share > 0]
    assert told and sum(one.percent for one in told) == pytest.approx(100)
    assert max(one.percent for one in told) <= 100
