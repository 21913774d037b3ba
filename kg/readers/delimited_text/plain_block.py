"""The fast way through CSV and TSV: blocks in which each physical line is a faultless record of its own."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from kg.readers.batch import Batch
from kg.readers.delimited_text.records import Dialect

_QUOTE, _LF, _CR = ord('"'), ord("\n"), ord("\r")
_BLANKS = (b" ", b"\t", b"\v", b"\f")
"""The blanks of ASCII that a line may hold."""
Codes = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.intp]


def is_plain(data: bytes, dialect: Dialect) -> bool:
    """Whether each line has ``dialect.width`` cells, no blank one, no line end in quotes, and quotes as in RFC 4180.

    :param data: complete lines in UTF-8 without NUL.
    """
    if not data or len(dialect.delimiter.encode()) != 1 or _has_lone_cr(data):
        return False
    if b'"' not in data and dialect.width > 1:
        return _marks_fit(data, dialect)
    codes = np.frombuffer(data, dtype=np.uint8)
    marks = np.flatnonzero((codes == _LF) | (codes == ord(dialect.delimiter)))
    if b'"' in data:
        inside = np.cumsum(codes == _QUOTE, dtype=np.int32) & 1
        quoted = inside[marks] == 1
        if inside[-1] or (codes[marks[quoted]] == _LF).any() or not _quotes_fit(codes, inside, dialect.delimiter):
            return False
        marks = marks[~quoted]
    is_end = codes[marks] == _LF
    if codes[-1] != _LF:
        marks, is_end = np.append(marks, len(codes)), np.append(is_end, True)
    if len(marks) % dialect.width:
        return False
    rows = is_end.reshape(-1, dialect.width)
    if not rows[:, -1].all() or rows[:, :-1].any():
        return False
    return dialect.width > 1 or not _has_blank(codes, marks)


def plain_batch(data: bytes, first_line: int, dialect: Dialect, positions: Mapping[str, int | None]) -> Batch:
    """The rows of a block for which :func:`is_plain` holds."""
    used = sorted({at for at in positions.values() if at is not None})
    schema = {str(at): pl.String for at in range(dialect.width)}
    table = pl.read_csv(
        data,
        has_header=False,
        schema=schema,
        columns=used,
        separator=dialect.delimiter,
        quote_char='"' if b'"' in data else None,
    )
    table = table.with_columns(pl.col(name).fill_null("") for name in table.columns if table[name].null_count())
    place = {at: table.get_column(str(at)) for at in used}
    missing = pl.Series([None], dtype=pl.String).new_from_index(0, table.height)
    frame = pl.DataFrame([(missing if at is None else place[at]).alias(name) for name, at in positions.items()])
    lines = pl.Series("line", np.arange(first_line, first_line + table.height, dtype=np.int64))
    spans = pl.Series("lines", np.ones(table.height, dtype=np.int64))
    return Batch(frame, lines, spans, tidy=_is_tidy(data, dialect.delimiter))


def _marks_fit(data: bytes, dialect: Dialect) -> bool:
    """Whether, without quotes, delimiters and line ends come as in lines of ``dialect.width`` cells.

    Half the time of finding where each of them is.
    """
    line = dialect.delimiter.encode() * (dialect.width - 1) + b"\n"
    marks = data.translate(None, bytes({*range(256)} - {*line}))
    if not data.endswith(b"\n"):
        marks += b"\n"
    return len(marks) % len(line) == 0 and marks == line * (len(marks) // len(line))


def _has_lone_cr(data: bytes) -> bool:
    return b"\r" in data and data.count(b"\r") != data.count(b"\r\n")


def _is_tidy(data: bytes, delimiter: str) -> bool:
    """Whether the cells hold nothing but ASCII, and no blank."""
    between = delimiter.encode()
    if between in _BLANKS and b'"' in data:  # a quoted cell may hold it
        return False
    return data.isascii() and not any(blank in data for blank in _BLANKS if blank != between)


def _quotes_fit(codes: Codes, inside: npt.NDArray[np.int32], delimiter: str) -> bool:
    """Whether each quote opens after, or closes before, a delimiter, a line end or another quote."""
    quotes = np.flatnonzero(codes == _QUOTE)
    allowed = np.zeros(256, dtype=np.bool_)
    allowed[[ord(delimiter), _LF, _CR, _QUOTE]] = True
    opening = quotes[inside[quotes] == 1]
    closing = quotes[inside[quotes] == 0]
    before = opening[opening > 0] - 1
    after = closing[closing < len(codes) - 1] + 1
    return bool(allowed[codes[before]].all() and allowed[codes[after]].all())


def _has_blank(codes: Codes, ends: Positions) -> bool:
    lengths = np.diff(ends, prepend=-1) - 1
    ends_with_cr = codes[np.maximum(ends - 1, 0)] == _CR
    return bool((lengths - ends_with_cr == 0).any())
