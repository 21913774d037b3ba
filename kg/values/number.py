"""Numbers and truth values written as text. What is ambiguous is refused, never guessed.

With no decimal mark told, only the plain spelling counts: ``1234.5``, ``-3``, ``1e-4``. With one told, currency signs
and codes around the number, and grouping by the other mark, an apostrophe or a blank, are understood too:
``1.355,90 €`` with ``decimal = ","``.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from kg.values.cells import half_width, masked

_PLAIN = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_WHOLE = r"^([+-]?[0-9]+)(?:\.0*)?$"
_LIKE_GROUPED = r"^[+-]?[1-9][0-9]{0,2}\.[0-9]{3}$"
_MARK = r"(?:\p{Sc}|[A-Z]{3}|元|円|원)?"
_CURRENCY = rf"^([+-]?)\s*{_MARK}\s*([+-]?[0-9.,][0-9.,'’\s]*?)\s*{_MARK}$"
_AMBIGUOUS = r"^[^0-9]{0,5}[0-9]+([.,'’\s][0-9]+)+[^0-9]{0,5}$"
_TRUE = ("true", "t", "yes", "y", "1")
_FALSE = ("false", "f", "no", "n", "0")
_IN_STOCK = ("1.0", "instock", "limitedavailability", "onlineonly", "instoreonly")
_OUT_OF_STOCK = ("0.0", "outofstock", "soldout", "discontinued")
_VOCABULARY = r"^https?://schema\.org/|[ _-]"
"""Around and inside of the words for availability that feeds and schema.org use: ``in stock``, ``in_stock``."""


@dataclass(frozen=True)
class Parsed:
    """Cells read as some type."""

    values: pl.Series
    """null where the cell is missing or cannot be read."""
    reason: pl.Series
    """String: why a cell cannot be read; null where it can, and where it is missing."""
    hint: str


def parse_numbers(cells: pl.Series, decimal: str | None, semicolons: bool) -> Parsed:
    """Cells as finite Float64.

    :param cells: trimmed text, null where missing.
    :param decimal: the decimal mark, where told.
    :param semicolons: whether the file separates cells by semicolons, as spreadsheets do where the decimal mark is a
        comma; ``1.000`` is then ambiguous unless the mark is told.
    """
    values = cells.cast(pl.Float64, strict=False)
    if decimal is not None or semicolons or not _all_finite(cells, values):  # else all are in the plain spelling
        cells = half_width(cells)
        plain = _plain(cells, decimal, semicolons)
        values = plain.cast(pl.Float64, strict=False)
        values = masked(values, ~values.is_finite().fill_null(True))
    if values.null_count() == cells.null_count():
        return Parsed(values, no_reasons(cells), _hint(decimal))
    ambiguous = cells.str.contains(_AMBIGUOUS)
    return Parsed(values, reasons(cells, values, "not a number", {"ambiguous number": ambiguous}), _hint(decimal))


def parse_whole_numbers(cells: pl.Series, decimal: str | None, semicolons: bool) -> Parsed:
    """Cells as Int64; ``3.0`` is 3. Parameters as for :func:`parse_numbers`."""
    cells = half_width(cells)
    plain = _plain(cells, decimal, semicolons)
    values = plain.str.extract(_WHOLE, 1).cast(pl.Int64, strict=False)
    return Parsed(values, reasons(cells, values, "not a whole number"), f"{_hint(decimal)}; at most 2^63-1")


def parse_truth_values(cells: pl.Series) -> Parsed:
    """Cells as Boolean."""
    folded = cells.str.to_lowercase()
    true, false = folded.is_in(list(_TRUE)), folded.is_in(list(_FALSE))
    if not (true | false).all():
        words = half_width(folded).str.replace_all(_VOCABULARY, "").str.to_lowercase()
        true, false = words.is_in([*_TRUE, *_IN_STOCK]), words.is_in([*_FALSE, *_OUT_OF_STOCK])
    values = masked(true, ~(true | false))
    hint = f"write {', '.join(_TRUE)} or {', '.join(_FALSE)}; or tell in the mapping what a word means: values"
    return Parsed(values, reasons(cells, values, "not true or false"), hint)


def no_reasons(cells: pl.Series) -> pl.Series:
    """The reasons where every cell that is there has a value: null for each of the cells."""
    return pl.Series("reason", [None], dtype=pl.String).new_from_index(0, cells.len())


def reasons(
    cells: pl.Series, values: pl.Series, general: str, special: Mapping[str, pl.Series] | None = None
) -> pl.Series:
    """``general`` for each cell that is there but has no value, null for all others.

    :param special: better reason → where it holds.
    """
    text = pl.lit(general)
    for reason, mask in (special or {}).items():
        text = pl.when(mask).then(pl.lit(reason)).otherwise(text)
    fault = cells.is_not_null() & values.is_null()
    return pl.select(pl.when(fault).then(text).otherwise(None).cast(pl.String).alias("reason")).to_series()


def _all_finite(cells: pl.Series, values: pl.Series) -> bool:
    """Whether every cell that is there is a finite number as polars reads it."""
    return values.null_count() == cells.null_count() and bool(values.is_finite().all())


def _plain(cells: pl.Series, decimal: str | None, semicolons: bool) -> pl.Series:
    """Each number in the plain spelling, null where it is none."""
    if decimal is None:
        good = cells.str.contains(_PLAIN)
        if semicolons:
            good &= ~cells.str.contains(_LIKE_GROUPED)
        return masked(cells, ~good)
    mark, group = ("\\.", ",") if decimal == "." else (",", ".")
    body = cells.str.replace(_CURRENCY, "${1}${2}")
    grouped = rf"^[+-]?[0-9]{{1,3}}([{group}'’\s][0-9]{{3}})+({mark}[0-9]*)?$"
    simple = rf"^[+-]?([0-9]+({mark}[0-9]*)?|{mark}[0-9]+)([eE][+-]?[0-9]+)?$"
    good = body.str.contains(grouped) | body.str.contains(simple)
    bare = body.str.replace_all(rf"[{group}'’\s]", "").str.replace(decimal, ".", literal=True)
    return masked(bare, ~good)


def _hint(decimal: str | None) -> str:
    if decimal is None:
        return 'plain numbers such as 1234.5 are read; with decimal = "," or "." in the mapping, money is too'
    return f"the decimal mark is {decimal!r}, as told in the mapping"
