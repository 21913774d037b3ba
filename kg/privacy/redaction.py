"""Redaction: take the rows that name somebody out of the files that whyrec itself has written.

These are the folders of rejects (reports and rows as they came), and lists of recommendations for all users.
"""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from kg.errors import ReadError, WorkspaceError
from kg.privacy.traces import PARQUET_MAGIC, Traces, parquet_frames

REPORTS = ("rejects.csv", "contradictions.csv")
LIST_COLUMNS = ["user_id", "rank", "item_id", "score"]
"""Columns of what ``whyrec recommend --all`` writes."""
_LONGEST_RECORD = 200
"""Lines after which an open quote counts as one that was never meant to close."""


def redact(path: Path, traces: Traces) -> bool:
    """Take out the rows of one file in which the id stands; says whether there were any.

    :raises ReadError: where the file cannot be read.
    :raises WorkspaceError: where it cannot be written.
    """
    if path.is_symlink() or not traces.in_file(path):
        return False
    try:
        if _is_parquet(path):
            _replace_parquet(path, traces)
        else:
            data = path.read_bytes()
            kept = _report(data, traces) if path.name in REPORTS else None
            _replace(path, b"".join(_other_records(data, traces)) if kept is None else kept)
    except OSError as problem:
        raise WorkspaceError(f"{path}: cannot be rewritten: {problem.strerror}") from None
    return True


def is_list_of_recommendations(path: Path) -> bool:
    """Whether a file is what ``whyrec recommend --all`` writes."""
    try:
        return _is_parquet(path) and pq.read_schema(path).names == LIST_COLUMNS
    except (OSError, pa.ArrowException):
        return False


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == PARQUET_MAGIC


def _replace_parquet(path: Path, traces: Traces) -> None:
    pending = _pending(path)
    try:
        with pq.ParquetFile(path) as file, pq.ParquetWriter(pending, file.schema_arrow) as out:
            for batch, frame in zip(file.iter_batches(), parquet_frames(path), strict=True):
                mask = ~traces.rows_of(frame)
                out.write_batch(batch.filter(pa.array(mask.to_list(), type=pa.bool_())))
    except pa.ArrowException as problem:
        pending.unlink(missing_ok=True)
        raise ReadError(f"{path}: cannot be read: {problem}") from None
    pending.replace(path)


def _report(data: bytes, traces: Traces) -> bytes | None:
    """A report without the rows of the person; ``None`` where it is no report after all."""
    try:
        table = pl.read_csv(io.BytesIO(data), infer_schema=False)
    except (pl.exceptions.PolarsError, ValueError):
        return None
    out = io.BytesIO()
    table.filter(~traces.rows_of(table)).write_csv(out)
    return out.getvalue()


def _other_records(data: bytes, traces: Traces) -> Iterator[bytes]:
    """The records of rows as they came in which the id does not stand; the first line may be a header."""
    unit = _line_end(data)
    lines = [line + unit for line in data.split(unit)]
    lines[-1] = lines[-1][: -len(unit)]
    quote = unit.replace(b"\n", b'"')
    at = 0
    while at < len(lines):
        end = _record_end(lines, at, quote)
        record = b"".join(lines[at:end])
        if not traces.in_bytes(record):
            yield record
        at = end


def _record_end(lines: list[bytes], at: int, quote: bytes) -> int:
    """Where the record that begins in a line ends: quotes come in pairs."""
    quotes = 0
    for end in range(at, min(len(lines), at + _LONGEST_RECORD)):
        quotes += lines[end].count(quote)
        if quotes % 2 == 0:
            return end + 1
    return at + 1


def _line_end(data: bytes) -> bytes:
    """The line feed of the encoding that a byte order mark tells."""
    for mark, encoding in ((b"\xff\xfe\0\0", "utf-32-le"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark):
            return "\n".encode(encoding)
    return b"\n"


def _replace(path: Path, data: bytes) -> None:
    pending = _pending(path)
    pending.write_bytes(data)
    pending.replace(path)


def _pending(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}")
