"""Kernels are the formula, worked out by hand on a graph of three products, and pruned exactly."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.linalg.sparse_matrix import top_per_row
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
