"""Reading a Neo4j server: whole types and relations, of many a page of ids at a time, and the triples of some heads."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from kg.counting import by_number
from kg.errors import StoreError
from kg.schema import Schema
from kg.stores.batches import check_entity_type, one_per_pair, relation_of, stored_frame
from kg.stores.neo4j.batch_writing import BATCH_ROWS, rows_of
from kg.stores.neo4j.connection import Connection
from kg.stores.queries import statement
from kg.stores.store import PIECE_ROWS, REPEATED_DTYPES, chunks, entity_dtypes, triple_dtypes


class PageReader:
    """Reads what the schema names."""

    def __init__(self, connection: Connection, schema: Schema) -> None:
        self._connection, self._schema = connection, schema

    def entities(self, entity_type: str) -> pl.DataFrame:
        """All entities of a type: columns and dtypes of ``entity_dtypes``.

        :raises StoreError: unknown type, or a value of another type than the schema says.
        """
        check_entity_type(self._schema, entity_type)
        dtypes = entity_dtypes(self._schema, entity_type)
        properties = list(self._schema.entity[entity_type].properties)
        query = statement("neo4j", "read_entities", properties=properties, type=entity_type)
        return self._read_columns(query, dtypes, entity_type)

    def triples(self, relation: str) -> pl.DataFrame:
        """All triples of a relation: columns and dtypes of ``triple_dtypes``.

        :raises StoreError: unknown relation, or a value of another type than the schema says.
        """
        query = self._about("read_triples", relation)
        return one_per_pair(self._read_columns(query, triple_dtypes(self._schema, relation), relation))

    def triples_of_heads(self, relation: str, heads: pl.Series) -> pl.DataFrame:
        """The triples of a relation that start from some heads.

        :raises StoreError: as :meth:`triples`.
        """
        query = self._about("read_triples_of_heads", relation)
        dtypes = triple_dtypes(self._schema, relation)
        parts = [
            self._read_columns(query, dtypes, relation, rows=rows_of(part))
            for part in chunks(heads.alias("head").to_frame(), BATCH_ROWS)
        ]
        return one_per_pair(pl.concat([pl.DataFrame(schema=dtypes), *parts]))

    def entity_pieces(self, entity_type: str) -> Iterator[pl.DataFrame]:
        """All entities of a type, of many a page at a time.

        :raises StoreError: as :meth:`entities`.
        """
        check_entity_type(self._schema, entity_type)
        dtypes = entity_dtypes(self._schema, entity_type)
        properties = list(self._schema.entity[entity_type].properties)
        query = statement("neo4j", "read_entities_page", properties=properties, type=entity_type)
        count = self._count(statement("neo4j", "count_entities", type=entity_type))
        if count <= PIECE_ROWS:
            yield self.entities(entity_type)
            return
        page = {"from": "", "skip": 0, "count": PIECE_ROWS}
        while (found := self._read_columns(query, dtypes, entity_type, **page)).height:
            page |= {"from": found["id"][-1], "skip": 1}
            count -= found.height
            yield found
        if count > 0:
            entities = by_number(f"{count:,} [entity has|entities have] no id that is text; mend [it|them]")
            raise StoreError(f"store {self._connection.url}: {entity_type}: {entities}")

    def triple_pieces(self, relation: str) -> Iterator[pl.DataFrame]:
        """All triples of a relation, of many a page of heads at a time.

        :raises StoreError: as :meth:`triples`.
        """
        query, ends = self._about("read_triples_page", relation), self._schema.relation[relation]
        dtypes = triple_dtypes(self._schema, relation)
        count = self._count(self._about("count_triples", relation))
        if count <= PIECE_ROWS:
            yield self.triples(relation)
            return
        heads = self._count(statement("neo4j", "count_entities", type=ends.head))
        page = {"from": "", "skip": 0, "count": heads // (count // PIECE_ROWS + 1) + 1}
        while (found := self._connection.read(query, **page))[-1][-1] is not None:  # a record without heads at the end
            columns = {name: [value for record in found for value in record[at]] for at, name in enumerate(dtypes)}
            page |= {"from": found[-1][-1], "skip": 1}
            del found
            yield one_per_pair(stored_frame(columns, dtypes, relation))

    def _read_columns(
        self, query: str, dtypes: Mapping[str, pl.DataType], origin: str, **parameters: Any
    ) -> pl.DataFrame:
        """The rows of a query whose records hold a list per column, each for many rows."""
        columns: dict[str, list[Any]] = {name: [] for name in dtypes}
        for record in self._connection.read(query, **parameters):
            for column, values in zip(columns.values(), record, strict=True):
                column += values
        return stored_frame(columns, dtypes, origin)

    def _about(self, name: str, relation: str) -> str:
        ends = relation_of(self._schema, relation)
        columns = [one for one in triple_dtypes(self._schema, relation) if one in REPEATED_DTYPES]
        return statement("neo4j", name, properties=columns, relation=relation, head=ends.head, tail=ends.tail)

    def _count(self, query: str) -> int:
        return int(self._connection.read(query)[0][0])
