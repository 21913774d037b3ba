"""Statements as frames, and the readers that yield them."""

from collections.abc import Iterator
from typing import Protocol

import polars as pl

from kg.errors import ReadError

STATEMENT_DTYPES: dict[str, pl.DataType] = {
    "line": pl.Int64(),
    "s": pl.String(),
    "p": pl.String(),
    "o": pl.String(),
    "kind": pl.Int8(),
    "datatype": pl.String(),
    "lang": pl.String(),
}
"""``line``: null where the format does not tell; ``s``, ``o``: IRI, ``_:label`` or text of a literal; ``kind``: of the
object, as :mod:`kg.ontology.terms` numbers them."""


NAMED_GRAPHS = "{n} [statement is|statements are] in named graphs, which are taken as one"


def refuse_braces(iri: str, place: str) -> None:
    """Refuse what looks like a template that was never filled in, ``…/{id}``.

    :raises ReadError: naming the file.
    """
    if "{" in iri or "}" in iri:
        mark = "{" if "{" in iri else "}"
        raise ReadError(f"{place}: <{iri}> is no IRI, it holds {mark!r}; write it percent-encoded, or fill it in")


class StatementReader(Protocol):
    """What reads one file."""

    @property
    def size(self) -> int:
        """Bytes of the file as it lies there."""
        ...

    @property
    def position(self) -> int:
        """How many of them have been read."""
        ...

    def rejects(self) -> pl.DataFrame:
        """Since the last call: lines that are no statements, columns of ``REJECT_DTYPES``."""
        ...

    def batches(self) -> Iterator[pl.DataFrame]:
        """All statements, once, columns of ``STATEMENT_DTYPES``.

        :raises ReadError: for a syntax error, with line and column, and for relative IRIs without a base.
        """
        ...


def is_blank(column: str) -> pl.Expr:
    """Whether a column of IRIs and blank nodes holds a blank node; not for literals."""
    return pl.col(column).str.starts_with("_:")
