"""An array of strings that can be memory-mapped: one UTF-8 blob and offsets, searched without reading it whole."""

from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kg.mapped_array import map_array

SAMPLE = 1024
"""Strings, about, that are kept ready to search between."""


class StringArray:
    """Immutable array of n strings, some of which may be missing.

    :param blob: shape (bytes,), uint8: all strings in UTF-8, one after the other.
    :param offsets: shape (n + 1,), int64: string i is ``blob[offsets[i]:offsets[i + 1]]``.
    :param valid: shape (n,), bool, false where the string is missing.
    """

    def __init__(self, blob: NDArray[np.uint8], offsets: NDArray[np.int64], valid: NDArray[np.bool_]) -> None:
        self.blob, self.offsets, self.valid = blob, offsets, valid
        self._texts, self._ends = blob.data, offsets.data  # one at a time, several times as fast
        self._every = max(len(self) // SAMPLE, 1)

    @classmethod
    def load(cls, folder: Path, name: str) -> Self:
        """Map the files that ``save`` wrote.

        :raises FileNotFoundError: where one is missing.
        :raises ValueError: where they do not fit each other.
        """
        files = (folder / f"{name}.{part}.npy" for part in ("blob", "offsets", "valid"))
        parts = (map_array(str(file)) for file in files)
        array = cls(*parts)
        if len(array.valid) != len(array) or array.offsets[-1] != len(array.blob):
            raise ValueError(f"{folder / name}: blob, offsets and valid do not fit each other")
        return array

    def save(self, folder: Path, name: str) -> None:
        """Write three ``.npy`` files, no pickle."""
        for part, array in (("blob", self.blob), ("offsets", self.offsets), ("valid", self.valid)):
            np.save(folder / f"{name}.{part}.npy", array, allow_pickle=False)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, idx: int) -> str | None:
        return self._bytes(idx).decode() if self.valid[idx] else None

    def __iter__(self) -> Iterator[str | None]:
        whole, ends = self.blob.tobytes(), self.offsets.tolist()
        for idx, ok in enumerate(self.valid.tolist()):
            yield whole[ends[idx] : ends[idx + 1]].decode() if ok else None

    def search(self, text: str) -> int | None:
        """Index of ``text`` in an array sorted by UTF-8 bytes, or ``None``; O(log n) reads."""
        wanted = text.encode("utf-8", "surrogatepass")  # half a character is in no array, and no failure either
        found = self.lower_bound(wanted)
        return found if found < len(self) and self._bytes(found) == wanted else None

    def lower_bound(self, wanted: bytes) -> int:
        """Index of the first string that is not before ``wanted`` in an array sorted by UTF-8 bytes."""
        texts, ends, every = self._texts, self._ends, self._every
        after = bisect_left(self._sample, wanted)
        low, high = max((after - 1) * every + 1, 0), min(after * every, len(self))
        while low < high:
            middle = (low + high) // 2
            if texts[ends[middle] : ends[middle + 1]].tobytes() < wanted:
                low = middle + 1
            else:
                high = middle
        return low

    @cached_property
    def _sample(self) -> list[bytes]:
        """The first string and each so much further on, between which others are looked for."""
        return [self._bytes(idx) for idx in range(0, len(self), self._every)]

    def _bytes(self, idx: int) -> bytes:
        return self._texts[self._ends[idx] : self._ends[idx + 1]].tobytes()
