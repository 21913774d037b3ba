"""Workbooks, .xlsx, .xlsm, .xls, .ods: the rows of one sheet below its header; lines are rows of the sheet.

The sheet is the one that the mapping tells, else the first that is shown and has the wanted columns.

A spreadsheet keeps all numbers as floating-point ones, 15 digits of them: whole ones are read without ``.0``, and ids
of more digits are told, since the sheet has lost the rest.
"""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO, Any

import polars as pl
import python_calamine
from python_calamine import SheetTypeEnum, SheetVisibleEnum

from kg.errors import ReadError
from kg.mapping.source import Source
from kg.notices import Notices
from kg.readers.batch import Batch, Fault, fault_frame, reject_frame, text_batch
from kg.readers.columns import find_columns, header_row, repeated_header, rows_above
from kg.readers.tables.calendar import times_as_text

ROWS = 20_000
ROWS_ABOVE = 30
"""Rows in which the header is looked for."""
LARGEST = 4 << 30
"""Bytes of a workbook unpacked; what is larger is no work of people."""
_DIGITS = 10**15
_LACKING: tuple[tuple[tuple[bytes, ...], str], ...] = (
    (
        (b' t="e"',),
        "{n} [cell|cells] of the workbook [holds|hold] an error such as #DIV/0! in place of a value, and "
        "[counts|count] as empty",
    ),
    (
        (b"</f></c>", b"</f><v></v>", b"</f><v/>", b"</f><v />"),
        "{n} [formula|formulas] of the workbook [has|have] no result, and [counts|count] as empty; open it in a "
        "spreadsheet program and save it",
    ),
    (
        (b"<mergeCell ",),
        "{n} [group|groups] of merged cells in the workbook: the first of each has the value, the others are empty",
    ),
)
"""What cells have in place of a value, as XML, and what is said of it."""


class ExcelReader:
    """Reads one sheet of one workbook, all of it in memory at once."""

    def __init__(self, path: Path, place: str, source: Source, wanted: Sequence[str], notices: Notices) -> None:
        """Open the workbook.

        :param place: how messages name it.
        :param wanted: the columns to read.
        :raises ReadError: where it is none, or has no such sheet.
        """
        self._source, self._wanted, self._notices, self._place = source, wanted, notices, place
        self.size = path.stat().st_size
        self.position = 0
        self._rows = self._sheet(path)

    def _sheet(self, path: Path) -> list[list[Any]]:
        try:
            if zipfile.is_zipfile(path):
                self._look_inside(path)
            with path.open("rb") as raw, python_calamine.load_workbook(raw) as book:
                names = [sheet.name for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
                if self._source.sheet is not None:
                    if self._source.sheet not in names:
                        raise ReadError(f"{self._place}: no sheet {self._source.sheet!r}; found: {', '.join(names)}")
                    return book.get_sheet_by_name(self._source.sheet).to_python(skip_empty_area=False)
                return self._chosen(book, names)
        except ReadError:
            raise
        except (KeyboardInterrupt, SystemExit, MemoryError):
            raise
        except BaseException as problem:  # a panic of the library is no Exception
            raise ReadError(f"{self._place}: no readable workbook: {problem or type(problem).__name__}") from None

    def _look_inside(self, path: Path) -> None:
        """Refuse what is too large, and count what calculations have no result for, which calamine calls empty."""
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            unpacked = sum(member.file_size for member in members)
            if unpacked > LARGEST:
                raise ReadError(f"{self._place}: unpacks to {unpacked >> 20:,} MiB; save the sheet as CSV")
            for member in members:
                if member.filename.startswith("xl/worksheets/sheet"):
                    with archive.open(member) as sheet:
                        for cells in _whole_cells(sheet):
                            for marks, sentence in _LACKING:
                                self._notices.add(self._place, sentence, sum(map(cells.count, marks)))

    def _chosen(self, book: python_calamine.CalamineWorkbook, names: list[str]) -> list[list[Any]]:
        """The rows of the first sheet that is shown and has the wanted columns, else of the first."""
        visible = {one.name for one in book.sheets_metadata if one.visible == SheetVisibleEnum.Visible}
        order = sorted(names, key=lambda name: name not in visible)
        sheets = ((name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in order)
        first: tuple[str, list[list[Any]]] | None = None
        for name, rows in sheets:
            first = first or (name, rows)
            if len(order) == 1 or self._header_at(rows) is not None:
                first = (name, rows)
                break
        if first is None:
            raise ReadError(f"{self._place}: the workbook has no sheet of cells; export it again")
        if len(names) > 1:
            self._notices.add(self._place, f"only the sheet {first[0]!r} is read; sheet = … tells another")
        return first[1]

    def columns(self) -> list[str]:
        """The cells of the header."""
        return self._header()[1]

    def batches(self) -> Iterator[Batch]:
        """All rows but empty ones, once, in the order of the sheet.

        :raises ReadError: for an empty sheet, and for columns that are missing or there twice.
        """
        at, names = self._header()
        positions = find_columns(self._wanted, names, self._source, self._place, self._notices)
        cells = enumerate(map(_names, self._rows[:at]), 1)
        above = rows_above(((line, ",".join(row).strip(","), row) for line, row in cells), len(names))
        if above:
            batch = self._batch([], [], positions)
            yield replace(batch, rejects=reject_frame(above))
        for start in range(at + 1, len(self._rows), ROWS):
            part = list(enumerate(self._rows[start : start + ROWS], start + 1))
            again = [line for line, row in part if row == self._rows[at]]
            lines = [line for line, row in part if any(cell != "" for cell in row) and row != self._rows[at]]
            if lines or again:
                batch = self._batch([self._rows[line - 1] for line in lines], lines, positions)
                yield replace(batch, rejects=reject_frame([repeated_header(line, 1, names) for line in again]))
        self.position = self.size

    def copy_rows(self, target: Path, rows: Sequence[tuple[int, int]], keeps: Callable[[str], bool]) -> None:
        """Write the header and rows of the sheet into a workbook."""
        import xlsxwriter

        at, _ = self._header()
        wanted = [at, *(line - 1 for line, _ in rows)]
        if target.suffix.lower() in (".xls", ".xlsm", ".ods"):
            target = target.with_name(f"{target.name}.xlsx")
        with xlsxwriter.Workbook(str(target), {"remove_timezone": True, "strings_to_formulas": False}) as book:
            sheet = book.add_worksheet()
            day = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
            number = 0
            for index in dict.fromkeys(wanted):
                row = self._rows[index]
                if index == at or keeps(" ".join(map(str, row))):
                    for column, cell in enumerate(row):
                        _write(sheet, number, column, cell, day)
                    number += 1

    def _header(self) -> tuple[int, list[str]]:
        first = next((at for at, row in enumerate(self._rows) if any(name.strip() for name in _names(row))), None)
        if first is None:
            raise ReadError(f"{self._place}: no header, the sheet is empty; export it again, or leave it out")
        found = self._header_at(self._rows)
        if found is not None and found > first:
            self._notices.add(self._place, f"the header is in row {found + 1}; what stands above it is no row")
            first = found
        return first, _names(self._rows[first])

    def _header_at(self, rows: list[list[Any]]) -> int | None:
        """The row, among the first, that names the wanted columns."""
        found = header_row([[], *map(_names, rows[:ROWS_ABOVE])], self._wanted, self._source)
        return found - 1 if found else None

    def _batch(self, rows: list[list[Any]], lines: list[int], positions: dict[str, int | None]) -> Batch:
        columns: dict[str, list[str | None]] = {}
        faults: list[Fault] = []
        for name, at in positions.items():
            cells = [None if at is None or at >= len(row) else row[at] for row in rows]
            columns[name] = [_text(cell) for cell in cells]
            if name in self._source.id_columns:
                lost = sum(isinstance(cell, float) and abs(cell) >= _DIGITS for cell in cells)
                sentence = (
                    f"{{n}} [id|ids] in {name!r} [has|have] more than 15 digits, which a spreadsheet does not keep"
                )
                self._notices.add(self._place, f"{sentence}; format the column as text before you fill it in", lost)
            for row, text in enumerate(columns[name]):
                if text is not None and "\0" in text:
                    faults.append(Fault(row, name, "", "NUL byte", "remove it"))
                    columns[name][row] = None
        batch = text_batch(columns, lines, [1] * len(lines), [])
        return Batch(batch.frame, batch.lines, batch.spans, faults=fault_frame(faults))


def _whole_cells(sheet: IO[bytes]) -> Iterator[bytes]:
    """The XML of a sheet in pieces that end between cells."""
    rest = b""
    while piece := sheet.read(1 << 20):
        text = rest + piece
        end = max(text.rfind(b"<c "), text.rfind(b"<mergeCell "), 0)
        rest = text[end:]
        yield text[:end]
    yield rest


def _names(row: list[Any]) -> list[str]:
    return ["" if (text := _text(cell)) is None else text for cell in row]


def _text(cell: Any) -> str | None:
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e18 else repr(cell)
    if isinstance(cell, datetime):
        midnight = cell.time() == time() and cell.tzinfo is None
        return cell.date().isoformat() if midnight else cell.isoformat()
    if isinstance(cell, timedelta):
        micros = cell // timedelta(microseconds=1)
        return str(times_as_text(pl.Series([micros], dtype=pl.Int64), "us")[0])
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def _write(sheet: Any, row: int, column: int, cell: Any, day: Any) -> None:
    if isinstance(cell, datetime | date | time | timedelta):
        sheet.write_datetime(row, column, cell, day)
    elif isinstance(cell, bool):
        sheet.write_boolean(row, column, cell)
    elif isinstance(cell, float | int):
        sheet.write_number(row, column, cell)
    elif cell not in (None, ""):
        sheet.write_string(row, column, str(cell))
