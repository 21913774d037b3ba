"""Rows of words in few symbols, one byte each: there is less to search, and nodes of an automaton have few children."""

import math

import numpy as np
from numpy.typing import NDArray

from kg.text.words import HYPHEN, SINGLE, SPACE, SUFFIX, comparable, kind_of, word_rows

LONG = 20_000
"""Characters from which on all are looked at together."""
UNKNOWN = 0x1E
"""The symbol of what no form holds; a break between columns, which it is in texts, is another one in rows of words."""
_BLANK = ord(" ")


class Alphabet:
    """The symbols of a dictionary.

    ASCII stands for itself. Every other character of the dictionary has a number, in digits above ASCII: two of them
    mostly, where UTF-8 needs three for a Chinese character. What no form holds is one symbol.
    """

    def __init__(self, forms: list[str]) -> None:
        known = sorted(
            {character for form in forms if not form.isascii() for character in form if ord(character) > 127}
        )
        self._digits = 1 if len(known) <= 128 else 2 if len(known) <= 128**2 else 3
        base = max(2, math.ceil(round(len(known) ** (1 / self._digits), 6)))  # few children on all floors
        self._written: dict[int, bytes] = {code: bytes([code]) for code in range(1, 128)}
        for number, character in enumerate(known):
            positions = reversed(range(self._digits))
            self._written[ord(character)] = bytes(128 + number // base**position % base for position in positions)
        self._kinds = np.zeros(0x110000, dtype=np.uint8)
        self._emitted = np.zeros(0x110000, dtype="<u4")
        """What a character becomes, with the blanks around it: up to four symbols, the rest 0."""

    def symbols(self, words: str) -> bytes:
        """The symbols of a row of words."""
        return b"".join(map(self._symbol, map(ord, words)))

    def rows(self, texts: list[str], separators: str = "") -> bytes:
        """The symbols of the rows of words of texts: ``symbols(word_rows(texts, separators))``, but faster by far."""
        joined = comparable(texts, separators)
        if len(joined) < LONG or self._digits > 2:
            return self.symbols(word_rows(texts, separators))
        codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        self._learn(codes)
        emitted = self._emitted[codes]
        hyphens, suffixes = np.flatnonzero(codes == ord("-")), np.flatnonzero((codes == ord("+")) | (codes == ord("#")))
        parting = np.isin(self._kinds[codes[hyphens - 1]], [SPACE, SINGLE, HYPHEN, SUFFIX])
        parting |= np.isin(self._kinds[codes[hyphens + 1]], [SPACE, SINGLE, HYPHEN])
        emitted[hyphens[parting]] = _packed(b" - ")
        last = suffixes[self._kinds[codes[suffixes + 1]] != SUFFIX]
        emitted[last] |= _BLANK << 8
        symbols = np.frombuffer(emitted.tobytes().translate(None, b"\0"), dtype=np.uint8)
        blank = symbols == _BLANK
        first = np.append(True, ~(blank[1:] & blank[:-1]))  # of a run of blanks; splitting takes eight times as long
        words: bytes = symbols[first].tobytes().strip(b" ")
        return b" " + words + b" "

    def _symbol(self, code: int) -> bytes:
        return self._written.get(code, bytes([UNKNOWN]))

    def _learn(self, codes: NDArray[np.uint32]) -> None:
        """Note what the characters become that were not met before."""
        present = np.flatnonzero(np.bincount(codes))
        for code in present[self._emitted[present] == 0].tolist():
            kind, written = kind_of(chr(code)), self._symbol(code)
            self._kinds[code] = kind
            around = b" " if kind == SINGLE else b""
            self._emitted[code] = _packed(b" " if kind == SPACE else around + written + around)


def _packed(symbols: bytes) -> int:
    return int.from_bytes(symbols, "little")
