"""The file of all lists: Parquet, CSV, JSON Lines or an Excel workbook, as its suffix says; written part by part.

Whatever the columns are, they are written in their order. Text that a spreadsheet would take for a formula is written
so that it does not: with an apostrophe before it in CSV, which whyrec's readers take away again, and as plain text in
a workbook.
"""

import json
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from kg.errors import UsageError
from kg.values.formula import escaped_formulas

KEYS = ("user_id", "rank", "item_id")
"""The first columns of every such file; by them it is known again."""
MOST_ROWS = 1_048_575
"""Rows of a sheet of a workbook, its header aside."""
MARK = "lists of whyrec"


class ListFile(Protocol):
    """A file under way; use it in ``with``."""

    def write(self, table: pa.Table) -> None:
        """Add rows."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class _Closing:
    """``with`` closes the file."""

    def close(self) -> None:
        """Finish the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Parquet(_Closing):
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(path, schema)

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        self._writer.write_table(table)

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()


class _Csv(_Closing):
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file = path.open("wb")
        frame = pl.DataFrame(pl.from_arrow(schema.empty_table()))
        frame.write_csv(self._file)

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        escaped_formulas(pl.DataFrame(pl.from_arrow(table))).write_csv(self._file, include_header=False)

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


class _JsonLines(_Closing):
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file = path.open("w", encoding="utf-8", newline="\n")

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        for row in table.to_pylist():
            self._file.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


class _Workbook(_Closing):
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        import xlsxwriter  # only workbooks need it

        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(str(path), {**options, "strings_to_numbers": False, "nan_inf_to_errors": True})
        self._book.set_properties({"comments": MARK})
        self._sheet, self._rows = self._book.add_worksheet("lists"), 0
        for column, name in enumerate(schema.names):
            self._sheet.write_string(0, column, name)

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        if self._rows + table.num_rows > MOST_ROWS:
            raise UsageError(f"a sheet of a workbook holds {MOST_ROWS:,} rows; write .csv or .parquet, or fewer users")
        names = table.schema.names
        for row in table.to_pylist():
            self._rows += 1
            for column, name in enumerate(names):
                self._put(column, row[name])

    def _put(self, column: int, value: Any) -> None:
        if isinstance(value, bool):
            self._sheet.write_boolean(self._rows, column, value)
        elif isinstance(value, int | float):
            self._sheet.write_number(self._rows, column, value)
        elif value is not None:
            self._sheet.write_string(self._rows, column, value if isinstance(value, str) else json.dumps(value))

    def close(self) -> None:
        """Finish the file."""
        self._book.close()


FORMATS: Mapping[str, Callable[[Path, pa.Schema], ListFile]] = {
    ".parquet": _Parquet,
    ".csv": _Csv,
    ".jsonl": _JsonLines,
    ".xlsx": _Workbook,
}
"""Suffix in small letters → what writes such a file."""


def list_format(path: Path) -> Callable[[Path, pa.Schema], ListFile]:
    """What writes a file of that name; ask before the work.

    :raises UsageError: naming the suffixes there are.
    """
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        came = f"suffix {path.suffix!r} is no format of lists" if path.suffix else "no suffix"
        raise UsageError(f"{path}: {came}; write one of {', '.join(FORMATS)}")
    return found


def is_list_file(path: Path, keys: tuple[str, ...] = KEYS) -> bool:
    """Whether a file is such a list, of the format that its name says.

    :param keys: its first columns.
    """
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        with suppress(pa.ArrowException):
            return tuple(pq.read_schema(path).names[: len(keys)]) == keys
    elif suffix == ".xlsx":
        with suppress(zipfile.BadZipFile, KeyError), zipfile.ZipFile(path) as book:
            return MARK.encode() in book.read("docProps/core.xml")
    else:
        with path.open("rb") as file:
            start = file.read(100)
        return start.startswith((",".join(keys).encode(), f'{{"{keys[0]}": '.encode()))
    return False
