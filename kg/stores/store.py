"""The interface that every store implements; ``tests/kg/stores/test_stores.py`` is its contract."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import polars as pl

from kg.schema import Schema

PROPERTY_DTYPES: dict[str, pl.DataType] = {
    "str": pl.String(),
    "float": pl.Float64(),
    "int": pl.Int64(),
    "bool": pl.Boolean(),
}
TRIPLE_DTYPES: dict[str, pl.DataType] = {
    "head": pl.String(),
    "tail": pl.String(),
    "weight": pl.Float64(),
    "timestamp": pl.Int64(),
}
REPEATED_DTYPES: dict[str, pl.DataType] = {"first": pl.Int64(), "occasions": pl.Int64(), "previous": pl.Int64()}
"""What a triple of a relation with ``repeat`` has besides: when it was first so, in milliseconds since 1970 UTC, on how
many days (UTC) it was, as far as is known, and when last on an earlier day than that of ``timestamp``; null where
nobody said when, there was no earlier day, or an earlier version wrote it."""
DEFAULT_WEIGHT = 1.0
"""What a triple weighs of which nobody says it."""
PUBLISHED = "RECOMMENDED"
"""Relation of the lists that whyrec writes back; no part of the graph."""
PIECE_ROWS = 1_000_000
"""Triples that a store hands out together where it reads them piece by piece."""
MAX_ID_BYTES = 4_000
"""Longest id, in bytes of UTF-8: the one limit, kept well below the 8,164 that Neo4j can index. Loading rejects longer
ones, whatever the store, so that changing the store changes nothing."""


def entity_dtypes(schema: Schema, entity_type: str) -> dict[str, pl.DataType]:
    """Columns of an entity frame: ``id``, ``label``, then the properties in the order of the schema."""
    properties = schema.entity[entity_type].properties
    return {
        "id": pl.String(),
        "label": pl.String(),
        **{name: PROPERTY_DTYPES[kind] for name, kind in properties.items()},
    }


def triple_dtypes(schema: Schema, relation: str) -> dict[str, pl.DataType]:
    """Columns of a triple frame: ``TRIPLE_DTYPES``, and those of ``REPEATED_DTYPES`` where the relation is repeated."""
    return TRIPLE_DTYPES | REPEATED_DTYPES if schema.relation[relation].repeat else TRIPLE_DTYPES


class Store(Protocol):
    """A graph of typed entities and triples.

    Entity frames have the columns of ``entity_dtypes``; ``id`` is never null and unique per type; a null ``label``
    means that the id is what a person reads; a null property is absent. Triple frames have the columns of
    ``triple_dtypes``; (head, tail) is unique per relation,
    and told once where others wrote it twice; ``timestamp`` is in milliseconds since 1970 UTC or null.
    A store is opened for one schema; every type, property and relation of it exists after opening for writing.
    Opened for reading only, what the store lacks is empty or null, and every writing method raises ``StoreError``.

    The writing methods take frames with those columns in any order, others are ignored; those of ``REPEATED_DTYPES``
    may be missing, which is null. They work in batches: each is kept whole or not at all. They raise ``StoreError``
    for a frame that does not fit: a missing column, another dtype, a null id, end or weight, the same id or (head,
    tail) twice.
    """

    url: str
    """The place, without user or password."""
    batch_rows: int
    """Rows that are written together: a call that creates at most so many rows is kept whole or not at all; changes and
    removals may be kept part by part."""
    sorted_writes: bool
    """Whether writing is faster where the rows are sorted by their keys."""
    triples_per_lookup: int
    """Triples of all that are read in about the time in which those of one head are looked up."""

    @property
    def repeated(self) -> int:
        """Writes whose end the store was not heard to confirm and that were repeated; a loader tells of them."""
        ...

    @property
    def unsettled(self) -> int:
        """Rows that were created inside of :meth:`deferring` and that a kill would take back."""
        ...

    def deferring(self) -> AbstractContextManager[None]:
        """Inside, what is created need not outlast a kill before another kind of write, or the end.

        That may be faster. Where a write fails, what was unsettled may be gone, and the store closed.
        """
        ...

    def read_entities(self, entity_type: str) -> pl.DataFrame:
        """All entities of a type, in no particular order."""
        ...

    def read_triples(self, relation: str) -> pl.DataFrame:
        """All triples of a relation, in no particular order; a pair that others wrote twice is told once."""
        ...

    def triples_of_heads(self, relation: str, heads: pl.Series) -> pl.DataFrame:
        """The triples of a relation that start from some heads, as :meth:`read_triples` tells them.

        :param heads: different ids; those of none are passed over.
        """
        ...

    def entity_pieces(self, entity_type: str) -> Iterator[pl.DataFrame]:
        """All entities of a type like :meth:`read_entities`, about ``PIECE_ROWS`` at a time."""
        ...

    def triple_pieces(self, relation: str) -> Iterator[pl.DataFrame]:
        """All triples of a relation like :meth:`read_triples`, about ``PIECE_ROWS`` at a time."""
        ...

    def read_positions(self, relation: str, heads: pl.Series, tails: pl.Series) -> Iterator[pl.DataFrame]:
        """All triples of a relation like :meth:`read_triples`, but with numbers for ends, which is faster, and in
        pieces of about ``PIECE_ROWS``, so that memory need not hold them all. A pair may be there several times.

        :param heads: different ids; ``head`` is the position in them, UInt32, null where the id is none of them.
        :param tails: likewise for ``tail``.
        """
        ...

    def create_entities(self, entity_type: str, frame: pl.DataFrame) -> None:
        """Add entities whose ids are not there yet; one that is there is a ``StoreError``."""
        ...

    def update_entities(self, entity_type: str, frame: pl.DataFrame, changed: Sequence[str] | None = None) -> None:
        """Overwrite label and properties of entities that are there; a null removes the value.

        ``changed`` names the columns that differ; the others hold what the store had when it was read. Where several
        may write at once only these are written, so that nobody undoes what another has changed meanwhile.
        One that is not there is a ``StoreError``.
        """
        ...

    def create_triples(self, relation: str, frame: pl.DataFrame) -> None:
        """Add triples that are not there yet (the caller's business); an end that is not there is a ``StoreError``."""
        ...

    def bulk_load_triples(self, relation: str, files: Sequence[Path], rows: int) -> bool:
        """Add the triples of Parquet files with the columns of ``triple_dtypes``, as :meth:`create_triples` takes them
        (whose rows no other repeats), if all together are faster than in batches: all or none is kept.

        :param rows: how many there are.
        :returns: whether they were added; if not, nothing was, and :meth:`create_triples` takes them.
        """
        ...

    def update_triples(self, relation: str, frame: pl.DataFrame) -> None:
        """Overwrite all but the ends of triples that are there; one that is not is a ``StoreError``."""
        ...

    def delete_triples(self, relation: str, frame: pl.DataFrame) -> None:
        """Remove triples by their columns ``head`` and ``tail``; those that are not there are passed over."""
        ...

    def delete_entities(self, entity_type: str, frame: pl.DataFrame) -> None:
        """Remove entities by their column ``id``, with all their triples; ids not there are passed over."""
        ...

    def count_entities(self) -> dict[str, int]:
        """Entity type → number of entities, every type of the schema present."""
        ...

    def count_triples(self) -> dict[str, int]:
        """Relation → number of triples, every relation of the schema present."""
        ...

    def existing_triples(self, relation: str, pairs: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Those of the (head, tail) pairs that are triples of the relation."""
        ...

    def revision(self) -> str | None:
        """The mark the last writer left, or ``None`` in a new store; another mark means another content."""
        ...

    def set_revision(self, revision: str) -> None:
        """Leave a mark; a loader does so before its first and after its last write."""
        ...

    def marks(self, prefix: str) -> dict[str, str]:
        """Marks whose names begin with a prefix, and what they say."""
        ...

    def add_marks(self, marks: Mapping[str, str]) -> None:
        """Leave marks for all who use the store; one that is there stays as it is."""
        ...

    def fingerprint(self) -> str:
        """What tells cheaply that somebody else may have written: another one means that the content may be another.

        Counts per type and relation, and what the store itself counts or sums up besides.
        """
        ...

    def compact(self) -> None:
        """Rewrite the store so that nothing deleted is left in its files.

        A server keeps its own files: there, its administrator decides how long its transaction logs live.
        """
        ...

    def close(self) -> None:
        """Let go of the file or the connections; closing twice is fine."""
        ...


def digest_of(*facts: object) -> str:
    """A fingerprint of facts, shape of no importance."""
    return hashlib.blake2b(repr(facts).encode(), digest_size=16).hexdigest()


def chunks(frame: pl.DataFrame, rows: int) -> Iterator[pl.DataFrame]:
    """Slices of at most ``rows`` rows."""
    for start in range(0, frame.height, rows):
        yield frame.slice(start, rows)
