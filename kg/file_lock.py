"""A lock between processes: a file that one of them holds, and that the operating system frees when it dies.

So a killed process leaves no lock behind, and no other process that got its number can be taken for it. The locking is
the package filelock's; this adds what whyrec needs besides: a text that says who holds the lock, a look that leaves no
file behind, and the file's removal when the lock is let go. filelock is imported at the first lock: whoever only reads
the graph takes none, and would pay 7 to 40 ms for it.
"""

import shutil
from contextlib import suppress
from errno import ENOENT
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from filelock import BaseFileLock

STAGED, LOCK = "load-", ".lock"
"""What the names of folders of staged rows begin with; what a lock has after the name of the folder beside it."""


class FileLock:
    """A lock that this process holds; see :meth:`try_acquire`."""

    def __init__(self, path: Path, lock: "BaseFileLock") -> None:
        """Use :meth:`try_acquire`."""
        self._path, self._lock = path, lock

    @classmethod
    def try_acquire(cls, path: Path, text: str = "") -> Self | None:
        """Take the lock, or return ``None`` where a living process has it.

        :param text: what others may read in the file meanwhile.
        :raises OSError: where the file cannot be made.
        """
        if not path.parent.is_dir():  # filelock would make it
            raise FileNotFoundError(ENOENT, "there is no such folder", str(path.parent))
        lock = _taken(path)
        if lock is None:
            return None
        path.write_text(text, encoding="utf-8")
        return cls(path, lock)

    @staticmethod
    def is_held(path: Path) -> bool:
        """Whether a living process, this one too, has the lock; false where that cannot be seen."""
        if not path.exists():
            return False
        try:
            lock = _taken(path)
        except OSError:
            return False
        if lock is not None:
            lock.release()
        return lock is None

    def release(self) -> None:
        """Let go, and remove the file. It goes first: whoever opened it meanwhile sees that it is gone."""
        with suppress(OSError):
            self._path.unlink()
        self._lock.release()


def clear_abandoned(folder: Path, begins: str = STAGED) -> None:
    """Remove the folders of killed commands in a folder; those that go on hold the lock beside theirs.

    :param begins: what their names begin with; those of staged rows where absent.
    """
    homes = {path.with_suffix("") if path.suffix == LOCK else path for path in folder.glob(f"{begins}*")}
    for home in sorted(homes):
        with suppress(OSError):  # what belongs to somebody else stays
            lock = FileLock.try_acquire(home.with_name(home.name + LOCK))
            if lock is not None:
                shutil.rmtree(home, ignore_errors=True)
                lock.release()


def _taken(path: Path) -> "BaseFileLock | None":
    from filelock import FileLock as Lock
    from filelock import Timeout

    lock = Lock(path, mode=0o600, thread_local=False)  # a lock taken in one thread may be let go in another
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    return lock
