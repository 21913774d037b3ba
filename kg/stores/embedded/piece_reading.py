"""Reading the embedded store in pieces, by the numbers that the engine gives to entities as they come."""

from collections.abc import Iterator

import polars as pl

from kg.schema import Schema
from kg.stores.batches import one_per_pair
from kg.stores.embedded.file import StoreFile
from kg.stores.embedded.tables import Tables, by_number, count_numbers, result_rows
from kg.stores.queries import statement
from kg.stores.store import DEFAULT_WEIGHT, PIECE_ROWS, REPEATED_DTYPES, entity_dtypes, triple_dtypes


class PieceReader:
    """Reads types and relations that the schema has; what the file lacks is empty."""

    def __init__(self, file: StoreFile, tables: Tables, schema: Schema) -> None:
        self._file, self._tables, self._schema = file, tables, schema

    def entities(self, entity_type: str) -> Iterator[pl.DataFrame]:
        """All entities of a type: columns and dtypes of ``entity_dtypes``."""
        dtypes, columns = entity_dtypes(self._schema, entity_type), self._tables.columns.get(entity_type)
        if columns is None:
            return
        properties = [name for name in self._schema.entity[entity_type].properties if name in columns]
        query = statement("embedded", "read_entities_between", properties=properties, type=entity_type)
        with self._file.session() as session:
            end = count_numbers(session, entity_type)
        for first in range(0, end, PIECE_ROWS):
            with self._file.session() as session:
                found = result_rows(session, query, {"first": first, "last": first + PIECE_ROWS})
            lacking = [pl.lit(None).alias(name) for name in dtypes if name not in found.columns]
            yield found.with_columns(lacking).select(list(dtypes)).cast(pl.Schema(dtypes))

    def triples(self, relation: str) -> Iterator[pl.DataFrame]:
        """All triples of a relation: columns and dtypes of ``triple_dtypes``."""
        if relation in self._tables.ends:
            ends = self._schema.relation[relation]
            with self._file.session() as session:
                heads, tails = by_number(session, ends.head), by_number(session, ends.tail)
            for piece in self._named(relation, heads, tails, pl.String()):
                yield one_per_pair(piece)  # a head is in one piece with all its triples

    def of_heads(self, relation: str, heads: pl.Series) -> pl.DataFrame:
        """The triples of a relation that start from some heads, looked up one by one."""
        columns, dtypes = self._tables.repeated_columns(self._schema, relation), triple_dtypes(self._schema, relation)
        query = statement("embedded", "read_triples_of_head", properties=columns, **self._names(relation))
        nothing = pl.DataFrame(schema=dtypes)
        found = [nothing.select("head", "tail", "weight", "timestamp", *columns)]
        if relation in self._tables.ends:
            with self._file.session() as session:
                found += [result_rows(session, query, {"head": head}).cast(found[0].schema) for head in heads]
        whole = pl.concat([nothing, *found], how="diagonal")
        return one_per_pair(whole.with_columns(pl.col("weight").fill_null(DEFAULT_WEIGHT)))

    def positions(self, relation: str, heads: pl.Series, tails: pl.Series) -> Iterator[pl.DataFrame]:
        """All triples of a relation, their ends as positions in ``heads`` and ``tails``, UInt32."""
        if relation in self._tables.ends:
            ends = self._schema.relation[relation]
            with self._file.session() as session:
                first, second = by_number(session, ends.head, heads), by_number(session, ends.tail, tails)
            yield from self._named(relation, first, second, pl.UInt32())

    def _named(self, relation: str, heads: pl.Series, tails: pl.Series, dtype: pl.DataType) -> Iterator[pl.DataFrame]:
        """The triples of a relation, about ``PIECE_ROWS`` at a time, with what stands for their ends.

        :param heads: at the place that is the engine's number of a head; ``tails`` likewise.
        """
        names = self._names(relation)
        dtypes = triple_dtypes(self._schema, relation) | {"head": dtype, "tail": dtype}
        columns = self._tables.repeated_columns(self._schema, relation)
        lacking = [pl.lit(None).alias(name) for name in REPEATED_DTYPES if name in dtypes and name not in columns]
        query = statement("embedded", "read_triples_between", properties=columns, **names)
        with self._file.session() as session:
            count = result_rows(session, statement("embedded", "count_triples", **names)).item()
        width = max(heads.len() // max(count // PIECE_ROWS, 1), 1)
        for first in range(0, heads.len(), width) if count else ():
            with self._file.session() as session:
                found = result_rows(session, query, {"first": first, "last": first + width})
            ends = heads.gather(found["head"]).alias("head"), tails.gather(found["tail"]).alias("tail")
            weight = pl.col("weight").fill_null(DEFAULT_WEIGHT)  # others may write none
            yield found.with_columns(*ends, *lacking).cast(pl.Schema(dtypes)).with_columns(weight)

    def _names(self, relation: str) -> dict[str, str]:
        ends = self._schema.relation[relation]
        return {"relation": relation, "head": ends.head, "tail": ends.tail}
