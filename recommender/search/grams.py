"""An inverted index of short runs of characters, which finds names by their middle and in spite of typing errors.

A gram is three characters in a row, blanks at both ends of each word included, or one Chinese, Japanese or Korean
character: there are thousands of those, so one alone says much.
"""

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]
MOST_POSTINGS = 100_000
"""Postings read for one query: those of the rarest grams, which say most; what is in every name says nothing."""
_CJK = ((0x2E80, 0x9FFF), (0xAC00, 0xD7AF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))


class GramIndex:
    """Gram → the names that hold it, as arrays that can be mapped.

    :param codes: shape (grams,), int64, sorted.
    :param starts: shape (grams + 1,), int64: the names of gram g are ``names[starts[g]:starts[g + 1]]``.
    :param names: int32, ascending within a gram.
    """

    PARTS = ("codes", "starts", "names")

    def __init__(self, codes: Codes, starts: Codes, names: NDArray[np.int32]) -> None:
        self.codes, self.starts, self.names = codes, starts, names

    @classmethod
    def of(cls, texts: list[str], numbers: NDArray[np.int64]) -> Self:
        """Index folded texts; ``numbers``, shape (texts,), are what they are called in the answer."""
        codes, rows = _grams(texts)
        order = np.argsort(codes, kind="stable")
        codes, found = codes[order], numbers[rows[order]].astype(np.int32)
        fresh = np.ones(len(codes), dtype=bool)
        fresh[1:] = (codes[1:] != codes[:-1]) | (found[1:] != found[:-1])
        codes, found = codes[fresh], found[fresh]
        unique, starts = np.unique(codes, return_index=True)
        return cls(unique, np.append(starts, len(codes)).astype(np.int64), found)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Map what ``save`` wrote.

        :raises OSError, ValueError: where a file is missing or damaged.
        """
        return cls(*(np.load(folder / f"grams.{part}.npy", mmap_mode="r") for part in cls.PARTS))

    def save(self, folder: Path) -> None:
        """Write three ``.npy`` files, no pickle."""
        for part in self.PARTS:
            np.save(folder / f"grams.{part}.npy", getattr(self, part), allow_pickle=False)

    def search(self, text: str, most: int) -> NDArray[np.int64]:
        """Names that share the most grams with a folded text, the best first, at most ``most``: shape (names,)."""
        wanted = np.unique(_grams([text])[0])
        positions = np.searchsorted(self.codes, wanted)
        positions = positions[positions < len(self.codes)]
        positions = positions[np.isin(self.codes[positions], wanted)]
        lengths = self.starts[positions + 1] - self.starts[positions]
        order = np.argsort(lengths, kind="stable")
        enough = np.cumsum(lengths[order]) <= MOST_POSTINGS
        enough[:1] = True
        chosen = positions[order[enough]]
        if not len(chosen):
            return np.empty(0, dtype=np.int64)
        parts = [
            self.names[self.starts[position] : self.starts[position + 1]][:MOST_POSTINGS]
            for position in chosen.tolist()
        ]
        names, counts = np.unique(np.concatenate(parts), return_counts=True)
        best = np.lexsort((names, -counts))[:most]
        return names[best].astype(np.int64)


def _grams(texts: list[str]) -> tuple[Codes, NDArray[np.int64]]:
    """All grams of folded texts: their codes, 21 bits a character, and the text each stands in."""
    joined = "\0".join(f" {text} " for text in texts) + "\0"
    points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.int64)
    row = np.concatenate([[0], np.cumsum(points == 0)])[:-1]
    cjk = np.zeros(len(points), dtype=bool)
    for low, high in _CJK:
        cjk |= (points >= low) & (points <= high)
    broken = cjk | (points == 0)
    three = np.flatnonzero(~(broken[:-2] | broken[1:-1] | broken[2:])) if len(points) > 2 else np.empty(0, np.int64)
    three = three[points[three + 1] != ord(" ")]  # the end of one word and the beginning of the next
    one = np.flatnonzero(cjk)
    codes = np.concatenate([(points[three] << 42) | (points[three + 1] << 21) | points[three + 2], points[one]])
    rows = np.concatenate([row[three], row[one]])
    order = np.argsort(rows, kind="stable")
    return codes[order], rows[order]
