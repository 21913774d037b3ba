"""An array of one axis, written to a ``.npy`` file piece by piece: the same bytes as ``numpy.save`` writes of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

HEADER = 128
"""Bytes of the header of such an array, whatever its length."""
PIECE = 1 << 24


class NpyWriter:
    """A file that grows; its header is written when it is closed.

    :param kind: the dtype of the array.
    """

    def __init__(self, path: Path, kind: type[Any]) -> None:
        self.path, self._dtype, self._count = path, np.dtype(kind), 0
        path.write_bytes(bytes(HEADER))

    def add(self, values: NDArray[Any]) -> None:
        """Append values, shape (n,), cast to the dtype of the array."""
        with self.path.open("ab") as file:
            np.ascontiguousarray(values, dtype=self._dtype).tofile(file)
        self._count += len(values)

    def close(self) -> None:
        """Write the header; the array is whole then."""
        header = {"shape": (self._count,), "fortran_order": False, "descr": npy.dtype_to_descr(self._dtype)}
        with self.path.open("r+b") as file:
            npy.write_array_header_1_0(file, header)
            assert file.tell() == HEADER

    def retype(self, kind: type[Any]) -> None:
        """Write the whole array again in another dtype."""
        narrow = self.path.rename(self.path.with_suffix(".narrow"))
        wide = NpyWriter(self.path, kind)
        for piece in pieces(narrow):
            wide.add(piece)
        wide.close()
        narrow.unlink()


def pieces(path: Path) -> Iterator[NDArray[Any]]:
    """The values of such a file, a piece at a time."""
    with path.open("rb") as file:
        npy.read_magic(file)
        _, _, dtype = npy.read_array_header_1_0(file)
        while len(piece := np.fromfile(file, dtype=dtype, count=PIECE // dtype.itemsize)):
            yield piece
