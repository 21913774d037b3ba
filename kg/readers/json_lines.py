"""JSON Lines: one object per line; numbers keep the text they are written in.

``null``, ``NaN`` and an absent key are a missing value. A list is a list cell; anything nested deeper makes the row a
reject when the source uses that key. Blank lines are no rows.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from kg.errors import ReadError
from kg.mapping.source import Source
from kg.notices import Notices
from kg.readers.batch import Batch, Reject, reject_frame, shortened
from kg.readers.physical_lines import Block, PhysicalLines

_FOUND_LIMIT = 50


class JsonLinesReader:
    """Reads one JSON Lines file."""

    def __init__(self, path: Path, place: str, source: Source, wanted: Sequence[str], notices: Notices) -> None:
        """Open the file.

        :param place: how messages name it.
        :param wanted: the keys to read.
        :raises ReadError: where it cannot be opened or is text of another encoding for sure.
        """
        self._source, self._wanted, self._notices, self._place = source, wanted, notices, place
        self._found: dict[str, None] = {}
        self.text = PhysicalLines(path, place, source.encoding, notices)

    @property
    def size(self) -> int:
        """Bytes of the file as it lies there."""
        return self.text.size

    @property
    def position(self) -> int:
        """How many of them have been read."""
        return self.text.position

    def batches(self) -> Iterator[Batch]:
        """All rows, once, in the order of the file.

        :raises ReadError: for an empty file, for a JSON array, where a mapped key is in no row, and what
            :class:`~kg.readers.physical_lines.PhysicalLines` raises.
        """
        rows = objects = 0
        for block in self.text.blocks():
            if not rows and block.data.lstrip()[:1] == b"[":
                raise ReadError(f"{self._place}: this is a JSON array, not JSON Lines; write one object per line")
            batch = self._batch(block)
            if batch.rows:
                rows += batch.rows
                objects += batch.frame.height
                yield batch
        if not rows:
            raise ReadError(f"{self._place}: the file is empty; export it again, or leave it out")
        if objects:
            self._check_keys()

    def _check_keys(self) -> None:
        absent = [k for k in self._wanted if k not in self._found and k not in self._source.optional_columns]
        self._notices.columns(self._place, list(self._found))
        if absent:
            found = ", ".join(repr(key) for key in list(self._found)[:_FOUND_LIMIT])
            names = ", ".join(repr(key) for key in absent)
            raise ReadError(
                f"{self._place}: no row has the key {names}; found: {found}; correct the mapping, or, where the file "
                f"may lack it, say optional = [{', '.join(map(json.dumps, absent))}] in its source"
            )

    def _batch(self, block: Block) -> Batch:
        rows: list[dict[str, Any]] = []
        lines: list[int] = []
        rejects: list[Reject] = []
        for line, raw in enumerate(block.data.splitlines(keepends=True), block.first_line):
            if not raw.strip():
                continue
            try:
                row = self._row(raw)
            except _BadRowError as bad:
                value = shortened(raw.decode(self.text.codec, "backslashreplace")) if not bad.field else bad.value
                rejects.append(Reject(line, 1, bad.field, value, bad.reason, bad.hint))
            else:
                rows.append(row)
                lines.append(line)
        return self._columns(rows, lines, rejects)

    def _columns(self, rows: list[dict[str, Any]], lines: list[int], rejects: list[Reject]) -> Batch:
        scalars: dict[str, list[str | None]] = {}
        lists: dict[str, pl.Series] = {}
        for key in self._wanted:
            cells = [row.get(key) for row in rows]
            if any(isinstance(cell, list) for cell in cells):
                listed = [cell if isinstance(cell, list) else None for cell in cells]
                lists[key] = pl.Series(key, listed, dtype=pl.List(pl.String))
                cells = [None if isinstance(cell, list) else cell for cell in cells]
            scalars[key] = cells
        unnamed: dict[str, pl.Series] = {}
        if any(len(row) < len(self._wanted) for row in rows):
            masks = {key: pl.Series(key, [key not in row for row in rows], dtype=pl.Boolean) for key in self._wanted}
            unnamed = {key: mask for key, mask in masks.items() if mask.any()}
        return Batch(
            pl.DataFrame(scalars, schema=dict.fromkeys(self._wanted, pl.String())),
            pl.Series("line", lines, dtype=pl.Int64),
            pl.Series("lines", [1] * len(lines), dtype=pl.Int64),
            lists,
            reject_frame(rejects),
            unnamed,
        )

    def _row(self, raw: bytes) -> dict[str, Any]:
        """The wanted keys of one line, each as text, a list of text, or ``None``."""
        try:
            text = raw.decode(self.text.codec)
        except UnicodeDecodeError:
            raise _BadRowError("", "invalid bytes for the encoding", "correct them, or tell the encoding") from None
        if "\0" in text:
            raise _BadRowError("", "NUL byte", "remove it")
        row = _parsed(text)
        if len(self._found) < _FOUND_LIMIT or not self._found.keys() >= row.keys():
            self._found |= dict.fromkeys(row)
        escaped = "\\u" in text
        return {key: _cell(key, row[key], escaped) for key in self._wanted if key in row}


class _BadRowError(Exception):
    def __init__(self, field: str, reason: str, hint: str, value: str = "") -> None:
        super().__init__(reason)
        self.field, self.reason, self.hint, self.value = field, reason, hint, value


def _parsed(text: str) -> dict[str, Any]:
    try:
        row = _DECODER.decode(text.strip())
    except (ValueError, RecursionError) as problem:
        message = getattr(problem, "msg", "nested too deeply")
        at = f" at character {problem.colno}" if isinstance(problem, json.JSONDecodeError) else ""
        raise _BadRowError("", "bad JSON", f"{message}{at}") from None
    if not isinstance(row, dict):
        raise _BadRowError("", "not a JSON object", "write one object per line")
    return row


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) != len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        raise _BadRowError(twice, "duplicate key", "write each key once")
    return row


_DECODER = json.JSONDecoder(
    parse_int=str,
    parse_float=str,
    parse_constant=lambda name: None if name == "NaN" else name,
    object_pairs_hook=_unique,
)


def _cell(key: str, value: Any, escaped: bool) -> Any:
    """Text, a list of text, or ``None``."""
    if isinstance(value, list):
        return [_scalar(key, item, escaped) for item in value]
    return _scalar(key, value, escaped)


def _scalar(key: str, value: Any, escaped: bool) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        raise _BadRowError(key, "must be text or a list of text", "write plain values", shortened(json.dumps(value)))
    if escaped:
        if "\0" in value:
            raise _BadRowError(key, "NUL byte", "remove it")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _BadRowError(key, "half a surrogate pair", "write the whole character") from None
    return value
