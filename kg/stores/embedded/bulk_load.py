"""Bulk load: all new triples of a relation by one COPY, straight from Parquet files.

The engine keeps the triples of 131,072 entities together, and each COPY writes anew all that it adds to. Those of a
large load come in no order, so many copies write everything many times over, and one writes it once: what memory does
not hold meanwhile, the engine puts on disk. One is kept whole or not at all, too, and a kill takes all of it back.
"""

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import ladybug

from kg.errors import StoreMemoryError
from kg.schema import Schema
from kg.stores.batches import relation_of
from kg.stores.embedded.batch_writing import check_taken
from kg.stores.embedded.file import StoreFile
from kg.stores.embedded.opening import THREADS
from kg.stores.embedded.tables import result_rows, text_literal
from kg.stores.queries import statement
from kg.stores.store import REPEATED_DTYPES, triple_dtypes

GROUP = 1 << 17
"""Entities whose triples are kept together."""
WHILE_COPYING, WHILE_SETTLING = 96 * THREADS, 56
"""Bytes that a triple takes in the buffer pool while its group is written by one COPY, or by one after another.
Measured: 12 million in each group take 2.2 GB by one, by two threads, and 8 million .33 GB by many."""
MOMENT = 0.2
"""Seconds after which it is looked whether somebody wants to end it."""
PATTERN = re.compile(r"[*?\[\]{}\n\r]")
"""What would be more than a name to the engine."""


class BulkLoader:
    """Loads files with the columns of ``triple_dtypes``, in that order."""

    def __init__(self, file: StoreFile, schema: Schema) -> None:
        self._file, self._schema = file, schema

    def triples(self, relation: str, files: Sequence[Path], rows: int) -> bool:
        """Add the triples of files where the engine has room for all at once; where not, nothing, and ``False``.

        :raises StoreError: an end that is not there, and what the engine reports; nothing is kept then.
        """
        ends = relation_of(self._schema, relation)
        names = {"relation": relation, "head": ends.head, "tail": ends.tail}
        largest = self._largest_group(names, rows)
        self._file.enlarge(largest * WHILE_SETTLING)
        if largest * WHILE_COPYING > self._file.pool or any(PATTERN.search(str(path)) for path in files):
            return False
        listed = ", ".join(text_literal(str(path.resolve())) for path in files)  # the engine takes no parameter there
        columns = [name for name in triple_dtypes(self._schema, relation) if name in REPEATED_DTYPES]
        query = statement("embedded", "create_triples", properties=columns, **names).replace("$rows", f"[{listed}]")
        try:
            with self._file.writing_once() as session:
                told = _interruptible(session, query)
        except StoreMemoryError:  # some entities have far more than others
            return False
        check_taken(f"{self._file.path}: {relation}", told, rows)
        return True

    def _largest_group(self, names: dict[str, str], rows: int) -> int:
        """How many triples a group has on the average then, at the end that has fewer entities."""
        with self._file.session() as session:
            there = result_rows(session, statement("embedded", "count_triples", **names)).item()
            entities = min(
                result_rows(session, statement("embedded", "count_entities", type=names[end])).item()
                for end in ("head", "tail")
            )
        return int((there + rows) * GROUP / max(entities, GROUP))


def _interruptible(session: ladybug.Connection, query: str) -> str:
    """What the engine says of a statement; it would keep Ctrl-C waiting for minutes."""
    with ThreadPoolExecutor(1) as beside:
        copying = beside.submit(result_rows, session, query)
        try:
            while not wait([copying], MOMENT).done:
                pass
        except BaseException:
            while not wait([copying], MOMENT).done:
                session.interrupt()  # the engine forgets one that comes before it has begun
            raise
        return str(copying.result().row(0)[0])
