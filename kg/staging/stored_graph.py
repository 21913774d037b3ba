"""What a load reads of the graph that is there already."""

from collections.abc import Iterator
from typing import Protocol

import polars as pl

from kg.schema import Schema
from kg.stores.store import TRIPLE_DTYPES, entity_dtypes


class StoredGraph(Protocol):
    """The part of a :class:`~kg.stores.store.Store` that is read."""

    def entity_pieces(self, entity_type: str) -> Iterator[pl.DataFrame]:
        """All entities of a type, some at a time."""
        ...

    def triple_pieces(self, relation: str) -> Iterator[pl.DataFrame]:
        """All triples of a relation, some at a time."""
        ...


class NothingStored:
    """Stands for a store that is not there yet."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def entity_pieces(self, entity_type: str) -> Iterator[pl.DataFrame]:
        """No entity."""
        yield pl.DataFrame(schema=entity_dtypes(self._schema, entity_type))

    def triple_pieces(self, relation: str) -> Iterator[pl.DataFrame]:
        """No triple."""
        yield pl.DataFrame(schema=TRIPLE_DTYPES)
