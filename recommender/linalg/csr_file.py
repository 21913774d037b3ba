"""A CSR matrix in memory-mapped ``.npy`` files."""

import os
from pathlib import Path
from threading import get_ident

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.workspace.permissions import private_files


@private_files()
def save_csr(matrix: csr_array, folder: Path, name: str, scale: float) -> None:
    """Write a matrix with a factor to keep beside it; the factor's file comes last and says that the rest is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    parts: tuple[tuple[str, NDArray[np.generic]], ...] = (
        ("data", matrix.data.astype(np.float64)),
        ("indices", matrix.indices.astype(np.int32)),
        ("indptr", matrix.indptr.astype(np.int32)),
        ("scale", np.array([scale, *matrix.shape], dtype=np.float64)),
    )
    for part, array in parts:
        pending = folder / f".{os.getpid()}-{get_ident()}-{name}.{part}.npy"  # several threads may write the same one
        np.save(pending, array, allow_pickle=False)
        pending.replace(folder / f"{name}.{part}.npy")


def has_csr(folder: Path, name: str) -> bool:
    """Whether a whole matrix of that name is there."""
    return (folder / f"{name}.scale.npy").exists()


def open_csr(folder: Path, name: str) -> tuple[csr_array, float]:
    """Map a matrix and read its factor.

    :raises FileNotFoundError: where it is not there.
    """
    data, indices, indptr, scale = (
        np.asarray(np.load(folder / f"{name}.{part}.npy", mmap_mode="r", allow_pickle=False))
        for part in ("data", "indices", "indptr", "scale")
    )
    matrix = csr_array((data, indices, indptr), shape=(int(scale[1]), int(scale[2])), copy=False)
    matrix.has_sorted_indices = matrix.has_canonical_format = True
    return matrix, float(scale[0])
