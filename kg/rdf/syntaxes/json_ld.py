"""JSON-LD: read whole by rdflib, values as they are written.

A file may name the context of schema.org, which stands for "every name is a term of schema.org"; no other context is
fetched from anywhere: it must be in the file.
"""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import rdflib
from rdflib.exceptions import ParserError
from rdflib.plugins.parsers.jsonld import to_rdf
from rdflib.store import Store
from rdflib.term import BNode, Literal

from kg.errors import ReadError
from kg.ontology.terms import BLANK, IRI, LITERAL
from kg.rdf.statements import STATEMENT_DTYPES, refuse_braces
from kg.rdf.syntaxes.document import DocumentReader

NO_BASE = "http://relative-iri.invalid/"
"""Stands for the base that nobody gave: what starts like it was relative."""
_SCHEMA_ORG = re.compile(r"https?://schema\.org/?(docs/jsonldcontext\.jsonl?d?)?$")
_LINE_END = re.compile(r"\r\n|\r|\n")
_ROWS = 100_000


class JsonLdReader(DocumentReader):
    """Reads one file of JSON-LD; all of it is in memory at once."""

    def __init__(self, path: Path, place: str, base: str | None) -> None:
        """Open the file.

        :param place: how messages name it.
        :raises ReadError: where it cannot be opened.
        """
        super().__init__(path, place)
        self._base = base or NO_BASE

    def batches(self) -> Iterator[pl.DataFrame]:
        """All statements.

        :raises ReadError: for a syntax error, with line and column, and for relative IRIs without a base.
        """
        with closing(self._source):
            data = self._source.whole()
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as problem:
            line, column = _position(data[: problem.start].decode("utf-8"), problem.start)
            raise ReadError(f"{self._place}: line {line}, column {column}: not UTF-8, as RDF must be") from None
        triples = self._parsed(text)
        for start in range(0, max(len(triples), 1), _ROWS):
            rows = [self._row(*triple) for triple in triples[start : start + _ROWS]]
            yield pl.DataFrame(rows, schema=STATEMENT_DTYPES, orient="row")

    def _parsed(self, text: str) -> list[Any]:
        """The triples in the order of the file."""
        store = _Triples()
        graph = rdflib.Graph(store, bind_namespaces="none")
        with values_as_written():
            try:
                document = json.loads(text)
                if not isinstance(document, dict | list):
                    raise ValueError("it holds no object, and no list of them")
                to_rdf(self._local(document), graph, self._base)
            except json.JSONDecodeError as problem:
                where = f"{self._place}: line {problem.lineno}, column {problem.colno}"
                raise ReadError(f"{where}: not JSON-LD: {problem.msg}; mend it, nothing was loaded") from None
            except RecursionError:
                raise ReadError(f"{self._place}: not JSON-LD: nested too deeply; nothing was loaded") from None
            except (AssertionError, IndexError, ParserError, ValueError) as problem:
                raise ReadError(f"{self._place}: not JSON-LD: {problem}; nothing was loaded") from None
            except (AttributeError, LookupError, NameError, TypeError) as problem:
                raise ReadError(f"{self._place}: rdflib cannot read it: {problem}; nothing was loaded") from None
        return store.triples_added

    def _row(self, s: Any, p: Any, o: Any) -> tuple[object, ...]:
        if isinstance(o, Literal):
            datatype = None if o.datatype is None else str(o.datatype)
            return (None, self._node(s), self._node(p), str(o), LITERAL, datatype, o.language)
        return (None, self._node(s), self._node(p), self._node(o), BLANK if isinstance(o, BNode) else IRI, None, None)

    def _node(self, term: Any) -> str:
        if isinstance(term, BNode):
            return f"_:{term}"
        if not str(term).startswith(NO_BASE):
            refuse_braces(str(term), self._place)
            return str(term)
        relative = str(term).removeprefix(NO_BASE)
        raise ReadError(
            f"{self._place}: relative IRI <{relative}>; give a base: @base in the file, base in [rdf], "
            "or `whyrec graph import --base`"
        )

    def _local(self, document: Any) -> Any:
        """The document without references to contexts elsewhere."""
        if isinstance(document, list):
            return [self._local(part) for part in document]
        if not isinstance(document, dict):
            return document
        return {key: self._context(v) if key == "@context" else self._local(v) for key, v in document.items()}

    def _context(self, context: Any) -> Any:
        """The context with those that it names in turn: in lists, in its terms, and by ``@import``."""
        if isinstance(context, list):
            return [self._context(part) for part in context]
        if isinstance(context, dict):
            imported = self._context(str(context["@import"])) if "@import" in context else {}
            return {**imported, **{key: self._local(value) for key, value in context.items() if key != "@import"}}
        if isinstance(context, str):
            if _SCHEMA_ORG.match(context):
                return {"@vocab": "https://schema.org/", "schema": "https://schema.org/"}
            raise ReadError(
                f"{self._place}: context {context!r} is not fetched; write the context itself into the file"
            )
        return context


class _Triples(Store):
    """Keeps triples as they come; rdflib's own store would lose their order and those that come twice."""

    context_aware = True

    def __init__(self) -> None:
        super().__init__()
        self.triples_added: list[Any] = []

    def add(self, triple: Any, context: Any, quoted: bool = False) -> None:
        """Append a triple."""
        self.triples_added.append(triple)


@contextmanager
def values_as_written() -> Iterator[None]:
    """Keep rdflib from rewriting literals (``+05`` → ``5``) and from logging those that do not fit their type.

    Both are settings of the whole process, so this is not for several threads; they are as before afterwards.
    """
    log, normalise = logging.getLogger("rdflib.term"), rdflib.NORMALIZE_LITERALS
    silent = log.disabled
    rdflib.NORMALIZE_LITERALS, log.disabled = False, True
    try:
        yield
    finally:
        rdflib.NORMALIZE_LITERALS, log.disabled = normalise, silent


def _position(text: str, index: int) -> tuple[int, int]:
    """Line and column, both from 1, of a place in a text."""
    ends = [match.end() for match in _LINE_END.finditer(text, 0, index)]
    return len(ends) + 1, index - (ends[-1] if ends else 0) + 1
