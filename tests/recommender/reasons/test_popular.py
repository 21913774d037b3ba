"""What many chose is popular; what few of all chose is not called so, though a list may hold nothing more popular."""

from pathlib import Path

import pytest

from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.learning.model import Model
from recommender.results.document import ModelInfo
from recommender.scoring.blend import Blend
from recommender.scoring.scorer import Scorer
from recommender.serving.recommender import Recommender, Request
from tests.graphs import SCHEMA, snapshot_of

ITEMS = 20
SAID = {20: "Popular in cosmetics.", 19: "Popular in cosmetics.", 18: "Chosen by at least 15 people."}
SAID |= {6: "Chosen by at least 5 people.", 5: "Chosen by at least 5 people."}


@pytest.fixture(scope="module")
def recommender(tmp_path_factory: pytest.TempPathFactory) -> Recommender:
    """Of product n so many people bought it, and each of them a course; ann has a concern that leads nowhere."""
    folder: Path = tmp_path_factory.mktemp("popular")
    entities = {
        "User": ["ann", *(f"u{n}" for n in range(ITEMS))],
        "Product": [f"p{n}" for n in range(1, ITEMS + 1)],
        "Concern": ["acne"],
        "Course": ["c"],
    }
    bought = [(f"u{who}", f"p{n}") for n in range(1, ITEMS + 1) for who in range(n)]
    triples = {"purchased": bought, "has_concern": [("ann", "acne")], "enrolled": [("u0", "c")]}
    snapshot = snapshot_of(folder, entities, triples, SCHEMA)
    blend = Blend(metapaths={}, popularity={"cosmetics": 1.0, "courses": 1.0})
    scorer = Scorer(snapshot, Kernels(snapshot, KernelConfig(), folder / "kernels"), blend, None)
    return Recommender(Model(scorer, ModelInfo(name="popular", snapshot=snapshot.hash, trained=True)))


def test_only_the_most_used_tenth_is_called_popular(recommender: Recommender) -> None:
    told = {item.id: item.reason for item in recommender.recommend(Request("ann", n=50)).items}
    assert {n: told[f"p{n}"] for n in SAID} == SAID
    assert not any("least" in told.get(f"p{n}", "") or "Popular" in told.get(f"p{n}", "") for n in range(1, 5))


def test_whoever_asks_is_none_of_the_people_that_are_told(recommender: Recommender) -> None:
    """Of the five who bought p5 she is one: four others would be told of."""
    account = recommender.why(Request("u0"), "p5")
    assert [group.text for group in account.groups] == ["How popular it is so far."]
