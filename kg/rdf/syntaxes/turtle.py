"""Turtle and TriG, streamed by pyoxigraph: eight times as fast as rdflib's parser, at flat memory; see
benchmarks/rdf_parsing.py.

Texts of literals are as they are written; language tags come in small letters, and ``xsd:string``, which RDF 1.1 gives
every plain literal, is not told.
"""

import io
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import IO, cast

import polars as pl
import pyoxigraph as ox

from kg.errors import ReadError
from kg.notices import Notices
from kg.ontology.terms import BLANK, IRI, LITERAL
from kg.rdf.statements import NAMED_GRAPHS, STATEMENT_DTYPES, refuse_braces
from kg.rdf.syntaxes.document import DocumentReader

NO_BASE = "relative-iri://relative-iri/"
"""Stands for the base that nobody gave: what starts with its scheme was relative."""
_SCHEME = NO_BASE.partition("/")[0]
_BOM = b"\xef\xbb\xbf"
_IMPLIED = (
    "http://www.w3.org/2001/XMLSchema#string",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString",
)
"""Datatypes that no file has to write."""
_ROWS = 100_000


class TurtleReader(DocumentReader):
    """Reads one file of Turtle or TriG, plain or packed."""

    def __init__(self, path: Path, place: str, base: str | None, notices: Notices, graphs: bool = False) -> None:
        """Open the file.

        :param place: how messages name it.
        :param graphs: whether it is TriG, which may name graphs; all of them are taken as one.
        :raises ReadError: where it cannot be opened.
        """
        super().__init__(path, place)
        self._base, self._notices, self._graphs = base or NO_BASE, notices, graphs

    def batches(self) -> Iterator[pl.DataFrame]:
        """All statements, 100,000 at a time.

        :raises ReadError: for a syntax error, with line and column, and for relative IRIs without a base.
        """
        with closing(self._source):
            stream = cast("IO[bytes]", _Stream(self._source.pieces()))
            try:  # lenient: what a real IRI holds, such as a space, is no reason to refuse a file
                kind = ox.RdfFormat.TRIG if self._graphs else ox.RdfFormat.TURTLE
                found = ox.parse(input=stream, format=kind, base_iri=self._base, lenient=True)
                while part := list(islice(found, _ROWS)):
                    rows = [self._row(one.subject, one.predicate, one.object) for one in part]
                    named = sum(not isinstance(one.graph_name, ox.DefaultGraph) for one in part) if self._graphs else 0
                    self._notices.add(self._place, NAMED_GRAPHS, named)
                    yield pl.DataFrame(rows, schema=STATEMENT_DTYPES, orient="row")
            except SyntaxError as problem:
                why = problem.msg.partition(": ")[2] if "UTF-8" not in problem.msg else "not UTF-8, as RDF must be"
                where = f"{self._place}: line {problem.lineno}, column {problem.offset}"
                said = "TriG" if self._graphs else "Turtle"
                raise ReadError(f"{where}: not {said}: {why}; mend it, nothing was loaded") from None

    def _row(self, s: object, p: object, o: object) -> tuple[object, ...]:
        if isinstance(o, ox.Literal):
            datatype = o.datatype.value
            told = None if datatype in _IMPLIED else datatype
            return None, self._node(s), self._node(p), o.value, LITERAL, told, o.language
        kind = BLANK if isinstance(o, ox.BlankNode) else IRI
        return None, self._node(s), self._node(p), self._node(o), kind, None, None

    def _node(self, term: object) -> str:
        if isinstance(term, ox.BlankNode):
            return f"_:{term.value}"
        if not isinstance(term, ox.NamedNode):
            raise ReadError(f"{self._place}: a statement about a statement (<< … >>) has no place in the graph")
        if not term.value.startswith(_SCHEME):
            refuse_braces(term.value, self._place)
            return term.value
        raise ReadError(
            f"{self._place}: relative IRI <{term.value.removeprefix(NO_BASE)}>; give a base: @base in the file, base "
            "in [rdf], or `whyrec graph import --base`"
        )


class _Stream(io.RawIOBase):
    """Pieces of bytes as the stream that a parser reads from, without a byte order mark."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces, self._left, self._started = pieces, b"", False

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes; none at the end."""
        if not self._left:
            self._left = next(self._pieces, b"")
            if not self._started:
                self._left, self._started = self._left.removeprefix(_BOM), True
        end = len(self._left) if size < 0 else size
        found, self._left = self._left[:end], self._left[end:]
        return found
