"""Planted duplicates are found, listed, and left out or merged on request; nothing else is taken for one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from kg.snapshot.merged_entities import MergedEntities
from kg.snapshot.snapshot import Snapshot
from recommender.evaluation.audience_similarity import alike_columns
from recommender.evaluation.baselines.baselines import baselines
from recommender.evaluation.duplicates import DuplicateSearch
from recommender.evaluation.evaluation import evaluate, rank_users, task_of
from recommender.splitting.interaction_splits import random_split
from tests.graphs import snapshot_of

PEOPLE = [f"u{n}" for n in range(9)]
ENTITIES: dict[str, list[Any]] = {
    "User": PEOPLE,
    "Product": [
        ("cream-30", "Rose cream 30 ml"),
        ("cream-50", "Rose cream 50 ml"),
        ("balm", "Lip  Balm"),
        ("balm-again", "lip balm"),
        ("rare-1", "Rare one"),
        ("rare-2", "Rare two"),
        "unnamed-1",
        "unnamed-2",
    ],
    "Course": [("cream-course", "All about rose cream"), ("balm-course", "LIP BALM"), ("other", "Another")],
    "Ingredient": ["Rosa", "Cera"],
}
TRIPLES: dict[str, list[tuple[Any, ...]]] = {
    "purchased": [
        *[(u, p) for u in PEOPLE[:4] for p in ("cream-30", "cream-50")],
        *[(u, "balm", 2.0) for u in PEOPLE[3:6]],
        *[(u, "balm-again", 5.0) for u in PEOPLE[5:8]],
        *[(u, p) for u in PEOPLE[:2] for p in ("rare-1", "rare-2")],  # two people share much by chance
        *[(u, "unnamed-1") for u in PEOPLE[6:]],
    ],
    "enrolled": [*[(u, "cream-course") for u in PEOPLE[:4]], *[(u, "other") for u in PEOPLE[2:7]]],
    "contains": [("cream-30", "Rosa"), ("cream-50", "Rosa"), ("cream-50", "Cera"), ("balm", "Cera")],
}


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> DuplicateSearch:
    return DuplicateSearch(snapshot_of(tmp_path_factory.mktemp("graph"), ENTITIES, TRIPLES))


def _uses(snapshot: Snapshot, item: str) -> set[str]:
    item_type, idx = snapshot.vocabulary.find(item, snapshot.schema.item_types)
    name = "~purchased" if item_type == "Product" else "~enrolled"
    return {snapshot.vocabulary.id("User", user) for user in snapshot.neighbours(name, idx)[0].tolist()}


def test_equal_audiences_and_equal_labels_are_found_across_domains(
    search: DuplicateSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [group.by for group in search.report("keep").first] == [["label"]]  # an audience of four tells what they use
    monkeypatch.setattr(search.snapshot, "k", 4)
    found = search.report("keep")
    assert [([item.id for item in group.items], group.by) for group in found.first] == [
        (["balm", "balm-again", "balm-course"], ["label"]),
        (["cream-30", "cream-50", "cream-course"], ["audience"]),
    ]
    assert (found.groups, found.items, found.across_domains) == (2, 6, 2)
    assert (found.by_audience, found.by_label) == (1, 1)
    assert found.interactions == pytest.approx(18 / 30)
    assert search.handled("keep") is search.snapshot


def test_dropped_duplicates_have_no_triples_left(search: DuplicateSearch) -> None:
    left = search.handled("drop")
    for item in ("cream-30", "cream-50", "cream-course", "balm", "balm-again"):
        assert not _uses(left, item)
    assert _uses(left, "rare-1") == {"u0", "u1"} and _uses(left, "other") == set(PEOPLE[2:7])
    assert left.manifest.triples == {**search.snapshot.manifest.triples, "purchased": 7, "enrolled": 5, "contains": 0}
    assert search.renamed([("u0", "cream-50"), ("u0", "rare-1")], "drop") == [("u0", "rare-1")]


def test_merged_duplicates_give_their_triples_to_the_first(search: DuplicateSearch) -> None:
    merged = search.handled("merge")
    assert _uses(merged, "balm") == set(PEOPLE[3:8]) and not _uses(merged, "balm-again")
    assert _uses(merged, "cream-30") == set(PEOPLE[:4]) and not _uses(merged, "cream-course")
    ingredients = merged.neighbours("contains", merged.vocabulary.idx("Product", "cream-30"))[0]
    assert [merged.vocabulary.id("Ingredient", idx) for idx in ingredients] == ["Cera", "Rosa"]
    both = merged.adjacency("purchased")[
        [merged.vocabulary.idx("User", "u5")], [merged.vocabulary.idx("Product", "balm")]
    ]
    assert both[0] == 5.0  # bought under both names: the heavier triple stays
    for name in ("purchased", "enrolled", "contains"):
        np.testing.assert_array_equal(merged.adjacency(name).toarray(), merged.adjacency(f"~{name}").toarray().T)
        np.testing.assert_array_equal(merged.degrees(name), merged.adjacency(name).toarray().sum(axis=1))
        assert len(merged.timestamps(name)) == merged.adjacency(name).nnz == merged.manifest.triples[name]
    assert search.renamed([("u0", "cream-50"), ("u0", "cream-course")], "merge") == [("u0", "Product:cream-30")]
    assert len({merged.hash, search.snapshot.hash, search.handled("drop").hash}) == 3


def test_the_latest_of_two_triples_stays(tmp_path: Path) -> None:
    triples = {"purchased": [("u", "a", 9.0, 1_000), ("u", "b", 1.0, 2_000)]}
    snapshot = snapshot_of(tmp_path, {"User": ["u"], "Product": ["a", "b"]}, triples)
    merged = MergedEntities(snapshot, {"Product": np.array([0, 0])})
    assert merged.adjacency("purchased").toarray().tolist() == [[1.0, 0.0]]
    assert merged.timestamps("purchased").tolist() == [2_000]


def test_duplicates_flatter_and_leaving_them_out_shows_it(tmp_path: Path) -> None:
    """Every product is listed twice, with the same buyers, chosen by chance: there is nothing to find but the twin."""
    random = np.random.default_rng(0)
    chosen = random.random((60, 25)) < 0.15
    pairs = [(f"u{u}", f"p{p}-{twin}") for u, p in np.argwhere(chosen).tolist() for twin in (1, 2)]
    entities: dict[str, list[Any]] = {
        "User": [f"u{n}" for n in range(60)],
        "Product": [f"p{n}-{twin}" for n in range(25) for twin in (1, 2)],
    }
    search = DuplicateSearch(snapshot_of(tmp_path, entities, {"purchased": pairs}))
    assert search.report("keep").groups >= 20
    kept = _ndcg(search.snapshot, None)
    merged = _ndcg(search.handled("merge"), search.becomes("merge") != np.arange(search.catalogue.size))
    assert kept > 2 * merged


def _ndcg(snapshot: Snapshot, left_out: Any) -> float:
    split = random_split(snapshot, 0.3, seed=0)
    result = evaluate(split, {"item-knn": baselines(split.train)["item-knn"]}, k=5, left_out=left_out)
    return float(result.models["item-knn"]["ndcg"]["mean"])


def test_what_is_left_out_is_not_ranked(search: DuplicateSearch) -> None:
    split = random_split(search.handled("drop"), 0.5, seed=0)
    gone = search.becomes("drop") != np.arange(search.catalogue.size)
    for left_out, met in ((None, True), (gone, False)):
        inside, test = task_of(split, None, left_out)
        listed = rank_users(split.train, test, baselines(split.train)["popularity"], (inside, 11)).items
        assert bool(gone[listed[listed >= 0]].any()) is met


@given(
    st.lists(st.tuples(st.sampled_from([0, 1, 7]), st.sets(st.integers(0, 11), max_size=8)), min_size=1, max_size=12),
    st.sampled_from([0.5, 0.8, 1.0]),
)
def test_alike_columns_are_those_of_all_pairs(columns: list[tuple[int, set[int]]], alike: float) -> None:
    """Audiences are a few people of their own on top of one that many share, so that there is something to find."""
    sets = [own | set(range(12, 12 + common)) for common, own in columns]
    matrix = csr_array(np.array([[float(row in one) for one in sets] for row in range(20)]))
    expected = [
        (i, j)
        for i in range(len(sets))
        for j in range(i + 1, len(sets))
        if sets[i] and sets[j] and len(sets[i] & sets[j]) >= alike * len(sets[i] | sets[j])
    ]
    found = list(zip(*(part.tolist() for part in alike_columns(matrix, alike)), strict=True))
    assert set(found) <= set(expected)
    if alike >= 0.8:
        assert found == expected
