"""A CSR matrix in memory-mapped ``.npy`` files."""

import os
from pathlib import Path
from threading import get_ident

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.checksums import NAME as CHECKSUMS
from kg.checksums import Checksums
from kg.file_link import link_file
from kg.index_type import compressed
from kg.mapped_array import map_array
from kg.workspace.permissions import private_files

PARTS = ("data", "indices", "indptr", "scale")


@private_files()
def save_csr(matrix: csr_array, folder: Path, name: str, scale: float) -> None:
    """Write a matrix with a factor to keep beside it; their checksums come last and say that the rest is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    indptr, indices = compressed(matrix.indptr, matrix.indices)
    parts: tuple[tuple[str, NDArray[np.generic]], ...] = (
        ("data", matrix.data.astype(np.float64, copy=False)),
        ("indices", indices),
        ("indptr", indptr),
        ("scale", np.array([scale, *matrix.shape], dtype=np.float64)),
    )
    for part, array in parts:
        pending = folder / f".{os.getpid()}-{get_ident()}-{name}.{part}.npy"  # several threads may write the same one
        np.save(pending, array, allow_pickle=False)
        pending.replace(folder / f"{name}.{part}.npy")
    Checksums.write(folder / f"{name}.{CHECKSUMS}", (folder / f"{name}.{part}.npy" for part, _ in parts))


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
