"""JSON: an array of objects, or one object in which exactly one list holds objects, such as ``{"products": [...]}``.

Of a map, ``{"p1": {...}, "p2": {...}}``, each object is a row, and what it stands under is its column ``@key``; what
is no object under its key, such as ``null``, is a bad row, shown with the key, and bad rows are kept as a map again.

Several arrays, or several objects, one after the other, as programs print them that answer with a stream, are read on.

"Lines" are elements, from 1. The file is read as a stream, so it may be larger than memory; one element may not. What
is no JSON breaks the file off: nothing after it can be told apart.
"""

import codecs
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from kg.errors import ReadError
from kg.mapping.source import Source
from kg.notices import Notices
from kg.readers.batch import Batch
from kg.readers.compression import ByteSource
from kg.readers.progress import MeasuredReader
from kg.readers.semi_structured.json_rows import DECODER, BadRowError, JsonRows
from kg.readers.semi_structured.nested_keys import names_in

ROWS = 20_000
KEY = "@key"
"""The column of what the objects of a map stand under."""
LARGEST = 64 << 20
"""Characters of one element, or of a whole object with a list in it."""
_ELEMENTS = 1_000
_BLANK = " \t\r\n"


class _NoRow(NamedTuple):
    """An element that is no row: why, what to do, and what to show of it."""

    reason: str
    hint: str
    text: str = ""


class JsonReader(MeasuredReader):
    """Reads one JSON file."""

    def __init__(self, path: Path, place: str, source: Source, wanted: Sequence[str], notices: Notices) -> None:
        """Open the file.

        :param place: how messages name it.
        :param wanted: the keys to read, or paths to nested ones.
        :raises ReadError: where it cannot be opened.
        """
        self._place, self._encoding, self._wanted = place, source.encoding or "utf-8", frozenset(wanted)
        self._used = frozenset(source.used_columns())
        self._rows, self._notices = JsonRows(place, source, wanted, notices), notices
        self._source = ByteSource(path, place)
        super().__init__(self._source)
        self._buffer, self._at, self._ended, self._line = "", 0, False, 1
        self._copying, self._text, self._is_map = False, "", False

    def columns(self) -> list[str]:
        """The keys of the first elements, nested ones as paths."""
        names: dict[str, None] = {}
        for _, element in zip(range(_ELEMENTS), self._elements(), strict=False):
            if isinstance(element, dict):
                names |= dict.fromkeys(names_in(element))
        return list(names)

    def batches(self) -> Iterator[Batch]:
        """All rows, once, in the order of the file.

        :raises ReadError: for what is no JSON, for an empty file, and where a mapped key is in no row.
        """
        number = objects = 0
        for number, element in enumerate(self._elements(), 1):
            if isinstance(element, dict):
                objects += 1
                self._rows.add(number, element, escaped=True)
            else:
                if not isinstance(element, _NoRow):
                    element = _NoRow("not a JSON object", "write objects", json.dumps(element))
                self._rows.reject(number, "", element.reason, element.hint, element.text)
            if self._rows.waiting >= ROWS:
                yield self._rows.batch()
        if not number:
            return
        if self._rows.waiting:
            yield self._rows.batch()
        if objects:
            self._rows.check_keys()

    def copy_rows(self, target: Path, rows: Sequence[tuple[int, int]], keeps: Callable[[str], bool]) -> None:
        """Write elements as an array, or as a map what came as one."""
        bad = {line for line, _ in rows}
        texts = []
        self._copying, self._wanted = True, self._used  # so that a map is one here as it was to the load
        for number, element in enumerate(self._elements(json.JSONDecoder()), 1):
            if number in bad:
                text = self._text or self._text_of(element)
                if keeps(text):
                    texts.append(text)
        first, last = "{}" if self._is_map else "[]"
        target.write_text(f"{first}\n" + ",\n".join(texts) + f"\n{last}\n", encoding="utf-8", errors="surrogatepass")

    def _text_of(self, element: Any) -> str:
        """An element that stood inside of another, to be written into an array or a map."""
        if not self._is_map:
            return json.dumps(element, ensure_ascii=False)
        if isinstance(element, _NoRow):
            return element.text[1:-1]
        return _pair(element[KEY], {name: value for name, value in element.items() if name != KEY})[1:-1]

    def _elements(self, decoder: json.JSONDecoder = DECODER) -> Iterator[Any]:
        """Each element; one with a key twice as what is no row."""
        with closing(self._source):
            pieces = self._texts()
            first = self._next_mark(pieces)
            if not first:
                raise ReadError(f"{self._place}: the file is empty; export it again, or leave it out")
            if first == "{":
                yield from self._listed(pieces, decoder)
            while mark := self._next_mark(pieces):
                if mark == "[":
                    self._at += 1
                    yield from self._array(pieces, decoder)
                elif mark == "{":
                    yield self._element(pieces, decoder)
                else:
                    raise self._broken("expected [ or {")

    def _array(self, pieces: Iterator[str], decoder: json.JSONDecoder) -> Iterator[Any]:
        """The elements of an array that has begun."""
        if self._next_mark(pieces) == "]":
            self._at += 1
            return
        while True:
            yield self._element(pieces, decoder)
            mark = self._next_mark(pieces)
            self._at += 1
            if mark == "]":
                return
            if mark != ",":
                raise self._broken("expected , or ]" if mark else "the array has no end")
            self._next_mark(pieces)

    def _listed(self, pieces: Iterator[str], decoder: json.JSONDecoder) -> Iterator[Any]:
        """The elements of the only list of objects in an object, those of a map, or the object where others follow."""
        whole = self._element(pieces, decoder)
        found = {} if self._next_mark(pieces) else whole
        found = found if isinstance(found, dict) else {}
        lists = {k: v for k, v in found.items() if isinstance(v, list) and v and isinstance(v[0], dict)}
        if len(lists) > 1:
            raise ReadError(f"{self._place}: several lists of objects ({', '.join(lists)}); export one as an array")
        if lists:
            self._text = ""
            yield from next(iter(lists.values()))
        elif records := self._map_in(found):
            self._text, self._is_map = "", True
            self._notices.columns(self._place, [KEY])
            for key, one in records.items():
                bad = _NoRow("not a JSON object", "write an object under each key", _pair(key, one))
                yield {KEY: key, **one} if isinstance(one, dict) else bad
        else:
            yield whole

    def _map_in(self, found: dict[str, Any], outer: bool = True) -> dict[str, Any] | None:
        """The map of ids to objects that an object is, or that is the only object in it; nothing where it is a row."""
        keyed = KEY in self._wanted
        if not keyed and not self._wanted.isdisjoint([*found, *names_in(found)]):
            return None
        objects = [one for one in found.values() if isinstance(one, dict)]
        if len(objects) == 1 and (inside := self._map_in(objects[0], outer=False)):
            return inside
        most = 2 * len(objects) > len(found) > 1
        return found if most or (outer and keyed and (objects or None in found.values())) else None

    def _texts(self) -> Iterator[str]:
        try:
            decoder, start = codecs.getincrementaldecoder(self._encoding)(), True
            for piece in self._source.pieces():
                if start and piece.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                    self._encoding = "utf-32" if piece.startswith(codecs.BOM_UTF32_LE) else "utf-16"
                    decoder = codecs.getincrementaldecoder(self._encoding)()
                text = decoder.decode(piece)
                yield text.removeprefix("\ufeff") if start else text
                start = start and not text
            yield decoder.decode(b"", final=True)
        except UnicodeError as problem:
            raise ReadError(
                f"{self._place}: after line {self._line}: not valid {self._encoding}: {problem}; tell the encoding"
            ) from None

    def _more(self, pieces: Iterator[str]) -> bool:
        """Read on; what was used is let go."""
        self._line += self._buffer.count("\n", 0, self._at)
        self._buffer, self._at = self._buffer[self._at :], 0
        if len(self._buffer) > LARGEST:
            raise self._broken(f"one value has more than {LARGEST >> 20} Mi characters")
        piece = next(pieces, None)
        if piece is None:
            self._ended = True
            return False
        want = max(len(self._buffer), 1)  # the buffer at least doubles, so that a long element is not tried too often
        parts = [self._buffer, piece]
        want -= len(piece)
        while want > 0 and (piece := next(pieces, None)) is not None:
            parts.append(piece)
            want -= len(piece)
        self._buffer = "".join(parts)
        return True

    def _next_mark(self, pieces: Iterator[str]) -> str:
        """The next character that is no blank; empty at the end."""
        while True:
            while self._at < len(self._buffer):
                if self._buffer[self._at] not in _BLANK:
                    return self._buffer[self._at]
                self._at += 1
            if not self._more(pieces):
                return ""

    def _element(self, pieces: Iterator[str], decoder: json.JSONDecoder) -> Any:
        while True:
            start, value, end = self._at, None, 0
            try:
                value, end = self._decoded(decoder)
            except (ValueError, RecursionError) as problem:
                if isinstance(problem, ValueError) and not self._ended and self._more(pieces):
                    continue
                self._at = min(getattr(problem, "pos", start), len(self._buffer))
                raise self._broken(getattr(problem, "msg", "nested too deeply")) from None
            if end == len(self._buffer) and not self._ended:
                if self._more(pieces):  # a number may go on
                    continue
                start, end = 0, end - start
            self._at = end
            if self._copying:
                self._text = self._buffer[start:end]
            return value

    def _decoded(self, decoder: json.JSONDecoder) -> tuple[Any, int]:
        try:
            return decoder.raw_decode(self._buffer, self._at)
        except BadRowError as bad:  # a key twice: where the object ends, another decoder knows
            end = json.JSONDecoder().raw_decode(self._buffer, self._at)[1]
            return _NoRow(bad.reason, f"{bad.hint}: {bad.field!r}"), end

    def _broken(self, why: str) -> ReadError:
        line = self._line + self._buffer.count("\n", 0, self._at)
        return ReadError(f"{self._place}: line {line}: not JSON: {why}; mend it, nothing was loaded")


def _pair(key: str, value: Any) -> str:
    """An object of one key, as text."""
    return json.dumps({key: value}, ensure_ascii=False)
