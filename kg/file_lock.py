"""A lock between processes: a file that one of them holds, and that the operating system frees when it dies.

So a killed process leaves no lock behind, and no other process that got its number can be taken for it.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    _FAR = 1 << 30
    """Windows keeps others from reading what is locked, so a byte far behind the text is."""

    def _try_lock(handle: int) -> None:
        os.lseek(handle, _FAR, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        os.lseek(handle, 0, os.SEEK_SET)
else:
    import fcntl

    def _try_lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FileLock:
    """A lock that this process holds; see :meth:`try_acquire`."""

    def __init__(self, path: Path, handle: int) -> None:
        """Use :meth:`try_acquire`."""
        self._path, self._handle = path, handle

    @classmethod
    def try_acquire(cls, path: Path, text: str = "") -> Self | None:
        """Take the lock, or return ``None`` where a living process has it.

        :param text: what others may read in the file meanwhile.
        :raises OSError: where the file cannot be made.
        """
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _try_lock(handle)
            if not _is_same(handle, path):  # the holder removed the file between our opening and our locking
                os.close(handle)
                return None
            os.ftruncate(handle, 0)
            os.write(handle, text.encode("utf-8"))
        except (BlockingIOError, PermissionError):
            os.close(handle)
            return None
        except BaseException:
            os.close(handle)
            raise
        return cls(path, handle)

    @staticmethod
    def is_held(path: Path) -> bool:
        """Whether a living process, this one too, has the lock; false where that cannot be seen."""
        try:
            handle = os.open(path, os.O_RDWR)
        except OSError:
            return False
        try:
            _try_lock(handle)
        except (BlockingIOError, PermissionError):
            return True
        finally:
            os.close(handle)
        return False

    def release(self) -> None:
        """Let go, and remove the file."""
        with suppress(OSError):
            self._path.unlink()
        os.close(self._handle)


def _is_same(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
