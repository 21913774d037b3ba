"""Kernels are the formula, worked out by hand on a graph of three products, and pruned exactly."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from recommender.kernels.path_instances import paths_between
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.linalg.sparse_matrix import top_per_row
from recommender.profiles.profile import Anchors
from tests.graphs import snapshot_of

SHARED = ("contains", "~contains")


def _kernels(folder: Path, **config: float) -> Kernels:
    """p1 contains Aqua, Niacinamide; p2 the same; p3 contains Aqua, Parfum: degrees Aqua 3, Niacinamide 2, Parfum 1."""
    contains = [("p1", "Aqua"), ("p1", "Niacin"), ("p2", "Aqua"), ("p2", "Niacin"), ("p3", "Aqua"), ("p3", "Parfum")]
    entities = {"Product": ["p1", "p2", "p3"], "Ingredient": ["Aqua", "Niacin", "Parfum"]}
    snapshot = snapshot_of(folder, entities, {"contains": contains})
    return Kernels(snapshot, KernelConfig(**config), folder / "kernels")


def test_the_kernel_is_the_damped_product(tmp_path: Path) -> None:
    kernels = _kernels(tmp_path)
    matrix = kernels.kernel(SHARED).toarray() / kernels.scale(SHARED)
    # 2^-.5 (the anchor's degree) · Σ over shared ingredients 1/√degree · 2^-.2 (the item's degree)
    aqua, niacin = 3**-0.5, 2**-0.5
    outside = 2**-0.5 * 2**-0.2
    expected = outside * np.array([[0, aqua + niacin, aqua], [aqua + niacin, 0, aqua], [aqua, aqua, 0]])
    np.testing.assert_allclose(matrix, expected, rtol=1e-12)


@pytest.mark.parametrize("degree", ["sum", "length"])
def test_an_entry_is_the_sum_of_its_paths_however_degrees_are_counted(tmp_path: Path, degree: str) -> None:
    """The one path from p1 over Aqua to p3: 3 · (3 + 4)^-½ · (3 + 1)^-½ by sums, 3 · 5^-½ · (√10)^-½ by lengths."""
    contains = [("p1", "Aqua", 3.0), ("p1", "Niacin", 4.0), ("p3", "Aqua", 1.0)]
    entities = {"Product": ["p1", "p3"], "Ingredient": ["Aqua", "Niacin"]}
    snapshot = snapshot_of(tmp_path, entities, {"contains": contains})
    kernels = Kernels(snapshot, KernelConfig(degree=degree), tmp_path / "kernels")
    found = paths_between(kernels, SHARED, Anchors(np.array([0], dtype=np.int32), np.ones(1)), 1)
    p1, aqua = (7.0, 4.0) if degree == "sum" else (5.0, 10**0.5)
    assert found.product.sum() / kernels.scale(SHARED) == pytest.approx(p1**-0.5 * 3 * aqua**-0.5, abs=1e-12)
    assert found.product.sum() == pytest.approx(kernels.kernel(SHARED)[0, 1], abs=1e-12)


def test_lengths_of_the_rows_average_one(tmp_path: Path) -> None:
    matrix = _kernels(tmp_path).kernel(SHARED).toarray()
    assert np.linalg.norm(matrix, axis=1).mean() == pytest.approx(1, abs=1e-12)


def test_pruning_keeps_whole_entries(tmp_path: Path) -> None:
    whole = _kernels(tmp_path / "a", top=10)
    pruned = _kernels(tmp_path / "b", top=1)
    full = whole.kernel(SHARED).toarray() / whole.scale(SHARED)
    kept = pruned.kernel(SHARED).toarray() / pruned.scale(SHARED)
    assert (np.count_nonzero(kept, axis=1) == 1).all()
    np.testing.assert_array_equal(kept[:2][kept[:2] > 0], full[:2].max(axis=1))


def test_a_second_opening_reads_the_same_kernel_from_disk(tmp_path: Path) -> None:
    first = _kernels(tmp_path)
    assert first.build([SHARED]) == 1
    again = Kernels(first.snapshot, first.config, first.parent)
    assert again.build([SHARED]) == 0
    np.testing.assert_array_equal(again.kernel(SHARED).toarray(), first.kernel(SHARED).toarray())


@given(st.lists(st.lists(st.integers(0, 5), min_size=4, max_size=4), min_size=1, max_size=6), st.integers(1, 5))
def test_top_per_row_keeps_the_largest(rows: list[list[int]], top: int) -> None:
    dense = np.array(rows, dtype=np.float64)
    kept = top_per_row(csr_array(dense), top).toarray()
    for before, after in zip(dense, kept, strict=True):
        assert sorted(after[after > 0]) == sorted(before[before > 0])[-top:]
        assert (after[after > 0] == before[after > 0]).all()


def test_people_who_cross_domains_lead_to_what_is_popular_there(tmp_path: Path) -> None:
    """One person took the course and bought both products, another bought p2 too: from a course over people the degree
    of a product counts with the exponent ``crossing``, from a product with ``end``, and so over an attribute."""
    entities = {"User": ["u1", "u2"], "Course": ["c"], "Product": ["p1", "p2"], "Ingredient": ["i"]}
    triples = {
        "enrolled": [("u1", "c")],
        "purchased": [("u1", "p1"), ("u1", "p2"), ("u2", "p2")],
        "teaches": [("c", "i")],
        "contains": [("p1", "i"), ("p2", "i")],
    }
    snapshot = snapshot_of(tmp_path, entities, triples)
    config = KernelConfig(start=0, middle=0, end=0.5, crossing=-1)
    kernels = Kernels(snapshot, config, tmp_path / "kernels")
    for tail, expected in (
        (("~enrolled", "purchased"), [[1, 2]]),
        (("~purchased", "purchased"), [[0, 2**-0.5], [1, 0]]),
        (("teaches", "~contains"), [[1, 1]]),
    ):
        np.testing.assert_allclose(kernels.kernel(tail).toarray() / kernels.scale(tail), expected)
    assert KernelConfig().crossing < 0, "what is popular in the other domain is favoured"


def test_many_anchors_at_once_are_the_sum_of_each(tmp_path: Path) -> None:
    """Twenty products, over shared ingredients, then over people: more than are met one by one."""
    products, random = [f"p{n:02}" for n in range(24)], np.random.default_rng(4)
    contains = [(p, f"i{i}") for p in products for i in random.choice(6, 3, replace=False).tolist()]
    purchased = [(f"u{u}", products[p]) for u in range(9) for p in random.choice(24, 4, replace=False).tolist()]
    entities = {
        "User": [f"u{n}" for n in range(9)],
        "Product": products,
        "Ingredient": [f"i{n}" for n in range(6)],
    }
    snapshot = snapshot_of(tmp_path, entities, {"contains": contains, "purchased": purchased})
    kernels = Kernels(snapshot, KernelConfig(), tmp_path / "kernels")
    for tail in (SHARED, (*SHARED, "~purchased", "purchased")):
        for item in sorted({products.index(product) for _, product in purchased[:6]}):
            entries = kernels.kernel(tail)[:20, [item]].toarray()[:, 0]
            idx = np.flatnonzero(entries).astype(np.int32)
            anchors = Anchors(idx, random.random(len(idx)))
            found = paths_between(kernels, tail, anchors, item)
            assert len(idx) > 16 and len(found.product) > 20
            assert found.product.sum() == pytest.approx(anchors.weight @ entries[idx], rel=1e-12)


def test_what_is_made_is_told_one_by_one(tmp_path: Path) -> None:
    """Before each of two kernels, short ones first: how many are done, of how many, and which comes."""
    kernels, told = _kernels(tmp_path), list[tuple[object, ...]]()
    kernels.build([("contains", "~contains"), ("∪Product-Product",)], lambda *one: told.append(one))
    assert told == [("Kernels", 0, 2, "∪Product-Product"), ("Kernels", 1, 2, "contains > ~contains")]
