"""Records of text, as they lie in a file: lines, or several of them where a cell of CSV goes on in the next line."""

from collections.abc import Iterator

JSON_LINES, STATEMENTS = ("jsonl", "ndjson"), ("ntriples", "nquads")
"""Formats with one record a line."""
_LONGEST_RECORD = 200
"""Lines after which an open quote counts as one that was never meant to close."""


def records(kind: str | None, data: bytes, unit: bytes) -> Iterator[bytes]:
    """The records of a file of text, byte for byte.

    :param kind: its format.
    :param unit: how its lines end, as of :func:`line_end`.
    """
    lines = [line + unit for line in data.split(unit)]
    lines[-1] = lines[-1][: -len(unit)]
    if kind in (*JSON_LINES, *STATEMENTS):  # one a line, in which an odd number of quotes may stand
        yield from lines
        return
    quote = unit.replace(b"\n", b'"')
    at = 0
    while at < len(lines):
        end = _record_end(lines, at, quote)
        yield b"".join(lines[at:end])
        at = end


def _record_end(lines: list[bytes], at: int, quote: bytes) -> int:
    """Where the record that begins in a line ends: quotes come in pairs."""
    quotes = 0
    for end in range(at, min(len(lines), at + _LONGEST_RECORD)):
        quotes += lines[end].count(quote)
        if quotes % 2 == 0:
            return end + 1
    return at + 1


def line_end(data: bytes) -> tuple[bytes, str]:
    """The line feed of the encoding that a byte order mark tells, and the encoding."""
    for mark, encoding in ((b"\xff\xfe\0\0", "utf-32-le"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark):
            return "\n".encode(encoding), encoding
    return b"\n", "utf-8"
