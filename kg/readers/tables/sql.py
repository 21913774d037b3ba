"""Answers of databases to a query, in batches, read-only: SQLite, DuckDB, PostgreSQL, MySQL; "lines" are rows, from 1.

A query sees its own database and nothing else: no other database is attached, no file is read, nothing is written.
"""

import csv
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pyarrow as pa

from kg.errors import ReadError
from kg.mapping.connection import Connection
from kg.mapping.source import Source
from kg.notices import Notices
from kg.readers.batch import Batch
from kg.readers.tables.arrow_types import dtypes_of, polars_frame
from kg.readers.tables.typed_batch import TypedBatches, column_names
from kg.values.formula import escaped_formula

ROWS = 50_000
_ALLOWED = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}
_INSTALL = "pip install 'whyrec[sql]'"
_ASKS = re.compile(r"([\s(]|--[^\n]*\n|/\*(?!M?!).*?\*/)*(SELECT|WITH)\b", re.IGNORECASE | re.DOTALL)
"""How a question of MySQL begins, with comments before it, but for those that its server runs."""
_FILES = re.compile(r"\b(OUTFILE|DUMPFILE|LOAD_FILE)\b", re.IGNORECASE)
"""Words of MySQL for files of its server, which a user who may do everything can read and write."""
WAITING = 10
"""Seconds after which a server of MySQL counts as not there."""


class SqlReader:
    """Asks one query."""

    def __init__(self, path: Path, place: str, source: Source, wanted: Sequence[str], notices: Notices) -> None:
        """Prepare; the database is asked when rows are wanted.

        :param path: stands for the query in reports; there is no such file.
        :param place: how messages name the query.
        """
        assert source.sql is not None and source.database is not None
        self._place, self._sql, self._database = place, source.sql.strip().rstrip(";"), source.database
        self._batches = TypedBatches(place, source, wanted, notices)
        file = self._database.file
        self.size = file.stat().st_size if file is not None else 0
        self.position = 0

    def columns(self) -> list[str]:
        """The columns of the answer, those inside of others as paths."""
        return column_names(dtypes_of(next(self._answer()).schema))

    def batches(self) -> Iterator[Batch]:
        """All rows, once, in the order of the answer.

        :raises ReadError: where the database refuses, fails, or does not answer with the columns that are wanted.
        """
        first, used = 1, None
        for table in self._answer():
            if used is None:
                used = self._batches.find(dtypes_of(table.schema))
            if table.num_rows:
                try:
                    frame = polars_frame(table.select(used))
                except pa.ArrowException as problem:
                    raise ReadError(
                        f"{self._place}: the answer cannot be read after row {first - 1}: {problem}"
                    ) from None
                yield self._batches.batch(frame, first)
                first += table.num_rows
        self.position = self.size

    def copy_rows(self, target: Path, rows: Sequence[tuple[int, int]], keeps: Callable[[str], bool]) -> None:
        """Write rows as CSV, asking once more."""
        wanted, first = {line for line, _ in rows}, 1
        with target.with_name(f"{target.name}.csv").open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            for table in self._answer():
                if first == 1:
                    writer.writerow(table.schema.names)
                columns = [column.to_pylist() for column in table.columns]
                for number, row in enumerate(zip(*columns, strict=True), first):
                    cells = ["" if cell is None else str(cell) for cell in row]
                    if number in wanted and keeps(" ".join(cells)):
                        writer.writerow(map(escaped_formula, cells))
                first += table.num_rows

    def _answer(self) -> Iterator[pa.RecordBatch]:
        """The parts of the answer; at least one, which may be empty."""
        kinds = {"sqlite": _sqlite, "duckdb": _duckdb, "postgresql": _postgresql, "mysql": _mysql}
        try:
            for part in kinds[self._database.kind](self._sql, self._database):
                yield plain_columns(part)
        except ImportError as problem:
            raise ReadError(f"{self._place}: needs the package {problem.name}; {_INSTALL}") from None
        except ReadError as problem:
            raise ReadError(f"{self._place}: {problem}") from None
        except (GeneratorExit, KeyboardInterrupt, SystemExit, MemoryError):
            raise
        except BaseException as problem:  # each driver has errors of its own, one of them no Exception
            text = " ".join(str(problem).split()) or type(problem).__name__
            if self._database.url:
                text = text.replace(self._database.url, "…")
            raise ReadError(f"{self._place}: the database says: {text[:500]}") from None


def plain_columns(part: pa.RecordBatch) -> pa.RecordBatch:
    """Columns of types that only the database has, as what stands for them: ``numeric`` and JSON as text.

    :raises ReadError: for ``money``, of which only its smallest units come, without their number.
    """
    for field in part.schema:
        if (field.metadata or {}).get(b"POSTGRESQL:type") == b"money":
            raise ReadError(
                f"the column {field.name!r} is money, of which only units come: ask for {field.name}::numeric"
            )
    return pa.RecordBatch.from_arrays([_plain(column) for column in part.columns], part.schema.names)


def _plain(column: pa.Array) -> pa.Array:
    if pa.types.is_list(column.type) and isinstance(column.type.value_type, pa.BaseExtensionType):
        return pa.array(column.to_pylist(), pa.list_(_plain(column.values).type))
    if not isinstance(column.type, pa.BaseExtensionType):
        return column
    uuid = column.type.extension_name == "arrow.uuid"
    return pa.array([str(one) if one else None for one in column.to_pylist()], pa.string()) if uuid else column.storage


def _sqlite(sql: str, database: Connection) -> Iterator[pa.RecordBatch]:
    assert database.file is not None
    connection = sqlite3.connect(f"{database.file.resolve().as_uri()}?mode=ro", uri=True)
    try:
        connection.text_factory = _text_or_bytes
        connection.set_authorizer(lambda action, *_: 0 if action in _ALLOWED else sqlite3.SQLITE_DENY)
        yield from _rows_of(connection.execute(sql))
    finally:
        connection.close()


def _rows_of(cursor: Any) -> Iterator[pa.RecordBatch]:
    """The answer that waits in a cursor."""
    names = [column[0] for column in cursor.description or ()]
    rows = cursor.fetchmany(ROWS)
    while True:
        columns = list(zip(*rows, strict=True)) if rows else [() for _ in names]
        yield pa.RecordBatch.from_arrays([_of_any_type(cells) for cells in columns], names)
        rows = cursor.fetchmany(ROWS)
        if not rows:
            return


def _of_any_type(cells: Sequence[Any]) -> pa.Array:
    """Cells that may be of several types in one column, as SQLite has them; of floating-point ones as they are."""
    there = [cell for cell in cells if cell is not None]
    if all(isinstance(cell, float) for cell in there) and there:
        return pa.array(cells, type=pa.float64())
    texts = [cell if cell is None or isinstance(cell, bytes) else _written(cell) for cell in cells]
    if any(isinstance(cell, bytes) for cell in there):
        return pa.array([cell.encode() if isinstance(cell, str) else cell for cell in texts], type=pa.large_binary())
    return pa.array(texts, type=pa.large_string())


def _written(cell: Any) -> str:
    """A cell as text; 3.0 among whole numbers or texts is 3, which SQLite itself makes of it in such a column."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53 else str(cell)


def _text_or_bytes(raw: bytes) -> str | bytes:
    """Text of SQLite, which may be no UTF-8."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw


def _duckdb(sql: str, database: Connection) -> Iterator[pa.RecordBatch]:
    import duckdb

    settings: dict[str, Any] = {
        "enable_external_access": "false",
        "lock_configuration": "true",
        "autoload_known_extensions": "false",
    }
    with duckdb.connect(str(database.file), read_only=True, config=settings) as connection:
        answer = connection.sql(sql)
        if answer is None:
            raise ReadError("the query has no answer; ask with SELECT")
        read = answer.to_arrow_reader if hasattr(answer, "to_arrow_reader") else answer.fetch_arrow_reader
        yield from _parts(read(ROWS))


def _postgresql(sql: str, database: Connection) -> Iterator[pa.RecordBatch]:
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(database.url, autocommit=False) as connection, connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        cursor.execute(sql)
        yield from _parts(cursor.fetch_record_batch())


def _mysql(sql: str, database: Connection) -> Iterator[pa.RecordBatch]:
    """Cells come as the server writes them: no digit is lost, and dates such as 0000-00-00 cost their row alone."""
    if not _ASKS.match(sql) or _FILES.search(sql):
        raise ReadError("ask with SELECT, and for nothing in files of the server")
    import pymysql

    connection = mysql_connection(database.url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION time_zone = '+00:00'")
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
        answer = connection.cursor(pymysql.cursors.SSCursor)
        answer.execute(sql)
        yield from _rows_of(answer)
    finally:
        connection.close()


def mysql_connection(url: str) -> Any:
    """A connection of PyMySQL, of which cells come as text, and bits as a number.

    :raises ReadError: for an option of the URL that is not known.
    """
    import pymysql

    told = urlsplit(url)
    where = {"host": told.hostname, "port": told.port or 3306, "database": unquote(told.path.lstrip("/")) or None}
    who = {"user": unquote(told.username or ""), "password": unquote(told.password or "")}
    options = parse_qs(told.query)
    if unknown := sorted({*options} - {"ssl_ca", "charset"}):
        raise ReadError(f"the URL has {', '.join(unknown)}; known after its ? is ssl_ca, a file of authorities for TLS")
    authorities = options.get("ssl_ca", [None])[0]
    bits = {pymysql.constants.FIELD_TYPE.BIT: lambda cell: str(int.from_bytes(cell, "big"))}
    plain = {**pymysql.converters.encoders, **bits}
    return pymysql.connect(**where, **who, conv=plain, charset="utf8mb4", connect_timeout=WAITING, ssl_ca=authorities)


def _parts(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    yield pa.RecordBatch.from_pylist([], schema=reader.schema)
    yield from reader
