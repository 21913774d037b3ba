"""A CSR matrix in memory-mapped ``.npy`` files."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from threading import get_ident

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.checksums import NAME as CHECKSUMS
from kg.checksums import Checksums
from kg.file_link import link_file
from kg.index_type import index_type
from kg.mapped_array import map_array
from kg.workspace.permissions import private_files
from recommender.linalg.growing_array import GrowingArray

PARTS = ("data", "indices", "indptr", "scale")


def save_csr(matrix: csr_array, folder: Path, name: str, scale: float) -> None:
    """Write a matrix with a factor to keep beside it; their checksums come last and say that the rest is whole."""
    save_blocks([matrix], folder, name, scale)


@private_files()
def save_blocks(blocks: Iterable[csr_array], folder: Path, name: str, scale: float) -> None:
    """Write a matrix, at least one block of rows, block by block as they are made: it is never held whole."""
    folder.mkdir(parents=True, exist_ok=True)
    own = f".{os.getpid()}-{get_ident()}-{name}"  # several threads may write the same one
    pending = {part: folder / f"{own}.{part}.npy" for part in PARTS}
    try:
        indptr, width = _write_entries(blocks, pending)
        kind = index_type(int(indptr[-1]))
        if kind is not np.int32:
            np.save(pending["indices"], np.load(pending["indices"], mmap_mode="r").astype(kind), allow_pickle=False)
        np.save(pending["indptr"], indptr.astype(kind), allow_pickle=False)
        np.save(pending["scale"], np.array([scale, len(indptr) - 1, width], dtype=np.float64), allow_pickle=False)
        for part in PARTS:
            pending[part].replace(folder / f"{name}.{part}.npy")
    finally:
        for path in pending.values():
            path.unlink(missing_ok=True)
    Checksums.write(folder / f"{name}.{CHECKSUMS}", (folder / f"{name}.{part}.npy" for part in PARTS))


def _write_entries(blocks: Iterable[csr_array], to: Mapping[str, Path]) -> tuple[NDArray[np.int64], int]:
    """Write data and indices; where each row starts, and how many columns there are."""
    lengths, width = [np.zeros(1, dtype=np.int64)], 0
    with GrowingArray(to["data"], np.float64) as data, GrowingArray(to["indices"], np.int32) as indices:
        for block in blocks:
            data.append(block.data)
            indices.append(block.indices)
            lengths.append(np.diff(block.indptr))
            width = block.shape[1]
    return np.cumsum(np.concatenate(lengths)), width


@private_files()
def link_csr(source: Path, target: Path, name: str, new: str) -> None:
    """A second name for the files of a matrix, which are never written over, perhaps in another folder; the checksums
    come last."""
    target.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        link = target / f"{new}.{part}.npy"
        link.unlink(missing_ok=True)  # one that is there is damaged, or somebody's who links the same
        link_file(source / f"{name}.{part}.npy", link)
    known = Checksums.open(source / f"{name}.{CHECKSUMS}")
    assert known is not None, "ask has_csr first"
    entries = {f"{new}.{part}.npy": known.entries[f"{name}.{part}.npy"] for part in PARTS}
    Checksums.keep(target / f"{new}.{CHECKSUMS}", entries)


def has_csr(folder: Path, name: str) -> bool:
    """Whether a whole matrix of that name is there, as it was written; one that was damaged is not."""
    try:
        checksums = Checksums.open(folder / f"{name}.{CHECKSUMS}")
        if checksums is not None:
            checksums.check(*(f"{name}.{part}.npy" for part in PARTS))
    except (OSError, ValueError):
        return False
    return checksums is not None


def open_csr(folder: Path, name: str) -> tuple[csr_array, float]:
    """Map a matrix and read its factor; ask :func:`has_csr` first.

    :raises FileNotFoundError: where it is not there.
    """
    data, indices, indptr, scale = (map_array(str(folder / f"{name}.{part}.npy")) for part in PARTS)
    matrix = csr_array((data, indices, indptr), shape=(int(scale[1]), int(scale[2])), copy=False)
    matrix.has_sorted_indices = matrix.has_canonical_format = True
    return matrix, float(scale[0])
