"""Checksums: what was written is known again, moved or not; what was changed is not."""

import os
from pathlib import Path

import pytest

from kg.checksums import Checksums


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    for name in ("a.npy", "b.npy"):
        (tmp_path / name).write_bytes(name.encode() * 100)
    Checksums.write(tmp_path / "sums.json", tmp_path.glob("*.npy"))
    return tmp_path


def opened(folder: Path) -> Checksums:
    found = Checksums.open(folder / "sums.json")
    assert found is not None
    return found


def test_a_copy_is_compared_once_and_then_known_by_its_time(kept: Path) -> None:
    os.utime(kept / "a.npy", ns=(5, 5))
    opened(kept).check("a.npy", "b.npy")
    assert opened(kept).entries["a.npy"][2] == 5
    (kept / "a.npy").write_bytes(b"x" * 500)
    os.utime(kept / "a.npy", ns=(5, 5))
    opened(kept).check("a.npy")  # the price of not reading everything at every start


@pytest.mark.parametrize("content", [b"", b"x", b"b.npy" * 99 + b"b.npx"])
def test_a_changed_file_is_refused(kept: Path, content: bytes) -> None:
    (kept / "b.npy").write_bytes(content)
    opened(kept).check("a.npy")
    with pytest.raises(ValueError, match=r"b\.npy"):
        opened(kept).check("a.npy", "b.npy")


def test_missing_strange_and_damaged_lists(kept: Path) -> None:
    with pytest.raises(ValueError, match="not in sums"):
        opened(kept).check("c.npy")
    (kept / "a.npy").unlink()
    with pytest.raises(OSError, match=r"a\.npy"):
        opened(kept).check("a.npy")
    assert Checksums.open(kept / "none.json") is None
    for damaged in (b"", b"[1]", b'{"a.npy": 1}', b'{"a.npy": [1]}', b"[" * 100_000):
        (kept / "sums.json").write_bytes(damaged)
        with pytest.raises(ValueError, match="damaged"):
            Checksums.open(kept / "sums.json")
