"""The file of an embedded store: opened, locked, checked for damage.

The engine notices neither an empty file nor noise in the middle of one, and may crash on the latter. So a clean close
leaves a checksum beside the file, ``<file>.crc32``, which the next opening checks; the first write removes it. After a
crash there is none: then the engine's write-ahead log, ``<file>.wal``, brings the file up to date.
"""

import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import ladybug

from kg.errors import StoreError, StoreLockedError, StoreUnavailableError
from kg.stores.embedded.buffer_pool import BUFFER_POOL_VARIABLE, ROWS_PER_MEGABYTE, buffer_pool_bytes

MAX_THREADS = 4
TORN_LOG = re.compile(r"the WAL file is corrupted|past the end of the file .*\.wal ")
"""What the engine says of a log whose last entry is cut off, as after a kill in the middle of a commit. The log is then
read up to there: what had been committed is whole, and the transaction that was cut off never happened."""
CUT_CHECKPOINT = re.compile(r"checkpoint recovery is pending")
"""What the engine says to a reader where a writer was killed while it brought the file up to date, or is at it now."""
NO_ROOM = re.compile(r"[Mm]map|bad_alloc|Cannot allocate|buffer pool", re.IGNORECASE)
"""What the engine says where it gets no address space or memory."""
NO_SPACE = re.compile(r"Cannot (read from|write to|truncate) file|No space left|File too large", re.IGNORECASE)
"""What the engine says where its file cannot grow: it reads back what it could not write."""
DISK_FULL = "the file cannot be written: the disk is full, or files may not be so large. Make room; what is in it stays"
LEFTOVERS = (".wal", ".wal.checkpoint", ".shadow")

_written_here: set[Path] = set()
"""Files this process has open for writing: the lock of the operating system only keeps other processes out."""


class StoreFile:
    """An open file of the embedded engine."""

    def __init__(self, path: Path, *, read_only: bool) -> None:
        """Open the file; opened for writing, it is made where it is missing.

        :raises StoreUnavailableError: missing, damaged, not a store, or in a folder that is not there.
        :raises StoreLockedError: where another process has it open for writing.
        """
        self.path = path
        self.read_only = read_only
        self.batch_rows = (buffer_pool_bytes() >> 20) * ROWS_PER_MEGABYTE
        """Rows that are written, and kept, together."""
        self._unchanged = True
        self._closed = False
        self._place = path.resolve()
        if not read_only and self._place in _written_here:
            raise StoreLockedError(f"{path}: this process has the store open for writing already")
        _check_before_opening(path, read_only)
        self._database = _open_engine(path, read_only)
        if not read_only:
            _written_here.add(self._place)
            with self.session() as session:  # close() does it, before the checksum
                session.execute("CALL force_checkpoint_on_close=false")

    @contextmanager
    def session(self) -> Iterator[ladybug.Connection]:
        """A connection; what the engine reports becomes a ``StoreError``.

        Each use is a connection of its own, since a connection keeps every frame that it has been given.
        """
        if self._closed:
            raise StoreError(f"{self.path}: the store is closed")
        connection = ladybug.Connection(self._database)
        try:
            yield connection
        except (RuntimeError, ValueError) as problem:
            full = not self.read_only and NO_SPACE.search(str(problem))
            raise StoreError(f"{self.path}: {DISK_FULL if full else _sentence(problem)}") from problem
        finally:
            connection.close()

    @contextmanager
    def writing(self) -> Iterator[ladybug.Connection]:
        """A connection with a transaction: all of it is kept, or nothing.

        :raises StoreError: where the store is open for reading only, and for what the engine reports.
        """
        with self.writing_once() as connection:
            connection.execute("BEGIN TRANSACTION")
            yield connection  # an error closes the connection, and that takes everything back
            connection.execute("COMMIT")

    @contextmanager
    def writing_once(self) -> Iterator[ladybug.Connection]:
        """A connection for one writing statement, all of which is kept, or nothing.

        A COPY by itself goes straight into the file; in a transaction it takes half as long again.

        :raises StoreError: where the store is open for reading only, and for what the engine reports.
        """
        self.check_writable()
        with self.session() as connection:
            if self._unchanged:
                checksum_path(self.path).unlink(missing_ok=True)
                self._unchanged = False
            yield connection

    def state(self) -> str:
        """What tells this content of the file from others: its checksum, or else its size and time."""
        told = _read_if_there(checksum_path(self.path)) if self._unchanged else None
        found = self.path.stat()
        return told or f"{found.st_size} {found.st_mtime_ns}"

    def check_writable(self) -> None:
        """Refuse to go on where the file is open for reading only.

        :raises StoreError: then.
        """
        if self.read_only:
            raise StoreError(f"{self.path}: the store is open for reading only")

    def replaced_by(self, other: Path) -> "StoreFile":
        """Close this file, put the closed file ``other`` in its place, and open that.

        :raises StoreError: what the engine or the operating system reports.
        """
        self.close()
        try:
            checksum_path(self.path).unlink(missing_ok=True)
            other.replace(self.path)
            checksum_path(other).replace(checksum_path(self.path))
        except OSError as problem:
            raise StoreError(f"{self.path}: cannot be replaced by {other.name}: {problem.strerror}") from problem
        return StoreFile(self.path, read_only=False)

    def close(self) -> None:
        """Bring the file up to date, leave its checksum, let go of it; closing twice is fine."""
        if self._closed:
            return
        try:
            if not self._unchanged:
                with self.session() as session:
                    session.execute("CHECKPOINT")
                with suppress(OSError):  # a store without one is whole too, and only checked less
                    _leave_checksum(self.path)
        finally:
            self._closed = True
            self._database.close()
            if not self.read_only:
                _written_here.discard(self._place)


def checksum_path(path: Path) -> Path:
    """Where the checksum of a store file lies."""
    return path.with_name(f"{path.name}.crc32")


def _check_before_opening(path: Path, read_only: bool) -> None:
    try:
        _check_path(path, read_only)
    except OSError as problem:
        raise StoreUnavailableError(f"{path}: cannot be read: {problem.strerror}") from problem


def _check_path(path: Path, read_only: bool) -> None:
    if path.is_dir():
        raise StoreUnavailableError(f"{path}: this is a folder; an embedded store is a file")
    if not path.exists():
        _check_missing(path, read_only)
    elif path.stat().st_size == 0:
        raise StoreUnavailableError(
            f"{path}: the file is empty, so the graph in it is lost; restore a copy, or delete the file and load again"
        )
    elif path.resolve() not in _written_here:
        _check_sum(path)


def _check_missing(path: Path, read_only: bool) -> None:
    for leftover in (path.with_name(path.name + suffix) for suffix in LEFTOVERS):
        if leftover.exists():
            raise StoreUnavailableError(
                f"{leftover}: belongs to the store file {path.name}, which is missing; "
                f"put {path.name} back, or delete {leftover.name} to begin a new store"
            )
    if read_only:
        raise StoreUnavailableError(f"{path}: no such store file; `whyrec load` makes it")
    if not path.parent.is_dir():
        raise StoreUnavailableError(f"{path}: the folder {path.parent} does not exist; make it first")
    checksum_path(path).unlink(missing_ok=True)


def _check_sum(path: Path) -> None:
    place = checksum_path(path)
    told = _read_if_there(place)
    if told is None or told == _checksum(path):
        return
    if told == _read_if_there(place):  # else another process has begun to write in the meantime
        raise StoreUnavailableError(
            f"{path}: damaged: the file is not as whyrec left it; restore a copy, or move it and {place.name} aside "
            f"and load again. If another program wrote to it, or you put it here yourself, delete only {place.name} "
            "and run `whyrec refresh`"
        )


def _leave_checksum(path: Path) -> None:
    unfinished = checksum_path(path).with_suffix(f".{os.getpid()}")
    unfinished.write_text(_checksum(path), encoding="ascii")
    unfinished.replace(checksum_path(path))


def _checksum(path: Path) -> str:
    """Size and CRC-32: several gigabytes a second, and the enemy is accident, not malice."""
    value = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            value = zlib.crc32(block, value)
    return f"{path.stat().st_size} {value:08x}\n"


def _read_if_there(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        return None


def _open_engine(path: Path, read_only: bool) -> ladybug.Database:
    try:
        try:
            return _mended(path, read_only)
        except RuntimeError as problem:
            if not CUT_CHECKPOINT.search(str(problem)) or path.resolve() in _written_here:
                raise
            _mended(path, read_only=False).close()  # only who may write can end what the killed process began
            return _mended(path, read_only)
    except (RuntimeError, ValueError, MemoryError) as problem:
        text = _sentence(problem)
        if "Could not set lock" in text or CUT_CHECKPOINT.search(text):
            holder = re.search(r"PID \d+", text)
            raise StoreLockedError(
                f"{path}: another whyrec process{f' ({holder[0]})' if holder else ''} is writing to this store; "
                "wait until it has ended, or end it"
            ) from problem
        if NO_ROOM.search(text):
            raise StoreUnavailableError(
                f"{path}: the engine gets no memory ({text}); the store is as it was. It reserves address space of "
                "several terabytes, so lift `ulimit -v` or the limit of the container, and free memory if it is short"
            ) from problem
        raise StoreUnavailableError(
            f"{path}: cannot be opened as an embedded store: {text}. {_advice(path)}"
        ) from problem


def _mended(path: Path, read_only: bool) -> ladybug.Database:
    """The engine, where need be without the last entry of its log."""
    try:
        return _database(path, read_only)
    except RuntimeError as problem:
        if not TORN_LOG.search(str(problem)):
            raise
        return _database(path, read_only, torn_log=True)


def _advice(path: Path) -> str:
    """What to do about a file that the engine refuses; one with the right checksum is whole, and never the culprit."""
    if checksum_path(path).exists() and not path.with_name(f"{path.name}.wal").exists():
        return "The file is as whyrec left it, so keep it: free disk or memory, or install the version that wrote it"
    if any(path.with_name(f"{path.name}{one}").exists() for one in (".wal.checkpoint", ".shadow")):
        return "A writer was cut off; `whyrec status`, run by somebody who may write in that folder, mends the file"
    return (
        "If another process is writing to it, try again; else restore a copy, or move it aside, and "
        f"{path.name}.wal if that is there, and load again"
    )


def _database(path: Path, read_only: bool, torn_log: bool = False) -> ladybug.Database:
    return ladybug.Database(
        path,
        buffer_pool_size=buffer_pool_bytes(),
        max_num_threads=min(MAX_THREADS, os.cpu_count() or 1),
        read_only=read_only,
        throw_on_wal_replay_failure=not torn_log,
    )


def _sentence(problem: BaseException) -> str:
    """What the engine says, without the values of a row that it may quote."""
    text = str(problem).strip().split("\n")[0].rstrip(".") or type(problem).__name__
    if "duplicated primary key" in text:
        return "an id of this batch is in the store already"
    if "Unable to find primary key" in text:
        return "a triple of this batch begins or ends in an entity that is not in the store"
    if "buffer pool is full" in text:
        return f"out of memory; allow more with {BUFFER_POOL_VARIABLE}, now {buffer_pool_bytes() >> 20}"
    return text
