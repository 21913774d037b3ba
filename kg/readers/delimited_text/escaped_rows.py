"""Rows of CSV and TSV as they came, but for an apostrophe before each cell that a spreadsheet would run.

Lines are cut here as a spreadsheet would cut them, faulty ones too; reading takes back exactly these apostrophes.
"""

from collections.abc import Sequence

from kg.values.formula import would_be_run


class EscapedRows:
    """Escapes the lines of rows, one after the other.

    :param rows: first line and number of lines of each.
    """

    def __init__(self, delimiter: str, codec: str, rows: Sequence[tuple[int, int]]) -> None:
        self._delimiter, self._codec = delimiter, codec
        self._last = {line: at + n - 1 for at, n in rows for line in range(at, at + n)}
        self._row, self._open = 0, False

    def __call__(self, number: int, raw: bytes) -> bytes:
        """The line of a number; lines of no row, such as the header, stay as they are."""
        last = self._last.get(number)
        if last is None:
            return raw
        if last != self._row:  # a quote that was left open belongs to the row before
            self._row, self._open = last, False
        try:
            return self._escaped(raw.decode(self._codec), last > number).encode(self._codec)
        except UnicodeError:  # bytes that mean nothing; the marks that count are ASCII
            return self._escaped(raw.decode("latin-1"), last > number).encode("latin-1")

    def _escaped(self, text: str, goes_on: bool) -> str:
        """:param goes_on: whether a cell may be closed in the next line."""
        at, marks = 0, list[int]()
        if self._open:
            closed = _closing(text, 0)
            if closed < 0:
                return text
            self._open, at = False, self._next(text, closed + 1)
        while at >= 0:
            quoted = len(self._delimiter) == 1 and text.startswith('"', at)
            closed = _closing(text, at + 1) if quoted else -1
            self._open = quoted and closed < 0 and goes_on
            end = -1 if self._open else self._next(text, max(closed + 1, at))
            if closed >= 0:
                inside = text[at + 1 : closed].replace('""', '"')
            else:
                inside = text[at + 1 :] if self._open else text[at + quoted : self._stop(text, end)]
            if would_be_run(inside):
                marks.append(at + quoted)
            at = end
        for mark in reversed(marks):
            text = f"{text[:mark]}'{text[mark:]}"
        return text

    def _next(self, text: str, at: int) -> int:
        """Where the next cell begins, −1 where there is none."""
        found = text.find(self._delimiter, at)
        return -1 if found < 0 else found + len(self._delimiter)

    def _stop(self, text: str, following: int) -> int:
        """Where a cell ends, by where the next one begins."""
        return len(text.rstrip("\r\n")) if following < 0 else following - len(self._delimiter)


def _closing(text: str, at: int) -> int:
    """The position of the quote that closes a cell, −1 where none does; two of them are one that is meant."""
    while (found := text.find('"', at)) >= 0:
        if not text.startswith('"', found + 1):
            return found
        at = found + 2
    return -1
