"""Parquet; "lines" are rows, from 1."""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from kg.errors import ReadError
from kg.mapping.source import Source
from kg.mapping.table_folder import partition_of
from kg.notices import Notices
from kg.readers.batch import Batch
from kg.readers.compression import ByteSource, holds
from kg.readers.tables.arrow_types import check_names, dtypes_of, polars_frame
from kg.readers.tables.typed_batch import TypedBatches, column_names, row_keeper

ROWS = 65_536
MAGIC = b"PAR1"


class ParquetReader:
    """Reads one Parquet file."""

    def __init__(self, path: Path, place: str, source: Source, wanted: Sequence[str], notices: Notices) -> None:
        """Open the file.

        :param place: how messages name it.
        :param wanted: the columns to read.
        :raises ReadError: where it is no Parquet file.
        """
        self._place, self._batches = place, TypedBatches(place, source, wanted, notices)
        self.file = open_parquet(path, place)
        self.size = path.stat().st_size
        self._read = 0
        own = set(self.file.schema_arrow.names)
        self._partition = {name: value for name, value in partition_of(path).items() if name not in own}

    @property
    def position(self) -> int:
        """How many bytes have been read, by the share of the rows."""
        return self.size * self._read // max(int(self.file.metadata.num_rows), 1)

    def columns(self) -> list[str]:
        """The columns, those inside of others as paths, and those that the folders of a partition are."""
        return [*column_names(dtypes_of(self.file.schema_arrow)), *self._partition]

    def batches(self) -> Iterator[Batch]:
        """All rows, once, in the order of the file.

        :raises ReadError: for columns that are missing or hold no plain values, and for damaged data.
        """
        dtypes = [*dtypes_of(self.file.schema_arrow), *((name, pl.String) for name in self._partition)]
        used = [name for name in self._batches.find(dtypes) if name not in self._partition]
        try:
            for table in whole_batches(self.file, ROWS, used):
                if table.num_rows:
                    self._read += table.num_rows
                    frame = polars_frame(self._whole(table))
                    yield self._batches.batch(frame, self._read - table.num_rows + 1)
        except (pa.ArrowException, OSError) as problem:
            raise ReadError(f"{self._place}: damaged after row {self._read}: {problem}") from None
        finally:
            self.file.close()

    def copy_rows(self, target: Path, rows: Sequence[tuple[int, int]], keeps: Callable[[str], bool]) -> None:
        """Write rows, all columns of them, those too that the load did not read and that may be damaged, and those of
        the partition: the file lies elsewhere.

        :raises ReadError: where they are.
        """
        keep = row_keeper(rows, keeps)
        try:
            schema = self._whole(self.file.schema_arrow.empty_table()).schema
            with self.file, pq.ParquetWriter(target, schema) as out:
                for batch in whole_batches(self.file, ROWS):
                    out.write_table(keep(self._whole(batch)))
        except (pa.ArrowException, OSError) as problem:
            message = f"{self._place}: damaged, so its bad rows cannot be kept as they came: {problem}"
            raise ReadError(message) from None

    def _whole(self, table: pa.Table | pa.RecordBatch) -> pa.Table | pa.RecordBatch:
        """A part of the table with the columns of its partition."""
        for name, value in self._partition.items():
            table = table.append_column(name, pa.array([value] * table.num_rows, pa.string()))
        return table


def open_parquet(path: Path, place: str) -> pq.ParquetFile:
    """Open a Parquet file, decompressed first where it is packed.

    :raises ReadError: where it is none.
    """
    try:
        with path.open("rb") as raw:
            magic = raw.read(4)
        if magic == MAGIC:
            return _named(parquet_file(path))
        with closing(ByteSource(path, place)) as source:
            content = source.whole(allowed=MAGIC)
        return _named(parquet_file(content))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as problem:
        raise ReadError(f"{place}: no readable Parquet file: {problem}") from None


def parquet_file(content: Path | bytes) -> pq.ParquetFile:
    """Open one Parquet file; of several put together Arrow would read the rows of the first by the last's footer.

    That is seen by its bytes: at what a damaged footer says of a column Arrow ends the process.

    :raises pyarrow.ArrowException: where it is none, or several.
    """
    file = pq.ParquetFile(content if isinstance(content, Path) else pa.BufferReader(content))
    with content.open("rb") if isinstance(content, Path) else io.BytesIO(content) as raw:
        if holds(raw, MAGIC + MAGIC):
            file.close()
            raise pa.ArrowInvalid("several files were put together; give each a file of its own")
    return file


def whole_batches(
    file: pq.ParquetFile, rows: int = ROWS, columns: Sequence[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """All rows of a file, where Arrow would end without a word as soon as one of the columns ends.

    :param columns: those to read; ``None`` for all.
    :raises pyarrow.ArrowException: for damaged data, after the last row too where more of them are promised.
    """
    came = 0
    for batch in file.iter_batches(rows, columns=columns):
        came += batch.num_rows
        yield batch
    metadata = file.metadata
    held = sum(metadata.row_group(number).num_rows for number in range(metadata.num_row_groups))
    if came != held:
        raise pa.ArrowInvalid(f"by its row groups it has {held:,} of them, by its columns {came:,}")


def _named(file: pq.ParquetFile) -> pq.ParquetFile:
    """The file, whose columns have names.

    :raises UnicodeDecodeError: where a name is no UTF-8.
    """
    check_names(file.schema_arrow)
    return file
