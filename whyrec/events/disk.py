"""A write-ahead log on its way to the disk, for threads and processes side by side."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

synchronised = getattr(os, "fdatasync", os.fsync)  # macOS and Windows have the second alone


class Disk:
    """Brings a write-ahead log of SQLite to the disk.

    Its transactions must be written with ``synchronous = NORMAL``, which synchronises nothing but the head of the log
    and checkpoints; while a connection is open the file stays the same.

    :param wal: the file.
    :param connect: opens its database.
    """

    def __init__(self, wal: Path, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect, self._failed = connect, False
        self._file = os.open(wal, os.O_RDWR)
        if hasattr(os, "O_DIRECTORY"):
            folder = os.open(wal.parent, os.O_RDONLY | os.O_DIRECTORY)  # that there is such a file has to last too
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def synchronise(self) -> None:
        """Whatever was committed before this is called is on disk when it returns.

        :raises OSError: where the disk does not take it; nothing of it may be acknowledged.
        :raises sqlite3.Error: likewise.
        """
        if self._failed:
            self._checkpoint()
        try:
            synchronised(self._file)
        except OSError:
            self._failed = True
            raise

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _checkpoint(self) -> None:
        """Write everything anew, into the database: a system that could not write pages once takes them for written."""
        with closing(self._connect()) as base:
            base.execute("PRAGMA synchronous = FULL")
            busy, pages, copied = base.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
        if busy or pages != copied:
            raise sqlite3.OperationalError("the write-ahead log could not be copied")
        self._failed = False
