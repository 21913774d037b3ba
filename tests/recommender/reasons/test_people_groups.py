"""What others did, told of somebody who did something else with it: nobody hears that they bought what they viewed."""

from pathlib import Path
from typing import Any

import pytest

from recommender.explanation.explainer import Explainer
from recommender.explanation.phrasing import Phrasing
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.learning.model import open_model
from recommender.profiles.profile import profile_of
from recommender.reasons.reasons import Reason, Reasons
from recommender.scoring.blend import Blend
from recommender.scoring.scorer import Scorer
from recommender.serving.recommender import Recommender, Request
from tests.graphs import SCHEMA, snapshot_of

VIEWED = {
    "head": "User",
    "tail": "Product",
    "interaction": True,
    "phrase": {"en": "viewed", "zh": "浏览了"},
}
EASES = {
    "head": "Product",
    "tail": "Concern",
    "phrase": {"en": "eases", "zh": "缓解"},
    "inverse_phrase": {"en": "is eased by", "zh": "可由其缓解"},
}
OTHERS = 6


def _shop(folder: Path, viewed: list[str]) -> Recommender:
    """``ann`` viewed some products and bought nothing; six others bought cream, balm and soap, and have dry skin, which
    milk eases."""
    schema = {**SCHEMA, "relation": {**SCHEMA["relation"], "viewed": VIEWED, "eases": EASES}}
    entities: dict[str, list[Any]] = {
        "User": ["ann", *[f"u{n}" for n in range(OTHERS)]],
        "Product": ["cream", "balm", "soap", "milk", *[f"p{n}" for n in range(6)]],
        "Course": [],
        "Ingredient": [],
        "Concern": ["dryness"],
    }
    triples = {
        "purchased": [(f"u{n}", product) for n in range(OTHERS) for product in ("cream", "balm", "soap")],
        "viewed": [("ann", product) for product in viewed],
        "has_concern": [(f"u{n}", "dryness") for n in range(OTHERS)],
        "eases": [("milk", "dryness")],
    }
    return Recommender(open_model(folder / "model", snapshot_of(folder, entities, triples, schema), folder / "kernels"))


@pytest.mark.parametrize(
    ("viewed", "lang", "told"),
    [
        (["cream"], "en", "At least 5 others who bought “cream”, which you viewed, also bought this."),
        (["cream", "balm"], "en", "At least 5 others who bought some of what you viewed, such as “balm” and “cream”,"),
        (["cream"], "zh", "至少有 5 人购买了您浏览的「cream」，他们也购买了它。"),
        (["cream", "balm"], "zh", "至少有 5 人购买了您浏览的「balm」和「cream」等多项内容中的一部分，他们也购买了它。"),
    ],
)
def test_what_others_bought_of_what_somebody_viewed(tmp_path: Path, viewed: list[str], lang: str, told: str) -> None:
    texts = [group.text for group in _shop(tmp_path, viewed).why(Request("ann", lang=lang), "soap").groups]
    assert any(text.startswith(told) for text in texts), texts
    assert not any("you bought" in text or "您购买" in text or "和您一样" in text for text in texts), texts


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        ("en", "It eases “dryness”, which at least 5 others who bought “cream” have the concern."),
        ("zh", "它缓解「dryness」，这也是至少 5 位购买了「cream」的人关注。"),
    ],
)
def test_what_is_good_for_those_who_bought_what_somebody_viewed(tmp_path: Path, lang: str, told: str) -> None:
    """They bought it, and not as she did."""
    texts = [group.text for group in _shop(tmp_path, ["cream"]).why(Request("ann", lang=lang), "milk").groups]
    assert told in texts


BRIDGED = "also chose what has to do with “Rosa”, and this is close to that."


@pytest.mark.parametrize(("who", "others", "told"), [("ann", 12, 10), ("ann", 5, 5), ("a0", 6, 5), ("a0", 5, None)])
def test_people_who_bridge_are_counted_in_steps_and_without_who_asks(
    tmp_path: Path, who: str, others: int, told: int | None
) -> None:
    """So many took “calm” and “rose”, which is about roses, as the oil is; ann took only “calm”, ``a0`` is one of them:
    told were 12, and of five the one who asked, who then knows that of four others."""
    taken = [(f"a{n}", course) for n in range(others) for course in ("calm", "rose")]
    taken += [("ann", "calm"), *[(f"c{n}", course) for n in range(60) for course in ("code", "data")]]
    entities: dict[str, list[Any]] = {
        "User": sorted({user for user, _ in taken}),
        "Course": ["calm", "code", "data", "rose"],
        "Product": ["oil", "water"],
        "Ingredient": ["Rosa"],
    }
    triples = {"enrolled": taken, "teaches": [("rose", "Rosa")], "contains": [("oil", "Rosa")]}
    snapshot = snapshot_of(tmp_path, entities, triples)
    kernels = Kernels(snapshot, KernelConfig(), tmp_path / "kernels")
    scorer = Scorer(snapshot, kernels, Blend(metapaths={"enrolled > ⇢Course-Product": 1.0}), None)
    profile = profile_of(snapshot, "User", snapshot.vocabulary.idx("User", who))
    reasons = Reasons(scorer, profile, Phrasing(snapshot))
    position = scorer.catalogue.position("Product", snapshot.vocabulary.idx("Product", "oil"))
    found = [(group.kind, reasons.text(Reason(group, position, reasons))) for group in reasons.groups(position)]
    parts = Explainer(scorer, profile, Phrasing(snapshot)).parts(position)
    if told is None:
        assert [kind for kind, _ in found] == ["untold"] and not any("least" in part.text for part in parts)
    else:
        sentence = f"At least {told} people who enrolled in “calm” {BRIDGED}"
        assert found == [("learned", sentence)] and parts[0].text == sentence
