"""The file of an embedded store: opened, locked, checked for damage.

The engine notices neither an empty file nor noise in the middle of one, and may crash on the latter. So a clean close
leaves a checksum beside the file, ``<file>.crc32``, which the next opening checks; the first write removes it. After a
crash there is none: then the engine's write-ahead log, ``<file>.wal``, brings the file up to date.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import ladybug

from kg.errors import StoreError, StoreLockedError, StoreMemoryError
from kg.stores.embedded.buffer_pool import ROWS_PER_MEGABYTE, buffer_pool_bytes, largest_pool_bytes
from kg.stores.embedded.checksum import checksum_path, checksum_there, leave_checksum
from kg.stores.embedded.opening import POOL_FULL, check_before_opening, open_engine, sentence, written_here

NO_SPACE = re.compile(r"Cannot (read from|write to|truncate) file|No space left|File too large", re.IGNORECASE)
"""What the engine says where its file cannot grow: it reads back what it could not write."""
DISK_FULL = "the file cannot be written: the disk is full, or files may not be so large. Make room; what is in it stays"


class StoreFile:
    """An open file of the embedded engine."""

    def __init__(self, path: Path, *, read_only: bool) -> None:
        """Open the file; opened for writing, it is made where it is missing.

        :raises StoreUnavailableError: missing, damaged, not a store, or in a folder that is not there.
        :raises StoreLockedError: where another process has it open for writing.
        """
        self.path = path
        self.read_only = read_only
        self.pool = buffer_pool_bytes()
        """Bytes of the engine's buffer pool."""
        self.batch_rows = (self.pool >> 20) * ROWS_PER_MEGABYTE
        """Rows that are written, and kept, together."""
        self.unsettled = 0
        """Rows that were copied since the file was last brought up to date: a kill takes them back."""
        self._defers = False
        self._unchanged = True
        self._closed = False
        self._place = path.resolve()
        if not read_only and self._place in written_here:
            raise StoreLockedError(f"{path}: this process has the store open for writing already")
        check_before_opening(path, read_only)
        self._open_engine()
        if not read_only:
            written_here.add(self._place)

    def _open_engine(self) -> None:
        self._database = open_engine(self.path, self.read_only, self.pool)
        if not self.read_only:
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
            kind = StoreMemoryError if POOL_FULL in str(problem) else StoreError
            raise kind(f"{self.path}: {DISK_FULL if full else sentence(problem, self.pool)}") from problem
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

        A COPY by itself goes straight into the file; in a transaction it takes half as long again. Whatever else is
        written goes into the log, and what the log says must not outlast what it builds upon: so that is settled first.

        :raises StoreError: where the store is open for reading only, and for what the engine reports.
        """
        self.settle()
        with self._changing() as connection:
            yield connection

    @contextmanager
    def copying(self, rows: int) -> Iterator[ladybug.Connection]:
        """A connection for one COPY of so many rows, all of which are kept, or none.

        Inside of :meth:`deferring` they are settled later. Where it fails then, the engine takes back more than this
        COPY from what it has in memory: so all that is unsettled is given up, and the file closed, whole as it was.

        :raises StoreError: where the store is open for reading only, and for what the engine reports.
        """
        if not self._defers:
            with self.writing_once() as connection:
                yield connection
            return
        if self.unsettled + rows > self.batch_rows:
            self.settle()
        try:
            with self._changing() as connection:
                connection.execute("CALL auto_checkpoint=false")
                yield connection
                connection.execute("CALL auto_checkpoint=true")
        except BaseException:
            self._let_go()
            raise
        self.unsettled += rows
        if self.unsettled >= self.batch_rows:
            self.settle()

    @contextmanager
    def deferring(self) -> Iterator[None]:
        """Inside, the file is brought up to date once for many a COPY; after each it takes a fifth of the time.

        Memory holds ``batch_rows`` unsettled rows at most. What an error leaves of them is settled, too.

        :raises StoreError: for what the engine reports.
        """
        self._defers = True
        try:
            yield
        except BaseException:
            with suppress(StoreError):  # as where the disk is full: then what is unsettled is taken back
                self.settle()
            raise
        finally:
            self._defers = False
        self.settle()

    def settle(self) -> None:
        """Bring the file up to date where something was copied, so that it outlasts a kill.

        :raises StoreError: for what the engine reports; then nothing of it does.
        """
        if self.unsettled:
            with self.session() as session:
                session.execute("CHECKPOINT")
            self.unsettled = 0

    def enlarge(self, pool: int) -> None:
        """Open the engine anew with so many bytes for its buffer pool, if that is more, and as far as it may be.

        :raises StoreError: what the engine reports.
        """
        pool = min(pool, largest_pool_bytes())
        if pool <= self.pool:
            return
        self.settle()
        self._database.close()
        self.pool = pool
        try:
            self._open_engine()
        except BaseException:
            self._let_go()
            raise

    @contextmanager
    def _changing(self) -> Iterator[ladybug.Connection]:
        """A connection that writes: from now on the file has no checksum."""
        self.check_writable()
        with self.session() as connection:
            if self._unchanged:
                checksum_path(self.path).unlink(missing_ok=True)
                self._unchanged = False
            yield connection

    def state(self) -> str:
        """What tells this content of the file from others: its checksum, or else its size and time."""
        told = checksum_there(self.path) if self._unchanged else None
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
                    leave_checksum(self.path)
        finally:
            self._let_go()

    def _let_go(self) -> None:
        self._closed = True
        self._database.close()
        if not self.read_only:
            written_here.discard(self._place)
