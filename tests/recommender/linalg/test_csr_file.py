"""Blocks of rows that are written as they are made are the files of the whole matrix, byte for byte."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array, random_array

from recommender.linalg import csr_file
from recommender.linalg.csr_file import PARTS, has_csr, open_csr, save_blocks, save_csr


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_blocks_are_the_whole(tmp_path: Path, size: int) -> None:
    matrix = csr_array(random_array((7, 9), density=0.5, format="csr", rng=np.random.default_rng(0)))
    save_csr(matrix, tmp_path, "whole", 2.5)
    save_blocks((matrix[start : start + size] for start in range(0, 7, size)), tmp_path, "blocks", 2.5)
    for part in PARTS:
        assert (tmp_path / f"blocks.{part}.npy").read_bytes() == (tmp_path / f"whole.{part}.npy").read_bytes()
    np.save(tmp_path / "saved.npy", matrix.data, allow_pickle=False)
    assert (tmp_path / "blocks.data.npy").read_bytes() == (tmp_path / "saved.npy").read_bytes()


def test_what_ends_midway_is_not_there(tmp_path: Path) -> None:
    def blocks() -> Iterator[csr_array]:
        yield csr_array((2, 3))
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        save_blocks(blocks(), tmp_path, "some", 1.0)
    assert not has_csr(tmp_path, "some")
    assert not list(tmp_path.iterdir())


def test_more_entries_than_can_be_told_in_32_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csr_file, "index_type", lambda entries: np.int64)
    matrix = csr_array(np.array([[1.0, 0.0], [2.0, 3.0]]))
    save_csr(matrix, tmp_path, "many", 1.0)
    found, _ = open_csr(tmp_path, "many")
    assert found.indices.dtype == found.indptr.dtype == np.int64
    np.testing.assert_array_equal(found.toarray(), matrix.toarray())
