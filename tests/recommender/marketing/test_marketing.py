"""The shop's questions: answers known by construction, and nothing that tells of fewer than k people."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kg.errors import UsageError
from kg.k_anonymity import told_count
from recommender.learning.model import open_model
from recommender.marketing.audience import Subject, audience, subject_of
from recommender.marketing.bridges.bridges import bridges
from recommender.marketing.campaign import campaign
from recommender.marketing.comparison import compare
from recommender.marketing.crowd import Crowd
from recommender.marketing.gaps import gaps
from recommender.marketing.items.report import item_report
from recommender.marketing.segments import part_of, segments
from recommender.marketing.virtual_item import VirtualItems
from recommender.results.marketing import About
from recommender.rules.rule_set import Rules
from recommender.serving.recommender import Recommender, Request
from tests.graphs import SCHEMA, Entities, Triples, snapshot_of

WITH_CONCERNS: dict[str, Any] = {
    **SCHEMA,
    "relation": {
        **SCHEMA["relation"],
        "treats": {"head": "Product", "tail": "Concern", "phrase": {"en": "treats", "zh": "针对"}},
        "addresses": {"head": "Course", "tail": "Concern", "phrase": {"en": "deals with", "zh": "应对"}},
    },
}


def shop(folder: Path, people: int = 60) -> Recommender:
    """Two halves of people: one has dryness, buys creams with oat and took the oat course; the other has acne, buys
    acid toners, and finds no course about it."""
    users = [f"u{n:02}" for n in range(people)]
    dry, acne = users[: people // 2], users[people // 2 :]
    entities: Entities = {
        "User": users,
        "Product": [f"cream{n}" for n in range(6)] + [f"toner{n}" for n in range(6)],
        "Course": [("oats", "All about oats"), ("tax", "Taxes"), ("law", "Law")] + [f"other{n}" for n in range(12)],
        "Ingredient": ["OAT", "ACID", "WATER"],
        "Concern": ["dryness", "acne", "stress"],
    }
    triples: Triples = {
        "has_concern": [*((one, "dryness") for one in dry), *((one, "acne") for one in acne)],
        "purchased": [(one, f"{kind}{(n + m) % 6}") for kind, group in (("cream", dry), ("toner", acne))
                      for n, one in enumerate(group) for m in range(2)],
        "enrolled": [(one, "oats") for one in dry[:10]] + [(one, f"other{n % 12}") for n, one in enumerate(users)],
        "contains": [(f"cream{n}", "OAT") for n in range(6)] + [(f"toner{n}", "ACID") for n in range(6)],
        "teaches": [("oats", "OAT")] + [(f"other{n}", "WATER") for n in range(12)],
        "treats": [(f"cream{n}", "dryness") for n in range(6)] + [(f"toner{n}", "acne") for n in range(6)],
        "addresses": [("oats", "dryness")] + [(f"other{n}", "stress") for n in range(12)],
    }  # fmt: skip
    snapshot = snapshot_of(folder, entities, triples, WITH_CONCERNS)
    return Recommender(open_model(folder / "model", snapshot, folder / "kernels"))


@pytest.fixture(scope="module")
def recommender(tmp_path_factory: pytest.TempPathFactory) -> Recommender:
    return shop(tmp_path_factory.mktemp("marketing"))


@pytest.fixture
def crowd(recommender: Recommender) -> Crowd:
    return Crowd(recommender, Rules())


def entity(recommender: Recommender, name: str, one: str) -> tuple[str, int]:
    return name, recommender.snapshot.vocabulary.idx(name, one)


def test_the_portrait_of_an_ingredient_is_of_those_who_bought_or_learnt_it(
    recommender: Recommender, crowd: Crowd
) -> None:
    found = audience(crowd, subject_of(crowd, entity(recommender, "Ingredient", "OAT")))
    assert found.people == 30
    told = {(one.step, one.entity): one for one in found.segments}
    dry = told["has_concern", "dryness"]
    assert (dry.count, dry.share) == (30, 1.0) and dry.low > 1 and dry.lift == pytest.approx(2.0, rel=0.01)
    assert ("has_concern", "acne") not in told
    assert [one.entity for one in found.would.reasons if one.step == "has_concern"] in ([], ["acne"])


def test_a_campaign_names_those_of_the_portrait_each_with_the_reason_of_her_list(
    recommender: Recommender, crowd: Crowd
) -> None:
    subject = subject_of(crowd, entity(recommender, "Ingredient", "OAT"))
    rows = [row for table in campaign(crowd, subject) for row in table.to_pylist()]
    assert {row["personal_data"] for row in rows} == {"personal data"} and len({row["user_id"] for row in rows}) == len(
        rows
    )
    assert {row["user_id"] for row in rows if row["group"] == "uses"} == {f"u{n:02}" for n in range(30)}
    assert all(row["reason"].startswith("bought") for row in rows if row["group"] == "uses")
    oats = {"oats", *(f"cream{n}" for n in range(6))}
    for idx in range(30, 60):
        listed = recommender.recommend(Request(f"u{idx}", reader="staff")).items
        first = next(((one.id, one.rank, one.score, one.reason) for one in listed if one.id in oats), None)
        row = next((one for one in rows if one["user_id"] == f"u{idx}"), None)
        assert (row and (row["item_id"], row["rank"], row["score"], row["reason"])) == first


def test_a_campaign_of_fewer_than_k_people_is_none(recommender: Recommender) -> None:
    crowd = Crowd(recommender, Rules(only=("teaches:OAT",)))  # nobody finds a course about something else
    position = recommender.catalogue.position(*entity(recommender, "Course", "tax"))
    subject = Subject(None, About(id="file", type="items", label="file"), np.array([position]))
    assert list(campaign(crowd, subject)) == [] and audience(crowd, subject).people == "<5"


def test_a_lift_is_neither_too_large_nor_too_small_by_rounding_and_says_no_more_than_the_counts() -> None:
    exact = [(part / whole, part_of(told_count(part, 5) or 0, told_count(whole, 5) or 0, 5))
             for part in range(5, 50) for whole in range(part + 5, 200)]  # fmt: skip
    assert np.mean([told / share for share, told in exact]) == pytest.approx(1.0, abs=0.02)
    floors = [(told_count(part, 5) or 0) / part for part in range(5, 50)]
    assert np.mean(floors) < 0.93  # what shares were made of before
    assert part_of(25, 60, 5) == part_of(told_count(29, 5) or 0, told_count(69, 5) or 0, 5)


def test_what_would_single_people_out_is_hidden(recommender: Recommender, crowd: Crowd) -> None:
    everybody = np.ones(60, dtype=bool)
    but_two = everybody.copy()
    but_two[[0, 1]] = False  # two with dryness are missing
    few = np.zeros(60, dtype=bool)
    few[:4] = True
    assert segments(crowd, few, "en", above=False) == []
    all_told = {(s.step, s.entity): s.count for s in segments(crowd, everybody, "en", above=False)}
    fewer_told = {(s.step, s.entity): s.count for s in segments(crowd, but_two, "en", above=False)}
    differences = [all_told[key] - fewer_told[key] for key in all_told.keys() & fewer_told.keys()]
    assert all(one == 0 or abs(one) >= crowd.k for one in differences)
    nearly = np.zeros(60, dtype=bool)
    nearly[:28] = nearly[30:33] = True  # 28 with dryness, 3 without: neither is told
    assert not any(s.step == "has_concern" for s in segments(crowd, nearly, "en", above=False))


def test_what_nobody_teaches_and_many_want_is_the_first_gap(recommender: Recommender) -> None:
    crowd = Crowd(recommender, Rules(domain="courses"))
    found = gaps(crowd, "courses")
    first = found.gaps[0]
    assert (first.entity.id, first.supply, first.verified) == ("acne", 0, True)
    assert first.people_reached == 30 == first.demand
    toners = [f"toner{n}" for n in range(6)]
    assert {one.id for one in first.beside} <= {*toners} and len(first.beside) == 3
    assert first.brief.startswith("It deals with acne; ") and "; beside toner" in first.brief
    assert (found.sampled, first.said, first.low) == (False, 30, None)
    some = gaps(Crowd(recommender, Rules(domain="courses"), most=40), "courses")
    best = next(one for one in some.gaps if one.entity.id == "acne")
    assert some.sampled and (best.low or 0) < 0.5 < (best.high or 0)  # half of all 60, by 40 of them
    with pytest.raises(UsageError, match="`domain` 'tools'"):
        gaps(crowd, "tools")


def test_a_virtual_item_is_for_those_who_want_what_it_has(tmp_path: Path) -> None:
    recommender = shop(tmp_path / "a")
    crowd = Crowd(recommender, Rules(domain="courses"))
    acne = recommender.snapshot.vocabulary.idx("Concern", "acne")
    virtual = VirtualItems(crowd, "Course", 0).scores({"addresses": {acne: 1.0}})
    assert virtual[30:].min() > 5 * virtual[:30].max() > 0  # some of the others took courses that these took
    assert (VirtualItems(crowd, "Course", 0).scores({}) == 0).all()


def test_the_course_that_shares_what_the_products_have_leads_to_them(recommender: Recommender, crowd: Crowd) -> None:
    found = bridges(crowd, entity(recommender, "Ingredient", "OAT"), "courses")
    assert [one.id for one in found.bridges] == ["oats"]
    assert {one.id for one in found.bridges[0].shared} == {"OAT", "dryness"}
    assert found.bridges[0].people == 10
    crossing = {one.via.id: (one.relations, one.item.id, one.text) for one in found.bridges[0].paths}
    assert crossing["OAT"] == (["teaches", "~contains"], "cream0", crossing["OAT"][2])
    assert crossing["OAT"][2].startswith("All about oats teaches about OAT, ") and "cream0" in crossing["OAT"][2]
    assert crossing["dryness"][0] == ["addresses", "~treats"]
    assert found.bridges[0].pairs == "<5" or found.bridges[0].gained > 0
    nothing = bridges(crowd, entity(recommender, "Product", "toner1"), "courses")
    assert nothing.bridges == [] and nothing.text.startswith("Nothing of courses leads to")
    with pytest.raises(UsageError, match="no item has to do with it"):
        lonely = Crowd(recommender, Rules())
        bridges(lonely, ("User", 0), "courses")


def test_a_course_is_told_who_makes_what_fits(recommender: Recommender) -> None:
    crowd = Crowd(recommender, Rules())
    found = bridges(crowd, entity(recommender, "Course", "oats"), "cosmetics")
    (maker,) = found.makers  # in this shop each product is of one ingredient, as elsewhere of one brand
    assert (maker.maker.id, maker.items, maker.made, maker.people) == ("OAT", 6, 6, 10)
    assert [one.id for one in maker.shared] == ["dryness"]


def test_an_item_report_says_what_is_missing_and_who_sees_it(recommender: Recommender) -> None:
    crowd = Crowd(recommender, Rules(domain="courses"))
    tax = item_report(crowd, recommender.catalogue.position(*entity(recommender, "Course", "tax")))
    assert "teaches about" in tax.gaps
    assert "it deals with acne" in [one.change for one in tax.lifts]
    oats = item_report(crowd, recommender.catalogue.position(*entity(recommender, "Course", "oats")))
    assert oats.excluded == {"interacted": 10} and oats.of == 50
    assert oats.reasons and sum(one.share for one in oats.reasons) <= 1 + 1e-9


def test_a_comparison_sums_to_the_difference_of_the_scores(recommender: Recommender) -> None:
    found = compare(recommender, Request("u00"), "oats", "tax")
    gap = found.score_first - found.score_second
    assert sum(one.difference for one in found.differences) == pytest.approx(gap, abs=1e-9)
    assert found.text.startswith("“All about oats” is ahead of “Taxes”")
    back = compare(recommender, Request("u00"), "tax", "oats")
    assert back.text.split(":")[0] == found.text.split(":")[0]
