"""The writing phase of a load: batch by batch, each kept whole, so that a load can be cut off anywhere and goes on.

What vanished is deleted first, triples before entities; then entities are written, and triples last, so that every
triple finds its ends. A mark says from the first write to the last that the store is between two states.
"""

import hashlib
import uuid
from collections.abc import Callable, Sequence
from functools import partial

import polars as pl

from kg.errors import StoreConflictError, StoreError
from kg.loading.changes import Changes, RowsAside
from kg.progress import Progress
from kg.staging.progress import StageProgress
from kg.stores.revision import UNFINISHED, unfinished_key
from kg.stores.store import PIECE_ROWS, Store, chunks

WRITING = "Writing"


def load_key(files: Sequence[str]) -> str:
    """What tells the load of these files from others, in its mark."""
    return hashlib.blake2b("\n".join(files).encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def write_changes(store: Store, changes: Changes, progress: Progress, key: str = "", resume: bool = False) -> bool:
    """Write what differs; nothing, not even a new revision, where nothing does and no load was cut off before.

    :param key: tells this load from others. Where one with another key was cut off, its mark is put back at the end:
        half of what it meant to write is still missing.
    :param resume: whether this load finishes that one all the same.
    :returns: whether another load is still unfinished.
    :raises StoreError: what the store reports, and what is safe by then.
    """
    wanted, cut_off = changes.rows, unfinished_key(store.revision())
    others = cut_off not in (None, "", key) and not resume
    if not any(wanted.values()):
        if cut_off is not None and not others:  # cut off between its last write and its last mark
            store.set_revision(str(uuid.uuid4()))
        return others
    writer = _Writer(store, wanted, StageProgress(progress, WRITING, sum(wanted.values())))
    try:
        own = f"{UNFINISHED}{key}-{uuid.uuid4()}"
        store.set_revision(own)
        with store.deferring():
            writer.write(changes)
        others = others and store.revision() == own  # else the other one has ended meanwhile
        store.set_revision(f"{UNFINISHED}{cut_off}-{uuid.uuid4()}" if others else str(uuid.uuid4()))
    except StoreError as problem:
        raise type(problem)(f"{problem}\n{writer.safe()}") from problem
    return others


class _Writer:
    """Writes and counts."""

    def __init__(self, store: Store, wanted: dict[str, int], progress: StageProgress) -> None:
        self._store, self._wanted, self._progress = store, wanted, progress
        self._done, self._lasting = dict.fromkeys(wanted, 0), dict.fromkeys(wanted, 0)
        """Rows that the store took, and those of them that outlast a kill."""
        self._at_once = max(store.batch_rows, PIECE_ROWS)
        """Rows that are read and put in order together."""

    def write(self, changes: Changes) -> None:
        """Delete triples, then entities; create and update entities, then triples: no end is ever missing."""
        store = self._store
        for name, change in changes.triples.items():
            self._write(store.delete_triples, name, change.deleted)
        for name, change in changes.entities.items():
            self._write(store.delete_entities, name, change.deleted)
        for name, change in changes.entities.items():
            self._create_entities(name, change.created)
            self._write(partial(store.update_entities, changed=change.changed), name, change.updated)
        for name, change in changes.triples.items():
            if not self._bulk_load(name, change.created):
                self._write(store.create_triples, name, change.created)
            self._write(store.update_triples, name, change.updated)

    def safe(self) -> str:
        """What is in the store for certain, for the message of an error."""
        done = self._count_lasting()
        complete = [name for name, rows in self._wanted.items() if rows and done[name] == rows]
        partial = [f"{done[name]:,} of {rows:,} {name}" for name, rows in self._wanted.items() if 0 < done[name] < rows]
        if not complete and not partial:
            return "Nothing of this load was written before that; the same command starts again."
        parts = [f"all changes of {', '.join(complete)}"] if complete else []
        return f"Safe in the store: {'; '.join(parts + partial)}. The same command goes on from there."

    def _write(self, write: Callable[[str, pl.DataFrame], None], name: str, rows: RowsAside) -> None:
        for frame in rows.frames(self._at_once):
            self._in_batches(write, name, frame)

    def _bulk_load(self, name: str, rows: RowsAside) -> bool:
        """Write the new triples of a large load together, where the store does so."""
        if rows.height <= self._at_once:
            return False
        self._progress.advance(0, 0, name)
        loaded = self._store.bulk_load_triples(name, rows.files(), rows.height)
        if loaded:
            self._count(name, rows.height)
        return loaded

    def _in_batches(self, write: Callable[[str, pl.DataFrame], None], name: str, frame: pl.DataFrame) -> None:
        for part in chunks(self._arranged(frame), self._store.batch_rows):
            write(name, part)
            self._count(name, part.height)

    def _create_entities(self, name: str, rows: RowsAside) -> None:
        for frame in rows.frames(self._at_once):
            rest = self._arranged(frame)
            while rest.height:
                part = rest.head(self._store.batch_rows)
                try:
                    self._store.create_entities(name, part)
                except StoreConflictError:
                    rest = self._give_way(name, rest)
                else:
                    self._count(name, part.height)
                    rest = rest.slice(part.height)

    def _give_way(self, name: str, rest: pl.DataFrame) -> pl.DataFrame:
        """Another load was quicker, or an answer was lost: lay our values over what is there; the rows still to do.

        :raises StoreConflictError: where none of the rows is there, so that something else stands in their way.
        """
        stored = self._store.read_entities(name)
        there = rest.join(stored, on="id", suffix=" stored", maintain_order="left")
        if there.is_empty():
            raise StoreConflictError(
                f"{self._store.url}: {name}: the server refuses these entities; see its constraints"
            )
        columns = [column for column in rest.columns if column != "id"]
        wanted = [pl.coalesce(c, f"{c} stored").alias(c) for c in columns]
        differs = {c: pl.col(c).is_not_null() & pl.col(c).ne_missing(pl.col(f"{c} stored")) for c in columns}
        different = there.filter(pl.any_horizontal(differs.values()))
        changed = [c for c in columns if different.select(differs[c].any()).item()]
        update = partial(self._store.update_entities, changed=changed)
        self._in_batches(update, name, different.select("id", *wanted))
        self._count(name, there.height - different.height)
        return rest.join(there, on="id", how="anti", maintain_order="left")

    def _arranged(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows in the order in which the store writes them fastest."""
        keys = ["head", "tail"] if "head" in frame.columns else ["id"]
        return frame.sort(keys) if self._store.sorted_writes else frame

    def _count(self, name: str, rows: int) -> None:
        self._done[name] += rows
        self._count_lasting()
        self._progress.advance(rows, rows, name)

    def _count_lasting(self) -> dict[str, int]:
        if not self._store.unsettled:
            self._lasting = dict(self._done)
        return self._lasting
