"""Records of CSV and TSV, one by one, through the ``csv`` module: finds what is wrong with each of them."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from kg.counting import by_number
from kg.readers.batch import Reject, shortened

csv.field_size_limit(2**31 - 1)

LONGEST_RECORD = 8 << 20
"""Characters that one record may have; a quote that stays open for longer counts as never closed."""


@dataclass(frozen=True)
class Dialect:
    """How the lines of one file are cut into cells."""

    delimiter: str
    width: int
    """Cells that a row must have."""


@dataclass
class Records:
    """Cells of the good rows, where they start, how many lines they take, and the bad rows."""

    cells: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    spans: list[int] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)


class _Cursor:
    """An iterator over lines that can be set back."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self.at = 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        if self.at == len(self._texts):
            raise StopIteration
        self.at += 1
        return self._texts[self.at - 1]


class RecordParser:
    """Cuts physical lines into records.

    A quote that is not closed, or that closes where no cell ends, costs its own line only: parsing goes on with the
    next physical line. So it does when a record of several lines has a wrong number of cells and the line after its
    first would be a good record by itself, quotes in pairs.
    """

    def __init__(self, texts: Sequence[str], first_line: int, dialect: Dialect) -> None:
        """Prepare to parse.

        :param texts: physical lines with their ends; bytes that could not be decoded as surrogates.
        :param first_line: number of the first of them.
        """
        self._texts, self._first, self._dialect = texts, first_line, dialect
        self._cursor = _Cursor(texts)
        self.records = Records()

    def parse(self, last: bool, faulty: bool) -> int:
        """Fill ``records``; returns how many lines were used up, all of them when ``last``.

        :param last: whether nothing follows; else an open quote may close in the lines to come.
        :param faulty: whether some line has a NUL or bytes that could not be decoded.
        """
        cursor = self._cursor
        if len(self._dialect.delimiter) > 1:
            return self._parse_unquoted(faulty)
        reader = csv.reader(cursor, delimiter=self._dialect.delimiter, strict=True)
        while cursor.at < len(self._texts):
            start = cursor.at
            try:
                cells = next(reader)
            except csv.Error as problem:
                if not last and str(problem).startswith("unexpected end") and self._may_go_on(start):
                    return start
                self._line_alone(start, faulty)
                continue
            if not cells:
                continue
            if cursor.at - start > 1 and self._swallowed(start, cells):
                self._line_alone(start, faulty)
            else:
                self._record(start, cells, faulty)
        return cursor.at

    def _parse_unquoted(self, faulty: bool) -> int:
        """As :meth:`parse`, where quotes are data: each line is a record."""
        for text in self._cursor:
            cells = text.rstrip("\r\n")
            if cells:
                self._record(self._cursor.at - 1, cells.split(self._dialect.delimiter), faulty)
        return len(self._texts)

    def _may_go_on(self, start: int) -> bool:
        return sum(map(len, self._texts[start:])) < LONGEST_RECORD

    def _record(self, start: int, cells: list[str], faulty: bool) -> None:
        span = self._cursor.at - start
        fault = next(filter(None, map(_fault, self._texts[start : start + span])), None) if faulty else None
        if fault is not None:
            self._reject(start, span, *fault)
        elif len(cells) != self._dialect.width:
            few = len(cells) < self._dialect.width
            hint = "a cell is missing" if few else "put the cell that contains the delimiter in quotes"
            if not few and not cells[-1].strip():
                hint = "it ends with a delimiter more than the header: name a last column, or take it away"
            self._reject(start, span, by_number(f"{len(cells)} [field|fields], expected {self._dialect.width}"), hint)
        else:
            self.records.cells.append(cells)
            self.records.lines.append(self._first + start)
            self.records.spans.append(span)

    def _line_alone(self, start: int, faulty: bool) -> None:
        """A line whose quotes do not add up; what it swallowed is given back."""
        swallowed = self._cursor.at - start - 1
        self._cursor.at = start + 1
        if self._dialect.delimiter == "\t":
            self._record(start, self._texts[start].rstrip("\r\n").split("\t"), faulty)
        elif swallowed:
            lines = "line after it was" if swallowed == 1 else f"{swallowed} lines after it were"
            self._reject(start, 1, "unterminated quote", f"close the quote; the {lines} read on their own")
        else:
            self._reject(start, 1, "misplaced quote", 'double a quote inside a quoted cell: ""')

    def _swallowed(self, start: int, cells: list[str]) -> bool:
        """Whether a record of several lines is rather several records after a stray quote."""
        delimiter, width = self._dialect.delimiter, self._dialect.width
        following = self._texts[start + 1]
        if delimiter == "\t":
            return width > 1 and following.count("\t") == width - 1
        if len(cells) == width or following.count('"') % 2:
            return False
        try:
            return len(next(csv.reader([following], delimiter=delimiter, strict=True))) == width
        except csv.Error:
            return False

    def _reject(self, start: int, span: int, reason: str, hint: str) -> None:
        value = shortened(self._texts[start])
        self.records.rejects.append(Reject(self._first + start, span, "", value, reason, hint))


def _fault(text: str) -> tuple[str, str] | None:
    """What is wrong with the characters of a line: reason and hint."""
    if "\0" in text:
        return "NUL byte", "remove it, or tell the encoding in the mapping"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "invalid bytes for the encoding", "correct them, or tell the encoding in the mapping"
    return None
