"""Tables with typed cells to batches: every cell as text, lists of plain values as list cells, structs by paths.

An id out of a column of floating-point numbers, ``101.0``, is read as the whole number that it stands for; where the
number is too large for that to be exact, or infinite, the cell is a fault. All other numbers keep the form ``101.0``.
What is not a number, ``NaN``, is a missing value, as in JSON: many programs have no other word for one.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import polars as pl
import pyarrow as pa

from kg.errors import ReadError
from kg.mapping.source import Source
from kg.notices import Notices
from kg.readers.batch import FAULT_DTYPES, Batch, without_columns
from kg.readers.columns import find_columns
from kg.readers.semi_structured.nested_keys import Unfolding
from kg.readers.tables.arrow_types import validate
from kg.readers.tables.calendar import counted, within_calendar

DType = Any  # what polars takes for a data type: a class or an instance
_EXACT: dict[Any, int] = {pl.Float64: 2**53, pl.Float32: 2**24, pl.Float16: 2**11}


class TypedBatches:
    """Turns the parts of one table into batches."""

    def __init__(self, place: str, source: Source, wanted: Sequence[str], notices: Notices) -> None:
        self._place, self._source, self._wanted, self._notices = place, source, wanted, notices
        self._names: dict[str, str | None] = {}
        self._dtypes: dict[str, DType] = {}

    def find(self, columns: Sequence[tuple[str, DType]]) -> list[str]:
        """Find the wanted columns.

        :param columns: those of the table; what is inside of structs and lists is wanted by paths.
        :returns: the columns of the table that are needed.
        :raises ReadError: for a column that is missing or there twice.
        """
        inner = [found for name, dtype in columns for found in _paths(name, dtype) if found[0] != name]
        names = [name for name, _ in (*columns, *inner)]
        places = find_columns(self._wanted, names, self._source, self._place, self._notices, len(columns))
        self._names = {name: None if at is None else names[at] for name, at in places.items()}
        self._dtypes = dict((*columns, *inner))
        for name in self._names.values():
            if name is not None and self._dtypes[name] == pl.Object:
                raise self._no_text(name, self._dtypes[name])
        tops = [name for name, dtype in columns for found in _paths(name, dtype) if found[0] != name]
        owners = [*(name for name, _ in columns), *tops]
        return list(dict.fromkeys(owners[at] for at in places.values() if at is not None))

    def batch(self, table: pl.DataFrame, first: int) -> Batch:
        """The batch of one part of the table.

        :param table: the columns that :meth:`find` named.
        :param first: the number of its first row.
        :raises ReadError: for a column that holds no plain values.
        """
        lines = pl.Series("line", range(first, first + table.height), dtype=pl.Int64)
        columns: dict[str, pl.Series | None]
        if all(name is None or name in table.columns for name in self._names.values()):
            columns = {name: None if at is None else table.get_column(at) for name, at in self._names.items()}
        else:
            columns, lines = self._unfolded(table, lines)
        cells: dict[str, pl.Series] = {}
        lists: dict[str, pl.Series] = {}
        faults: list[pl.DataFrame] = []
        missing = pl.Series([None], dtype=pl.String).new_from_index(0, lines.len())
        for name, column in columns.items():
            text = missing if column is None else self._text(column, name, faults)
            if text.dtype != pl.String:
                lists[name], text = text, missing
            cells[name] = text
        frame = pl.DataFrame([series.alias(name) for name, series in cells.items()])
        absent = [name for name, at in self._names.items() if at is None]
        return without_columns(self._made(frame, lines, lists, faults), absent)

    def _unfolded(self, table: pl.DataFrame, lines: pl.Series) -> tuple[dict[str, pl.Series | None], pl.Series]:
        """The wanted columns row by row, and the line of each row."""
        asked = [name for name in self._names.values() if name is not None]
        unfolding = Unfolding(asked, [self._names.get(key) or key for key in self._source.key_columns])
        rows: list[dict[str, object]] = []
        numbers: list[int] = []
        table = table.cast({name: counted(dtype) for name, dtype in table.schema.items()})
        for line, document in zip(lines, table.iter_rows(named=True), strict=True):
            for row in unfolding.rows(document):
                rows.append(row)
                numbers.append(line)
        columns = {name: None if at is None else self._column(at, rows) for name, at in self._names.items()}
        return columns, pl.Series("line", numbers, dtype=pl.Int64)

    def _column(self, name: str, rows: list[dict[str, object]]) -> pl.Series:
        values, dtype = [row.get(name) for row in rows], self._dtypes[name]
        if any(isinstance(value, list) for value in values) and not isinstance(dtype, pl.List):
            dtype = pl.List(dtype)
        return pl.Series(name, values, dtype=counted(dtype)).cast(dtype)

    def _made(
        self, frame: pl.DataFrame, lines: pl.Series, lists: dict[str, pl.Series], faults: list[pl.DataFrame]
    ) -> Batch:
        spans = pl.Series("lines", [1], dtype=pl.Int64).new_from_index(0, lines.len())
        empty = pl.DataFrame(schema=FAULT_DTYPES)
        return _without_nul(Batch(frame, lines, spans, lists, faults=pl.concat([empty, *faults])))

    def _text(self, column: pl.Series, name: str, faults: list[pl.DataFrame]) -> pl.Series:
        """The column as String or List(String)."""
        dtype = column.dtype
        if isinstance(dtype, pl.Array):
            column, dtype = column.arr.to_list(), pl.List(dtype.inner)
        inner = dtype.inner if isinstance(dtype, pl.List) else dtype
        if inner in (pl.Struct, pl.Object, pl.List, pl.Array, pl.Duration):
            raise self._no_text(name, dtype)
        if dtype == pl.Null:
            return column.cast(pl.String)
        if inner in (pl.Datetime, pl.Date):
            column = within_calendar(column, name, faults)
        if isinstance(dtype, pl.Datetime):
            return column.dt.to_string("iso:strict")
        if isinstance(dtype, pl.List):
            return self._lists(column, name, faults)
        return self._scalars(column, name, faults)

    def _lists(self, column: pl.Series, name: str, faults: list[pl.DataFrame]) -> pl.Series:
        """Lists of texts, read as cells are; an element that is a fault is one of its row."""
        inner = column.dtype.inner if isinstance(column.dtype, pl.List) else column.dtype
        if inner not in (pl.Binary, *_EXACT):
            return self._cast(column, name, pl.List(pl.String()))
        found: list[pl.DataFrame] = []
        elements = column.explode(empty_as_null=False, keep_nulls=False)
        texts = self._scalars(elements, name, found)
        rows = pl.Series("row", range(column.len()), dtype=pl.UInt32)
        lengths = column.list.len().fill_null(0)
        row_of = pl.DataFrame([rows, lengths.alias("n")]).select(pl.col("row").repeat_by("n").explode()).to_series()
        row_of = row_of.drop_nulls()
        faults += [one.with_columns(row_of.gather(one.get_column("row")).alias("row")) for one in found]
        grouped = pl.DataFrame({"row": row_of, "text": texts}).group_by("row").agg("text")
        whole = pl.DataFrame([rows, column.is_not_null().alias("there")]).join(
            grouped, on="row", how="left", maintain_order="left"
        )
        none = pl.lit([], dtype=pl.List(pl.String))
        return whole.select(pl.when("there").then(pl.col("text").fill_null(none)).alias(name)).to_series()

    def _scalars(self, column: pl.Series, name: str, faults: list[pl.DataFrame]) -> pl.Series:
        if column.dtype == pl.Binary:
            return _decoded(column, name, faults)
        if column.dtype in _EXACT:
            column = column.fill_nan(None)
            if name in self._source.id_columns:
                return _ids(column, name, faults)
        return self._cast(column, name, pl.String())

    def _cast(self, column: pl.Series, name: str, dtype: DType) -> pl.Series:
        try:
            return column.cast(dtype)
        except pl.exceptions.PolarsError:
            raise self._no_text(name, column.dtype) from None

    def _no_text(self, name: str, dtype: DType) -> ReadError:
        inside = [path for path, _ in _paths(name, dtype)[:5] if path != name and not path.endswith("[]")]
        hint = f"; name what is inside: {', '.join(inside)}" if inside else "; turn it into text in the export"
        return ReadError(
            f"{self._place}: column {name!r} holds {dtype}; text, numbers or lists of them can be read{hint}"
        )


def column_names(columns: Sequence[tuple[str, DType]]) -> list[str]:
    """The names by which plain values can be asked for; a list of plain values by that of its column."""
    return [path for name, dtype in columns for path, _ in _paths(name, dtype) if not path.endswith("[]")]


def row_keeper(rows: Sequence[tuple[int, int]], keeps: Callable[[str], bool]) -> Callable[[pa.RecordBatch], pa.Table]:
    """Picks, from part to part of a table, the rows with some numbers, and of them those that may be kept."""
    wanted, first = {line for line, _ in rows}, 1

    def picked(part: pa.RecordBatch) -> pa.Table:
        """The wanted rows of a part that may be kept.

        :raises pyarrow.ArrowException: where a column is damaged, which reading a cell of it might not survive.
        """
        nonlocal first
        for column in part.columns:
            text = pa.types.is_string(column.type)  # without the look at UTF-8, which may be kept as it came
            validate(column.view(pa.binary()) if text else column)
        found = [part.slice(i, 1) for i in range(part.num_rows) if first + i in wanted]
        first += part.num_rows
        good = [row for row in found if keeps(" ".join(text for c in row.columns for text in cell_texts(c[0])))]
        return pa.Table.from_batches(good, part.schema)

    return picked


def cell_texts(cell: pa.Scalar) -> list[str]:
    """A cell in words, one that Python has no value for too: text that is no UTF-8, times beyond the year 9999 or of a
    zone that nobody knows."""
    try:
        return [str(cell.as_py())]
    except (ValueError, OverflowError, LookupError):
        pass
    if isinstance(cell, pa.StringScalar | pa.LargeStringScalar):
        return [cell.as_buffer().to_pybytes().decode("utf-8", "replace")]
    if isinstance(cell, pa.StructScalar):
        return [text for part in cell.values() for text in cell_texts(part)]
    inner = cell.values if isinstance(cell, pa.ListScalar | pa.LargeListScalar | pa.MapScalar) else [cell.value]
    return [text for part in inner for text in (cell_texts(part) if isinstance(part, pa.Scalar) else [str(part)])]


def _paths(name: str, dtype: DType) -> list[tuple[str, DType]]:
    """The paths to plain values inside a column, and what they are."""
    if isinstance(dtype, pl.List | pl.Array):
        inner = _paths(f"{name}[]", dtype.inner)
        plain = not isinstance(dtype.inner, pl.Struct | pl.List | pl.Array)
        return [(name, pl.List(dtype.inner)), *inner] if plain else inner
    if isinstance(dtype, pl.Struct):
        return [path for field in dtype.fields for path in _paths(f"{name}.{field.name}", field.dtype)]
    return [(name, dtype)]


def _decoded(column: pl.Series, name: str, faults: list[pl.DataFrame]) -> pl.Series:
    """Bytes as text, which programs write that know no other kind; what is no UTF-8 is a fault."""
    text = pl.Series(name, [_utf8(cell) for cell in column], dtype=pl.String)
    at = (column.is_not_null() & text.is_null()).arg_true().cast(pl.UInt32)
    columns = {"row": at, "field": name, "value": "", "reason": "bytes that are no UTF-8 text", "hint": "export text"}
    faults.append(pl.DataFrame(columns, schema=FAULT_DTYPES))
    return text


def _utf8(cell: bytes | None) -> str | None:
    try:
        return None if cell is None else cell.decode()
    except UnicodeDecodeError:
        return None


def _ids(column: pl.Series, name: str, faults: list[pl.DataFrame]) -> pl.Series:
    limit = _EXACT[type(column.dtype)]
    whole = (column == column.round()) & (column.abs() < limit)
    too_large = column.abs() >= limit
    if too_large.any():
        at = too_large.fill_null(False).arg_true()
        values = column.gather(at)
        reason = pl.when(pl.col("value").is_infinite()).then(pl.lit("an infinite number is no id"))
        rows = pl.DataFrame({"row": at, "value": values}).with_columns(
            field=pl.lit(name),
            reason=reason.otherwise(pl.lit("digits of the id are lost")),
            hint=pl.lit("export the ids as text"),
        )
        faults.append(rows.select(pl.col(n).cast(d) for n, d in FAULT_DTYPES.items()))
    frame = pl.DataFrame({"x": column, "whole": whole, "lost": too_large})
    number = pl.col("x").cast(pl.Int64, strict=False).cast(pl.String)
    text = pl.when("lost").then(None).when("whole").then(number).otherwise(pl.col("x").cast(pl.String))
    return frame.select(text.alias(name)).to_series()


def _without_nul(batch: Batch) -> Batch:
    """Cells with a NUL become faults."""
    faults = [batch.faults]
    frame, lists = batch.frame, dict(batch.lists)
    for name, series in [*((c.name, c) for c in batch.frame), *batch.lists.items()]:
        joined = series.list.join("\n", ignore_nulls=True) if series.dtype != pl.String else series
        found = joined.str.contains("\0", literal=True).fill_null(False)
        if not found.any():
            continue
        at = found.arg_true().cast(pl.UInt32)
        columns = {"row": at, "field": name, "value": "", "reason": "NUL byte", "hint": "remove it"}
        faults.append(pl.DataFrame(columns, schema=FAULT_DTYPES))
        if series.dtype == pl.String:
            frame = frame.with_columns(pl.when(~found).then(pl.col(name)).alias(name))
        else:
            kept = pl.DataFrame([series.alias("x")]).select(pl.when(~found).then(pl.col("x")))
            lists[name] = kept.to_series().alias(name)
    return batch if len(faults) == 1 else replace(batch, frame=frame, lists=lists, faults=pl.concat(faults))
