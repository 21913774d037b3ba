"""N-Triples, streamed: lines of the common shape are taken apart many at once, all others by rdflib's line parser.

pyoxigraph takes 1.06 × as long for the same columns and tells no line of a statement, which rejects name
(benchmarks/rdf_parsing.py).
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import polars as pl
from rdflib.exceptions import ParserError as ParseError
from rdflib.plugins.parsers.ntriples import (
    DummySink,
    W3CNTriplesParser,
    r_literal,
    r_nodeid,
    unquote,
)
from rdflib.term import BNode, Literal, URIRef

from kg.errors import ReadError
from kg.notices import Notices
from kg.ontology.terms import BLANK, IRI, LITERAL
from kg.rdf.statements import NAMED_GRAPHS, STATEMENT_DTYPES
from kg.rdf.syntaxes.json_ld import values_as_written
from kg.readers.batch import Reject, reject_frame, shortened
from kg.readers.physical_lines import Block, PhysicalLines
from kg.readers.progress import MeasuredReader

_IRI = r"<([A-Za-z][A-Za-z0-9+.-]*:[^<>\"{}|^`\\\x00-\x20]*)>"
_NODE = r"(_:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?)"
_LITERAL = rf'"([^"\\]*)"(?:@([A-Za-z]+(?:-[A-Za-z0-9]+)*)|\^\^{_IRI})?'
_TRIPLE = rf"^[ \t]*(?:{_IRI}|{_NODE})[ \t]*{_IRI}[ \t]*(?:{_IRI}|{_NODE}|{_LITERAL})"
_END = r"[ \t]*\.[ \t]*(?:#.*)?$"
_LINE = _TRIPLE + _END
_QUAD = rf"{_TRIPLE}[ \t]*((?:<[A-Za-z][^<>\"{{}}|^`\\\x00-\x20]*>|_:[A-Za-z0-9_.-]*[A-Za-z0-9_-]))?{_END}"
_GRAPH = re.compile(r"[ \t]*(?:<[^<>\"{}|^`\\\s]*>|_:[\w.-]+)[ \t]*(?=\.[ \t]*(?:#.*)?$)")
_PARTS = ("s", "sb", "p", "i", "b", "l", "lang", "datatype")
_ESCAPE = r"\\(?:[tbnrf\"'\\]|u(?![dD][89a-fA-F])[0-9A-Fa-f]{4}|U000[0-9A-Fa-f]{5}|U0010[0-9A-Fa-f]{4})"
_WELL_ESCAPED = re.compile(rf"(?:[^\\]|{_ESCAPE})*")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_REFERENCE = re.compile(r"<((?:[^\x00-\x20<>\"{}|^`\\]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*)>")
_FORBIDDEN = re.compile(r"[\x00-\x20<>\"{}|^`\\]")
"""What no IRI may hold, escaped or not."""
_RELATIVE = re.compile(r"<([^\s\"<>]*)>")


class NTriplesReader(MeasuredReader):
    """Reads one file of N-Triples, plain or packed, at flat memory."""

    def __init__(self, path: Path, place: str, base: str | None, notices: Notices, quads: bool = False) -> None:
        """Open the file.

        :param place: how messages name it.
        :param quads: whether a statement may name its graph; all graphs are taken as one.
        :raises ReadError: where it cannot be opened.
        """
        self._place, self._base, self._notices, self._quads = place, base, notices, quads
        self._bad: list[Reject] = []
        self._lines = PhysicalLines(path, place, None, notices)
        super().__init__(self._lines)

    def rejects(self) -> pl.DataFrame:
        """Lines that are no statements, since the last call."""
        found, self._bad = reject_frame(sorted(self._bad, key=lambda bad: bad.line)), []
        return found

    def batches(self) -> Iterator[pl.DataFrame]:
        """All statements, about 4 MiB of text at a time.

        :raises ReadError: for relative IRIs without a base, with line and column.
        """
        pattern = _QUAD if self._quads else _LINE
        for block in self._lines.blocks():
            lines = self._decoded(block)
            texts = pl.Series("text", lines, dtype=pl.String)
            parts = texts.str.extract_groups(pattern).struct.unnest()
            parts.columns = [*_PARTS, "graph"] if self._quads else list(_PARTS)
            if self._quads:
                self._tell_graphs(parts.get_column("graph"))
            plain = parts.with_columns(line=pl.int_range(pl.len(), dtype=pl.Int64) + block.first_line).filter(
                pl.col("p").is_not_null()
            )
            kind = pl.when(pl.col("i").is_not_null()).then(IRI).when(pl.col("b").is_not_null()).then(BLANK)
            common = plain.select(
                "line",
                pl.coalesce("s", "sb").alias("s"),
                "p",
                pl.coalesce("i", "b", "l").alias("o"),
                kind.otherwise(LITERAL).cast(pl.Int8).alias("kind"),
                "datatype",
                "lang",
            )
            rare = [
                found
                for index in parts.get_column("p").is_null().arg_true()
                if (found := self._parsed(lines[index], block.first_line + index)) is not None
            ]
            yield pl.concat([common, pl.DataFrame(rare, schema=STATEMENT_DTYPES, orient="row")]).sort("line")

    def _tell_graphs(self, graphs: pl.Series) -> None:
        named = graphs.len() - graphs.null_count()
        self._notices.add(self._place, NAMED_GRAPHS, named)

    def _decoded(self, block: Block) -> list[str]:
        try:
            text = block.data.decode("utf-8")
        except UnicodeDecodeError:
            text = block.data.decode("utf-8", "surrogateescape")
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        lines = text.removesuffix("\n").split("\n")
        for index, line in enumerate(lines if "\udc80" <= max(text, default="") <= "\udcff" else ()):
            if any("\udc80" <= mark <= "\udcff" for mark in line):
                self._reject(block.first_line + index, line, "not UTF-8, as N-Triples must be", "save it as UTF-8")
                lines[index] = ""
        return lines

    def _reject(self, line: int, text: str, reason: str, hint: str) -> None:
        self._bad.append(Reject(line, 1, "", shortened(text), reason, hint))

    def _parsed(self, text: str, number: int) -> tuple[object, ...] | None:
        """One line by rdflib's parser; ``None`` for an empty line and for a comment."""
        escaped = _WELL_ESCAPED.match(text)
        fine = escaped.end() if escaped else 0
        parser = _LineParser(self._base)
        parser.line = text
        try:
            if fine < len(text) and not text.lstrip().startswith("#"):
                parser.line = text[fine:]
                raise ParseError("bad escape")
            with values_as_written():
                parser.parseline()
        except ParseError:
            rest = parser.line or ""
            column = len(text) - len(rest) + 1
            where = f"{self._place}: line {number}, column {column}"
            graph = _GRAPH.match(rest) if self._quads else None
            if graph is not None:
                self._notices.add(self._place, NAMED_GRAPHS)
                return self._parsed(text[: column - 1] + rest[graph.end() :], number)
            relative = _RELATIVE.match(rest)
            if relative and not _FORBIDDEN.search(relative.group(1)) and not _SCHEME.match(relative.group(1)):
                raise ReadError(
                    f"{where}: relative IRI <{relative.group(1)}>; give a base: base in [rdf], "
                    "or `whyrec graph import --base`"
                ) from None
            kind = "N-Quads" if self._quads else "N-Triples"
            hint = f"column {column}: mend it at {rest[:60]!r}"
            self._reject(number, text, f"not {kind}", hint)
            return None
        found = parser.found
        return None if found is None else (number, *found)


class _Triple(DummySink):
    """Takes the triple of one line."""

    def __init__(self) -> None:
        self.terms: tuple[str, str, str] | None = None

    def triple(self, s: str, p: str, o: str) -> None:
        """Keep it."""
        self.terms = (s, p, o)


class _LineParser(W3CNTriplesParser):
    """rdflib's parser for one line; labels of blank nodes and texts of literals stay as they are written."""

    __slots__ = ("_base", "_triple", "datatype", "lang")

    def __init__(self, base: str | None) -> None:
        self._triple = _Triple()
        super().__init__(self._triple)
        self._base = base
        self.datatype: str | None = None
        self.lang: str | None = None

    @property
    def found(self) -> tuple[object, ...] | None:
        """The columns of the statement, without its line."""
        if self._triple.terms is None:
            return None
        s, p, o = self._triple.terms
        kind = LITERAL if isinstance(o, Literal) else BLANK if isinstance(o, BNode) else IRI
        written = f"_:{o}" if kind == BLANK else str(o)
        return (f"_:{s}" if isinstance(s, BNode) else str(s), str(p), written, kind, self.datatype, self.lang)

    def uriref(self) -> Any:
        """An IRI, resolved against the base where it is relative and there is one; rdflib would read beyond ``>``."""
        if not self.peek("<"):
            return False
        found = _REFERENCE.match(self.line or "")
        absolute = found is not None and _SCHEME.match(found.group(1)) is not None
        if not absolute and self._base is None:
            raise ParseError("relative")
        iri = unquote(self.eat(_REFERENCE).group(1))
        if _FORBIDDEN.search(iri):
            raise ParseError("no IRI")
        return URIRef(iri if absolute else urljoin(self._base or "", iri))

    def nodeid(self, bnode_context: Any = None) -> Any:
        """A blank node with the label that it has in the file."""
        return BNode(self.eat(r_nodeid).group(1)) if self.peek("_") else False

    def literal(self) -> Any:
        """The text of a literal; rdflib would turn some typed ones into other texts."""
        if not self.peek('"'):
            return False
        text, self.lang, datatype = self.eat(r_literal).groups()
        self.datatype = unquote(datatype) if datatype else None
        return Literal(unquote(text))
