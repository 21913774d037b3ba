"""XML: each element that repeats is a row, such as ``item`` of a feed; "lines" are lines of the file.

What an element holds is named like nested JSON: ``title``, ``g:price``, ``offers.price``; an element that comes several
times is a list, and an attribute is named after an at sign, ``@id``. Which elements are rows is told by ``rows``, or it
is the first of ``item`` (RSS), ``entry`` (Atom), ``product`` and ``row`` that there is. Names keep the prefix that the
file writes. Nothing outside of the file is read, and documents that declare entities are refused.
"""

import codecs
import re
import xml.parsers.expat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from kg.errors import ReadError
from kg.mapping.source import Source
from kg.notices import Notices
from kg.readers.batch import Batch
from kg.readers.compression import ByteSource
from kg.readers.progress import MeasuredReader
from kg.readers.semi_structured.json_rows import JsonRows
from kg.readers.semi_structured.nested_keys import names_in

ROWS = 5_000
_USUAL = ("item", "entry", "product", "offer", "row", "record")
MOST_OF_A_ROW = 64 << 20
"""Bytes of one row, or of one tag: a small packed file may become a huge one."""
_DEEPEST = 50
_ELEMENTS = 200
_DECLARATION = 1_000
"""Bytes in which the declaration of XML ends."""
_ENCODING = re.compile(rb"""\s*<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_INVALID = xml.parsers.expat.errors.codes[xml.parsers.expat.errors.XML_ERROR_INVALID_TOKEN]
_CHINESE = ("gbk", "gb2312", "cp936")
"""Names under which files are written in what only GB18030 has all of."""


class XmlReader(MeasuredReader):
    """Reads one XML file as a stream."""

    def __init__(self, path: Path, place: str, source: Source, wanted: Sequence[str], notices: Notices) -> None:
        """Open the file.

        :param place: how messages name it.
        :param wanted: the names to read.
        :raises ReadError: where it cannot be opened.
        """
        self._place, self._told, self._encoding = place, source.element, source.encoding
        self._notices = notices
        self._rows = JsonRows(place, source, wanted, notices)
        self._source = ByteSource(path, place)
        super().__init__(self._source)

    def columns(self) -> list[str]:
        """What the first elements hold."""
        names: dict[str, None] = {}
        for _, (_, element) in zip(range(_ELEMENTS), self._elements(), strict=False):
            names |= dict.fromkeys(names_in(element))
        return list(names)

    def batches(self) -> Iterator[Batch]:
        """All rows, once, in the order of the file.

        :raises ReadError: for what is no XML, where no element is a row, and where a mapped name is in no row.
        """
        found = False
        for line, element in self._elements():
            found = True
            self._rows.add(line, element, escaped=True)
            if self._rows.waiting >= ROWS:
                yield self._rows.batch()
        if not found:
            told = f"<{self._told}>" if self._told else ", ".join(f"<{name}>" for name in _USUAL)
            raise ReadError(f"{self._place}: no element {told}; tell element = … in the mapping which ones are rows")
        if self._rows.waiting:
            yield self._rows.batch()
        self._rows.check_keys()

    def copy_rows(self, target: Path, rows: Sequence[tuple[int, int]], keeps: Callable[[str], bool]) -> None:
        """Write elements below a root of their own."""
        bad = {line for line, _ in rows}
        name = self._told or "item"
        with target.open("w", encoding="utf-8") as out:
            out.write('<?xml version="1.0" encoding="UTF-8"?>\n<rows>\n')
            for line, element in self._elements():
                text = _written(name, element)
                if line in bad and keeps(text):
                    out.write(f"{text}\n")
            out.write("</rows>\n")

    def _elements(self) -> Iterator[tuple[int, dict[str, Any]]]:
        collector = _Collector(self._told, self._place)
        with closing(self._source):
            pieces, encoding = self._decodable()
            parser = xml.parsers.expat.ParserCreate(encoding)
            parser.buffer_text = True
            parser.StartElementHandler = collector.start
            parser.EndElementHandler = collector.end
            parser.CharacterDataHandler = collector.text
            parser.EntityDeclHandler = collector.entity
            collector.line = lambda: parser.CurrentLineNumber
            collector.at = lambda: parser.CurrentByteIndex
            fed = 0
            try:
                for piece in pieces:
                    parser.Parse(piece, False)
                    fed += len(piece)
                    if fed - (parser.CurrentByteIndex if collector.begun is None else collector.begun) > MOST_OF_A_ROW:
                        raise ReadError(
                            f"{self._place}: line {parser.CurrentLineNumber}: one element has more than "
                            f"{MOST_OF_A_ROW >> 20:,} MiB; mend it, nothing was loaded"
                        )
                    yield from collector.taken()
                parser.Parse(b"", True)
                yield from collector.taken()
                for name, count in collector.passed.items():
                    sentence = f"{{n}} [element|elements] <{name}> [is no row|are no rows]"
                    sentence += "; element = … (mapping) tells which ones are"
                    self._notices.add(self._place, sentence, count)
            except ReadError:
                raise
            except xml.parsers.expat.ExpatError as problem:
                why = xml.parsers.expat.ErrorString(problem.code)
                where = f"{self._place}: line {problem.lineno}, column {problem.offset + 1}"
                if problem.code == _INVALID:
                    why += " (is it of another encoding? encoding = … in the mapping tells)"
                raise ReadError(f"{where}: not XML: {why}; mend it, nothing was loaded") from None
            except (ValueError, LookupError) as problem:
                where = f"{self._place}: after line {parser.CurrentLineNumber}"
                raise ReadError(
                    f"{where}: cannot be read as XML: {problem}; tell the encoding in the mapping"
                ) from None

    def _decodable(self) -> tuple[Iterator[bytes], str | None]:
        """The file in an encoding that the parser knows, and which; of GBK and its like it knows none."""
        pieces = self._source.pieces()
        first = next(pieces, b"")
        while b">" not in first and len(first) < _DECLARATION and (piece := next(pieces, b"")):
            first += piece
        declared = _ENCODING.match(first[:_DECLARATION])
        encoding = self._encoding or (declared[1].decode() if declared else None)
        if encoding is None or encoding.lower().startswith(("utf-8", "utf8", "utf-16", "utf16")):
            return chain([first], pieces), self._encoding
        codec = "gb18030" if encoding.lower() in _CHINESE else encoding
        return (text.encode() for text in _decoded(chain([first], pieces), codec)), "utf-8"


def _decoded(pieces: Iterable[bytes], encoding: str) -> Iterator[str]:
    """The text of a file.

    :raises LookupError: where there is no such encoding of text.
    :raises ValueError: for what is not in it.
    """
    "a".encode(encoding)  # refuses what is no encoding of text
    yield from codecs.iterdecode(pieces, encoding)


class _Collector:
    """Builds a document of each row element."""

    def __init__(self, told: str | None, place: str) -> None:
        self._told, self._place = told, place
        self._stack: list[tuple[str, dict[str, Any], list[str]]] = []
        self._found: list[tuple[int, dict[str, Any]]] = []
        self._started = 0
        self.passed: Counter[str] = Counter()
        """Elements of other names that rows often have → how many there were."""
        self.line: Callable[[], int] = lambda: 0
        self.at: Callable[[], int] = lambda: 0
        self.begun: int | None = None
        """The byte at which the row that is read began, ``None`` between rows."""

    def taken(self) -> list[tuple[int, dict[str, Any]]]:
        """The rows since the last call."""
        found, self._found = self._found, []
        return found

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if not self._stack:
            usual = name.rpartition(":")[2].lower() in _USUAL
            if name != self._told and (self._told is not None or not usual):
                if usual:
                    self.passed[name] += 1
                return
            self._told, self._started, self.begun = name, self.line(), self.at()
        if len(self._stack) >= _DEEPEST:
            raise ReadError(f"{self._place}: line {self.line()}: nested deeper than {_DEEPEST} elements")
        self._stack.append((name, {f"@{key}": value for key, value in attributes.items()}, []))

    def text(self, data: str) -> None:
        """Characters inside of an element."""
        if self._stack:
            self._stack[-1][2].append(data)

    def end(self, name: str) -> None:
        """An element ends."""
        if not self._stack:
            return
        _, document, parts = self._stack.pop()
        text = "".join(parts).strip()
        if not self._stack:
            self._found.append((self._started, document))
            self.begun = None
            return
        value: Any = text or None
        if document:
            value = {**document, "#text": text} if text else document
        above = self._stack[-1][1]
        if name not in above:
            above[name] = value
        elif isinstance(above[name], list):
            above[name].append(value)
        else:
            above[name] = [above[name], value]

    def entity(self, *_: Any) -> None:
        """Entities of its own are how a small file becomes a huge one."""
        raise ReadError(f"{self._place}: declares entities, which are not read; export it without a DTD")


def _written(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_written(name, one) for one in value)
    if isinstance(value, dict):
        inner = "".join(_written(key, one) for key, one in value.items() if not key.startswith(("@", "#")))
        given = "".join(f' {k[1:]}="{escape(str(v), {chr(34): "&quot;"})}"' for k, v in value.items() if k[0] == "@")
        return f"<{name}{given}>{escape(str(value.get('#text', '')))}{inner}</{name}>"
    return f"<{name}>{escape(value or '')}</{name}>"
