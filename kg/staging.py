"""Good rows set aside till all rows are checked, so that nothing bad reaches the store.

A small load stays in memory; what is more goes to disk, so that memory stays flat.
"""

import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import polars as pl

from kg.file_lock import FileLock

IN_MEMORY = 128 << 20
"""Bytes of rows that wait in memory before they are written to disk together."""
_PREFIX, _LOCK = "load-", ".lock"


class Staging:
    """Named tables in a folder of their own, which goes away with ``with``."""

    def __init__(self, folder: Path) -> None:
        """Make the folder, inside ``folder``, and clear away what killed processes left there."""
        folder.mkdir(parents=True, exist_ok=True)
        _clear(folder)
        self._folder, self._lock = _new_folder(folder)
        self._parts: dict[str, int] = {}
        self._waiting: dict[str, list[pl.DataFrame]] = {}
        self._bytes = 0

    def add(self, tables: Iterable[tuple[str, pl.DataFrame]]) -> None:
        """Append frames to tables; names are of letters, digits, ``_`` and ``.``."""
        for name, frame in tables:
            waiting = self._waiting.setdefault(name, [])
            if frame.height or not (waiting or name in self._parts):
                waiting.append(frame)
                self._bytes += int(frame.estimated_size())
        if self._bytes > IN_MEMORY:
            self._write()

    def names(self, kind: str) -> list[str]:
        """The tables of which the first part of the name is ``kind``, sorted."""
        return sorted(name for name in {*self._parts, *self._waiting} if name.split(".", 1)[0] == kind)

    def scan(self, name: str) -> pl.LazyFrame | None:
        """A table, or ``None`` where nothing was added under that name."""
        paths = [self._path(name, part) for part in range(self._parts.get(name, 0))]
        written = [pl.scan_parquet(paths, glob=False)] if paths else []
        frames = written + [frame.lazy() for frame in self._waiting.get(name, ())]
        return pl.concat(frames) if frames else None

    def _write(self) -> None:
        for name, frames in self._waiting.items():
            if frames:
                part = self._parts.get(name, 0)
                pl.concat(frames).write_parquet(self._path(name, part), compression="lz4", statistics=False)
                self._parts[name] = part + 1
        self._waiting, self._bytes = {}, 0

    def _path(self, name: str, part: int) -> Path:
        return self._folder / f"{name}-{part}.parquet"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._lock.release()


def _new_folder(folder: Path) -> tuple[Path, FileLock]:
    """A new folder and the lock beside it, by which others see that its process lives; the lock comes first."""
    while True:
        handle, name = tempfile.mkstemp(_LOCK, _PREFIX, folder)
        with open(handle):
            lock = FileLock.try_acquire(Path(name))
        if lock is not None:
            home = Path(name).with_suffix("")
            home.mkdir()
            return home, lock


def _clear(folder: Path) -> None:
    homes = {path.with_suffix("") if path.suffix == _LOCK else path for path in folder.glob(f"{_PREFIX}*")}
    for home in sorted(homes):
        with suppress(OSError):  # what belongs to somebody else stays
            lock = FileLock.try_acquire(home.with_name(home.name + _LOCK))
            if lock is not None:
                shutil.rmtree(home, ignore_errors=True)
                lock.release()
