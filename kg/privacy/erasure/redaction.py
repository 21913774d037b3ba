"""Redaction: take the rows that name somebody out of the files that whyrec itself has written.

These are the folders of rejects (reports and rows as they came), and lists of recommendations for many users. A row is
hers where a column that holds people of her type names her. Only an id that nothing else has and that is long enough
not to be met by chance counts wherever it is a word; of any other nobody can tell, and what cannot be told is left.
"""

import csv
import io
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from kg.document import parsed_json
from kg.errors import ReadError, WorkspaceError
from kg.mapping.file_format import format_of_name
from kg.privacy.erasure.records import JSON_LINES, STATEMENTS, line_end, records
from kg.privacy.erasure.row_files import header_of, is_row_file, rows_of, without_her
from kg.privacy.erasure.traces import Traces, parquet_frames
from kg.privacy.person_columns import PersonColumns, of_place, read_person_columns, tokens
from kg.readers.tables.parquet import MAGIC, parquet_file, whole_batches
from kg.schema import Schema
from kg.values.formula import unescaped_formula

REPORTS = ("rejects.csv", "left_out.csv", "contradictions.csv")
LIST_COLUMNS = ["user_id", "rank", "item_id", "score"]
"""How the columns of what ``whyrec recommend --all`` writes begin …"""
CAMPAIGN_COLUMNS = ["personal_data", "user_id"]
"""… and those of ``whyrec audience --out``."""
_LIST = PersonColumns("", {"user_id": "user"})
Row = Mapping[str, object]


class Outcome(Enum):
    """What became of a file: nothing of the person in it; her rows taken out; something that may be hers left."""

    WITHOUT = "without"
    REWRITTEN = "rewritten"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Person:
    """Who is looked for; ``types``: hers; ``unmistakable``: whether the id stands for her wherever it is a word."""

    id: str
    types: Sequence[str]
    schema: Schema
    unmistakable: bool

    @property
    def traces(self) -> Traces:
        """Looks for the id."""
        return Traces(self.id)


class Redactor:
    """Takes the rows of one person out of files."""

    def __init__(self, person: Person) -> None:
        self.person, self.traces = person, person.traces
        self._left = False

    def redact(self, path: Path) -> Outcome:
        """Take out the rows of one file.

        :raises ReadError: where the file cannot be read.
        :raises WorkspaceError: where it cannot be written.
        """
        if not is_row_file(path) and not self.traces.in_file(path):
            return Outcome.WITHOUT
        self._left, changed = False, False
        try:
            if _is_parquet(path):
                changed = self._parquet(path)
            elif is_row_file(path):
                changed = self._row_file(path)
            else:
                data = path.read_bytes()
                kept = b"".join(self._kept(path, data))
                changed = kept != data
                if changed:
                    _replace(path, kept)
        except OSError as problem:
            raise WorkspaceError(f"{path}: cannot be rewritten: {problem.strerror}") from None
        return Outcome.UNDECIDED if self._left else Outcome.REWRITTEN if changed else Outcome.WITHOUT

    def rows(self, path: Path) -> list[str]:
        """The rows of one file that are hers, as text.

        :raises ReadError: where the file cannot be read.
        """
        if not self.traces.in_file(path):
            return []
        if _is_parquet(path):
            columns = self._columns(path)
            return [
                json.dumps(row, ensure_ascii=False, default=str)
                for frame in parquet_frames(path)
                for row, named in zip(frame.iter_rows(named=True), self.traces.rows_of(frame), strict=True)
                if named and self._hers(row, columns, named)
            ]
        if is_row_file(path):
            columns = self._columns(path)
            told = ((row, json.dumps(row, ensure_ascii=False, default=str)) for row in rows_of(path))
            return [text for row, text in told if self._hers(row, columns, self.traces.in_text(text))]
        data = path.read_bytes()
        unit, encoding = line_end(data)
        kept = Counter(self._kept(path, data))
        hers = Counter(records(_format(path, read_person_columns(path.parent)), data, unit)) - kept
        return [record.decode(encoding, "replace").strip("\r\n\ufeff") for record in hers.elements()]

    def _columns(self, path: Path) -> PersonColumns | None:
        return _LIST if is_list_of_recommendations(path) else read_person_columns(path.parent).get(path.name)

    def _kept(self, path: Path, data: bytes) -> Iterator[bytes]:
        """The records in which she is not named; the first may be a header."""
        unit, encoding = line_end(data)
        columns = _LIST if is_list_of_recommendations(path) else None
        noted = read_person_columns(path.parent)
        if columns is None and path.name not in REPORTS:
            columns = noted.get(path.name)
        header: list[str] | None = list(columns.names) if columns and columns.names else None
        kind = _format(path, noted)
        delimiter = "\t" if kind == "tsv" else ","
        for place, record in enumerate(records(kind, data, unit)):
            text = record.decode(encoding, "replace").lstrip("\ufeff")
            row = _row(kind, text, header, (columns.delimiter if columns else None) or delimiter)
            if place == 0 and header is None and kind not in (*JSON_LINES, *STATEMENTS):
                header = list(row.values()) if row else []  # type: ignore[arg-type]  # the first row holds names
                yield record
            elif path.name in REPORTS:
                if not self._in_report(path.name, row or {}, list(noted.values())):
                    yield record
            elif not self._hers(row, columns, self.traces.in_bytes(record)):
                yield record

    def _hers(self, row: Row | None, columns: PersonColumns | None, named: bool) -> bool:
        """Whether a record is hers; notes where nobody can tell."""
        person = self.person
        if columns is _LIST:
            return row is not None and row.get("user_id") == person.id
        if row is not None and columns and columns.holds(row, person.schema, person.types, person.id):
            return True
        if named and person.unmistakable:
            return True
        self._left |= named and (row is None or columns is None)
        return False

    def _in_report(self, name: str, row: Row, noted: Sequence[PersonColumns]) -> bool:
        """Whether a line of a report is hers."""
        person, named = self.person, any(self.person.id in tokens(cell) for cell in row.values())
        anywhere = person.unmistakable and any(self.traces.in_text(str(cell)) for cell in row.values())
        if not named or anywhere:
            return anywhere
        if name == "contradictions.csv":
            kind, schema = str(row.get("type")), person.schema
            ends = schema.ends(kind) if kind in schema.relation else (kind, "")
            return any(
                row.get(c) == person.id and end in person.types for c, end in zip(("id", "tail"), ends, strict=True)
            )
        field, value = str(row.get("field") or ""), row.get("value")
        known = of_place(noted, str(row.get("file")))
        if not field or not known:  # a whole line that could not be read as columns, or a load of long ago
            self._left |= person.id in tokens(value)
            return False
        return any(
            person.id in tokens(value) and field in one.columns and one.columns[field] in person.types for one in known
        )

    def _row_file(self, path: Path) -> bool:
        columns, person, pending = self._columns(path), self.person, _pending(path).with_suffix(path.suffix)
        if columns is None and not person.unmistakable:
            self._left = self.traces.in_file(path)
            return False
        told = columns or PersonColumns(path.name, {})

        def hers(row: Row) -> bool:
            """Whether a row is about her, by its columns."""
            if told is _LIST:
                return row.get("user_id") == person.id
            return told.holds(row, person.schema, person.types, person.id)

        def keeps(text: str) -> bool:
            """Whether a row, as text, may stay."""
            return not (person.unmistakable and self.traces.in_text(text))

        try:
            changed = without_her(path, pending, told, hers, keeps)
        except ReadError:
            pending.unlink(missing_ok=True)
            self._left = True
            return False
        if changed:
            pending.replace(path)
        return changed

    def _parquet(self, path: Path) -> bool:
        columns = self._columns(path)
        pending, changed = _pending(path), False
        try:
            with parquet_file(path) as file, pq.ParquetWriter(pending, file.schema_arrow) as out:
                for batch, frame in zip(whole_batches(file), parquet_frames(path), strict=True):
                    named = self.traces.rows_of(frame).to_list()
                    hers = [
                        self._hers(row, columns, hit) if hit else False
                        for row, hit in zip(frame.iter_rows(named=True), named, strict=True)
                    ]
                    changed = changed or any(hers)
                    out.write_batch(batch.filter(pa.array([not one for one in hers], type=pa.bool_())))
        except pa.ArrowException as problem:
            pending.unlink(missing_ok=True)
            raise ReadError(f"{path}: cannot be read: {problem}") from None
        if changed:
            pending.replace(path)
        else:
            pending.unlink()
        return changed


def is_list_of_recommendations(path: Path) -> bool:
    """Whether a file is what ``recommend --all`` or ``audience --out`` writes: Parquet, CSV or JSON Lines."""
    try:
        if _is_parquet(path):
            return _begins(pq.read_schema(path).names)
        if path.suffix == ".xlsx":
            return _begins(header_of(path))
        with path.open("rb") as file:
            first = file.readline(1 << 16).decode("utf-8-sig")
        found = parsed_json(first) if path.suffix == ".jsonl" else next(csv.reader([first]), [])
        return path.suffix in (".csv", ".tsv", ".jsonl") and _begins(list(found))
    except (OSError, ValueError, csv.Error, pa.ArrowException, ReadError):
        return False


def _begins(columns: Sequence[str]) -> bool:
    """Whether columns are those of a list of people."""
    return any(list(columns[: len(known)]) == known for known in (LIST_COLUMNS, CAMPAIGN_COLUMNS))


def _format(path: Path, noted: Mapping[str, PersonColumns]) -> str | None:
    """The format of a file: as the mapping told it, else as its name tells."""
    told = None if path.name in REPORTS else noted.get(path.name)
    return (told.format if told else None) or format_of_name(path)


def _row(kind: str | None, text: str, header: Sequence[str] | None, delimiter: str) -> Row | None:
    """A record as column → cell; ``None`` where it has not the columns that it should have."""
    try:
        if kind in JSON_LINES:
            found = parsed_json(text)
            return found if isinstance(found, dict) else None
        read = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), [])
        cells = [unescaped_formula(cell) for cell in read]  # of @ann a list for spreadsheets makes '@ann
    except (ValueError, csv.Error):
        return None
    if header is None:
        return dict(enumerate(cells))  # type: ignore[arg-type]  # columns without names go by number
    return dict(zip(header, cells, strict=True)) if len(cells) == len(header) else None


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == MAGIC


def _replace(path: Path, data: bytes) -> None:
    pending = _pending(path)
    pending.write_bytes(data)
    pending.replace(path)


def _pending(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}")
