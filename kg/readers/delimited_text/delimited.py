"""CSV and TSV: every cell as text, every physical line accounted for.

Quoting is RFC 4180: a quote opens a cell only as its first character, a quote inside is doubled, a backslash is an
ordinary character. A quoted cell may hold line ends. A quote that is not closed makes a reject of its own line only;
the lines after it are read on their own. In TSV, where lone quotes are usually data, such a line is read as it stands.
Lines with nothing on them are no rows.

Two ways lead to the same rows: blocks in which each line is a faultless record go to polars as they are
(``plain_block``); all others go through the ``csv`` module record by record (``records``).
"""

import codecs
import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

import polars as pl

from kg.errors import ReadError
from kg.identifier import BLANKS
from kg.mapping.source import Source
from kg.notices import Notices
from kg.readers.batch import Batch, Reject, reject_frame, text_batch, without_columns
from kg.readers.columns import find_columns, header_row, repeated_header, rows_above
from kg.readers.delimited_text.escaped_rows import EscapedRows
from kg.readers.delimited_text.plain_block import is_plain, plain_batch
from kg.readers.delimited_text.records import Dialect, RecordParser, Records
from kg.readers.physical_lines import UNDECODABLE, Block, PhysicalLines, copy_lines, line_feeds
from kg.readers.progress import MeasuredReader
from kg.values.formula import may_be_escaped, unescaped_formulas

_SEP = re.compile(r'^"?sep=(.)"?\s*$')
LINES_AT_ONCE = 400_000
"""Lines that are looked at together; in a table of data a block has fewer."""
_HEADER_LINES = 100
"""Lines in which a header is looked for first; all others only where it is not there."""
_LINES_ABOVE = 30
"""Lines above a header that are looked past."""
_LINE_END = re.compile(rb"\r\n|\r|\n")
_MARKUP = re.compile(r"^\s*<(!doctype|html|\?xml)", re.IGNORECASE)


@dataclass(frozen=True)
class Header:
    """What the first lines of a file say."""

    dialect: Dialect
    positions: Mapping[str, int | None]
    """Wanted column → position, ``None`` where an optional one is absent."""
    lines: int
    """Physical lines before the first row."""
    names: tuple[str, ...]
    """All columns of the file, or those of the mapping where it has no header."""
    raw: bytes = b""
    """The line of the header, where there is one."""
    above: tuple[Reject, ...] = ()
    """Rows that stand above it."""


class DelimitedReader(MeasuredReader):
    """Reads one CSV or TSV file."""

    def __init__(self, path: Path, place: str, source: Source, wanted: Sequence[str], notices: Notices) -> None:
        """Open the file.

        :param place: how messages name it.
        :param wanted: the columns to read.
        :raises ReadError: where it cannot be opened or is text of another encoding for sure.
        """
        self._source, self._wanted, self._notices, self._place = source, wanted, notices, place
        self._told = tuple(wanted)
        self._delimiter = source.delimiter or ("\t" if source.file_format(path) == "tsv" else ",")
        self.text = PhysicalLines(path, place, source.encoding, notices)
        super().__init__(self.text)

    def batches(self) -> Iterator[Batch]:
        """All rows, once, in the order of the file.

        :raises ReadError: for an empty file, a header that does not fit the mapping, and what
            :class:`~kg.readers.physical_lines.PhysicalLines` raises.
        """
        header: Header | None = None
        rest, rest_line = b"", 1
        for block in chain.from_iterable(map(_of_few_lines, self.text.blocks())):
            if block.is_blank and header is not None and not rest and not block.last:
                continue
            line = rest_line if rest else block.first_line
            data = rest + block.data
            if header is None:
                header = self._header_of(data)
                line += header.lines
                data = data[_end_of_line(data, header.lines) :]
            batch, rest, rest_line = self._read(Block(line, data, block.last), header)
            if header.above:
                batch = replace(batch, rejects=pl.concat([reject_frame(header.above), batch.rejects]))
                header = replace(header, above=())
            if may_be_escaped(data):
                batch = replace(batch, frame=unescaped_formulas(batch.frame))
            if header.raw and _may_repeat(header, data, batch):
                batch = _without_headers(batch, header)
            if batch.rows:
                yield without_columns(batch, (name for name, at in header.positions.items() if at is None))

    def columns(self) -> list[str]:
        """The names in the header, or those that the mapping tells."""
        return list(self._header_of(next(self.text.blocks()).data).names)

    def copy_rows(self, target: Path, rows: Sequence[tuple[int, int]], keeps: Callable[[str], bool]) -> None:
        """Write the lines of rows, those of the header first; cells that a spreadsheet would run are escaped."""
        blocks = self.text.blocks()
        first = next(blocks)
        self._wanted = ()
        header = self._header_of(first.data).lines if self._source.columns is None else 0
        wanted = chain(range(1, header + 1), (line for at, n in rows for line in range(at, at + n)))
        escaped = EscapedRows(self._delimiter, self.text.codec, rows)
        copy_lines(self.text, chain([first], blocks), wanted, target, keeps, escaped)

    def _header_of(self, data: bytes) -> Header:
        """Read the header, or what stands for it, from the first lines of the file.

        :raises ReadError: where there is none, or it does not fit the mapping.
        """
        start = data[: _end_of_line(data, _HEADER_LINES)]
        try:
            return self._header(start)
        except ReadError:
            if len(start) == len(data):
                raise
            return self._header(data)

    def _header(self, data: bytes) -> Header:
        lines = data.splitlines(keepends=True)
        used = _first_with_content(lines, 0)
        hint = _SEP.match(self._decoded(lines[used], used)) if used < len(lines) else None
        if hint:
            self._notices.add(self._place, f"line {used + 1} says that {hint[1]!r} separates the cells")
            self._delimiter, used = hint[1], _first_with_content(lines, used + 1)
        if used == len(lines):
            raise ReadError(f"{self._place}: no header, the file is empty; export it again, or leave it out")
        self._decoded(lines[used], used)
        if self._source.columns is None:
            above = self._lines_above(lines, used)
            skipped = [(used + i + 1, *found) for i, found in enumerate(above)]
            used += len(above)
            names, taken = self._names(lines, used)
            rows = rows_above(skipped, len(names))
            if above:
                sentence = f"the header is in line {used + 1}; what stands above it is no row"
                self._notices.add(self._place, sentence)
        else:
            names, taken, rows = list(self._source.columns), 0, []
        positions = find_columns(self._wanted, names, self._source, self._place, self._notices)
        raw = lines[used].strip() if self._source.columns is None and taken == 1 else b""
        dialect = Dialect(self._delimiter, len(names))
        return Header(dialect, positions, used + taken, tuple(names), raw, tuple(rows))

    def _lines_above(self, lines: list[bytes], used: int) -> list[tuple[str, list[str]]]:
        """Text and cells of the lines above the header, which is looked for only where the first line is none."""
        codec, mark = self.text.codec, self._delimiter
        texts = [line.decode(codec, "replace").strip("\r\n") for line in lines[used : used + _LINES_ABOVE]]
        rows = [(text, text.replace('"', "").split(mark)) for text in texts]
        return rows[: header_row((cells for _, cells in rows), self._told, self._source)]

    def _names(self, lines: list[bytes], used: int) -> tuple[list[str], int]:
        if len(self._delimiter) > 1:
            return self._decoded(lines[used], used).rstrip("\r\n").split(self._delimiter), 1
        texts = (self._decoded(raw, used + i) for i, raw in enumerate(lines[used:]))
        reader = csv.reader(texts, delimiter=self._delimiter, strict=True)
        try:
            return next(reader), reader.line_num
        except csv.Error as problem:
            raise ReadError(f"{self._place}: line {used + 1}: the header cannot be read: {problem}") from None

    def _decoded(self, raw: bytes, index: int) -> str:
        codec = self.text.codec
        place = f"{self._place}: line {index + 1}"
        try:
            text = raw.decode(codec)
            text.encode()
        except (UnicodeDecodeError, UnicodeEncodeError) as problem:
            raise ReadError(
                f"{place}, byte {problem.start + 1}: not valid {codec.upper()}; tell the encoding in the mapping, "
                'for example encoding = "gb18030" or "cp1252"'
            ) from None
        if "\0" in text or _MARKUP.match(text):
            raise ReadError(f"{place}: this is no table of text; export it again as CSV")
        return text

    def _read(self, block: Block, header: Header) -> tuple[Batch, bytes, int]:
        """The batch of a block, then the bytes and first line of a record that goes on in the next block."""
        codec = self.text.codec
        try:
            text = block.data.decode(codec)
            utf8 = block.data if codec == "utf-8" else text.encode()
        except UnicodeError:  # UTF-7 can write half a pair of surrogates, which UTF-8 cannot
            faulty = True
        else:
            faulty = "\0" in text
            if not faulty and is_plain(utf8, header.dialect):
                return plain_batch(utf8, block.first_line, header.dialect, header.positions), b"", 0
        raw = block.data.splitlines(keepends=True)
        texts = [line.decode(codec, UNDECODABLE) for line in raw]
        parser = RecordParser(texts, block.first_line, header.dialect)
        used = parser.parse(block.last, faulty)
        return _batch(parser.records, header.positions), b"".join(raw[used:]), block.first_line + used


def _may_repeat(header: Header, data: bytes, batch: Batch) -> bool:
    """Whether the header may be among the rows: as it is, after a byte order mark, or quoted otherwise."""
    if header.raw in data or (not data.isascii() and codecs.BOM_UTF8 in data):
        return True
    name, at = next(((name, at) for name, at in header.positions.items() if at is not None), ("", 0))
    return bool(name and (batch.frame.get_column(name) == header.names[at]).any())


def _without_headers(batch: Batch, header: Header) -> Batch:
    """Files that were put together have the header of each among the rows."""
    named = [
        pl.col(name).str.strip_chars(f'{BLANKS}"') == header.names[at].strip(BLANKS)
        for name, at in header.positions.items()
        if at is not None
    ]
    again = batch.frame.select(pl.all_horizontal(named).fill_null(False)).to_series()
    if not again.any():
        return batch
    lines, spans = batch.lines.filter(again), batch.spans.filter(again)
    rows = [repeated_header(line, span, header.names) for line, span in zip(lines, spans, strict=True)]
    return replace(batch.only(~again), rejects=pl.concat([batch.rejects, reject_frame(rows)]))


def _batch(records: Records, positions: Mapping[str, int | None]) -> Batch:
    columns: dict[str, list[str | None]] = {
        name: [None] * len(records.cells) if at is None else [cells[at] for cells in records.cells]
        for name, at in positions.items()
    }
    return text_batch(columns, records.lines, records.spans, records.rejects)


def _of_few_lines(block: Block) -> Iterator[Block]:
    """The block in parts of a bounded number of lines: each line may become a row of Python objects."""
    line, data = block.first_line, block.data
    while line_feeds(data) > LINES_AT_ONCE and not block.is_blank:
        end = _end_of_line(data, LINES_AT_ONCE)
        yield Block(line, data[:end], last=False)
        line, data = line + LINES_AT_ONCE, data[end:]
    yield Block(line, data, block.last)


def _end_of_line(data: bytes, number: int) -> int:
    """Where the line with this number, counted from 1, ends; 0 for 0."""
    ends = [0, *(found.end() for found in islice(_LINE_END.finditer(data), number))]
    return ends[number] if number < len(ends) else len(data)


def _first_with_content(lines: list[bytes], start: int) -> int:
    return next((i for i in range(start, len(lines)) if lines[i].strip()), len(lines))
