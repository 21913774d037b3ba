"""The crossing prior: what people go by within their domain carries a crossing, what tells nothing there does not."""

from pathlib import Path

import numpy as np
import pytest

from recommender.kernels.metapaths import enumerate_metapaths
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.learning.crossing_prior import RelationWorth, crossing_prior, relation_worths
from recommender.scoring.blend import default_blend
from recommender.scoring.scorer import Scorer
from recommender.splitting.validation import validation_split
from tests.graphs import SCHEMA, snapshot_of

TASTES, ITEMS, PEOPLE = 4, 6, 40
SPLIT_SCHEMA = {
    **SCHEMA,
    "relation": {**SCHEMA["relation"], "treats": {"head": "Product", "tail": "Concern"}},
}


@pytest.fixture(scope="module")
def worths(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], RelationWorth]:
    """Everybody buys products of one ingredient; what they treat is drawn at random, and tells nothing."""
    random = np.random.default_rng(0)
    products = [f"p{taste}{number}" for taste in range(TASTES) for number in range(ITEMS)]
    people = [f"u{number}" for number in range(PEOPLE * TASTES)]
    bought = [
        (person, f"p{number % TASTES}{item}")
        for number, person in enumerate(people)
        for item in random.choice(ITEMS, 3, replace=False)
    ]
    triples = {
        "purchased": bought,
        "contains": [(item, f"i{item[1]}") for item in products],
        "treats": [(item, f"c{random.integers(TASTES)}") for item in products],
    }
    entities = {
        "User": people,
        "Product": products,
        "Ingredient": [f"i{n}" for n in range(TASTES)],
        "Concern": [f"c{n}" for n in range(TASTES)],
    }
    folder = tmp_path_factory.mktemp("prior")
    snapshot = snapshot_of(folder, entities, triples, SPLIT_SCHEMA)
    split = validation_split(snapshot, 0)
    blend = default_blend(snapshot.schema, enumerate_metapaths(snapshot.schema), embedding=False)
    return relation_worths(Scorer(split.train, Kernels(split.train, KernelConfig(), folder / "k"), blend, None), split)


def test_what_people_go_by_is_worth_much_and_noise_little(worths: dict[tuple[str, str], RelationWorth]) -> None:
    contains, treats = worths["cosmetics", "contains"], worths["cosmetics", "treats"]
    assert contains.items > 100 and contains.auc > 0.9
    assert treats.worth < 0.2 * contains.worth


def test_a_domain_without_people_falls_back(worths: dict[tuple[str, str], RelationWorth]) -> None:
    assert worths["courses", "teaches"] == RelationWorth(0.5, 0, 0.1)


def test_short_paths_with_good_ends_go_first_and_people_are_no_bridge(tmp_path: Path) -> None:
    schema = snapshot_of(tmp_path, {"User": ["u"]}, {}, SPLIT_SCHEMA).schema
    worths = {
        ("cosmetics", "contains"): RelationWorth(0.9, 100, 0.64),
        ("cosmetics", "treats"): RelationWorth(0.6, 100, 0.16),
        ("courses", "teaches"): RelationWorth(0.7, 100, 0.25),
    }
    prior = crossing_prior(schema, enumerate_metapaths(schema), worths)
    assert prior == pytest.approx(
        {
            "enrolled > teaches > ~contains": 1.0,  # √(.25 · .64)
            "purchased > contains > ~teaches": 1.0,
            "has_concern > ~treats": 0.4,  # .16 / .4
            "has_concern > ~treats > contains > ~contains": 0.2,  # √(.16 · .64) · ¼ / .4
            "has_concern > ~treats > contains > ~teaches": 0.125,  # √(.16 · .25) · ¼ / .4
        }
    )
