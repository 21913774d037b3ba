"""Soft rules: each adds its own share, which the account tells; the list and the account agree."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import UsageError
from recommender.rules.rule import Ground
from recommender.rules.rule_set import Rules
from recommender.rules.soft.expression import items_of
from recommender.serving.recommender import Request
from tests.recommender.rules.worlds import COUNTS, World, id_of

PRODUCTS = [id_of("Product", number) for number in range(COUNTS["Product"])]
ITEMS = [*PRODUCTS, *(id_of("Course", number) for number in range(COUNTS["Course"]))]
BRAND = f"made_by:{id_of('Brand', 1)}"
EXPRESSIONS = (BRAND, "price < 3", f"not {BRAND} and price >= 2", "in_stock", "not in_stock", "language != en")
RULES = st.fixed_dictionaries(
    {
        "boost": st.lists(st.sampled_from([*EXPRESSIONS, f"150% {BRAND}"]), max_size=2).map(tuple),
        "bury": st.lists(st.sampled_from([f"40% {one}" for one in EXPRESSIONS]), max_size=2).map(tuple),
        "pin": st.lists(st.sampled_from(ITEMS), max_size=2, unique=True).map(tuple),
        "domain": st.sampled_from([None, "cosmetics"]),
    }
)


@settings(max_examples=30, deadline=None)
@given(number=st.integers(0, 5), user=st.integers(0, COUNTS["User"] - 1), asked=RULES)
def test_every_rule_has_its_share_and_list_and_account_agree(
    worlds: list[World], number: int, user: int, asked: dict[str, Any]
) -> None:
    recommender, who = worlds[number].recommender, id_of("User", user)
    rules = Rules(**asked, unknown="keep")
    request, plain = Request(who, rules=rules, n=len(ITEMS)), Request(who, rules=Rules(unknown="keep"), n=len(ITEMS))
    listed = recommender.recommend(request).items
    pinned = [row.id for row in listed if row.id in asked["pin"]]
    assert pinned == [one for one in asked["pin"] if one in pinned] == [row.id for row in listed][: len(pinned)]
    idx = np.array([recommender.snapshot.vocabulary.idx("User", who)])
    block = recommender.rank_block("User", idx, recommender.rule_set(rules), len(ITEMS))
    ids = [recommender.item(position).id for position in block.positions.tolist()]
    assert ids == [row.id for row in listed]
    for row in listed[:3]:
        account, usual = recommender.why(request, row.id), recommender.why(plain, row.id)
        assert account.score == pytest.approx(row.score, abs=1e-9) and account.rank == row.rank
        told = sum(part.share for part in account.parts if part.kind == "rule")
        assert usual.score + told == pytest.approx(account.score, abs=1e-9)
        assert told == pytest.approx(row.shares.rules or 0.0, abs=1e-9)
        groups = [group for group in account.groups if group.kind == "rule"]
        assert sum(group.share for group in account.groups) == pytest.approx(account.score, abs=1e-9)
        assert sum(group.share for group in groups) == pytest.approx(told, abs=1e-9)


def test_a_rule_adds_exactly_its_part_of_what_the_person_gives(worlds: list[World]) -> None:
    recommender, seen = worlds[0].recommender, 0
    for user in range(COUNTS["User"]):
        who = id_of("User", user)
        for item in PRODUCTS:
            usual = recommender.why(Request(who), item).score
            ruled = recommender.why(Request(who, rules=Rules(boost=(f"150% {BRAND}", "price < 4"))), item)
            texts = {part.rule: part.share for part in ruled.parts if part.kind == "rule"}
            for rule, percent in ((f"boost {BRAND}", 1.5), ("boost price < 4", 0.2)):
                if rule in texts:
                    seen += 1
                    assert texts[rule] == pytest.approx(percent * abs(usual), abs=1e-12)
    assert seen


def test_expressions_hold_for_what_they_say(worlds: list[World]) -> None:
    for world in worlds:
        recommender, values = world.recommender, world.values
        ground = Ground(
            recommender.snapshot,
            recommender.catalogue,
            recommender.catalogue.properties,
            recommender.rule_set(Rules()).avoidance,
        )
        branded = {head for head, tail in world.triples["made_by"] if tail == id_of("Brand", 1)}
        expected = {
            BRAND: branded,
            f"not {BRAND}": set(ITEMS) - branded,
            f"{BRAND} and price < 3": {one for one in branded if values.get((one, "price"), 9) < 3},
            "not price < 3": {one for one in ITEMS if values.get((one, "price"), 0) >= 3},
            "in_stock": {one for one in ITEMS if values.get((one, "in_stock"))},
            "in_stock = false": {one for one in ITEMS if values.get((one, "in_stock")) is False},
            'language = "EN"': {one for one in ITEMS if values.get((one, "language")) == "en"},
        }
        for text, items in expected.items():
            found = {recommender.item(position).id for position in np.flatnonzero(items_of(ground, text, "boost"))}
            assert found == items, text


def test_a_quota_is_kept_as_far_as_there_is_anything(worlds: list[World]) -> None:
    filled = 0
    for world in worlds:
        branded = {head for head, tail in world.triples["made_by"] if tail == id_of("Brand", 1)}
        for user in range(COUNTS["User"]):
            who, n = id_of("User", user), 4
            every = [
                row.id for row in world.recommender.recommend(Request(who, rules=Rules(unknown="keep"), n=99)).items
            ]
            quota = Rules(unknown="keep", quota=(f"50% {BRAND}",))
            answer = world.recommender.recommend(Request(who, rules=quota, n=n))
            listed = [row.id for row in answer.items]
            there = [one for one in every if one in branded]
            assert len(listed) == min(n, len(every)) == len(set(listed))
            assert len(branded & set(listed)) >= min(2, len(there))
            kept = [one for one in every if one in listed]
            assert listed == kept  # in the order of scores
            brought = set(listed) - set(every[:n])
            filled += len(brought)
            assert brought <= branded and any(f"{len(brought)} of the items" in one for one in answer.notices)
    assert filled


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"boost": ("colour = red",)}, "`boost` 'colour = red'.*property"),
        ({"boost": ("prize < 3",)}, "price"),
        ({"bury": ("120% in_stock",)}, "at most 100%"),
        ({"boost": ("price < cheap",)}, "'cheap' is none"),
        ({"boost": ("language < en",)}, "language is a text"),
        ({"quota": ("in_stock",)}, "`quota` 'in_stock'.*30% in_stock"),
    ],
)
def test_what_is_no_expression_is_refused(worlds: list[World], rules: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        worlds[0].recommender.rule_set(Rules(**rules))
