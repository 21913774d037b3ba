"""Cells that a spreadsheet would run: escaped where whyrec writes a table for people, taken back where it reads one.

A spreadsheet runs what begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return. An apostrophe before it
makes it text (OWASP, CSV injection). Numbers stay as they are; what begins like an escaped cell by itself gets one
more, so that reading takes back exactly what writing added. Spreadsheets themselves keep the zeros of a code by writing
it as a formula, ``="007"``; that is read as 007.
"""

import re

import polars as pl

_RISKY = r"^'*[=+\-@\t\r]"
RUN = tuple("=+-@\t\r")
"""What a cell begins with that would be run."""
_NUMBER = r"^[+\-]?(\d+\.?\d*|\.\d+)([eE][+\-]?\d+)?$"
_ESCAPED = r"^'('*[=+\-@\t\r])"
_TEXT_FORMULA = r'^="([^"]*)"$'
_MARK = re.compile(rb"'[=+\-@\t\r]")


def escaped_formulas(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with an apostrophe before text that would be run."""
    return frame.with_columns(
        pl.when(pl.col(name).str.contains(_RISKY) & ~pl.col(name).str.contains(_NUMBER))
        .then("'" + pl.col(name))
        .otherwise(pl.col(name))
        .alias(name)
        for name, dtype in frame.schema.items()
        if dtype == pl.String
    )


def escaped_formula(cell: str) -> str:
    """The same of one cell."""
    return f"'{cell}" if re.match(_RISKY, cell) and not re.match(_NUMBER, cell) else cell


def unescaped_formula(cell: str) -> str:
    """What :func:`escaped_formula` was given."""
    return cell[1:] if re.match(_ESCAPED, cell) else cell


def would_be_run(cell: str) -> bool:
    """Whether a spreadsheet would run a cell that nobody has escaped; a formula that is nothing but a text is none."""
    return cell[:1] in RUN and not (re.match(_NUMBER, cell) or re.match(_TEXT_FORMULA, cell))


def may_be_escaped(data: bytes) -> bool:
    """Whether some cell of these bytes may be escaped."""
    return (b"'" in data and _MARK.search(data) is not None) or (b"=" in data and b'="' in data)


def unescaped_formulas(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame without those apostrophes, and without formulas that are nothing but a text."""
    return frame.with_columns(pl.col(pl.String).str.replace(_TEXT_FORMULA, "$1").str.replace(_ESCAPED, "$1"))
