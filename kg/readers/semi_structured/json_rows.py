"""JSON objects to rows: numbers keep the text they are written in, nested values are named by paths.

``null``, ``NaN`` and an absent key are a missing value. A list is a list cell. Where the path of a column ends in an
object, or in a list of lists, that cell is a fault.
"""

import json
from collections.abc import Sequence
from typing import Any

import polars as pl

from kg.errors import ReadError
from kg.mapping.source import Source
from kg.notices import Notices
from kg.readers.batch import Batch, Fault, Reject, fault_frame, reject_frame, shortened
from kg.readers.semi_structured.nested_keys import Unfolding, names_in

_FOUND_LIMIT = 50


class JsonRows:
    """The rows of one file, batch by batch."""

    def __init__(self, place: str, source: Source, wanted: Sequence[str], notices: Notices) -> None:
        self._place, self._source, self._wanted, self._notices = place, source, wanted, notices
        self._unfolding = Unfolding(wanted, source.key_columns)
        self._flat = self._unfolding.is_flat
        self._seen: set[str] = set()
        self._found: dict[str, None] = {}
        self._start()

    def _start(self) -> None:
        self._rows: list[dict[str, Any]] = []
        self._lines: list[int] = []
        self._rejects: list[Reject] = []
        self._faults: list[Fault] = []

    @property
    def waiting(self) -> int:
        """Rows since the last batch."""
        return len(self._rows) + len(self._rejects)

    def add_text(self, line: int, text: str) -> None:
        """Add the rows of one object that is given as text."""
        try:
            document = parsed(text)
        except BadRowError as bad:
            self.reject(line, bad.field, bad.reason, bad.hint, text if not bad.field else "")
            return
        self.add(line, document, "\\u" in text)

    def add(self, line: int, document: dict[str, Any], escaped: bool) -> None:
        """Add the rows of one object.

        :param escaped: whether texts may hold what only an escape can write: NUL, half a surrogate pair.
        """
        if len(self._found) < _FOUND_LIMIT:
            self._found |= dict.fromkeys(document if self._flat else names_in(document))
        for row in [document] if self._flat else self._unfolding.rows(document):
            cells = {}
            for name in self._wanted:
                if name in row:
                    self._seen.add(name)
                    cells[name] = self._cell(name, row[name], escaped)
            self._rows.append(cells)
            self._lines.append(line)

    def reject(self, line: int, field: str, reason: str, hint: str, text: str) -> None:
        """Add something that is no row."""
        self._rejects.append(Reject(line, 1, field, shortened(text), reason, hint))

    def batch(self) -> Batch:
        """All rows since the last batch."""
        scalars: dict[str, list[str | None]] = {}
        lists: dict[str, pl.Series] = {}
        for key in self._wanted:
            cells = [row.get(key) for row in self._rows]
            if any(isinstance(cell, list) for cell in cells):
                listed = [cell if isinstance(cell, list) else None for cell in cells]
                lists[key] = pl.Series(key, listed, dtype=pl.List(pl.String))
                cells = [None if isinstance(cell, list) else cell for cell in cells]
            scalars[key] = cells
        unnamed: dict[str, pl.Series] = {}
        if any(len(row) < len(self._wanted) for row in self._rows):
            missing = {k: pl.Series(k, [k not in row for row in self._rows], dtype=pl.Boolean) for k in self._wanted}
            unnamed = {key: mask for key, mask in missing.items() if mask.any()}
        made = Batch(
            pl.DataFrame(scalars, schema=dict.fromkeys(self._wanted, pl.String())),
            pl.Series("line", self._lines, dtype=pl.Int64),
            pl.Series("lines", [1] * len(self._lines), dtype=pl.Int64),
            lists,
            reject_frame(self._rejects),
            unnamed,
            faults=fault_frame(self._faults),
        )
        self._start()
        return made

    def check_keys(self) -> None:
        """Once all rows are read: whether each key was somewhere.

        :raises ReadError: where a mapped key is in no row.
        """
        absent = [k for k in self._wanted if k not in self._seen and k not in self._source.optional_columns]
        self._notices.columns(self._place, list(self._found))
        if absent:
            found = ", ".join(repr(key) for key in list(self._found)[:_FOUND_LIMIT])
            names = ", ".join(repr(key) for key in absent)
            raise ReadError(
                f"{self._place}: no row has the key {names}; found: {found}; correct the mapping, or, where the file "
                f"may lack it, say optional = [{', '.join(map(json.dumps, absent))}] in its source"
            )

    def _cell(self, key: str, value: Any, escaped: bool) -> Any:
        """Text, a list of text, or ``None``."""
        if not escaped and (value is None or isinstance(value, str)):
            return value
        try:
            if isinstance(value, list):
                return [_scalar(item, escaped) for item in value]
            return _scalar(value, escaped)
        except BadRowError as bad:
            self._faults.append(Fault(len(self._rows), key, bad.field, bad.reason, bad.hint))
            return None


class BadRowError(Exception):
    """What is wrong with an object, or with a cell of it."""

    def __init__(self, field: str, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.field, self.reason, self.hint = field, reason, hint


def parsed(text: str) -> dict[str, Any]:
    """The object that a text holds, numbers as text.

    :raises BadRowError: where it holds none.
    """
    if "\0" in text:
        raise BadRowError("", "NUL byte", "remove it")
    try:
        row = DECODER.decode(text.strip())
    except (ValueError, RecursionError) as problem:
        message = getattr(problem, "msg", "nested too deeply")
        at = f" at character {problem.colno}" if isinstance(problem, json.JSONDecodeError) else ""
        raise BadRowError("", "bad JSON", f"{message}{at}") from None
    if not isinstance(row, dict):
        raise BadRowError("", "not a JSON object", "write one object per line")
    return row


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) != len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        raise BadRowError(twice, "duplicate key", "write each key once")
    return row


DECODER = json.JSONDecoder(
    parse_int=str,
    parse_float=str,
    parse_constant=lambda name: None if name == "NaN" else name,
    object_pairs_hook=_unique,
)


def _scalar(value: Any, escaped: bool) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        hint = "write plain values"
        if isinstance(value, dict) and value:
            hint = f"name a key inside it in the mapping, such as {next(iter(value))!r} after a dot"
        raise BadRowError(shortened(json.dumps(value)), "must be text or a list of text", hint)
    if escaped:
        if "\0" in value:
            raise BadRowError("", "NUL byte", "remove it")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise BadRowError("", "half a surrogate pair", "write the whole character") from None
    return value
