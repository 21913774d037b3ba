"""Evaluation learns nothing from what it tests on, and its figures follow from the lists."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from kg.errors import UsageError
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.catalogue import Catalogue
from recommender.evaluation.baselines.baselines import baselines, ease, item_knn
from recommender.evaluation.cross_validation import cross_validated
from recommender.evaluation.evaluation import Lists, Measured, evaluate, measured
from recommender.evaluation.metrics import RankingMetrics
from recommender.evaluation.significance import false_discovery, interval, paired_difference
from recommender.splitting.file_split import file_split
from recommender.splitting.interaction_splits import (
    Split,
    cold_domain_split,
    cold_items_split,
    cold_users_split,
    fold_split,
    last_split,
    random_split,
)
from tests.graphs import SCHEMA, snapshot_of

ENTITIES: dict[str, list[Any]] = {
    "User": [f"u{n}" for n in range(12)],
    "Product": [f"p{n}" for n in range(8)],
    "Course": [f"c{n}" for n in range(5)],
}
TRIPLES = {
    "purchased": [(f"u{n}", f"p{(n * m) % 8}") for n in range(12) for m in (1, 2, 3)],
    "enrolled": [(f"u{n}", f"c{(n + m) % 5}") for n in range(6) for m in (0, 2)],
}
SPLITS = {
    "random": lambda snapshot: random_split(snapshot, 0.3, seed=1),
    "cold-users": lambda snapshot: cold_users_split(snapshot, 0.4, seed=1),
    "cold-items": lambda snapshot: cold_items_split(snapshot, 0.4, seed=1),
    "cold-domain": lambda snapshot: cold_domain_split(snapshot, "courses", 0.9, seed=1),
    "file": lambda snapshot: file_split(snapshot, [("u1", "p1"), ("u1", "p7"), ("u3", "c3")]),
}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    triples = {name: sorted(set(pairs)) for name, pairs in TRIPLES.items()}
    return snapshot_of(tmp_path_factory.mktemp("graph"), ENTITIES, triples)


@pytest.mark.parametrize("kind", SPLITS)
def test_nothing_that_is_tested_on_is_left_to_learn_from(snapshot: Snapshot, kind: str) -> None:
    split = SPLITS[kind](snapshot)
    catalogue = Catalogue(snapshot)
    assert split.test and split.train.hash != snapshot.hash
    for (_, user), positions in split.test.items():
        for position in positions:
            item_type, item = catalogue.item(int(position))
            name = "purchased" if item_type == "Product" else "enrolled"
            assert item not in split.train.neighbours(name, user)[0]
            assert user not in split.train.neighbours(f"~{name}", item)[0]
    _check_consistent(snapshot, split)


def _check_consistent(snapshot: Snapshot, split: Split) -> None:
    """Forward and inverse hold the same triples, degrees and popularity are theirs, nothing else is gone."""
    held_out = sum(len(positions) for positions in split.test.values()) if split.description["kind"] != "file" else 2
    left = 0
    for name in ("purchased", "enrolled"):
        forward, inverse = split.train.adjacency(name), split.train.adjacency(f"~{name}")
        np.testing.assert_array_equal(forward.toarray(), inverse.toarray().T)
        np.testing.assert_array_equal(split.train.degrees(f"~{name}"), inverse.toarray().sum(axis=1))
        left += forward.nnz
    assert left + held_out == sum(snapshot.manifest.triples.values())
    counts = np.concatenate([np.diff(split.train.adjacency(s).indptr) for s in ("~purchased", "~enrolled")])
    assert ((Catalogue(split.train).popularity == 0) == (counts == 0)).all()


def test_a_planted_leak_is_seen(snapshot: Snapshot) -> None:
    """A scorer that knows the test items gets a perfect figure, one that learned from the split does not."""
    split = random_split(snapshot, 0.3, seed=1)
    size = Catalogue(snapshot).size

    def leaking(users: Any) -> Any:
        return np.stack([np.isin(np.arange(size), split.test[user]).astype(float) for user in users])

    result = evaluate(split, {"leak": leaking, **baselines(split.train)}, k=5)
    assert result.models["leak"]["ndcg"]["mean"] == pytest.approx(1.0)
    assert all(result.models[name]["ndcg"]["mean"] < 0.95 for name in ("popularity", "item-knn", "rp3beta", "ease"))
    assert result.users == len(split.test)


def test_items_used_in_training_are_no_candidates(tmp_path: Path) -> None:
    entities = {"User": ["u1"], "Product": ["p1", "p2", "p3", "p4"]}
    snapshot = snapshot_of(tmp_path, entities, {"purchased": [("u1", "p1"), ("u1", "p2"), ("u1", "p3")]})
    split = file_split(snapshot, [("u1", "p3")])
    result = evaluate(split, {"given": lambda users: np.array([[0.9, 0.8, 0.7, 0.6]] * len(users))}, k=1)
    assert result.models["given"]["hit_rate"]["mean"] == result.models["given"]["mrr"]["mean"] == 1.0
    longer = evaluate(split, {"given": lambda users: np.array([[0.9, 0.8, 0.7, 0.6]] * len(users))}, k=8)
    assert "lists of 8 are asked for, and there are 4 items to rank: precision counts empty" in longer.notes[-1]
    assert longer.models["given"]["precision"]["mean"] == 1 / 8


def test_renaming_items_changes_no_figure(tmp_path: Path) -> None:
    """Six items of equal score, a list of two, one right: by ids it would be found always or never."""
    figures = []
    for names in (("p1", "p2", "p3", "p4", "p5", "p6"), ("p6", "p5", "p4", "p3", "p2", "p1")):
        right, *others = names
        snapshot = snapshot_of(
            tmp_path / right, {"User": ["u1"], "Product": sorted(names)}, {"purchased": [("u1", right)]}
        )
        split = file_split(snapshot, [("u1", right)])
        result = evaluate(split, {"level": lambda users: np.ones((len(users), 6))}, k=2)
        figures.append({name: result.models["level"][name]["mean"] for name in ("hit_rate", "ndcg", "mrr", "recall")})
        assert "level 100.0%" in result.notes[-1] and len(others) == 5
    assert figures[0] == figures[1]
    assert figures[0] == pytest.approx(
        {"hit_rate": 1 / 3, "ndcg": (1 + 1 / np.log2(3)) / 6, "mrr": 1 / 4, "recall": 1 / 3}
    )


def test_splits_are_the_same_for_the_same_seed_and_differ_for_another(snapshot: Snapshot) -> None:
    first, again, other = (random_split(snapshot, 0.3, seed=seed).train.hash for seed in (1, 1, 2))
    assert first == again != other


def test_time_splits_need_times(snapshot: Snapshot) -> None:
    with pytest.raises(UsageError, match="have no timestamp"):
        last_split(snapshot)


def test_item_based_filtering_by_hand(tmp_path: Path) -> None:
    """Ratings of lipstick, blush, foundation by three people: 4 3 5 / 3 5 4 / 5 4 3."""
    ratings = {"ann": (4, 3, 5), "bea": (3, 5, 4), "cora": (5, 4, 3)}
    products = ("blush", "foundation", "lipstick")
    order = {"lipstick": 0, "blush": 1, "foundation": 2}
    triples = [(who, product, marks[order[product]]) for who, marks in ratings.items() for product in products]
    snapshot = snapshot_of(tmp_path, {"User": list(ratings), "Product": list(products)}, {"purchased": triples}, SCHEMA)
    matrix = snapshot.adjacency("purchased")
    # cos(blush, foundation) = (3·5 + 5·4 + 4·3) / (√50 √50), cos(blush, lipstick) = (3·4 + 5·3 + 4·5) / 50, …
    expected = np.array([[0, 47, 47], [47, 0, 47], [47, 47, 0]]) / 50
    np.testing.assert_allclose(item_knn(matrix).toarray(), expected)
    # r̂(ann, blush) = cos(foundation, blush) · 5 + cos(lipstick, blush) · 4
    assert (matrix @ item_knn(matrix))[[0], [0]][0] == pytest.approx(47 / 50 * 5 + 47 / 50 * 4)


def test_ease_by_hand() -> None:
    """XᵀX = [[2, 1], [1, 2]], λ = 1: P = [[3, −1], [−1, 3]] / 8, B = [[0, 1/3], [1/3, 0]]."""
    matrix = csr_array(np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]]))
    np.testing.assert_allclose(ease(matrix, ridge=1.0), [[0, 1 / 3], [1 / 3, 0]])


def test_intervals_and_differences() -> None:
    same = np.linspace(0, 1, 50)
    assert paired_difference(same, same).p == 1.0
    better = paired_difference(same + 0.1, same)
    assert better.mean == pytest.approx(0.1) and better.low > 0 and better.p < 0.01
    found = interval(same)
    assert found.mean == pytest.approx(0.5) and found.low < 0.5 < found.high
    assert interval(same) == found


@pytest.mark.parametrize("people", [1, 3, 5])
def test_few_people_are_never_sure(people: int) -> None:
    """One person whose list is better made p = .002: resampled, she is always better."""
    gap = paired_difference(np.concatenate([np.full(people, 0.5), np.zeros(40)]), np.zeros(people + 40))
    assert gap.p >= 2.0 ** (1 - people) and gap.mean > 0


def test_folds_test_every_interaction_once_and_average_over_users(snapshot: Snapshot) -> None:
    splits = [fold_split(snapshot, fold, 3, seed=2) for fold in range(3)]
    held = [(user, item) for split in splits for user, items in split.test.items() for item in items.tolist()]
    single = sum(int((np.diff(snapshot.adjacency(name).indptr) == 1).sum()) for name in TRIPLES)  # never held out
    assert len(held) == len(set(held)) == sum(snapshot.manifest.triples.values()) - single
    parts = [measured(split, baselines(split.train), (5, None)) for split in splits]
    found = cross_validated(parts, 5, None)
    assert [one for one in found.notes if "equal score" in one] == found.notes[-1:]  # once, not once a fold
    assert found.notes[0].startswith("10 people were tested on: intervals resampled from fewer than 30")
    assert found.users == 11 and found.split == {"kind": "random", "folds": 3, "seed": 2}
    one = ("User", 3)
    gains = [part.lists["ease"].metrics.ndcg[part.users.index(one)] for part in parts if one in part.users]
    alone = cross_validated([replace(part, users=(one,), lists=_only(part, one)) for part in parts], 5, None)
    assert alone.models["ease"]["ndcg"]["mean"] == pytest.approx(np.mean(gains))


def _only(part: Measured, user: Any) -> dict[str, Lists]:
    """The lists of one user."""
    row = [part.users.index(user)]
    return {
        name: replace(
            one,
            metrics=RankingMetrics(**{key: values[row] for key, values in one.metrics.items().items()}),
            distance=one.distance[row],
        )
        for name, one in part.lists.items()
    }


def test_many_comparisons_are_adjusted(snapshot: Snapshot) -> None:
    """Benjamini & Hochberg: p · m / rank, no smaller than those of a smaller p."""
    assert false_discovery([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])
    assert false_discovery([]) == []
    split = random_split(snapshot, 0.3, seed=1)
    found = evaluate(split, baselines(split.train), k=5).comparisons
    assert [one.q for one in found] == pytest.approx(false_discovery([one.p for one in found]))
