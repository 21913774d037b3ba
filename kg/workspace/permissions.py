"""Who may read a workspace: it holds personal data, so what is made in it is for its owner alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

OTHERS = 0o077
"""The bits of everybody but the owner."""
_LOCK = Lock()
_inside, _before = 0, 0


@contextmanager
def private_files() -> Iterator[None]:
    """Make files 0600 and folders 0700, from their first byte on and by whatever library they are written.

    The file mode mask belongs to the whole process: what other threads make meanwhile is private too, and the mask is
    as before when the last of several that overlap has ended. On Windows, where folders inherit their access, nothing
    changes.
    """
    global _inside, _before
    with _LOCK:
        if not _inside:
            _before = os.umask(OTHERS)
        _inside += 1
    try:
        yield
    finally:
        with _LOCK:
            _inside -= 1
            if not _inside:
                os.umask(_before)


def open_to_others(folder: Path) -> list[Path]:
    """The folder and all in it that other users of the computer may read or write; none where they cannot get in."""
    if os.name != "posix" or not _is_open(folder):
        return []
    return [path for path in (folder, *sorted(folder.rglob("*"))) if not path.is_symlink() and _is_open(path)]


def _is_open(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & OTHERS)
    except FileNotFoundError:  # a load, which takes its files away again, goes on
        return False
