"""Whether a process has the logs of a workspace open: what it writes into files that were put away would be lost.

SQLite tells by locks on the file beside a database: whoever has it open with a write-ahead log holds a byte of it
shared, until he closes it or dies. No key is needed to see that.
"""

from pathlib import Path

from kg.errors import WorkspaceError

_DEAD_MAN = 128
"""The byte: after 120 of two headers and the checkpoint's state, the eight locks of the log come, then this one."""


def open_logs(workspace: Path) -> list[Path]:
    """The logs that another process has open."""
    beside = sorted((workspace / "service").glob("*.db-shm"))
    return [path.with_name(path.name.removesuffix("-shm")) for path in beside if _is_held(path)]


def check_logs_closed(workspace: Path) -> None:
    """Refuse to go on where another process has a log open.

    :raises WorkspaceError: then.
    """
    for log in open_logs(workspace):
        raise WorkspaceError(f"{log}: another process has it open; stop the service, and run the command again")


def _is_held(path: Path) -> bool:
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows, where nobody removes or replaces a file that another process has open
        return False
    try:
        with path.open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _DEAD_MAN)
            return False
    except FileNotFoundError:
        return False
    except OSError:
        return True
