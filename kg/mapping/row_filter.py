"""The ``where`` of a source: an expression on the cells of one row that keeps or filters it.

Its grammar is that of :mod:`kg.mapping.row_expression`, its meaning that of polars' SQL expressions.

Cells arrive as text, so the filter first decides, from the expression alone and never from the data, what each
column in it holds:

1. a column that the mapping itself uses as a number or a truth value (weight, ``float``, ``int``, ``bool``
   property) is one;
2. a column compared with ``true`` or ``false`` is a truth value;
3. any other column is text where the expression allows that, else a number (``rating >= 4``), else a truth value
   (``WHERE in_stock``).

A cell that cannot be read as what its column holds makes its row a reject; a missing cell is null, and a row whose
expression is null or false is filtered, as in SQL.
"""

import itertools
import re
from collections.abc import Mapping
from typing import Literal

import polars as pl
from polars.exceptions import PolarsError

from kg.errors import MappingError
from kg.mapping.row_expression import HELP, row_expression

Kind = Literal["text", "number", "truth"]
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
        except PolarsError as problem:
            raise MappingError(f"where {where!r}: {_first_line(problem)}; {HELP}") from None
        columns = list(dict.fromkeys(self._expression.meta.root_names()))
        if not columns:
            raise MappingError(f"where {where!r}: it names no column; {HELP}")
        self.kinds = self._kinds(columns, declared)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the expression reads."""
        return tuple(self.kinds)

    def keeps(self, frame: pl.DataFrame) -> pl.Series:
        """Which rows the expression is true for.

        :param frame: the columns of ``kinds``, read as those kinds.
        """
        return frame.select(self._expression.fill_null(False).alias("keep")).get_column("keep")

    def _kinds(self, columns: list[str], declared: Mapping[str, Kind]) -> dict[str, Kind]:
        choices = [_choices(name, declared.get(name), str(self._expression)) for name in columns]
        failure = ""
        for kinds in itertools.islice(itertools.product(*choices), 1000):
            chosen = dict(zip(columns, kinds, strict=True))
            failure = self._fits(chosen)
            if not failure:
                return chosen
        raise MappingError(f"where {self.where!r}: {failure}; {HELP}")

    def _fits(self, kinds: dict[str, Kind]) -> str:
        empty = pl.DataFrame(schema={name: _DTYPES[kind] for name, kind in kinds.items()})
        try:
            result = empty.select(self._expression.alias("keep")).get_column("keep")
        except PolarsError as problem:
            return _first_line(problem)
        if result.len():  # an aggregate has a value for no rows too
            return "it looks at more than one row at a time"
        return "" if result.dtype == pl.Boolean else f"the expression is no condition, it gives {result.dtype}"


def _choices(name: str, declared: Kind | None, expression: str) -> list[Kind]:
    """The kinds to try for a column, best first; a truth value is compared with nothing but another."""
    column = re.escape(f'col("{name}")')
    literal = rf"{column}\) (==|!=) \((true|false)\)|\((true|false)\) (==|!=) \({column}"
    compared = rf"{column}\) (==|!=|<=?|>=?) |(==|!=|<=?|>=?) \({column}"
    order: list[Kind] = ["text", "number"]
    if re.search(literal, expression):
        order = ["truth"]
    elif not re.search(compared, expression):
        order.append("truth")
    return sorted(order, key=lambda kind: kind != declared)


def _first_line(problem: Exception) -> str:
    return str(problem).split("\n", 1)[0]
