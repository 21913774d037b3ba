"""Scratch folders of a workspace: files that a command needs while it works, made from the graph or the log of events.

They hold people as those do. A command removes its own at the end, and what a killed one left goes with the next
command that needs such a folder, forgets somebody, or seals: a lock beside each tells whether anybody works in it.
"""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kg.errors import WorkspaceError
from kg.file_lock import LOCK, FileLock, clear_abandoned
from kg.workspace.permissions import private_files
from kg.workspace.workspace import EXPERIMENTS

NAME = ".scratch"


@contextmanager
def scratch(workspace: Path, purpose: str) -> Iterator[Path]:
    """A new folder for one command, for its owner alone, gone at the end.

    :param purpose: what its name begins with, as ``evaluation``.
    :raises WorkspaceError: where the workspace cannot be written.
    """
    home = workspace / NAME / f"{purpose}-{secrets.token_hex(4)}"
    try:
        with private_files():
            clear_scratch(workspace)
            home.parent.mkdir(exist_ok=True)
            lock = FileLock.try_acquire(home.with_name(home.name + LOCK))
            home.mkdir()
    except OSError as problem:
        raise WorkspaceError(f"{home.parent}: cannot be written: {problem.strerror}") from problem
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)
        if lock is not None:
            lock.release()


def clear_scratch(workspace: Path) -> list[str]:
    """Remove what killed commands left; returns what the folders of those that work now begin with."""
    folders = [workspace / NAME, *workspace.glob(f"{EXPERIMENTS}/*/{NAME}")]
    for folder in folders:
        clear_abandoned(folder, "")
    return sorted({home.name.rpartition("-")[0] for folder in folders for home in folder.glob("*") if home.is_dir()})
