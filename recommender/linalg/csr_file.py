"""A CSR matrix in memory-mapped ``.npy`` files."""

import os
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import get_ident

import numpy as np
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


def save_blocks(blocks: Iterable[csr_array], folder: Path, name: str, scale: float) -> None:
    """Write a matrix, at least one block of rows, block by block as they are made: it is never held whole."""
    save_together(([block] for block in blocks), folder, [name], scale)


@private_files()
def save_together(
    blocks: Iterable[Sequence[csr_array]], folder: Path, names: Sequence[str], scale: float = 1.0
) -> None:
    """Write several matrices, of which blocks of rows are made together."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [_Pending(folder, name) for name in names]
    try:
        with ExitStack() as stack:
            for file in files:
                stack.enter_context(file.data)
                stack.enter_context(file.indices)
            for block in blocks:
                for file, matrix in zip(files, block, strict=True):
                    file.append(matrix)
        for file in files:
            file.finish(scale)
    finally:
        for file in files:
            file.remove()


class _Pending:
    """The files of a matrix while it is made."""

    def __init__(self, folder: Path, name: str) -> None:
        own = f".{os.getpid()}-{get_ident()}-{name}"  # several threads may write the same one
        self._folder, self._name = folder, name
        self._paths = {part: folder / f"{own}.{part}.npy" for part in PARTS}
        self.data = GrowingArray(self._paths["data"], np.float64)
        self.indices = GrowingArray(self._paths["indices"], np.int32)
        self._lengths, self._width = [np.zeros(1, dtype=np.int64)], 0

    def append(self, block: csr_array) -> None:
        """The next of its rows."""
        self.data.append(block.data)
        self.indices.append(block.indices)
        self._lengths.append(np.diff(block.indptr))
        self._width = block.shape[1]

    def finish(self, scale: float) -> None:
        """Give them their names; the checksums come last."""
        indptr, paths = np.cumsum(np.concatenate(self._lengths)), self._paths
        if (kind := index_type(int(indptr[-1]))) is not np.int32:
            np.save(paths["indices"], np.load(paths["indices"]).astype(kind), allow_pickle=False)
        np.save(paths["indptr"], indptr.astype(kind), allow_pickle=False)
        np.save(paths["scale"], np.array([scale, len(indptr) - 1, self._width], dtype=np.float64), allow_pickle=False)
        files = [self._folder / f"{self._name}.{part}.npy" for part in PARTS]
        for path, file in zip(paths.values(), files, strict=True):
            path.replace(file)
        Checksums.write(self._folder / f"{self._name}.{CHECKSUMS}", files)

    def remove(self) -> None:
        """Leave nothing of what was not finished."""
        for path in self._paths.values():
            path.unlink(missing_ok=True)


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
