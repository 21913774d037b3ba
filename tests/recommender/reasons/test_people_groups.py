"""What others did, told of somebody who did something else with it: nobody hears that they bought what they viewed."""

from pathlib import Path
from typing import Any

import pytest

from recommender.learning.model import open_model
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
