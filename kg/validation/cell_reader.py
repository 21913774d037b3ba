"""Cells to what a source needs of them: ids, properties, weights, times; what is wrong is told to the row set."""

import time
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from kg.mapping.row_filter import Kind
from kg.mapping.source import Source
from kg.money import PRICE
from kg.notices import Notices
from kg.readers.semi_structured.json_array import KEY
from kg.schema import EntityType
from kg.stores.store import MAX_ID_BYTES
from kg.validation.row_set import RowSet
from kg.values.cells import full_width, identifiers, invisible, masked, may_hold, too_long, trimmed
from kg.values.currency import converted, currencies, most_frequent
from kg.values.number import Parsed, parse_numbers, parse_truth_values, parse_whole_numbers
from kg.values.tail_cells import normalised_ids
from kg.values.timestamp import parse_timestamps
from kg.values.whole_ids import WHOLE, others, others_told

TOO_LONG = f"more than {MAX_ID_BYTES:,} bytes of UTF-8 fit into no index"
_ROUNDED = r"^[0-9](?:\.[0-9]+)?[eE]\+[0-9]{2,3}$"
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DATED = rf"^(?:[0-9]{{1,2}}-{_MONTH}(?:-[0-9]{{2,4}})?|{_MONTH}-[0-9]{{2,4}}"
_DATED += r"|[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]00:00:00.*)$"
"""What a spreadsheet makes of ``MAR1``, ``3-1`` and ``2024-3-1``."""
_SECONDS_OF_A_DAY = 86_400
"""What the clocks of the world are apart, at most."""
_DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_DATED_BYTES = (5, 26)
_TOTALS = ("Total", "TOTAL", "total", "Totals", "Grand Total", "Sum", "Summe", "Gesamt", "合计", "总计", "小计")
_QUOTES, _CLOSING = "'“„‘«`", "”’»"
_LOST = "export the column as text: a spreadsheet has rounded the number, and different ids became one"


class CellReader:
    """Reads the columns of the rows of one batch."""

    def __init__(self, rows: RowSet, source: Source, place: str, notices: Notices) -> None:
        self.rows, self._source, self._place, self._notices = rows, source, place, notices
        self.read: dict[str, int] = {}
        """Column of a property → how many of its cells could be read."""

    def of_kind(self, column: str, kind: Kind) -> pl.Series:
        """A column as ``where`` needs it; what cannot be read is a fault, since nobody knows whether the row stays."""
        cells = self.rows.single(column)
        if kind == "number":
            return self.rows.parsed(column, self._number(cells))
        return self.rows.parsed(column, parse_truth_values(cells)) if kind == "truth" else cells

    def identifiers(self, column: str, what: str) -> pl.Series:
        """The ids in a column; faults are empty and overlong ones."""
        rows = self.rows
        cells = rows.ids(column)
        ids = cells
        if not rows.batch.tidy or rows.whole.told(column):
            self._tell_changes(column, cells)
        if not rows.batch.tidy or self._source.normalise != "none":
            ids = normalised_ids(cells, self._source.normalise)
        hint = f'each row needs {column!r}; a cell that spells "no value" (null in the mapping) counts as empty'
        for join in self._source.join:
            if column in join.names:
                hint = f"{column!r} is looked up in {Path(join.file).name} by {join.here!r}; no row there has its value"
        if column != KEY and KEY in self._notices.columns_found.get(self._place, ()):
            hint += f"; what the records of this map stand under is the column {KEY!r}"
        rows.fault(ids.is_null(), column, f"empty {what}", hint)
        rows.fault(too_long(ids), column, f"{what} too long", TOO_LONG)
        if ids.len() and ids[-1] in _TOTALS:
            self._notices.add(
                self._place, f"the last id in {column!r} is {ids[-1]!r}: a line of totals? where leaves it out"
            )
        if ids.len() and (ids[0] or "")[:1] in _QUOTES:
            opened = ids.str.slice(0, 1).is_in(list(_QUOTES)) & ids.str.slice(-1).is_in([*_QUOTES, *_CLOSING])
            sentence = f"{{n}} [id stands|ids stand] in quotation marks of another kind in {column!r}"
            sentence += f", {(ids[0] or '')[:1]}, and [was|were] kept so"
            self._notices.add(self._place, sentence, int(opened.sum()))
        if may_hold(ids, "+-"):
            self._tell_spreadsheet(column, ids)
        if rows.whole.told(column):
            self._notices.add(self._place, others_told(column), others(ids))
        elif may_hold(ids, "."):
            dotted = ids.filter(ids.str.ends_with(".0"))
            sentence = f"{{n}} [id|ids] in {column!r} [is a whole number|are whole numbers] written as 101.0 "
            sentence += "among others, and [was|were] kept so; write ids alike in all files"
            self._notices.add(self._place, sentence, int(dotted.str.contains(WHOLE).sum()))
        return ids

    def _tell_spreadsheet(self, column: str, ids: pl.Series) -> None:
        """Tell of ids that a spreadsheet rounded, or made into dates."""
        rounded = int(ids.filter((ids >= "0") & (ids < ":")).str.contains(_ROUNDED).sum())
        sentence = f"{{n}} [id|ids] in {column!r} [looks like a number|look like numbers] that a spreadsheet rounded"
        sentence += f", 4.00638E+12; {_LOST}"
        self._notices.add(self._place, sentence, rounded)
        self._tell_dates(column, ids)

    def _tell_dates(self, column: str, ids: pl.Series) -> None:
        """Tell of dates among ids that are mostly none: a spreadsheet made them."""
        may_be = ids.str.len_bytes().is_between(*_DATED_BYTES) & ids.str.contains("-", literal=True)
        found = ids.filter(may_be)
        days = found.filter(found.str.contains(_DAY))
        dated = int(found.str.contains(_DATED).sum())
        if not days.str.to_date("%Y-%m-%d", strict=False).has_nulls():  # else they are numbers with dashes
            dated += days.len()
        if 2 * dated < ids.len():
            sentence = (
                f"{{n}} [id|ids] in {column!r} [looks like a date|look like dates] that a spreadsheet made of ids"
            )
            sentence += ", 1-Mar; export the column as text, or format it as text before the ids are typed"
            self._notices.add(self._place, sentence, dated)

    def new_ids(self, column: str) -> pl.Series:
        """The ids of rows of entities; rounded ones that come twice are faults, or two entities would become one."""
        ids = self.identifiers(column, "id")
        rounded = ids.str.contains(_ROUNDED).fill_null(False) if may_hold(ids, "+") else None
        if rounded is not None and rounded.any():
            self.rows.fault(rounded & ids.is_duplicated(), column, "digits of the id are lost", _LOST)
        return ids

    def label(self, column: str) -> pl.Series:
        """A label; what cannot be read is left out, unless the source requires one."""
        return self.rows.single(column, "label" in self._source.required)

    def of_property(self, made: EntityType, name: str, column: str, rates: Mapping[str, float] | None) -> pl.Series:
        """A property of entities; of prices those below 0, discounts and returns, are left out: they would be under any
        price that is asked for.

        :param rates: where it is an amount of money.
        """
        kind, required, wanted = made.properties[name], name in self._source.required, made.currency.get(name)
        if rates is None or kind != "float":
            found = self.property(column, kind, required)
        else:
            found = self.amount(name, column, required, wanted, rates)
        if kind not in ("float", "int") or not (wanted or name == PRICE):
            return found
        below = (found < 0).fill_null(False)
        self.rows.fault(below, column, "below 0", "a price is 0 or more; where leaves such rows out", needed=required)
        return masked(found, below)

    def property(self, column: str, kind: str, required: bool = False) -> pl.Series:
        """A property; what cannot be read is left out, unless it is required."""
        cells = self.rows.single(column, required)
        if kind == "str":
            return cells
        if kind == "float":
            result = self._number(cells)
        elif kind == "int":
            result = parse_whole_numbers(cells, self._source.decimal, self._source.delimiter == ";")
        else:
            result = parse_truth_values(cells)
        self.read[column] = result.values.len() - result.values.null_count()
        return self.rows.parsed(column, result, required)

    def amount(
        self, name: str, column: str, required: bool, wanted: str | None, rates: Mapping[str, float]
    ) -> pl.Series:
        """Money: amounts in the currency that the schema wants, or, without one, in that of most of them.

        Others are turned into it by a rate, or left out: nobody compares 199 of one with 9.99 of another.
        """
        cells = self.rows.single(column, required)
        amounts = self.property(column, "float", required)
        codes = currencies(cells, wanted)
        told = self._source.currency.get(name)
        if told is not None:
            by_row = self.rows.single(told, needed=False).str.to_uppercase()
            codes = pl.DataFrame({"own": codes, "told": by_row}).select(pl.coalesce("own", "told")).to_series()
        codes = codes.alias("currency")
        wanted = wanted or most_frequent(codes)
        if wanted is None:
            return amounts
        found = converted(amounts, codes, wanted, rates)
        lost = amounts.is_not_null() & found.is_null()
        hint = "say rates = … in the source: a CSV file with currency and rate"
        self.rows.fault(lost, column, f"not in {wanted}, and there is no rate", hint, needed=required)
        return found

    def weights(self, column: str, of_people: pl.Series) -> pl.Series:
        """Weights; of what people did they are above 0.

        :param of_people: whether each row is what somebody did.
        """
        weights = self.rows.parsed(column, self._number(self.rows.single(column)))
        if self._source.returns is None:
            hint = (
                "a return or a cancelled order is no reason to recommend: leave such rows out with where, add weights "
                'up with returns = "net", or load them as a relation with negative = true'
            )
            nothing = (weights <= 0).fill_null(False) & of_people.fill_null(False)
            self.rows.fault(nothing, column, "weight not above 0", hint)
        return weights

    def timestamps(self, column: str) -> pl.Series:
        """Times, in milliseconds since 1970.

        That some lie in the future is told: the newest is the now from which older ones fade, and the part to test on.
        """
        found = self.rows.parsed(column, parse_timestamps(self.rows.single(column), self._source.dates))
        newest = found.max()
        if isinstance(newest, int) and newest > (soon := (int(time.time()) + _SECONDS_OF_A_DAY) * 1_000):
            sentence = (
                f"{{n}} [time|times] in {column!r} [lies|lie] in the future, and the newest is the now from which "
            )
            sentence += "all others fade; a wrong year, or day and month exchanged? where leaves such rows out"
            self._notices.add(self._place, sentence, int((found > soon).sum()))
        return found

    def _number(self, cells: pl.Series) -> Parsed:
        return parse_numbers(cells, self._source.decimal, self._source.delimiter == ";")

    def _tell_changes(self, column: str, cells: pl.Series) -> None:
        came = self.rows.batch.frame.get_column(column)
        plain = trimmed(came, self._source.id_nulls)
        whole = int((plain != cells).fill_null(False).sum()) if not self._source.html else 0
        changed = int((came != identifiers(plain)).fill_null(False).sum())
        self._notices.add(
            self._place, f"{{n}} [cell|cells] of {column!r} [was|were] trimmed or put into Unicode form NFC", changed
        )
        sentence = f"{{n}} [id|ids] in {column!r} [holds|hold] characters that nobody sees"
        sentence += ", such as a zero-width space; [it was|they were] kept"
        self._notices.add(self._place, sentence, invisible(plain))
        sentence = f"{{n}} [id|ids] in {column!r} [holds|hold] full-width letters or digits"
        sentence += ", １ in place of 1; [it was|they were] kept"
        self._notices.add(self._place, f"{sentence}, so write ids alike in all files", full_width(plain))
        if column not in self._source.values:
            self._notices.add(
                self._place, f"{{n}} [id|ids] in {column!r} [was|were] read without '.0': 101.0 is 101", whole
            )
