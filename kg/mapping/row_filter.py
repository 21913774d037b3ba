"""The ``where`` of a source: an expression on the cells of one row that keeps or filters it.

Its grammar is that of :mod:`kg.mapping.row_expression`, its meaning that of polars' SQL expressions.

Cells arrive as text, so the filter first decides, from the expression alone and never from the data, what each
column in it holds:

1. a column that the mapping itself uses as a number or a truth value (weight, ``float``, ``int``, ``bool``
   property) is one;
2. a column compared with ``true`` or ``false`` is a truth value;
3. any other column is text where the expression allows that, else a number (``rating >= 4``), else a truth value
   (``WHERE in_stock``).

A cell that cannot be read as what its column holds makes its row a reject, and so does a row for which the expression
cannot be worked out, ``cast(size as int)`` of "XL"; a missing cell is null, and a row whose expression is null or false
is filtered, as in SQL.
"""

import itertools
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

import numpy as np
import polars as pl
from polars.exceptions import PanicException, PolarsError

from kg.errors import MappingError
from kg.mapping.row_expression import HELP, row_expression

Kind = Literal["text", "number", "truth"]
_SAMPLE: dict[Kind, str | float | bool] = {"text": "a", "number": 3.0, "truth": True}
MOST_FAILURES = 1_000
"""Rows of a batch for which an expression may have no result; with more, it is the expression that is wrong."""
NO_CONDITION = "the expression is no condition"
FAILURES = (PolarsError, PanicException)
"""How the engine refuses, and how it fails on what it was never meant for, such as ``1 // true``."""
_DTYPES: dict[Kind, pl.DataType] = {"text": pl.String(), "number": pl.Float64(), "truth": pl.Boolean()}


class RowFilter:
    """A compiled ``where``; ``kinds`` says how each of its columns must be read."""

    def __init__(self, where: str, declared: Mapping[str, Kind]) -> None:
        """Compile ``where``.

        :param declared: column → kind, for the columns that the mapping uses with a type.
        :raises MappingError: for an expression that cannot be parsed or does not decide about single rows.
        """
        self.where = where
        try:
            self._expression = pl.sql_expr(row_expression(where))
        except FAILURES as problem:
            raise MappingError(f"where {where!r}: {_first_line(problem)}; {HELP}") from None
        columns = list(dict.fromkeys(self._expression.meta.root_names()))
        if not columns:
            raise MappingError(f"where {where!r}: it names no column; {HELP}")
        self.kinds = self._kinds(columns, declared)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the expression reads."""
        return tuple(self.kinds)

    def keeps(self, frame: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
        """Which rows the expression is true for, and why it cannot be worked out for some (null for all others).

        :param frame: the columns of ``kinds``, read as those kinds.
        :raises MappingError: where it cannot be worked out for more than ``MOST_FAILURES`` rows.
        """
        keep, why = np.zeros(frame.height, dtype=np.bool_), np.full(frame.height, None, dtype=np.object_)
        parts, failures = [(0, frame.height)], 0
        while parts:
            start, end = parts.pop()
            try:
                keep[start:end] = self._result(frame[start:end])
            except FAILURES as problem:
                if end - start > 1:
                    middle = (start + end) // 2
                    parts += [(middle, end), (start, middle)]
                    continue
                why[start] = _first_line(problem)
                failures += 1
                if failures > MOST_FAILURES:
                    text = f"where {self.where!r}: it cannot be worked out for rows ({failures:,}): {why[start]}"
                    raise MappingError(f"{text}; try_cast has no value there") from None
        return pl.Series("keep", keep), pl.Series("reason", why.tolist(), dtype=pl.String)

    def _result(self, frame: pl.DataFrame) -> pl.Series:
        with _quiet_engine():
            return frame.select(self._expression.fill_null(False).alias("keep")).get_column("keep")

    def _kinds(self, columns: list[str], declared: Mapping[str, Kind]) -> dict[str, Kind]:
        choices = [_choices(name, declared.get(name), str(self._expression)) for name in columns]
        failures, possible = list[str](), None
        for kinds in itertools.islice(itertools.product(*choices), 1000):
            chosen = dict(zip(columns, kinds, strict=True))
            found = self._fits(chosen)
            if not found and self._works(chosen):
                return chosen
            possible = possible or (None if found else chosen)
            failures += [found] if found else []
        if possible is not None:
            return possible
        told = next((one for one in failures if one.startswith(NO_CONDITION)), failures[0])
        raise MappingError(f"where {self.where!r}: {told}; {HELP}")

    def _fits(self, kinds: dict[str, Kind]) -> str:
        empty = pl.DataFrame(schema={name: _DTYPES[kind] for name, kind in kinds.items()})
        try:
            with _quiet_engine():
                result = empty.select(self._expression.alias("keep")).get_column("keep")
        except FAILURES as problem:
            return _first_line(problem)
        if result.len():  # an aggregate has a value for no rows too
            return "it looks at more than one row at a time"
        return "" if result.dtype == pl.Boolean else f"{NO_CONDITION}, it gives {result.dtype}"

    def _works(self, kinds: dict[str, Kind]) -> bool:
        """Whether it can be worked out for some row, as ``NOT title`` cannot for text."""
        row = {name: pl.Series([_SAMPLE[kind]], dtype=_DTYPES[kind]) for name, kind in kinds.items()}
        try:
            return self._result(pl.DataFrame(row)).len() == 1
        except FAILURES:
            return False


@contextmanager
def _quiet_engine() -> Iterator[None]:
    """Keep from the screen what the engine prints where it panics; the exception says it once more."""
    try:
        screen, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    except OSError:  # there is no screen, or no file may be opened
        yield
        return
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(screen, 2)
        os.close(screen)
        os.close(nowhere)


def _choices(name: str, declared: Kind | None, expression: str) -> list[Kind]:
    """The kinds to try for a column, best first; a truth value is compared with nothing but another."""
    column = re.escape(f'col("{name}")')
    literal = rf"{column}\) (==|!=) \((true|false)\)|\((true|false)\) (==|!=) \({column}"
    compared = rf"{column}\) (==|!=|<=?|>=?) |(==|!=|<=?|>=?) \({column}"
    order: list[Kind] = ["text", "number"]
    if re.search(literal, expression) or re.search(rf"{column}(\.strict_cast\(Boolean\))?\.not\(\)", expression):
        order = ["truth"]
    elif not re.search(compared, expression):
        order.append("truth")
    return sorted(order, key=lambda kind: kind != declared)


def _first_line(problem: Exception) -> str:
    """What went wrong, without the values of the rows."""
    return str(problem).split("\n", 1)[0].split(" for 1 out of ", 1)[0]
