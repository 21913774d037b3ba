"""The embedded store: a graph in one file, no server. The engine is Ladybug, the maintained fork of Kùzu."""

import glob
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

import polars as pl

from kg.schema import Schema
from kg.stores.batches import (
    check_entity_type,
    entity_batch,
    id_batch,
    pair_batch,
    pairs_frame,
    relation_of,
    triple_batch,
)
from kg.stores.embedded.batch_writing import BatchWriter
from kg.stores.embedded.bulk_load import BulkLoader
from kg.stores.embedded.file import StoreFile
from kg.stores.embedded.piece_reading import PieceReader
from kg.stores.embedded.tables import Tables, check_tables, create_tables, read_tables, result_rows, schema_of
from kg.stores.queries import statement
from kg.stores.store import chunks, digest_of, entity_dtypes, triple_dtypes


class EmbeddedStore:
    """``Store`` in a file; see the protocol for what each method promises.

    One process writes at a time. Others may read meanwhile: they see the graph as it was at their opening.
    Every batch of ``batch_rows`` new rows is kept whole or not at all, even if the process is killed.
    """

    sorted_writes = False
    triples_per_lookup = 5000
    repeated = 0

    def __init__(self, file: StoreFile, tables: Tables, schema: Schema) -> None:
        """Use :meth:`open`."""
        self.url = str(file.path)
        self.batch_rows = file.batch_rows
        self._file = file
        self._writer = BatchWriter(file)
        self._reader = PieceReader(file, tables, schema)
        self._tables = tables
        self._schema = schema

    @classmethod
    def open(cls, path: Path, schema: Schema, *, read_only: bool = False) -> Self:
        """Open a store file; opened for writing, it gets the tables and properties that it lacks.

        Opened for reading only, what the file lacks is empty or null.

        :raises StoreUnavailableError: missing, damaged, not a store.
        :raises StoreLockedError: another process has it open for writing.
        :raises StoreError: the file contradicts the schema.
        """
        file = StoreFile(path, read_only=read_only)
        try:
            tables = read_tables(file)
            check_tables(tables, schema, str(path))
            return cls(file, tables if read_only else create_tables(file, tables, schema), schema)
        except BaseException:
            file.close()
            raise

    @property
    def unsettled(self) -> int:
        """Rows that were created and that a kill would take back."""
        return self._file.unsettled

    def deferring(self) -> AbstractContextManager[None]:
        """Inside, what is created is settled later; where that fails, the store is closed, as when last settled."""
        return self._file.deferring()

    def read_entities(self, entity_type: str) -> pl.DataFrame:
        """All entities of a type: columns and dtypes of ``entity_dtypes``.

        :raises StoreError: unknown type.
        """
        pieces = self.entity_pieces(entity_type)
        return pl.concat([pl.DataFrame(schema=entity_dtypes(self._schema, entity_type)), *pieces])

    def read_triples(self, relation: str) -> pl.DataFrame:
        """All triples of a relation: columns and dtypes of ``triple_dtypes``.

        :raises StoreError: unknown relation.
        """
        pieces = self.triple_pieces(relation)
        return pl.concat([pl.DataFrame(schema=triple_dtypes(self._schema, relation)), *pieces])

    def triples_of_heads(self, relation: str, heads: pl.Series) -> pl.DataFrame:
        """The triples of a relation that start from some heads, looked up one by one.

        :raises StoreError: unknown relation.
        """
        relation_of(self._schema, relation)
        return self._reader.of_heads(relation, heads)

    def entity_pieces(self, entity_type: str) -> Iterator[pl.DataFrame]:
        """All entities of a type, those of some of the engine's numbers at a time.

        :raises StoreError: unknown type.
        """
        check_entity_type(self._schema, entity_type)
        return self._reader.entities(entity_type)

    def triple_pieces(self, relation: str) -> Iterator[pl.DataFrame]:
        """All triples of a relation, those of some heads at a time.

        :raises StoreError: unknown relation.
        """
        relation_of(self._schema, relation)
        return self._reader.triples(relation)

    def read_positions(self, relation: str, heads: pl.Series, tails: pl.Series) -> Iterator[pl.DataFrame]:
        """All triples of a relation, their ends as positions in ``heads`` and ``tails``: those of some heads at a time.

        :raises StoreError: unknown relation.
        """
        relation_of(self._schema, relation)
        return self._reader.positions(relation, heads, tails)

    def create_entities(self, entity_type: str, frame: pl.DataFrame) -> None:
        """Add entities.

        :raises StoreError: a frame that does not fit, or an id that is there already.
        """
        batch = entity_batch(self._schema, entity_type, frame)
        properties = list(self._schema.entity[entity_type].properties)
        copy, few = (
            statement("embedded", name, properties=properties, type=entity_type)
            for name in ("create_entities", "create_few_entities")
        )
        self._writer.create(copy, few, batch, entity_type)

    def update_entities(self, entity_type: str, frame: pl.DataFrame, changed: Sequence[str] | None = None) -> None:
        """Overwrite label and properties; nobody else writes, so ``changed`` makes no difference here.

        :raises StoreError: a frame that does not fit, or an id that is not there.
        """
        batch = entity_batch(self._schema, entity_type, frame)
        properties = list(self._schema.entity[entity_type].properties)
        query = statement("embedded", "update_entities", properties=properties, type=entity_type)
        self._writer.update(query, batch, entity_type)

    def delete_entities(self, entity_type: str, frame: pl.DataFrame) -> None:
        """Remove entities by ``id`` with all their triples; ids that are not there are passed over.

        :raises StoreError: a frame that does not fit.
        """
        batch = id_batch(self._schema, entity_type, frame)
        left = statement("embedded", "existing_entities", type=entity_type)
        self._writer.delete(statement("embedded", "delete_entities", type=entity_type), left, batch, entity_type)

    def create_triples(self, relation: str, frame: pl.DataFrame) -> None:
        """Add triples.

        :raises StoreError: a frame that does not fit, or an end that is not there.
        """
        batch = triple_batch(self._schema, relation, frame)
        copy, few = (self._about(name, relation) for name in ("create_triples", "create_few_triples"))
        self._writer.create(copy, few, batch, relation)

    def bulk_load_triples(self, relation: str, files: Sequence[Path], rows: int) -> bool:
        """Add the triples of files by one statement, kept whole or not at all, where there is memory for it.

        :raises StoreError: unknown relation, or an end that is not there.
        """
        return BulkLoader(self._file, self._schema).triples(relation, files, rows)

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
        batch = pair_batch(self._schema, relation, frame)
        self._writer.delete(
            self._about("delete_triples", relation), self._about("existing_triples", relation), batch, relation
        )

    def count_entities(self) -> dict[str, int]:
        """Entity type → number of entities."""
        with self._file.session() as session:
            return {
                name: result_rows(session, statement("embedded", "count_entities", type=name)).item()
                if name in self._tables.columns
                else 0
                for name in self._schema.entity
            }

    def count_triples(self) -> dict[str, int]:
        """Relation → number of triples."""
        with self._file.session() as session:
            return {
                name: result_rows(session, self._about("count_triples", name)).item()
                if name in self._tables.ends
                else 0
                for name in self._schema.relation
            }

    def existing_triples(self, relation: str, pairs: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Those of the (head, tail) pairs that are triples of the relation.

        :raises StoreError: unknown relation.
        """
        batch = pair_batch(self._schema, relation, pairs_frame(pairs))
        found: set[tuple[str, str]] = set()
        if relation not in self._tables.ends:
            return found
        query = self._about("existing_triples", relation)
        with self._file.session() as session:
            for part in chunks(batch, self.batch_rows):
                found.update(result_rows(session, query, {"rows": part}).iter_rows())
        return found

    def revision(self) -> str | None:
        """The mark the last writer left, or ``None`` in a new store."""
        if not self._tables.has_revision:
            return None
        with self._file.session() as session:
            found = result_rows(session, statement("embedded", "read_revision"))
        return found.item() if found.height else None

    def set_revision(self, revision: str) -> None:
        """Leave a mark.

        :raises StoreError: where the store is open for reading only.
        """
        with self._file.writing_once() as session:
            session.execute(statement("embedded", "write_revision"), {"revision": revision})

    def marks(self, prefix: str) -> dict[str, str]:
        """Marks whose names begin with a prefix, and what they say."""
        if not self._tables.has_revision:
            return {}
        with self._file.session() as session:
            return dict(result_rows(session, statement("embedded", "read_marks"), {"prefix": prefix}).iter_rows())

    def add_marks(self, marks: Mapping[str, str]) -> None:
        """Leave marks; one that is there stays as it is.

        :raises StoreError: where the store is open for reading only.
        """
        with self._file.writing_once() as session:
            session.execute(statement("embedded", "add_marks"), {"rows": [list(one) for one in marks.items()]})

    def fingerprint(self) -> str:
        """Counts, and the checksum of the file, or size and time where it has none."""
        return digest_of(
            sorted(self.count_entities().items()), sorted(self.count_triples().items()), self._file.state()
        )

    def compact(self) -> None:
        """Rewrite the file so that nothing deleted is left in it; either file is whole if this is interrupted.

        :raises StoreError: where the store is open for reading only, or for what the engine reports.
        """
        self._file.check_writable()
        whole = schema_of(self._tables)
        old = EmbeddedStore(self._file, self._tables, whole)
        copy = self._file.path.with_name(f"{self._file.path.name}.compact")
        for left in copy.parent.glob(f"{glob.escape(copy.name)}*"):  # of one that was cut off
            left.unlink()
        new = EmbeddedStore.open(copy, whole)
        try:
            with new.deferring():
                entities = ((name, new.create_entities, old.entity_pieces) for name in whole.entity)
                triples = ((name, new.create_triples, old.triple_pieces) for name in whole.relation)
                for name, create, pieces in (*entities, *triples):
                    for piece in pieces(name):
                        create(name, piece)
            if marks := old.marks(""):
                new.add_marks(marks)
        finally:
            new.close()
        self._file = self._file.replaced_by(copy)
        self._writer = BatchWriter(self._file)
        self._reader = PieceReader(self._file, self._tables, self._schema)

    def close(self) -> None:
        """Bring the file up to date and let go of it; closing twice is fine."""
        self._file.close()

    def _about(self, name: str, relation: str) -> str:
        ends = relation_of(self._schema, relation)
        columns = self._tables.repeated_columns(self._schema, relation)
        return statement("embedded", name, properties=columns, relation=relation, head=ends.head, tail=ends.tail)
