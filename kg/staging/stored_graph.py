"""What a load reads of the graph that is there already."""

from collections.abc import Iterator
from typing import Protocol

import polars as pl

from kg.schema import Schema
from kg.stores.store import entity_dtypes, triple_dtypes


class StoredGraph(Protocol):
    """The part of a :class:`~kg.stores.store.Store` that is read."""

    triples_per_lookup: int
    """Triples of all that are read in about the time in which those of one head are looked up."""

    def entity_pieces(self, entity_type: str) -> Iterator[pl.DataFrame]:
        """All entities of a type, some at a time."""
        ...

    def triple_pieces(self, relation: str) -> Iterator[pl.DataFrame]:
        """All triples of a relation, some at a time."""
        ...

    def triples_of_heads(self, relation: str, heads: pl.Series) -> pl.DataFrame:
        """The triples of a relation that start from some heads."""
        ...

    def count_triples(self) -> dict[str, int]:
        """Relation → number of triples."""
        ...


class NothingStored:
    """Stands for a store that is not there yet."""

    triples_per_lookup = 1

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def entity_pieces(self, entity_type: str) -> Iterator[pl.DataFrame]:
        """No entity."""
        yield pl.DataFrame(schema=entity_dtypes(self._schema, entity_type))

    def triple_pieces(self, relation: str) -> Iterator[pl.DataFrame]:
        """No triple."""
        yield pl.DataFrame(schema=triple_dtypes(self._schema, relation))

    def triples_of_heads(self, relation: str, heads: pl.Series) -> pl.DataFrame:
        """No triple."""
        return pl.DataFrame(schema=triple_dtypes(self._schema, relation))

    def count_triples(self) -> dict[str, int]:
        """0 of every relation."""
        return dict.fromkeys(self._schema.relation, 0)
