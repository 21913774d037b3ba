"""Arrow: files and streams of the Arrow interchange format, Feather included; "lines" are rows, from 1."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.feather as feather

from kg.errors import ReadError
from kg.mapping.source import Source
from kg.notices import Notices
from kg.readers.batch import Batch
from kg.readers.compression import ByteSource, holds
from kg.readers.tables.arrow_types import dtypes_of, polars_frame
from kg.readers.tables.typed_batch import TypedBatches, column_names, row_keeper

_FILE, _FEATHER1 = b"ARROW1", b"FEA1"
_END = b"\xff\xff\xff\xff\0\0\0\0"
"""Of a stream; before Arrow 0.15 no message began with the first half."""


class ArrowReader:
    """Reads one Arrow or Feather file."""

    def __init__(self, path: Path, place: str, source: Source, wanted: Sequence[str], notices: Notices) -> None:
        """Open the file.

        :param place: how messages name it.
        :param wanted: the columns to read.
        :raises ReadError: where it is none.
        """
        self._place, self._batches = place, TypedBatches(place, source, wanted, notices)
        self.size = path.stat().st_size
        self.position = 0
        try:
            self._schema, self._parts = open_arrow(path, place, notices)
            self._columns = dtypes_of(self._schema)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as problem:
            raise ReadError(f"{place}: no readable Arrow file: {problem}") from None

    def columns(self) -> list[str]:
        """The columns, those inside of others as paths."""
        return column_names(self._columns)

    def batches(self) -> Iterator[Batch]:
        """All rows, once, in the order of the file.

        :raises ReadError: for columns that are missing or hold no plain values, and for damaged data.
        """
        used, first = self._batches.find(self._columns), 1
        try:
            for part in self._parts:
                if part.num_rows:
                    yield self._batches.batch(polars_frame(part.select(used)), first)
                    first += part.num_rows
        except (pa.ArrowException, OSError) as problem:
            raise ReadError(f"{self._place}: damaged after row {first - 1}: {problem}") from None
        self.position = self.size

    def copy_rows(self, target: Path, rows: Sequence[tuple[int, int]], keeps: Callable[[str], bool]) -> None:
        """Write rows, all columns of them.

        :raises ReadError: where a column that was not read is damaged.
        """
        keep = row_keeper(rows, keeps)
        try:
            with pa.ipc.new_file(target, self._schema) as out:
                for part in self._parts:
                    out.write_table(keep(part))
        except (pa.ArrowException, OSError) as problem:
            message = f"{self._place}: damaged, so its bad rows cannot be kept as they came: {problem}"
            raise ReadError(message) from None


def open_arrow(path: Path, place: str, notices: Notices) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Schema and parts of one file or stream, packed or not.

    :param place: how messages name it.
    :raises pyarrow.ArrowException: where it is none; for damaged data, when that is read.
    :raises OSError: as that.
    :raises ReadError: where it cannot be unpacked.
    """
    with path.open("rb") as raw:
        magic = raw.read(6)
    if magic.startswith(_FEATHER1):
        table = feather.read_table(path)
        return table.schema, iter(table.to_batches())
    if magic == _FILE:
        return _file_parts(pa.memory_map(str(path)))
    with closing(ByteSource(path, place)) as source:
        content = pa.BufferReader(source.whole(allowed=_FILE))
    if content.read(6) == _FILE:
        return _file_parts(content)
    content.seek(0)
    stream = pa.ipc.open_stream(content)
    return stream.schema, _stream_parts(stream, content, place, notices)


def _stream_parts(
    stream: pa.RecordBatchStreamReader, content: pa.BufferReader, place: str, notices: Notices
) -> Iterator[pa.RecordBatch]:
    """All of a stream, where Arrow says nothing of what follows its end, or of an end that is missing.

    :raises pyarrow.ArrowException: where more follows: a second stream, which would be lost.
    """
    yield from stream
    if rest := content.size() - content.tell():
        raise pa.ArrowInvalid(f"{rest:,} bytes follow the end of the stream; give each stream a file of its own")
    content.seek(0)
    written = content.read()
    if not written.endswith(_END if written.startswith(_END[:4]) else _END[4:]):
        notices.add(place, "the stream has no mark of its end, so rows may be missing")


def _file_parts(content: pa.NativeFile) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Schema and parts of one file; of several put together Arrow would read those of the first by the last's footer.

    :raises pyarrow.ArrowException: where it is none, or several.
    """
    content.seek(0)
    if holds(content, _FILE + _FILE + b"\0\0"):
        raise pa.ArrowInvalid("several files were put together; give each a file of its own")
    content.seek(0)
    file = pa.ipc.open_file(content)
    return file.schema, (file.get_batch(i) for i in range(file.num_record_batches))
