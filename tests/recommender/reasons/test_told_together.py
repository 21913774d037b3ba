"""What is told in one sentence: what others did with what goes together, and what too few did in each way."""

from pathlib import Path
from typing import Any

import pytest

from recommender.explanation.phrasing import Phrasing
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.learning.model import open_model
from recommender.profiles.profile import profile_of
from recommender.reasons.reasons import Reason, Reasons
from recommender.scoring.blend import Blend
from recommender.scoring.scorer import Scorer
from recommender.serving.recommender import Recommender, Request
from tests.graphs import SCHEMA, snapshot_of

WELL = "It contains “shea” and 1 more, like “cream”, which you bought, and it goes well with that."
TOLD = {
    ("shea", 6): ("shared", WELL),
    ("shea", 3): ("learned", "Goes well with what you bought; like “cream”, it contains “shea”."),
    ("water", 6): ("learned", "Goes well with “cream”, which you bought."),
    ("water", 3): ("untold", "People with a taste like yours point to this; they are too few to say more."),
}


def _learning(
    folder: Path, shared: str, buyers: int, weights: dict[str, float], had: tuple[str, ...] = ("cream",)
) -> Reasons:
    """What ann bought and the soap contain ``shared``, everything water; so many others bought all of them."""
    products = [*had, "soap", *[f"p{n}" for n in range(6)]]
    entities: dict[str, list[Any]] = {
        "User": ["ann", *[f"u{n}" for n in range(buyers)]],
        "Product": products,
        "Course": [],
        "Ingredient": ["shea", "water"],
        "Concern": [],
    }
    triples = {
        "purchased": [*[("ann", p) for p in had], *[(f"u{n}", p) for n in range(buyers) for p in (*had, "soap")]],
        "contains": sorted({*[(p, "water") for p in products], *[(p, shared) for p in (*had, "soap")]}),
        "has_concern": [],
    }
    snapshot = snapshot_of(folder, entities, triples, SCHEMA)
    kernels = Kernels(snapshot, KernelConfig(learned={"association": {"ridge": 1.0}}), folder / "kernels")
    scorer = Scorer(snapshot, kernels, Blend(metapaths={"purchased > ≈Product-Product": 1.0, **weights}), None)
    return Reasons(scorer, profile_of(snapshot, "User", 0), Phrasing(snapshot))


def _told(reasons: Reasons, item: str) -> list[tuple[str, str, set[str]]]:
    """Of the groups of an item, the kind, the text, and what they are made of."""
    position = reasons.scorer.catalogue.position("Product", reasons.scorer.snapshot.vocabulary.idx("Product", item))
    return [
        (one.kind, reasons.text(Reason(one, position, reasons)), {strand.source.kind for strand in one.strands})
        for one in reasons.groups(position)
    ]


@pytest.mark.parametrize(("shared", "buyers"), TOLD)
def test_what_is_learned_is_told_with_what_is_shared_and_without_people_where_they_are_few(
    tmp_path: Path, shared: str, buyers: int
) -> None:
    reasons = _learning(tmp_path, shared, buyers, {"purchased > contains > ~contains": 0.1})
    learned = next(one for one in _told(reasons, "soap") if "learned" in one[2])
    assert learned[:2] == TOLD[shared, buyers]


PEOPLE_WITH = {
    ("shea", 6): (
        "shared",
        "It contains “shea” and 1 more, like “cream”, which you bought, and it goes well with that; at least 5 others"
        " who bought “cream”, as you did, also bought this.",
    ),
    ("shea", 3): (
        "learned",
        "Goes well with what you bought, as people with a taste like yours found; like “cream”, it contains “shea”.",
    ),
    ("water", 6): (
        "people",
        "At least 5 others who bought “cream”, as you did, also bought this; the two go together.",
    ),
    ("water", 3): ("untold", "People with a taste like yours point to this; they are too few to say more."),
}


@pytest.mark.parametrize(("shared", "buyers"), PEOPLE_WITH)
def test_what_others_did_is_told_with_what_goes_together(tmp_path: Path, shared: str, buyers: int) -> None:
    """Two thirds of an account said the same twice: people who bought A bought it, too, and it goes well with A."""
    weights = {"purchased > contains > ~contains": 1.0, "purchased > ~purchased > purchased": 1.0}
    reasons = _learning(tmp_path, shared, buyers, weights)
    largest = _told(reasons, "soap")[0]
    assert largest[:2] == PEOPLE_WITH[shared, buyers]
    assert {"people", "learned"} <= largest[2]


def test_what_an_item_has_does_not_lead_where_others_are_nearly_all_of_it(tmp_path: Path) -> None:
    weights = {"purchased > contains > ~contains": 0.01, "purchased > ~purchased > purchased": 1.0}
    kind, text, _ = _told(_learning(tmp_path, "shea", 6, weights, ("balm", "cream")), "soap")[0]
    assert (kind, text) == (
        "people",
        "At least 5 others who bought some of what you bought, such as “balm” and “cream”, also bought this; it goes"
        " well with what you bought; like “balm”, it contains “shea”.",
    )


@pytest.mark.parametrize("same", [False, True])
def test_what_too_few_did_in_each_way_is_told_together_where_they_are_enough(tmp_path: Path, same: bool) -> None:
    """Three who bought the cream bought the soap, and three who have the concern: six people, or three."""
    buyers = [f"u{n}" for n in range(3)]
    others = buyers if same else [f"v{n}" for n in range(3)]
    entities: dict[str, list[Any]] = {
        "User": ["ann", *buyers, *([] if same else others)],
        "Product": ["cream", "soap"],
        "Course": [],
        "Ingredient": [],
        "Concern": ["dryness"],
    }
    triples = {
        "purchased": [("ann", "cream"), *[(u, "cream") for u in buyers], *[(u, "soap") for u in {*buyers, *others}]],
        "has_concern": [(u, "dryness") for u in ("ann", *others)],
        "contains": [],
    }
    snapshot = snapshot_of(tmp_path, entities, {name: sorted(some) for name, some in triples.items()}, SCHEMA)
    recommender = Recommender(open_model(tmp_path / "model", snapshot, tmp_path / "kernels"))
    account = recommender.why(Request("ann"), "soap")
    told = {group.kind: group for group in account.groups}
    assert sum(group.share for group in account.groups) == pytest.approx(account.score, abs=1e-9)
    if same:
        assert "people" not in told and told["untold"].share > 0
        return
    assert told["people"].text == "At least 5 others with something in common with you also bought this."
    assert told["people"].people == 5 and "untold" not in told
    assert recommender.recommend(Request("ann")).items[0].reason == told["people"].text
    chinese = recommender.why(Request("ann", lang="zh"), "soap").groups
    assert any(group.text.startswith("至少有 5 位与您情况相近的人也") for group in chinese)


def test_an_anchor_leaves_no_people_behind_of_whom_there_are_too_few_to_tell(tmp_path: Path) -> None:
    """Five bought cream and soap, three balm and soap: told of the cream alone, the three could not be told of."""
    buyers = {"cream": [f"u{n}" for n in range(5)], "balm": [f"v{n}" for n in range(3)]}
    everybody = [one for some in buyers.values() for one in some]
    products = ["balm", "cream", "soap", *[f"p{n}" for n in range(6)]]
    entities: dict[str, list[Any]] = {
        "User": ["ann", *everybody],
        "Product": products,
        "Course": [],
        "Ingredient": ["shea"],
        "Concern": [],
    }
    bought = [(one, item) for item, some in buyers.items() for one in ("ann", *some)]
    triples = {
        "purchased": [*bought, *[(one, "soap") for one in everybody]],
        "contains": [("cream", "shea"), ("soap", "shea")],
        "has_concern": [],
    }
    snapshot = snapshot_of(tmp_path, entities, triples, SCHEMA)
    blend = Blend(metapaths={"purchased > contains > ~contains": 1.0, "purchased > ~purchased > purchased": 1.0})
    scorer = Scorer(snapshot, Kernels(snapshot, KernelConfig(), tmp_path / "kernels"), blend, None)
    told = _told(Reasons(scorer, profile_of(snapshot, "User", 0), Phrasing(snapshot)), "soap")
    assert sorted(one[0] for one in told) == ["people", "shared"]
    assert any("At least 5 others who bought some of what you bought, such as “cream”" in text for _, text, _ in told)


WORKS_WITH = {
    "head": "Concern",
    "tail": "Ingredient",
    "phrase": {"en": "works with", "zh": "会用到"},
    "inverse_phrase": {"en": "is used in", "zh": "用于"},
}
ABOUT = {
    "head": "Course",
    "tail": "Concern",
    "phrase": {"en": "is about", "zh": "讲到"},
    "inverse_phrase": {"en": "is the subject of", "zh": "的课程有"},
}


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        (
            "en",
            "It is about “soap”; what is contained in “cream”, which you bought, for instance “shea”, is used in it.",
        ),
        ("zh", "它讲到「soap」；您购买的「cream」所涉及的成分（如「shea」）也与它有关。"),
    ],
)
def test_a_chain_names_what_it_leads_over_but_not_what_nearly_all_have(tmp_path: Path, lang: str, told: str) -> None:
    """“What is contained in the cream is used in it” left open what that is."""
    products = ["cream", *[f"p{n}" for n in range(6)]]
    schema = {**SCHEMA, "relation": {**SCHEMA["relation"], "works_with": WORKS_WITH, "about": ABOUT}}
    entities: dict[str, list[Any]] = {
        "User": ["ann"],
        "Product": products,
        "Course": ["soaps", "others"],
        "Ingredient": ["shea", "water"],
        "Concern": ["soap"],
    }
    triples = {
        "purchased": [("ann", "cream")],
        "contains": [("cream", "shea"), *[(one, "water") for one in products]],
        "works_with": [("soap", "shea"), ("soap", "water")],
        "about": [("soaps", "soap")],
    }
    snapshot = snapshot_of(tmp_path, entities, triples, schema)
    blend = Blend(metapaths={"purchased > contains > ~works_with > ~about": 1.0})
    scorer = Scorer(snapshot, Kernels(snapshot, KernelConfig(), tmp_path / "kernels"), blend, None)
    reasons = Reasons(scorer, profile_of(snapshot, "User", 0), Phrasing(snapshot, lang))
    position = scorer.catalogue.position("Course", snapshot.vocabulary.idx("Course", "soaps"))
    assert [reasons.text(Reason(one, position, reasons)) for one in reasons.groups(position)] == [told]
