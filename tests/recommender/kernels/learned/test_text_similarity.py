"""Text similarity: the cosine by hand, exactly pruned, told by anchors, for new items at once, and absent without."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.snapshot.snapshot import Snapshot
from kg.text.tfidf import tfidf_vectors
from recommender.kernels.kernel import KernelInputs
from recommender.kernels.learned import text_similarity as text_similarity_module
from recommender.kernels.learned.text_similarity import TextSimilarity, text_similarity, text_vectors
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.kernels.registry import learned_paths, scored_paths
from recommender.learning.carry_over import keep_vocabulary
from recommender.learning.model import ModelManifest, open_model, save_manifest
from recommender.rules.rule_set import Rules
from recommender.scoring.blend import Blend
from recommender.serving.recommender import Recommender, Request
from tests.graphs import SCHEMA, snapshot_of

ENTITY: dict[str, Any] = {
    **SCHEMA["entity"],
    "Product": {"domain": "cosmetics", "properties": {"about": "str", "more": "str"}, "text": ["about", "more"]},
    "Course": {"domain": "courses", "text": ["label"]},
}
TEXTS: dict[str, Any] = {**SCHEMA, "entity": ENTITY}
ENTITIES: dict[str, list[Any]] = {
    "User": ["ann", "bob"],
    "Product": [
        ("balm", "Balm", "Rose oil, rose", None),
        ("mist", "Mist", None, "ROSE water"),
        ("soap", "Soap", "soap", None),
        ("void", "Void", None, None),
        ("香膏", "香膏", "玫瑰精油", None),
        ("香水", "香水", "玫瑰水", None),
    ],
    "Course": [("c1", "Rose water"), ("c2", None)],
}
TRIPLES = {"purchased": [("ann", "balm"), ("ann", "香膏"), ("bob", "void")]}
OWN, ACROSS = "purchased > ¶Product-Product", "purchased > ¶Product-Course"


def _snapshot(folder: Path, schema: dict[str, Any] = TEXTS, products: list[Any] | None = None) -> Snapshot:
    return snapshot_of(folder, {**ENTITIES, "Product": products or ENTITIES["Product"]}, TRIPLES, schema)


def _folder(folder: Path, snapshot: Snapshot) -> Path:
    blend = Blend(metapaths={OWN: 2.0, ACROSS: 0.5})
    save_manifest(folder, ModelManifest(name="texts", snapshot=snapshot.hash, blend=blend))
    keep_vocabulary(folder, snapshot)
    return folder


def test_an_entry_is_the_cosine_by_hand(tmp_path: Path) -> None:
    """Six items have texts: ``rose`` is in three of them (a course among them), ``water`` in two, ``oil`` in one."""
    snapshot = _snapshot(tmp_path)
    vectors = text_vectors(snapshot)
    rose, water, oil = (math.log((1 + 6) / (1 + df)) + 1 for df in (3, 2, 1))
    balm, mist = ((1 + math.log(2)) * rose, oil), (rose, water)
    cosine = balm[0] * mist[0] / math.hypot(*balm) / math.hypot(*mist)
    kernel = text_similarity(vectors, "Product", "Product", 300).toarray()
    place = {one: snapshot.vocabulary.idx("Product", one) for one in ("balm", "mist", "soap", "void", "香膏", "香水")}
    assert kernel[place["balm"], place["mist"]] == pytest.approx(cosine, abs=1e-15)
    pair = math.log(7 / 3) + 1  # 玫瑰 is in two texts; 瑰精, 精油 and 瑰水 in one each
    alone = math.log(7 / 2) + 1
    chinese = pair**2 / math.sqrt(pair**2 + 2 * alone**2) / math.hypot(pair, alone)
    assert kernel[place["香膏"], place["香水"]] == pytest.approx(chinese, abs=1e-15)
    assert not kernel[place["soap"]].any() and not kernel[place["void"]].any() and not kernel.diagonal().any()
    across = text_similarity(vectors, "Product", "Course", 300).toarray()
    assert across[place["mist"]] == pytest.approx([1.0, 0.0]) and across.max() <= 1


WORDS = st.sampled_from(["rose", "Öl", "OIL", "oil", "c++", "玫瑰", "精油", "!", "x-y"])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(WORDS, max_size=6).map(" ".join), min_size=1, max_size=14), st.integers(1, 5))
def test_cosines_are_symmetric_in_bounds_and_pruned_exactly(texts: list[str], top: int) -> None:
    vectors = {"A": tfidf_vectors(texts)}
    whole = text_similarity(vectors, "A", "A", len(texts)).toarray()
    assert np.array_equal(whole, whole.T) and whole.min() >= 0 and whole.max() <= 1
    dense = np.minimum(vectors["A"].toarray() @ vectors["A"].toarray().T, 1)
    np.fill_diagonal(dense, 0)
    np.testing.assert_allclose(whole, dense, atol=1e-12)
    pruned = text_similarity(vectors, "A", "A", top).toarray()
    for row, kept in zip(whole, pruned, strict=True):
        assert sorted(kept[kept > 0]) == sorted(sorted(row[row > 0])[-top:])
        assert np.array_equal(kept[kept > 0], row[kept > 0])


def test_terms_that_are_left_out_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = KernelInputs(_snapshot(tmp_path), 300, {})
    whole = TextSimilarity(inputs, "Product", "Product").matrix()
    assert not inputs.left_out
    monkeypatch.setattr(text_similarity_module, "MOST_WORK", 2)
    assert TextSimilarity(inputs, "Product", "Product").matrix().sum() < whole.sum()
    (told,) = [dict(one.values) for one in inputs.left_out]
    assert 0 < int(told["count"]) < int(told["terms"])


def test_the_share_is_told_by_anchors_that_add_up(tmp_path: Path) -> None:
    snapshot = _snapshot(tmp_path)
    recommender = Recommender(open_model(_folder(tmp_path / "model", snapshot), snapshot, tmp_path / "kernels"))
    told = {item.id: item.reason for item in recommender.recommend(Request("ann", n=20)).items if item.score > 0}
    assert told == {
        "mist": "Its description is like that of “Balm”, which you bought.",
        "c1": "Its description is like that of “Balm”, which you bought.",
        "香水": "Its description is like that of “香膏”, which you bought.",
    }
    for item in told:
        account = recommender.why(Request("ann"), item)
        (part,) = account.parts
        assert part.metapath == (ACROSS if item == "c1" else OWN) and part.kind == "association"
        assert part.kernel == "text_similarity"
        assert part.share == pytest.approx(account.score, abs=1e-9)
        assert sum(near.share for near in part.nearest or []) == pytest.approx(part.share, abs=1e-9)
    (part,) = recommender.why(Request("ann", lang="zh"), "香水").parts
    assert part.text == "您购买了「香膏」，其描述与本项相近。"


def test_a_new_item_is_recommended_by_its_text_without_training(tmp_path: Path) -> None:
    before = _snapshot(tmp_path / "before")
    products = [*ENTITIES["Product"], ("mask", "Mask", "a mask of ROSE oil", None)]
    after = _snapshot(tmp_path / "after", products=products)
    model = open_model(_folder(tmp_path / "model", before), after, tmp_path / "kernels")
    first = Recommender(model).recommend(Request("ann", rules=Rules(domain="cosmetics"))).items[0]
    assert first.id == "mask" and first.shares.paths > 0 and "1 Product" in model.notices_in(Rules())[0]


@pytest.mark.parametrize("declared", [False, True])
def test_nothing_loaded_changes_nothing(tmp_path: Path, declared: bool) -> None:
    """Neither where the schema names no text nor where no item has one."""
    entity = {**ENTITY, "Course": SCHEMA["entity"]["Course"]}
    if not declared:
        entity["Product"] = {key: value for key, value in ENTITY["Product"].items() if key != "text"}
    products: list[Any] | None = ["balm", "mist", "soap", "void", "香膏", "香水"] if declared else None
    snapshot = _snapshot(tmp_path, {**TEXTS, "entity": entity}, products)
    assert learned_paths(snapshot, TextSimilarity) == ()
    assert not any("¶" in str(path) for path in scored_paths(snapshot))


def test_other_texts_of_the_same_snapshot_are_another_kernel(tmp_path: Path) -> None:
    """Which properties are texts is no content of the store: the hash stays, and the cached kernel may not be read."""
    kept = {**ENTITY, "Product": {**ENTITY["Product"], "text": ["about"]}}
    names = set()
    for number, entity in enumerate((ENTITY, kept)):
        snapshot = _snapshot(tmp_path / str(number), {**TEXTS, "entity": entity})
        kernels = Kernels(snapshot, KernelConfig(), tmp_path / "kernels")
        (path,) = [one for one in scored_paths(snapshot) if str(one) == OWN]
        found = kernels.kernel(path.tail)[[snapshot.vocabulary.idx("Product", "mist")]].nnz
        assert found == (1 if entity is ENTITY else 0)
        names.add((kernels.folder, kernels.file(path.tail)))
    assert len({folder for folder, _ in names}) == 1 and len(names) == 2
