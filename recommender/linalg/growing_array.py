"""An array that grows in its ``.npy`` file: the same bytes as if all of it had been saved at once."""

from pathlib import Path
from typing import Self

import numpy as np
from numpy.lib.format import dtype_to_descr, write_array_header_1_0
from numpy.typing import NDArray


class GrowingArray:
    """An array of one dimension that is written as it is made.

    :param kind: the type of its numbers.
    """

    def __init__(self, path: Path, kind: type[np.generic]) -> None:
        self._file, self._kind, self._count = path.open("wb"), np.dtype(kind), 0
        self._write_header()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        with self._file:
            self._file.seek(0)
            self._write_header()

    def append(self, part: NDArray[np.generic]) -> None:
        """Write the next of its numbers."""
        part.astype(self._kind, copy=False).tofile(self._file)
        self._count += len(part)

    def _write_header(self) -> None:
        """Its room is the same however long the array is."""
        told = {"descr": dtype_to_descr(self._kind), "fortran_order": False, "shape": (self._count,)}
        write_array_header_1_0(self._file, told)
