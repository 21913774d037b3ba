"""Writing to Neo4j in batches, one managed transaction each, which is kept only if it did all that it was told."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl

from kg.counting import by_number
from kg.errors import StoreError
from kg.stores.neo4j.connection import Connection, Transaction, records, run
from kg.stores.store import chunks

BATCH_ROWS = 10_000
"""Rows that are written, and kept, together."""
OTHERS = -1


@dataclass(frozen=True)
class TripleQueries:
    """The statements that add triples of a relation: ``lock`` keeps others from doing so until the transaction ends,
    ``count`` tells how many there are, ``create`` and ``create_by_head`` add, ``merge`` adds those that are not there,
    ``existing`` finds those of the rows that are."""

    lock: str
    count: str
    create: str
    create_by_head: str
    merge: str
    existing: str


class BatchWriter:
    """Runs a statement over the rows of a frame, ``BATCH_ROWS`` in each transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._written_here: dict[str, int] = {}
        """Relation → triples that were written here and are all that it holds; ``OTHERS`` where others write too."""

    def create_entities(self, query: str, batch: pl.DataFrame, origin: str) -> None:
        """Add entities.

        :raises StoreError: where the server made another number of them, without an error of its own.
        """

        def work(rows: list[Any], transaction: Transaction) -> None:
            """One transaction for a batch; nothing of it stays where a row is missing."""
            created = run(transaction, query, rows=rows).consume().counters.nodes_created
            if created != len(rows):
                raise self._written(origin, created, len(rows))

        self._write(work, batch)

    def create_triples(self, queries: TripleQueries, batch: pl.DataFrame, origin: str) -> None:
        """Add triples: without a look at what is there as long as the relation holds nothing but what was written here,
        which is seen again in each transaction, under a lock; else each is looked for.

        :raises StoreError: where an end of a triple is not there.
        """
        done: tuple[int, bool] = (0, False)

        def work(part: pl.DataFrame, transaction: Transaction) -> None:
            """One transaction: create a batch, and see that both ends of each triple were there."""
            nonlocal done
            run(transaction, queries.lock).consume()
            found = records(transaction, queries.count)[0][0]
            alone = found == self._written_here.get(origin, 0)
            query, rows = _creation(queries, part, alone)
            created = run(transaction, query, rows=rows).consume().counters.relationships_created
            if created < part.height:
                there = set(map(tuple, records(transaction, queries.existing, rows=rows_of(part))))
                if len(there) < part.height:
                    problem = "a triple of this batch begins or ends in an entity that is not in the store"
                    raise StoreError(f"store {self._connection.url}: {origin}: {problem}")
            done = created, alone

        for part in chunks(batch, BATCH_ROWS):
            self._connection.write(partial(work, part))
            created, alone = done
            self._written_here[origin] = self._written_here.get(origin, 0) + created if alone else OTHERS

    def delete(self, query: str, left: str, batch: pl.DataFrame, origin: str) -> None:
        """Remove rows, and make sure that none is left before that is kept.

        :param left: the statement that finds what is left of them: a number, or a record for each.
        :raises StoreError: where some are.
        """

        def work(rows: list[Any], transaction: Transaction) -> None:
            """One transaction for a batch; nothing of it stays where a row is still there."""
            run(transaction, query, rows=rows).consume()
            found = records(transaction, left, rows=rows)
            kept = found[0][0] if found and len(found[0]) == 1 else len(found)
            if kept:
                raise self._written(origin, len(rows) - kept, len(rows))

        self._write(work, batch)

    def update(self, query: str, batch: pl.DataFrame, origin: str) -> None:
        """Overwrite rows; a batch in which one is not there is not kept.

        :raises StoreError: where a row to update is not there.
        """

        def work(rows: list[Any], transaction: Transaction) -> None:
            """One transaction: update a batch, and see that each row was there."""
            updated = records(transaction, query, rows=rows)[0][0]
            if updated < len(rows):
                problem = by_number(f"{len(rows) - updated} of {len(rows)} [row|rows] to update [is|are] not there")
                raise StoreError(f"store {self._connection.url}: {origin}: {problem}")

        self._write(work, batch)

    def _write(self, work: Callable[[list[Any], Transaction], None], batch: pl.DataFrame) -> None:
        for part in chunks(batch, BATCH_ROWS):
            self._connection.write(partial(work, rows_of(part)))

    def _written(self, origin: str, done: int, wanted: int) -> StoreError:
        """The server did something else than it was told; the transaction takes it back."""
        return StoreError(
            f"store {self._connection.url}: {origin}: the server changed {done:,} of {wanted:,} without an "
            "error, so nothing of this batch was kept; run the load again, and look into the server's log"
        )


def rows_of(part: pl.DataFrame) -> list[Any]:
    """Rows as the statements take them: a list for each triple, a map for each entity."""
    return list(map(list, part.iter_rows())) if "head" in part.columns else part.to_dicts()


def _creation(queries: TripleQueries, part: pl.DataFrame, alone: bool) -> tuple[str, list[Any]]:
    """The statement that adds triples, and its rows.

    :param alone: whether none of them can be there.
    """
    if not alone:
        return queries.merge, rows_of(part)
    if 2 * part.get_column("head").n_unique() > part.height:
        return queries.create, rows_of(part)
    by_head = part.group_by("head", maintain_order=True).agg(pl.exclude("head"))
    return queries.create_by_head, list(map(list, by_head.iter_rows()))
