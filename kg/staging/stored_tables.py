"""What the store has, staged when first asked for: whole types and relations, or the triples of a few heads."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import polars as pl

from kg.schema import Schema
from kg.staging.partition import WHOLE, Partition
from kg.staging.stored_graph import StoredGraph
from kg.staging.tables import Staging
from kg.stores.store import entity_dtypes, triple_dtypes

FEW_ROWS = 10_000
"""Rows of a load about a relation up to which heads are looked up."""


class StoredTables:
    """The tables ``stored.TYPE`` and ``before.RELATION``."""

    def __init__(self, staging: Staging, schema: Schema, store: StoredGraph) -> None:
        self._staging, self._schema, self._store = staging, schema, store
        self._of_heads: dict[str, int] = {}
        """Relation of which only the triples of some heads are staged → how many the store has."""

    def entities(self, entity_type: str, partition: Partition = WHOLE) -> pl.DataFrame:
        """What the store has of a type."""
        return collected(self._staging, self.stage_entities(entity_type), partition)

    def triples(self, relation: str, partition: Partition = WHOLE) -> pl.DataFrame:
        """What the store has of a relation, or of it at the heads that were staged."""
        return collected(self._staging, self._stage_triples(relation), partition)

    def count(self, name: str) -> int:
        """How many entities of a type, or triples of a relation, the store has."""
        if name in self._of_heads:
            return self._of_heads[name]
        stage = self._stage_triples if name in self._schema.relation else self.stage_entities
        return self._staging.rows(stage(name))

    def stage_of_heads(self, relation: str, more: Sequence[pl.DataFrame]) -> None:
        """Stage of a relation only the triples of the heads that the load speaks of, where these are few beside all: a
        change then costs what it touches.

        :param more: frames with ``head`` besides what is staged.
        """
        tables = [f"{kind}.{relation}" for kind in ("known", "triple")]
        rows = sum(map(self._staging.rows, tables)) + sum(frame.height for frame in more)
        if rows > FEW_ROWS:
            return
        found = [collected(self._staging, name, WHOLE) for name in tables]
        named = [frame.get_column("head") for frame in (*found, *more) if frame.width]
        heads, stored = pl.concat([pl.Series("head", [], dtype=pl.String), *named]).unique(), self._counts[relation]
        if stored > self._store.triples_per_lookup * heads.len():
            self._staging.add([(f"before.{relation}", self._store.triples_of_heads(relation, heads))])
            self._of_heads[relation] = stored

    def has_second_tails(self, relation: str) -> bool:
        """Whether the store has several tails of a head of which the triples were not staged."""
        if relation not in self._of_heads:
            return False
        heads = pl.Series("head", [], dtype=pl.String)
        for piece in self._store.triple_pieces(relation):
            heads.append(piece.get_column("head"))
            if piece.get_column("head").n_unique() < piece.height:
                return True
        return heads.n_unique() < heads.len()

    def stage_entities(self, entity_type: str) -> str:
        """The table of what the store has of a type."""
        dtypes = entity_dtypes(self._schema, entity_type)
        return self._stage(f"stored.{entity_type}", dtypes, self._store.entity_pieces(entity_type))

    def _stage_triples(self, relation: str) -> str:
        dtypes = triple_dtypes(self._schema, relation)
        return self._stage(f"before.{relation}", dtypes, self._store.triple_pieces(relation))

    def _stage(self, name: str, dtypes: Mapping[str, pl.DataType], pieces: Iterator[pl.DataFrame]) -> str:
        """The table, filled where it is not there yet."""
        if name not in self._staging:
            self._staging.add([(name, pl.DataFrame(schema=dtypes))])
            for piece in pieces:
                self._staging.add([(name, piece)])
        return name

    @cached_property
    def _counts(self) -> dict[str, int]:
        """Relation → triples in the store."""
        return self._store.count_triples()


def collected(staging: Staging, name: str, partition: Partition) -> pl.DataFrame:
    """A staged table, without columns where there is none."""
    table = staging.scan(name, partition)
    return pl.DataFrame() if table is None else table.collect()
