"""Rating prediction: who likes what is predicted where kernels tell it, and nothing but biases where they do not."""

from pathlib import Path

import numpy as np
import pytest

from recommender.kernels.metapaths import Metapath
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.scoring.blend import Blend
from recommender.scoring.rating_prediction import held_out_ratings, learn_ratings, low_ratings, rated_relations
from recommender.scoring.scorer import Scorer
from recommender.splitting.interaction_splits import random_split
from tests.graphs import snapshot_of

PEOPLE, KINDS, ITEMS = 80, 2, 10
SHARED = Metapath(("purchased", "contains", "~contains"))


@pytest.mark.parametrize("planted", [True, False])
def test_ratings_are_predicted_from_what_was_rated_alike_where_that_tells(planted: bool, tmp_path: Path) -> None:
    """Half of the people give products of one ingredient 5 and others 1, half the other way round; or all at random."""
    random, products = np.random.default_rng(0), [f"p{kind}{item}" for kind in range(KINDS) for item in range(ITEMS)]
    rated = []
    for person in range(PEOPLE):
        for item in random.choice(KINDS * ITEMS, 8, replace=False).tolist():
            likes = item // ITEMS == person % KINDS if planted else bool(random.integers(2))
            rated.append((f"u{person}", products[item], 5.0 if likes else 1.0))
    entities = {
        "User": [f"u{n}" for n in range(PEOPLE)],
        "Product": products,
        "Ingredient": [f"i{kind}" for kind in range(KINDS)],
    }
    triples = {"purchased": rated, "contains": [(item, f"i{item[1]}") for item in products]}
    whole = snapshot_of(tmp_path, entities, triples)
    split = random_split(whole, 0.4, 0)
    assert rated_relations(whole) == ["purchased"]
    pairs, truth = held_out_ratings(whole, split.train, "purchased")
    assert len(truth) == split.description["test"] > 100
    scorer = Scorer(
        split.train, Kernels(split.train, KernelConfig(), tmp_path / "k"), Blend(metapaths={str(SHARED): 1.0}), None
    )
    found = {
        name: float(np.abs(one - truth).mean())
        for name, one in learn_ratings(scorer, "purchased").models(pairs).items()
    }
    if planted:
        assert found["whyrec"] < 0.4 * found["biases"]
    else:
        assert found["whyrec"] == pytest.approx(found["biases"], rel=0.05)


@pytest.mark.parametrize(
    ("ratings", "said"),
    [
        ([1, 2, 4, 5], "50% of the ratings of purchased are 2 or less of 5, and what was rated so counts as wanted"),
        ([4, 6, 8, 10], "25% of the ratings of purchased are 4 or less of 10"),
        ([4, 5, 5, 5], None),
        ([1, 2, 7, 7], None),  # no scale: how many were bought
    ],
)
@pytest.mark.parametrize("people", [4, 5])
def test_that_low_ratings_count_as_wanted_is_said(
    ratings: list[int], said: str | None, people: int, tmp_path: Path
) -> None:
    users = [f"u{number}" for number in range(people)]
    bought = [(user, f"p{number}", float(rating)) for user in users for number, rating in enumerate(ratings)]
    entities = {"User": users, "Product": [f"p{number}" for number in range(len(ratings))]}
    told = low_ratings(snapshot_of(tmp_path, entities, {"purchased": bought}), "purchased")
    said = said if people == 5 else None  # what fewer than five people think is nobody's business
    assert told is None if said is None else told is not None and told.startswith(said)
