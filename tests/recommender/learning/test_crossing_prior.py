"""The crossing prior: what people go by within their domain carries a crossing, what tells nothing there does not."""

from pathlib import Path

import numpy as np
import pytest

from recommender.kernels.metapaths import enumerate_metapaths
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.learning.priors.crossing_prior import RelationWorth, crossing_prior, popularity_beside, relation_worths
from recommender.profiles.profile import profile_of
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


def _beside(folder: Path, chances: list[int], fans: int) -> tuple[float, Scorer, dict[str, float]]:
    """Buyers who like one ingredient more than others, and products by their chances; learners of courses that teach
    one, nobody both; and fans of a product without any."""
    random, tastes, people = np.random.default_rng(1), range(TASTES), range(PEOPLE * TASTES)
    bought = [(f"fan{n}", "famous") for n in range(fans)]
    products = [f"p{taste}{number}" for taste in tastes for number in range(ITEMS)]
    for number in people:
        likely = np.tile(chances, TASTES) * np.repeat([9.0 if one == number % TASTES else 1.0 for one in tastes], ITEMS)
        bought += [
            (f"u{number}", products[item]) for item in random.choice(len(products), 4, False, likely / likely.sum())
        ]
    triples = {
        "purchased": bought,
        "enrolled": [(f"v{n}", f"k{n % TASTES}") for n in people],
        "contains": [(item, f"i{item[1]}") for item in products],
        "teaches": [(f"k{n}", f"i{n}") for n in tastes],
    }
    entities = {
        "User": [f"fan{n}" for n in range(fans)] + [f"{kind}{n}" for kind in "uv" for n in people],
        "Product": [*products, "famous"],
        "Course": [f"k{n}" for n in tastes],
        "Ingredient": [f"i{n}" for n in tastes],
    }
    snapshot = snapshot_of(folder, entities, triples, SCHEMA)
    split, paths = validation_split(snapshot, 0), enumerate_metapaths(snapshot.schema)
    blend = default_blend(snapshot.schema, paths, embedding=False)
    scorer = Scorer(split.train, Kernels(split.train, KernelConfig(), folder / "k"), blend, None)
    prior = crossing_prior(snapshot.schema, paths, worths := relation_worths(scorer, split))
    return popularity_beside(scorer, split, prior, worths)["cosmetics", "crossing"], scorer, prior


def test_popularity_is_as_loud_as_it_pays_for_people_who_know_the_domain(tmp_path: Path) -> None:
    skewed, even = [8, 4, 2, 1, 1, 1], [1] * ITEMS
    loud, quiet = (_beside(tmp_path / str(number), one, 0)[0] for number, one in enumerate((skewed, even)))
    assert loud > 2 * quiet > 0


def test_popularity_puts_nothing_before_what_paths_lead_to(tmp_path: Path) -> None:
    """The most popular product is one that no course has to do with."""
    beside, scorer, prior = _beside(tmp_path, [8, 4, 2, 1, 1, 1], 4 * PEOPLE)
    vocabulary, blend = scorer.snapshot.vocabulary, scorer.blend
    blend = blend.model_copy(update={"metapaths": prior, "popularity": {"cosmetics": beside}})
    asked = Scorer(scorer.snapshot, scorer.kernels, blend, None)
    found = asked.score([profile_of(asked.snapshot, "User", vocabulary.idx("User", "v0"))])
    best = np.argsort(-found.total[0, asked.catalogue.of_domain("cosmetics")])[:3]
    assert (found.paths[0, asked.catalogue.of_domain("cosmetics")][best] > 0).all()
    louder = found.paths[0] + 3 * found.popularity[0]
    assert asked.catalogue.item(int(louder.argmax()))[1] == vocabulary.idx("Product", "famous")
