"""Writing to the embedded store in batches, each kept whole or not at all, and counted."""

import polars as pl

from kg.counting import by_number
from kg.errors import StoreError
from kg.stores.embedded.file import StoreFile
from kg.stores.embedded.opening import NO_END
from kg.stores.embedded.tables import result_rows
from kg.stores.store import chunks

PART = 10
"""The part of the rows of one COPY that is changed or removed together: the engine holds ten times as much of each."""
FEW = 64
"""Rows that are told to the engine as a list, which it looks up one by one."""


class BatchWriter:
    """Runs a statement over the rows of a frame, ``batch_rows`` of the file in each transaction, or a part of them."""

    def __init__(self, file: StoreFile) -> None:
        self._file = file

    @property
    def _changed_together(self) -> int:
        return max(self._file.batch_rows // PART, 1)

    def create(self, query: str, few: str, batch: pl.DataFrame, origin: str) -> None:
        """Add rows; the engine says how many it took.

        :param few: the statement for a few rows.
        :raises StoreError: where it took fewer.
        """
        if 0 < batch.height <= FEW:
            return self._create_few(few, batch, origin)
        for part in chunks(batch, self._file.batch_rows):
            with self._file.copying(part.height) as session:
                told = str(result_rows(session, query, {"rows": part}).row(0)[0])
            check_taken(f"{self._file.path}: {origin}", told, part.height)
        return None

    def _create_few(self, query: str, batch: pl.DataFrame, origin: str) -> None:
        with self._file.writing() as session:
            if result_rows(session, query, {"rows": batch.to_dicts()}).item() != batch.height:
                raise StoreError(f"{self._file.path}: {origin}: {NO_END}")

    def delete(self, query: str, left: str, batch: pl.DataFrame, origin: str) -> None:
        """Remove rows, and make sure that none is left before that is kept.

        :param left: the statement that finds what is left of them.
        :raises StoreError: where some are.
        """
        for part in chunks(batch, self._changed_together):
            with self._file.writing() as session:
                session.execute(query, {"rows": part})
                found = result_rows(session, left, {"rows": part})
                kept = found.item() if found.columns == ["count"] else found.height
                if kept:
                    raise StoreError(f"{self._file.path}: {origin}: of {part.height} to delete, still there: {kept}")

    def update(self, query: str, batch: pl.DataFrame, origin: str) -> None:
        """Overwrite rows; a batch in which one is not there is not kept.

        :raises StoreError: where a row to update is not there.
        """
        for part in chunks(batch, self._changed_together):
            with self._file.writing() as session:
                updated = result_rows(session, query, {"rows": part}).item()
                if updated != part.height:
                    problem = by_number(
                        f"{part.height - updated} of {part.height} [row|rows] to update [is|are] not there"
                    )
                    raise StoreError(f"{self._file.path}: {origin}: {problem}")


def check_taken(origin: str, told: str, rows: int) -> None:
    """Make sure that a COPY took all rows.

    :param told: what the engine says of it; it begins with a number.
    :raises StoreError: where it took fewer.
    """
    taken = told.partition(" ")[0]
    if taken != str(rows):
        raise StoreError(
            f"{origin}: the engine took {taken} of {rows:,} without an error; run the load again, which completes them"
        )
