"""A look at a file: its columns, some rows, and what each column seems to hold."""

import re
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from kg.errors import KGError, ReadError
from kg.formats.amounts import are_amounts, currency_of, decimal_mark
from kg.formats.preset import presets, recognised
from kg.mapping.file_format import RDF_FORMATS, format_of_name
from kg.mapping.source import DEFAULT_NULLS, Source
from kg.notices import Notices
from kg.readers.compression import ByteSource
from kg.readers.opening import open_reader
from kg.values.cells import trimmed

ROWS = 5_000
_NUMBER = r"^[+-]?(?:[$€£¥]\s?)?[0-9]+(?:[.,][0-9]+)?$"
_TRUTHS = ("true", "false", "yes", "no", "t", "f", "0", "1")
_UNORDERED = r"^[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}\b"
_TIME = r"^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}.*|[0-9]{10}|[0-9]{13}|[0-9]{16})$"
_SEPARATORS = ("|", ";", ",")
_ADDRESS = r"^[^@\s]+@[^@\s]+\.[^@\s.]{2,}$"
ATOMIC = (".inter", ".item", ".user")
"""RecBole's files of a table with ``name:type`` in its header."""
LONG = 80
"""Characters on average from which on text is prose."""


@dataclass
class Column:
    """What a column seems to hold."""

    name: str
    kind: str
    """``number``, ``truth``, ``time``, ``prose``, ``list``, ``text``, or ``unread``: none that a load could read."""
    filled: int
    different: int
    separator: str | None = None
    """Of ``list``; ``None`` where the format has lists itself."""
    unsure: str = ""
    names_people: bool = False
    """Whether most cells are addresses of e-mail."""
    decimal: str | None = None
    """Of numbers: the decimal mark, where one is needed."""
    amounts: bool = False
    """Whether they are money."""
    currency: str | None = None


@dataclass
class Sample:
    """What a file seems to hold."""

    path: Path
    columns: dict[str, Column] = field(default_factory=dict)
    rows: int = 0
    first_line: str = ""
    delimiter: str | None = None
    """Where it is none that the name of the file tells."""
    format: str | None = None
    """Where the name of the file does not tell it."""
    decimal: str | None = None
    """The decimal mark, where amounts of money need one to be told."""

    @property
    def stem(self) -> str:
        """The name of the file without its suffixes."""
        return self.path.name.split(".", 1)[0]


def look_at(path: Path) -> Sample:
    """Look at the first rows of a file.

    :raises KGError: where it cannot be read.
    """
    sample = Sample(path)
    sample.first_line = _first_line(path)
    kind = format_of_name(path)
    if kind is None and path.suffix.lower() in ATOMIC:
        kind = sample.format = "tsv"
    if kind is None:
        kind = sample.format = _format_of_text(path, sample.first_line)
    if kind is None or kind in RDF_FORMATS:
        return sample
    names = _names(path, kind, sample)
    plain = [name for name in names if name.strip()]
    if not plain:
        return sample
    source = Source(file=path.name, format=kind, entity="any", id=plain[0], delimiter=sample.delimiter)
    batch = next(iter(open_reader(path, path.name, source, plain, Notices()).batches()), None)
    if batch is None:
        return sample
    sample.rows = min(batch.frame.height, ROWS)
    for name in plain:
        listed = batch.lists.get(name)
        cells = trimmed(batch.frame.get_column(name).head(ROWS), DEFAULT_NULLS).drop_nulls()
        if name.endswith(":token_seq"):
            sample.columns[name] = Column(name, "list", cells.len(), cells.n_unique(), " ")
        elif listed is not None:
            items = listed.head(ROWS).drop_nulls().explode().drop_nulls()
            sample.columns[name] = Column(name, "list", items.len(), items.n_unique())
        else:
            sample.columns[name] = _column(name, cells)
    _settle_decimal(sample)
    return sample


def _settle_decimal(sample: Sample) -> None:
    """One decimal mark is told for all of a file."""
    amounts = [column for column in sample.columns.values() if column.amounts]
    marks = {column.decimal for column in sample.columns.values() if column.decimal is not None}
    if len(marks) == 1 and all(column.decimal for column in amounts) and amounts:
        sample.decimal = marks.pop()
    for column in amounts:
        if sample.decimal is None:
            column.kind = "unread"
            column.unsure = "amounts with a comma and numbers with a point, of which a file has one: tell decimal"


def _format_of_text(path: Path, first_line: str) -> str | None:
    """The format of a file whose name says nothing of it, by its first line: feeds are sent as ``.txt``, logs without
    any suffix."""
    if first_line.startswith("{") and first_line.rstrip().endswith("}"):
        return "jsonl"
    if first_line.startswith(("[{", "[ {")) or first_line.rstrip() == "[":
        return "json"
    if path.suffix.lower() == ".txt":
        return next((kind for kind, mark in (("tsv", "\t"), ("csv", ","), ("csv", ";")) if mark in first_line), None)
    return None


def _names(path: Path, kind: str, sample: Sample) -> list[str]:
    def names(delimiter: str | None, wanted: tuple[str, ...] = ()) -> list[str]:
        """The columns of the file, read with this delimiter; where some are wanted, below what stands above them."""
        source = Source(file=path.name, format=kind, entity="any", id="any", delimiter=delimiter)
        return open_reader(path, path.name, source, wanted, Notices()).columns()

    found = names(None)
    if kind in ("csv", "tsv") and recognised(found, sample.first_line) is None:
        start = _start(path)
        for columns in (one for preset in presets() for one in preset.headers):
            if columns and all(column.encode() in start for column in columns):
                try:
                    return names(None, columns)
                except ReadError:  # they are words of a row
                    continue
    if kind in ("csv", "tsv") and len(found) == 1:
        for mark in (";", "\t", "|", ","):
            if mark in found[0]:
                sample.delimiter = mark
                return names(mark)
    return found


def _column(name: str, cells: pl.Series) -> Column:
    different = cells.n_unique()
    column = Column(name, "text", cells.len(), different)
    if cells.is_empty():
        return column
    if int(cells.str.contains(_ADDRESS).sum()) > 0.8 * cells.len():
        column.names_people = True
    elif cells.str.to_lowercase().is_in(list(_TRUTHS)).all() and different <= 2:
        column.kind = "truth"
    elif cells.str.contains(_TIME).all():
        column.kind = "time"
    elif cells.str.contains(_UNORDERED).all():
        column.kind = "time"
        column.unsure = 'dates such as 01/02/2024: tell dates = "day-first" or "month-first"'
    elif int(cells.str.contains(_NUMBER).sum()) > 0.95 * cells.len():
        column.kind = "number"
        if cells.str.contains(",", literal=True).any():
            column.unsure = "numbers with a comma: tell decimal"
        elif cells.str.contains(".", literal=True).any():
            column.decimal = "."
        if are_amounts(cells, _NUMBER):
            _look_at_amounts(column, cells)
    elif are_amounts(cells, _NUMBER):
        column.kind = "number"
        _look_at_amounts(column, cells)
    else:
        _look_at_text(column, cells)
    return column


def _look_at_amounts(column: Column, cells: pl.Series) -> None:
    column.amounts, column.decimal = True, decimal_mark(cells)
    column.currency, column.unsure = currency_of(cells)


def _look_at_text(column: Column, cells: pl.Series) -> None:
    for mark in _SEPARATORS:
        parted = cells.filter(cells.str.contains(mark, literal=True))
        pieces = parted.str.split(mark).explode().str.strip_chars()
        short = pieces.len() and int(pieces.str.len_chars().sum() or 0) < 30 * pieces.len()
        if parted.len() > 0.2 * cells.len() and short and pieces.n_unique() < 0.7 * pieces.len() + 3:
            column.kind, column.separator = "list", mark
            column.unsure = f"read as several values, parted by {mark!r}"
            return
    if int(cells.str.len_chars().sum() or 0) > LONG * cells.len():
        column.kind = "prose"


def _first_line(path: Path) -> str:
    return re.split(rb"\r|\n", _start(path), maxsplit=1)[0].decode("latin-1")


def _start(path: Path) -> bytes:
    """The first bytes, unpacked; none where they cannot be read."""
    try:
        with closing(ByteSource(path, path.name)) as source:
            return next(iter(source.pieces()), b"")[:4096]
    except KGError:
        return b""
