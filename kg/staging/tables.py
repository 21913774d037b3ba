"""Good rows set aside till all rows are checked, so that nothing bad reaches the store.

A small load stays in memory; what is more goes to disk, so that memory stays flat.
"""

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import polars as pl

from kg.file_lock import LOCK, STAGED, FileLock, clear_abandoned
from kg.staging.partition import WHOLE, Partition, by_bucket, together

IN_MEMORY = 120 << 20
"""Bytes of rows that wait in memory before they are written to disk together."""
KEYS = {
    **dict.fromkeys(("row", "once", "known", "triple", "before"), "head"),
    **dict.fromkeys(("entity", "tail", "stored", "spoken"), "id"),
}
"""Kinds of tables that are partitioned, and the column by which they are."""


class Staging:
    """Named tables in a folder of their own, which goes away with ``with``."""

    def __init__(self, folder: Path) -> None:
        """Make the folder, inside ``folder``, and clear away what killed processes left there."""
        folder.mkdir(parents=True, exist_ok=True)
        clear_abandoned(folder)
        self._folder, self._lock = _new_folder(folder)
        self._files: dict[str, list[tuple[Path, int | None]]] = {}
        self._waiting: dict[str, list[pl.DataFrame]] = {}
        self._rows: dict[str, int] = {}
        self._bytes = 0

    def add(self, tables: Iterable[tuple[str, pl.DataFrame]]) -> None:
        """Append frames to tables; names are of letters, digits, ``_`` and ``.``."""
        for name, frame in tables:
            waiting = self._waiting.setdefault(name, [])
            self._rows[name] = self._rows.get(name, 0) + frame.height
            if frame.height or not (waiting or name in self._files):
                waiting.append(frame)
                self._bytes += int(frame.estimated_size())
        if self._bytes > IN_MEMORY:
            self._write()

    def names(self, kind: str) -> list[str]:
        """The tables of which the first part of the name is ``kind``, sorted."""
        return sorted(name for name in {*self._files, *self._waiting} if _kind(name) == kind)

    def __contains__(self, name: str) -> bool:
        """Whether a table is there, were it empty."""
        return name in self._waiting or name in self._files

    def rows(self, name: str) -> int:
        """How many rows a table has."""
        return self._rows.get(name, 0)

    def scan(self, name: str, partition: Partition = WHOLE) -> pl.LazyFrame | None:
        """A table, or ``None`` where nothing was added under that name.

        :param partition: which part of it, for tables of kinds in ``KEYS``.
        """
        files, waiting = self._files.get(name, []), self._waiting.get(name, [])
        if not files and not waiting:
            return None
        paths = [path for path, bucket in files if bucket is None or bucket in partition.buckets]
        written = [pl.scan_parquet(paths, glob=False)] if paths else []
        frames = written + [partition.select(frame, KEYS.get(_kind(name), "")).lazy() for frame in waiting]
        return pl.concat(frames) if frames else pl.scan_parquet(files[0][0], glob=False).clear()

    def frames(self, name: str) -> Iterator[pl.DataFrame]:
        """All rows of a table, about as many at a time as wait in memory."""
        for path, _ in self._files.get(name, ()):
            yield pl.read_parquet(path, glob=False)
        yield from self._waiting.get(name, ())

    def files(self, name: str) -> list[Path]:
        """The Parquet files of a table, after what of it waits in memory was written to some, too."""
        if self._waiting.get(name):
            self._write()
        return [path for path, _ in self._files.get(name, ())]

    def remove(self, name: str) -> None:
        """Forget a table."""
        self._bytes -= sum(int(frame.estimated_size()) for frame in self._waiting.pop(name, ()))
        for path, _ in self._files.pop(name, ()):
            path.unlink()
        self._rows.pop(name, None)

    def _write(self) -> None:
        for name, frames in self._waiting.items():
            key = KEYS.get(_kind(name))
            for bucket, part in by_bucket(frames, key) if key else together(frames):
                files = self._files.setdefault(name, [])
                files.append((self._folder / f"{name}-{len(files)}.parquet", bucket))
                part.write_parquet(files[-1][0], compression="lz4", statistics=False)
        self._waiting, self._bytes = {}, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._lock.release()


def _kind(name: str) -> str:
    return name.split(".", 1)[0]


def _new_folder(folder: Path) -> tuple[Path, FileLock]:
    """A new folder and the lock beside it, by which others see that its process lives; the lock comes first."""
    while True:
        handle, name = tempfile.mkstemp(LOCK, STAGED, folder)
        with open(handle):
            lock = FileLock.try_acquire(Path(name))
        if lock is not None:
            home = Path(name).with_suffix("")
            home.mkdir()
            return home, lock
