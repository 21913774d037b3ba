"""Redaction where rows are no lines: workbooks, Arrow, JSON arrays, XML; read again, and written without hers."""

from collections.abc import Callable, Iterator
from pathlib import Path

from kg.errors import ReadError
from kg.mapping.file_format import format_of_name
from kg.mapping.source import Source
from kg.notices import Notices
from kg.privacy.person_columns import PersonColumns
from kg.readers.opening import Reader, open_reader

Hers = Callable[[dict[str, object]], bool]
"""Whether a row of the columns that hold people is hers."""
FORMATS = ("xlsx", "arrow", "json", "xml")


def is_row_file(path: Path) -> bool:
    """Whether a file is of such a kind."""
    return format_of_name(path) in FORMATS


def header_of(path: Path) -> list[str]:
    """The names of the columns.

    :raises ReadError: where the file cannot be read.
    """
    return _reader(path, []).columns()


def rows_of(path: Path) -> Iterator[dict[str, object]]:
    """The rows, by the names of their columns.

    :raises ReadError: where the file cannot be read.
    """
    for batch in _reader(path, header_of(path)).batches():
        yield from batch.frame.with_columns(series.alias(name) for name, series in batch.lists.items()).iter_rows(
            named=True
        )


def without_her(path: Path, pending: Path, columns: PersonColumns, hers: Hers, keeps: Callable[[str], bool]) -> bool:
    """Write a file anew, without the rows of a person; whether there were any.

    :param pending: what is written; it stays where there were some, and is to take the place of the file.
    :param keeps: whether a row as text may stay.
    :raises ReadError: where the file cannot be read.
    """
    wanted = [*columns.columns, *([columns.relation_column] if columns.relation_column else [])]
    lines: dict[int, tuple[int, bool]] = {}
    for batch in _reader(path, wanted).batches():
        rows = batch.frame.with_columns(series.alias(name) for name, series in batch.lists.items())
        for line, span, row in zip(batch.lines, batch.spans, rows.iter_rows(named=True), strict=True):
            lines[line] = (span, hers(row) or lines.get(line, (0, False))[1])
        for line, span in batch.rejects.select("line", "lines").iter_rows():
            lines.setdefault(line, (span, False))
    kept = [(line, span) for line, (span, found) in sorted(lines.items()) if not found]
    dropped: list[str] = []

    def stays(text: str) -> bool:
        """The same as ``keeps``; what does not stay is counted."""
        good = keeps(text)
        dropped.extend([] if good else [text])
        return good

    _reader(path, wanted).copy_rows(pending, kept, stays)
    if len(kept) == len(lines) and not dropped:
        pending.unlink()
        return False
    return True


def _reader(path: Path, wanted: list[str]) -> Reader:
    key = wanted[0] if wanted else "id"
    source = Source(file=path.name, format=format_of_name(path), relation="r", head=key, tail=key)
    try:
        return open_reader(path, str(path), source, wanted, Notices())
    except OSError as problem:
        raise ReadError(f"{path}: cannot be read: {problem.strerror}") from None
