"""The Neo4j store: typed labels and relations, ids unique per type, batches in managed transactions."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Self

import polars as pl

from kg.schema import Schema
from kg.stores.batches import (
    entity_batch,
    id_batch,
    pair_batch,
    pairs_frame,
    positions_of,
    relation_of,
    triple_batch,
)
from kg.stores.neo4j.batch_writing import BATCH_ROWS, BatchWriter, TripleQueries, rows_of
from kg.stores.neo4j.connection import Connection, Transaction, run
from kg.stores.neo4j.page_reading import PageReader
from kg.stores.queries import statement
from kg.stores.store import REPEATED_DTYPES, chunks, digest_of, triple_dtypes


class Neo4jStore:
    """``Store`` on a server; see the protocol for what each method promises.

    Entities and relations that the schema does not name are left alone and never seen.
    """

    batch_rows = BATCH_ROWS
    sorted_writes = True
    triples_per_lookup = 20
    unsettled = 0

    def __init__(self, connection: Connection, schema: Schema) -> None:
        """Use :meth:`connect`."""
        self.url = connection.url
        self._connection = connection
        self._writer = BatchWriter(connection)
        self._schema = schema
        self._reader = PageReader(connection, schema)

    @property
    def repeated(self) -> int:
        """Transactions whose end was not heard of and that were repeated."""
        return self._connection.repeated

    @classmethod
    def connect(cls, url: str, schema: Schema, *, read_only: bool = False) -> Self:
        """Connect; opened for writing, the ids of every type are made unique.

        User, password and database come from NEO4J_USERNAME, NEO4J_PASSWORD and NEO4J_DATABASE only.

        :raises StoreUnavailableError: nothing answers.
        :raises StoreAuthenticationError: user, password or database refused.
        :raises StoreError: a URL that does not fit, or entities of one type that share an id.
        """
        store = cls(Connection(url, read_only=read_only), schema)
        try:
            store.revision()  # the first thing to fail where the database does not exist
            if not read_only:
                store._prepare()
        except BaseException:
            store.close()
            raise
        return store

    def deferring(self) -> AbstractContextManager[None]:
        """Makes no difference."""
        return nullcontext()

    def read_entities(self, entity_type: str) -> pl.DataFrame:
        """All entities of a type: columns and dtypes of ``entity_dtypes``.

        :raises StoreError: unknown type, or a value of another type than the schema says.
        """
        return self._reader.entities(entity_type)

    def read_triples(self, relation: str) -> pl.DataFrame:
        """All triples of a relation: columns and dtypes of ``triple_dtypes``.

        :raises StoreError: unknown relation, or a value of another type than the schema says.
        """
        return self._reader.triples(relation)

    def triples_of_heads(self, relation: str, heads: pl.Series) -> pl.DataFrame:
        """The triples of a relation that start from some heads.

        :raises StoreError: as :meth:`read_triples`.
        """
        return self._reader.triples_of_heads(relation, heads)

    def entity_pieces(self, entity_type: str) -> Iterator[pl.DataFrame]:
        """All entities of a type, of many a page at a time.

        :raises StoreError: as :meth:`read_entities`.
        """
        return self._reader.entity_pieces(entity_type)

    def triple_pieces(self, relation: str) -> Iterator[pl.DataFrame]:
        """All triples of a relation, of many a page of heads at a time.

        :raises StoreError: as :meth:`read_triples`.
        """
        return self._reader.triple_pieces(relation)

    def read_positions(self, relation: str, heads: pl.Series, tails: pl.Series) -> Iterator[pl.DataFrame]:
        """All triples of a relation, their ends as positions in ``heads`` and ``tails``.

        :raises StoreError: as :meth:`read_triples`.
        """
        for piece in self.triple_pieces(relation):
            yield positions_of(piece, heads, tails)

    def create_entities(self, entity_type: str, frame: pl.DataFrame) -> None:
        """Add entities.

        :raises StoreError: a frame that does not fit, or an id that is there already.
        """
        query = statement("neo4j", "create_entities", type=entity_type)
        self._writer.create_entities(query, entity_batch(self._schema, entity_type, frame), entity_type)

    def update_entities(self, entity_type: str, frame: pl.DataFrame, changed: Sequence[str] | None = None) -> None:
        """Overwrite label and properties, of these only what ``changed`` names.

        :raises StoreError: a frame that does not fit, or an id that is not there.
        """
        batch = entity_batch(self._schema, entity_type, frame)
        if changed is not None:
            batch = batch.select("id", *changed)
        self._writer.update(statement("neo4j", "update_entities", type=entity_type), batch, entity_type)

    def delete_entities(self, entity_type: str, frame: pl.DataFrame) -> None:
        """Remove entities by ``id`` with all their triples; ids that are not there are passed over.

        :raises StoreError: a frame that does not fit.
        """
        query = statement("neo4j", "delete_entities", type=entity_type)
        left = statement("neo4j", "existing_entities", type=entity_type)
        self._writer.delete(query, left, id_batch(self._schema, entity_type, frame), entity_type)

    def create_triples(self, relation: str, frame: pl.DataFrame) -> None:
        """Add triples.

        :raises StoreError: a frame that does not fit, or an end that is not there.
        """
        creating = ("create_triples", "create_triples_by_head", "merge_triples")
        names = ("lock_writing", "count_relation", *creating, "existing_triples")
        queries = TripleQueries(*(self._about(name, relation) for name in names))
        self._writer.create_triples(queries, triple_batch(self._schema, relation, frame), relation)

    def bulk_load_triples(self, relation: str, files: Sequence[Path], rows: int) -> bool:
        """None: the server takes batches."""
        return False

    def update_triples(self, relation: str, frame: pl.DataFrame) -> None:
        """Overwrite all but the ends.

        :raises StoreError: a frame that does not fit, or a triple that is not there.
        """
        batch = triple_batch(self._schema, relation, frame)
        self._writer.update(self._about("update_triples", relation), batch, relation)

    def delete_triples(self, relation: str, frame: pl.DataFrame) -> None:
        """Remove triples by ``head`` and ``tail``; those that are not there are passed over.

        :raises StoreError: a frame that does not fit.
        """
        query, existing = self._about("delete_triples", relation), self._about("existing_triples", relation)
        self._writer.delete(query, existing, pair_batch(self._schema, relation, frame), relation)

    def count_entities(self) -> dict[str, int]:
        """Entity type → number of entities."""
        return {name: self._value(statement("neo4j", "count_entities", type=name)) for name in self._schema.entity}

    def count_triples(self) -> dict[str, int]:
        """Relation → number of triples."""
        return {name: self._value(self._about("count_triples", name)) for name in self._schema.relation}

    def existing_triples(self, relation: str, pairs: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Those of the (head, tail) pairs that are triples of the relation.

        :raises StoreError: unknown relation.
        """
        query = self._about("existing_triples", relation)
        found: set[tuple[str, str]] = set()
        for part in chunks(pair_batch(self._schema, relation, pairs_frame(pairs)), BATCH_ROWS):
            found.update((head, tail) for head, tail in self._connection.read(query, rows=rows_of(part)))
        return found

    def revision(self) -> str | None:
        """The mark the last writer left, or ``None`` in a new store."""
        found = self._value(statement("neo4j", "read_revision"))
        return None if found is None else str(found)

    def set_revision(self, revision: str) -> None:
        """Leave a mark.

        :raises StoreError: where the store is open for reading only.
        """
        self._run(statement("neo4j", "write_revision"), revision=revision)

    def marks(self, prefix: str) -> dict[str, str]:
        """Marks whose names begin with a prefix, and what they say."""
        found = self._connection.read(statement("neo4j", "read_marks"), prefix=prefix)
        return {str(key): str(value) for key, value in found}

    def add_marks(self, marks: Mapping[str, str]) -> None:
        """Leave marks; one that is there stays as it is.

        :raises StoreError: where the store is open for reading only.
        """
        self._run(statement("neo4j", "add_marks"), rows=[list(one) for one in marks.items()])

    def fingerprint(self) -> str:
        """Counts, and what stands for the last transaction."""
        counts = sorted(self.count_entities().items()), sorted(self.count_triples().items())
        return digest_of(*counts, self._connection.last_transaction())

    def compact(self) -> None:
        """Do nothing: a server reuses the room of what was deleted, and prunes its transaction logs as it is told.

        :raises StoreError: where the store is open for reading only.
        """
        self._connection.check_writable()

    def close(self) -> None:
        """Let go of the connections; closing twice is fine."""
        self._connection.close()

    def _prepare(self) -> None:
        """Unique ids first, then the names that are not there yet: Neo4j keeps the two in transactions apart."""
        types, relations = self._schema.entity, self._schema.relation
        keys = {key for entity in types.values() for key in entity.properties}
        keys |= REPEATED_DTYPES.keys() if any(one.repeat for one in relations.values()) else set()
        unique = [statement("neo4j", "create_entity_type", type=name) for name in types]
        self._run_all([*unique, statement("neo4j", "create_revision")])
        self._run_all(
            [
                *(self._about("create_relation", name) for name in relations),
                *(statement("neo4j", "create_property", property=key) for key in sorted(keys)),
            ]
        )

    def _about(self, name: str, relation: str) -> str:
        ends = relation_of(self._schema, relation)
        columns = [one for one in triple_dtypes(self._schema, relation) if one in REPEATED_DTYPES]
        return statement("neo4j", name, properties=columns, relation=relation, head=ends.head, tail=ends.tail)

    def _run_all(self, queries: Sequence[str]) -> None:
        def work(transaction: Transaction) -> None:
            """One transaction for all statements."""
            for query in queries:
                run(transaction, query).consume()

        self._connection.write(work)

    def _run(self, query: str, **parameters: Any) -> None:
        def work(transaction: Transaction) -> None:
            """One transaction for the statement."""
            run(transaction, query, **parameters).consume()

        self._connection.write(work)

    def _value(self, query: str) -> Any:
        found = self._connection.read(query)
        return found[0][0] if found else None
