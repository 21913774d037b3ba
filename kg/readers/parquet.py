"""Parquet: every cell as text, lists of plain values as list cells; "lines" are rows, from 1."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from kg.errors import ReadError
from kg.mapping.source import Source
from kg.notices import Notices
from kg.readers.batch import REJECT_DTYPES, Batch, without_columns
from kg.readers.columns import find_columns
from kg.readers.compression import ByteSource

ROWS = 65_536


class ParquetReader:
    """Reads one Parquet file."""

    def __init__(self, path: Path, place: str, source: Source, wanted: Sequence[str], notices: Notices) -> None:
        """Open the file.

        :param place: how messages name it.
        :param wanted: the columns to read.
        :raises ReadError: where it is no Parquet file.
        """
        self._source, self._wanted, self._notices, self._place = source, wanted, notices, place
        self.file = open_parquet(path, place)
        self.size = path.stat().st_size
        self._read = 0

    @property
    def position(self) -> int:
        """How many bytes have been read, by the share of the rows."""
        return self.size * self._read // max(int(self.file.metadata.num_rows), 1)

    def batches(self) -> Iterator[Batch]:
        """All rows, once, in the order of the file.

        :raises ReadError: for columns that are missing or hold no plain values, and for damaged data.
        """
        names = self.file.schema_arrow.names
        positions = find_columns(self._wanted, names, self._source, self._place, self._notices)
        used = {name: names[at] for name, at in positions.items() if at is not None}
        try:
            for table in self.file.iter_batches(ROWS, columns=list(dict.fromkeys(used.values()))):
                if table.num_rows:
                    self._read += table.num_rows
                    batch = self._batch(table, used, self._read - table.num_rows + 1)
                    yield without_columns(batch, (name for name in self._wanted if name not in used))
        except (pa.ArrowException, OSError) as problem:
            raise ReadError(f"{self._place}: damaged after row {self._read}: {problem}") from None
        finally:
            self.file.close()

    def _batch(self, table: pa.RecordBatch, used: dict[str, str], first: int) -> Batch:
        rows = table.num_rows
        missing = pl.Series([None], dtype=pl.String).new_from_index(0, rows)
        cells: dict[str, pl.Series] = {}
        lists: dict[str, pl.Series] = {}
        for name in self._wanted:
            cells[name] = missing
            if name in used:
                values = table.column(used[name])
                values.validate(full=True)  # text that is not UTF-8 makes polars panic
                column = self._text(pl.Series(name, values), name)
                if column.dtype == pl.String:
                    cells[name] = column
                else:
                    lists[name] = column
        frame = pl.DataFrame([series.alias(name) for name, series in cells.items()])
        lines = pl.Series("line", range(first, first + rows), dtype=pl.Int64)
        batch = Batch(frame, lines, pl.Series("lines", [1], dtype=pl.Int64).new_from_index(0, rows), lists)
        return _without_nul(batch)

    def _text(self, column: pl.Series, name: str) -> pl.Series:
        """The column as String or List(String)."""
        dtype = column.dtype
        if isinstance(dtype, pl.Array):
            column, dtype = column.arr.to_list(), pl.List(dtype.inner)
        inner = dtype.inner if isinstance(dtype, pl.List) else dtype
        if inner in (pl.Struct, pl.Binary, pl.Object, pl.List, pl.Array, pl.Duration):
            raise ReadError(f"{self._place}: column {name!r} holds {dtype}; text, numbers or lists of them can be read")
        if isinstance(dtype, pl.Datetime):
            return column.dt.to_string("iso:strict")
        return column.cast(pl.List(pl.String) if isinstance(dtype, pl.List) else pl.String)


def open_parquet(path: Path, place: str) -> pq.ParquetFile:
    """Open a Parquet file, decompressed first where it is packed in gzip or zstd.

    :raises ReadError: where it is none.
    """
    try:
        with path.open("rb") as raw:
            magic = raw.read(4)
        if magic == b"PAR1":
            return pq.ParquetFile(path)
        with ByteSource(path, place) as source:
            content = b"".join(source.pieces(allowed=b"PAR1"))
        return pq.ParquetFile(pa.BufferReader(content))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as problem:
        raise ReadError(f"{place}: no readable Parquet file: {problem}") from None


def _without_nul(batch: Batch) -> Batch:
    """Moves rows with a NUL in some cell to the rejects."""
    bad = pl.Series([False]).new_from_index(0, batch.frame.height)
    fields = pl.Series([None], dtype=pl.String).new_from_index(0, batch.frame.height)
    for name, series in [*((c.name, c) for c in batch.frame), *batch.lists.items()]:
        joined = series.list.join("\n", ignore_nulls=True) if series.dtype != pl.String else series
        found = joined.str.contains("\0", literal=True).fill_null(False)
        fields = fields.set(found & ~bad, name)
        bad |= found
    if not bad.any():
        return batch
    rejects = pl.DataFrame(
        {
            "line": batch.lines.filter(bad),
            "lines": batch.spans.filter(bad),
            "field": fields.filter(bad),
            "value": pl.Series([""] * int(bad.sum())),
            "reason": pl.Series(["NUL byte"] * int(bad.sum())),
            "hint": pl.Series(["remove it"] * int(bad.sum())),
        },
        schema=REJECT_DTYPES,
    )
    return replace(batch.only(~bad), rejects=rejects)
