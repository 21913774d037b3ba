"""Baselines are tuned on what they may learn from, and what is chosen is what is better there."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.attributes import item_attributes
from recommender.catalogue.interactions import Interactions
from recommender.evaluation import tuning
from recommender.evaluation.baselines import baselines as evaluation_baselines
from recommender.evaluation.baselines.baselines import Baselines, baselines, by_items, ease, item_knn, rp3beta
from recommender.evaluation.baselines.sequence_baselines import Places
from recommender.evaluation.evaluation import metrics_of, rank_users, task_of
from recommender.evaluation.leakage import leaks
from recommender.evaluation.tuning import GRIDS, tune_baselines, validation_like
from recommender.splitting.interaction_splits import cold_items_split, cold_users_split, random_split
from recommender.splitting.validation import validation_split
from tests.graphs import snapshot_of


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """60 people who mostly use one of three groups of ten products."""
    random = np.random.default_rng(0)
    odds = np.where(np.arange(60)[:, None] % 3 == np.arange(30)[None, :] % 3, 0.35, 0.05)
    pairs = [(f"u{u}", f"p{p}") for u, p in np.argwhere(random.random((60, 30)) < odds).tolist()]
    entities: dict[str, list[Any]] = {"User": [f"u{n}" for n in range(60)], "Product": [f"p{n}" for n in range(30)]}
    return snapshot_of(tmp_path_factory.mktemp("graph"), entities, {"purchased": pairs})


def test_the_best_of_the_grid_on_the_validation_part_is_chosen(snapshot: Snapshot) -> None:
    tested = random_split(snapshot, 0.3, seed=0)
    inside = np.ones(30, dtype=bool)
    chosen = tune_baselines(tested, 5, inside)
    assert set(chosen) == {"item-knn", "rp3beta", "ease", "als"} and chosen == tune_baselines(tested, 5, inside)
    split = validation_split(tested.train, 0)
    _, test = task_of(split, None)
    interactions = Interactions(split.train)
    for name, make in (("item-knn", item_knn), ("rp3beta", rp3beta), ("ease", ease)):
        grid = GRIDS[name]
        found = {}
        for parameters in (chosen[name], *({**chosen[name], key: value} for key in grid for value in grid[key])):
            score = by_items(interactions, make(interactions.matrix, **parameters))
            listed = rank_users(split.train, test, score, (inside, 5))
            found[tuple(parameters.values())] = metrics_of(listed, test).ndcg.mean()
        assert found[tuple(chosen[name].values())] == max(found.values())


def test_what_is_cold_is_validated_cold(snapshot: Snapshot) -> None:
    for make in (cold_users_split, cold_items_split):
        tested = make(snapshot, 0.3, seed=0)
        validated = validation_like(tested, 0)
        assert validated.description["kind"] == tested.description["kind"]
        assert validated.test and not set(validated.test) <= set(tested.test)
        assert leaks(validated) == []
    assert validation_like(random_split(snapshot, 0.3, seed=0), 0).description["kind"] == "validation"


def test_neighbours_of_one_domain_do_not_crowd_out_those_of_another() -> None:
    matrix = csr_array(np.array([[1.0, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0]]))
    parts = (slice(0, 3), slice(3, 4))
    for make in (item_knn, rp3beta):
        assert make(matrix, neighbours=1).toarray()[0, 3] == 0.0
        assert make(matrix, neighbours=1, parts=parts).toarray()[0, 3] == make(matrix).toarray()[0, 3] > 0


def test_chosen_parameters_are_used(snapshot: Snapshot) -> None:
    users = [("User", 0)]
    default = baselines(snapshot)["ease"](users)
    assert not np.allclose(default, baselines(snapshot, {"ease": {"ridge": 5.0}})["ease"](users))
    matrix = Interactions(snapshot).matrix
    np.testing.assert_allclose(
        baselines(snapshot, {"ease": {"ridge": 5.0}})["ease"](users), matrix[[0]] @ ease(matrix, 5.0)
    )


def test_shrinking_discounts_what_few_people_say(snapshot: Snapshot) -> None:
    matrix = Interactions(snapshot).matrix
    plain, shrunk = item_knn(matrix, 400).toarray(), item_knn(matrix, 400, shrink=10.0).toarray()
    assert (shrunk[plain > 0] < plain[plain > 0]).all()
    lengths = np.sqrt(matrix.sum(axis=0))
    expected = (matrix.T @ matrix).toarray() / (np.outer(lengths, lengths) + 10)
    np.testing.assert_allclose(shrunk, expected - np.diag(np.diag(expected)))


def test_nobody_to_validate_on_leaves_the_defaults(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, {"User": ["u"], "Product": ["p", "q"]}, {"purchased": [("u", "p")]})
    split = random_split(snapshot, 0.3, seed=0)
    assert tune_baselines(split, 5, np.ones(2, dtype=bool)) == {}


def test_large_catalogues_get_fewer_ridges_and_the_largest_no_ease(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    split = random_split(snapshot, 0.3, seed=0)
    inside, seen = np.ones(30, dtype=bool), []
    monkeypatch.setattr(tuning, "LARGE", 10)
    tune_baselines(split, 5, inside, progress=lambda stage, done, total, note="": seen.append((stage, total)))
    assert [name for name, _ in seen].count("Tuning ease") == 3
    monkeypatch.setattr(evaluation_baselines, "MOST_ITEMS", 20)
    assert set(tune_baselines(split, 5, inside)) == {"item-knn", "rp3beta", "als"}


def test_attributes_of_items_are_what_they_are_linked_to(tmp_path: Path) -> None:
    entities: dict[str, list[Any]] = {"User": ["u"], "Product": ["p", "q"], "Course": ["c"], "Ingredient": ["a", "b"]}
    triples = {"contains": [("p", "a", 3.0), ("p", "b")], "teaches": [("c", "b")], "purchased": [("u", "q")]}
    snapshot = snapshot_of(tmp_path, entities, triples)
    found = item_attributes(snapshot, Interactions(snapshot).catalogue)
    half = 1 / np.sqrt(2)
    np.testing.assert_allclose((found @ found.T).toarray(), [[1, 0, half], [0, 0, 0], [half, 0, 1]])


def test_sequence_baselines_by_hand(tmp_path: Path) -> None:
    """u: a, b, c; v: a, b at one time, then c; w: a, then b. Times in days."""
    events = {"u": {"a": 1, "b": 2, "c": 3}, "v": {"a": 5, "b": 5, "c": 6}, "w": {"a": 8, "b": 9}}
    triples = [(who, item, 1.0, 86_400_000 * day) for who, items in events.items() for item, day in items.items()]
    entities: dict[str, list[Any]] = {"User": list(events), "Product": ["a", "b", "c"]}
    snapshot = snapshot_of(tmp_path, entities, {"purchased": triples})
    assert Baselines(snapshot).tunable[-2:] == ("markov", "v-sknn")
    used = Interactions(snapshot)
    places = Places(snapshot, used)
    np.testing.assert_array_equal(places.matrix.toarray(), [[3, 2, 1], [2, 2, 1], [2, 1, 0]])
    np.testing.assert_array_equal(places.followed(1).toarray(), [[0, 2, 1], [0, 0, 2], [0, 0, 0]])
    np.testing.assert_array_equal(places.followed(2).toarray(), [[0, 2, 1.5], [0, 0, 2], [0, 0, 0]])
    chain = Baselines(snapshot).make("markov", {"window": 1, "damped": 0.0, "place": 1.0})
    np.testing.assert_allclose(chain([("User", 2)]), [[0, 1, 2.5]])  # from a, second to last, and from b, the last
    near = Baselines(snapshot).make("v-sknn", {"neighbours": 1, "place": 1.0})
    np.testing.assert_allclose(near([("User", 2)]), [[1.5 / np.sqrt(3)] * 3])
