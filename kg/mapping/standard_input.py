"""Standard input as a file: kept on disk while a load goes on, since files are read more than once.

It may name people, so what a killed load left of it is removed by whoever keeps such a file next, forgets somebody, or
seals a workspace: a lock in its folder tells whether the load goes on.
"""

import atexit
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from stat import S_ISDIR

from kg.file_lock import LOCK, FileLock

STANDARD_INPUT = "-"
PREFIX = "whyrec-input-"
_kept: dict[str, Path] = {}
_held: list[FileLock] = []


def kept_input(name: str = "standard input") -> Path:
    """Standard input as a file that only this user can read, gone when the program ends.

    :param name: of the file; a suffix tells its format.
    """
    if name not in _kept:
        clear_inputs()
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        lock = FileLock.try_acquire(folder / LOCK)
        _held.extend([lock] if lock is not None else [])
        target = folder / Path(name).name
        with target.open("wb") as out:
            shutil.copyfileobj(sys.stdin.buffer, out)
        _kept[name] = target
    return _kept[name]


def clear_inputs() -> None:
    """Remove what killed loads of this user left."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # somebody else is at it, too
            told = folder.lstat()
            if S_ISDIR(told.st_mode) and (os.name != "posix" or told.st_uid == os.geteuid()):
                lock = FileLock.try_acquire(folder / LOCK)
                if lock is not None:
                    shutil.rmtree(folder, ignore_errors=True)
                    lock.release()


def place_of(path: Path, base: Path) -> str:
    """What reports call a file: standard input by its name, what lies beneath ``base`` from there."""
    path, base = path.absolute(), base.absolute()
    if path in _kept.values():
        return path.name
    return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)
