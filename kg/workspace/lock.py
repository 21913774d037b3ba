"""One load at a time in a workspace; whoever only reads is never kept waiting."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from kg.errors import StoreLockedError, WorkspaceError
from kg.file_lock import FileLock

LOCK = "load.lock"
WAIT_SECONDS = 10.0
_POLL_SECONDS = 0.1


@contextmanager
def workspace_lock(
    folder: Path, wait_seconds: float | None = None, waiting: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Hold the lock of a workspace; that of a process that died is taken over.

    :param wait_seconds: how long to wait for another process; ``WAIT_SECONDS`` where absent.
    :param waiting: told once, with the holder, where another process has the lock.
    :raises StoreLockedError: where that process has it still after ``wait_seconds``, saying who it is.
    :raises WorkspaceError: where the folder cannot be written.
    """
    lock = _acquired(folder, WAIT_SECONDS if wait_seconds is None else wait_seconds, waiting or (lambda _: None))
    try:
        yield
    finally:
        lock.release()


def running_load(folder: Path) -> str | None:
    """The process that loads into the workspace now, and since when; ``None`` where none does."""
    return _holder(folder / LOCK) if FileLock.is_held(folder / LOCK) else None


def _acquired(folder: Path, wait_seconds: float, waiting: Callable[[str], None]) -> FileLock:
    path, until, told = folder / LOCK, time.monotonic() + wait_seconds, False
    text = f"process {os.getpid()}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n"
    while True:
        try:
            lock = FileLock.try_acquire(path, text)
        except OSError as problem:
            raise WorkspaceError(f"{path}: cannot be written: {problem.strerror}") from problem
        if lock is not None:
            return lock
        if time.monotonic() >= until:
            raise StoreLockedError(
                f"{folder}: another load works in this workspace ({_holder(path)}); "
                "wait until it has ended, or end it; then the same command goes on"
            )
        if not told:
            waiting(f"another load works in this workspace ({_holder(path)}); waiting for it")
            told = True
        time.sleep(_POLL_SECONDS)


def _holder(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip() or "unknown process"
    except OSError:
        return "it has just ended"
