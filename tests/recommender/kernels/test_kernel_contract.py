"""What every kernel promises, run by each: metapaths and every kind of the registry."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.attributes import attribute_steps
from recommender.kernels.item_column import ItemColumn
from recommender.kernels.kernel import NamedAnchors, Values
from recommender.kernels.metapaths import Metapath
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.kernels.registry import LEARNED, scored_paths
from recommender.learning.model import Model
from recommender.results.document import ModelInfo
from recommender.scoring.blend import Blend
from recommender.scoring.scorer import Scorer
from recommender.serving.recommender import Recommender, Request
from tests.graphs import SCHEMA, partner_sums, snapshot_of

ENTITY: dict[str, Any] = {
    **SCHEMA["entity"],
    "Product": {"domain": "cosmetics", "properties": {"about": "str"}, "text": ["about"]},
    "Course": {"domain": "courses", "text": ["label"]},
}
TREATS = {"head": "Product", "tail": "Concern", "phrase": {"en": "treats", "zh": "改善"}}
PEOPLE, PRODUCTS, COURSES = 24, 8, 5
KINDS = ["path", *(kind.name for kind in LEARNED)]
DAY = 86_400_000


def _shop(folder: Path) -> Snapshot:
    """Two dozen people, each of whom used three products in a row, for the second time, and one course, a day apart;
    texts, attributes. Ten more took two courses about one ingredient with one about nothing, many others a single
    course or as many about something else. A last product, which nobody bought, contains nothing, but is of a kind with
    some that do."""
    before = DAY * 60, 2, DAY * 60
    bought: list[tuple[Any, ...]] = [
        (f"u{n}", f"p{(n + k) % PRODUCTS}", 1.0 + k, DAY * (100 + n + k), *before)
        for n in range(PEOPLE)
        for k in range(3)
    ]
    taken = [(f"u{n}", f"c{n % COURSES}", 1.0, DAY * (103 + n)) for n in range(PEOPLE)]
    taken += [(f"v{n}", course, 1.0, DAY) for n in range(10) for course in ("c1", "c4", "plain")]
    taken += [(f"w{n}", "c0", 1.0, DAY) for n in range(300)]
    taken += [(f"w{n}", course, 1.0, DAY) for n in range(60) for course in ("c2", "c3")]
    taken += [("u0", "plain", 1.0, 105 * DAY)]
    words = ["rose oil", "rose mask", "clay mask", "clay soap"]
    products = [(f"p{n}", f"Product {n}", words[n % 4]) for n in range(PRODUCTS + 1)]
    entities = {
        "User": [*(f"u{n}" for n in range(PEOPLE)), *(f"v{n}" for n in range(10)), *(f"w{n}" for n in range(300))],
        "Product": products,
        "Course": [*((f"c{n}", f"The {words[n % 4]} course") for n in range(COURSES)), ("plain", "The plain course")],
        "Ingredient": ["i0", "i1", "i2"],
        "Concern": ["k0", "k1", "k2", "k3"],
    }
    contains = [(f"p{n}", f"i{n // 3}", 1.0 + n) for n in range(PRODUCTS)]
    teaches = [(f"c{n}", f"i{n % 3}") for n in range(COURSES)]
    triples = {"purchased": bought, "enrolled": taken, "contains": contains, "teaches": teaches}
    triples["has_concern"] = [(f"u{n}", f"k{(n + m) % 3}") for n in range(PEOPLE) for m in range(2)]
    triples["treats"] = [(f"p{n}", f"k{n % 3}") for n in range(PRODUCTS)] + [(f"p{n}", "k3") for n in (3, 4, 5, 8)]
    relation = {**SCHEMA["relation"], "treats": TREATS}
    relation["purchased"] = {**relation["purchased"], "repeat": True}
    pairs = [(f"Product:p{n}", f"Product:p{(n + m) % PRODUCTS}", 10 * m) for n in range(PRODUCTS) for m in (1, 2, 3)]
    pairs += [(f"Product:p{n}", f"Course:c{n % COURSES}", 15) for n in range(PRODUCTS)]
    pairs += [(f"Ingredient:i{n}", f"{one}{n + 1}", 400) for n in range(3) for one in ("Product:p", "Course:c")]
    pairs += [("Ingredient:i0", "Product:p5", 400)]
    partners = [partner_sums("Partner Shop", pairs)]
    schema = {**SCHEMA, "entity": ENTITY, "relation": relation}
    return snapshot_of(folder, entities, triples, schema, partners=partners)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return _shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def kernels(shop: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Kernels:
    return Kernels(shop, KernelConfig(), tmp_path_factory.mktemp("kernels"))


def _of(snapshot: Snapshot, kind: str) -> list[Metapath]:
    paths = [one for one in scored_paths(snapshot) if (one.learned.kernel if one.learned else "path") == kind]
    assert paths, f"no {kind} kernel in the graph of this suite: give it what the kernel needs"
    return paths


@pytest.mark.parametrize("kind", KINDS)
def test_shape_sign_pruning_and_the_same_every_time(shop: Snapshot, kernels: Kernels, kind: str) -> None:
    some = 0
    for path in _of(shop, kind):
        kernel = kernels.of(path.tail)
        assert kernel.name == kind
        matrix, again = kernel.matrix(), Kernels(shop, kernels.config, kernels.parent).of(path.tail).matrix()
        pruned = Kernels(shop, KernelConfig(top=2), kernels.parent).of(path.tail).matrix()
        anchors, items = shop.schema.ends(path.start)[1], path.item_type(shop.schema)
        assert matrix.shape == (shop.vocabulary.count(anchors), shop.vocabulary.count(items))
        assert matrix.dtype == np.float64 and np.isfinite(matrix.data).all() and (matrix.data >= 0).all()
        for row, whole in zip(pruned.toarray(), matrix.toarray(), strict=True):
            assert sorted(row[row > 0]) == sorted(whole[whole > 0])[-2:], "not the two largest entries, whole"
        if anchors == items and kind != "renewal":
            assert not matrix.diagonal().any(), "what was used leads to itself"
        for one, other in zip((matrix.data, matrix.indices), (again.data, again.indices), strict=True):
            np.testing.assert_array_equal(one, other)
        some += matrix.nnz
    assert some > 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_is_that_of_the_matrix(shop: Snapshot, kernels: Kernels, kind: str) -> None:
    """Where a kernel follows from the links of an item, its formula for one item is what the product gave."""
    for path in _of(shop, kind):
        item_type = path.item_type(shop.schema)
        matrix, steps = kernels.kernel(path.tail).toarray(), attribute_steps(shop.schema, item_type)
        for item in range(matrix.shape[1]):
            column = kernels.column(path.tail, np.arange(len(matrix)), item, steps)
            if column is not None:
                np.testing.assert_allclose(_entries(shop, column, item), matrix[:, item], atol=1e-12)


def _entries(snapshot: Snapshot, column: ItemColumn, item: int) -> Values:
    sums, total = column.fixed.copy(), 0.0
    for step, ways in column.ways.items():
        idx, weight = snapshot.neighbours(step, item)
        sums += ways[:, idx] @ weight ** min(column.degree.power, 1)
        total += sum(column.degree.size(step, one) for one in weight.tolist())
    entries = sums * column.degree.damping(np.array([total]))
    return np.where(entries >= column.least, entries, 0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_shares_add_up_and_are_told_in_each_language(shop: Snapshot, kernels: Kernels, kind: str) -> None:
    """A blend of one kind alone: the anchors' shares, or the paths, are the score."""
    blend = Blend(metapaths={str(path): 0.7 for path in _of(shop, kind)})
    model = Model(Scorer(shop, kernels, blend, None), ModelInfo(name=kind, snapshot=shop.hash, trained=True))
    recommender, told = Recommender(model), 0
    user = "u1" if kind in ("far_bridge", "propagation") else "u0"  # who has not taken the plain course
    for lang in ("en", "zh"):
        for item in recommender.recommend(Request(user, n=20, lang=lang)).items:
            account = recommender.why(Request(user, lang=lang), item.id)
            for part in account.parts:
                if part.metapath is None:  # of fewer than k people, and that is all that is said
                    assert part.paths == [] and part.other_paths and part.other_paths.share == part.share
                    continue
                assert (part.kernel or "path") == kind
                shares = [one.share for one in (part.nearest or part.paths or [])]
                rest = part.other_paths.share if part.other_paths else 0.0
                assert sum(shares) + rest == pytest.approx(part.share, abs=1e-9)
                told += bool(shares)
            assert sum(part.share for part in account.parts) == pytest.approx(item.score, abs=1e-9)
    assert told > 0


class _Words:
    """Not a language: what a kernel asks one to say."""

    def learned(self, text: str, named: NamedAnchors, people: int = 0) -> str:
        return f"{text} {named.step} {len(named.anchors)} {people}"


@pytest.mark.parametrize("kind", LEARNED)
def test_a_sentence_is_one_of_the_language(shop: Snapshot, kernels: Kernels, kind: Any) -> None:
    path = _of(shop, kind.name)[0]
    kernel = kernels.learned(path.tail)
    assert kernel is not None
    said = kernel.sentence(_Words(), NamedAnchors(path.start, [("Product", 0)], [9]))
    assert said.startswith(f"{kind.text} {path.start} 1")
