"""The mark of a training that is under way: whoever forgets somebody removes it, with all that was learned so far.

It is made before the graph is read. Whoever is forgotten goes from the store first, and the folder of trainings after
that: a training that has read her has no mark any more when it ends.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kg.errors import WorkspaceError
from kg.file_link import remove_folder
from kg.file_lock import LOCK, FileLock, clear_abandoned
from kg.workspace.permissions import private_files

_BEGINS = "under-way-"


@contextmanager
def training_mark(folder: Path) -> Iterator[Path]:
    """A file that is there until the training ends, or somebody is forgotten; then what it went on to write goes too,
    unless another training, begun since, writes there.

    :param folder: of trainings.
    :raises WorkspaceError: where the folder cannot be written, or another training goes on there: what both write would
        be of two graphs.
    """
    mark = folder / f"{_BEGINS}{secrets.token_hex(4)}{LOCK}"
    try:
        with private_files():
            folder.mkdir(exist_ok=True)
            clear_abandoned(folder, _BEGINS)
            lock = FileLock.try_acquire(mark)
    except OSError as problem:
        raise WorkspaceError(f"{folder}: cannot be written: {problem.strerror}") from None
    assert lock is not None  # nobody else knows the name
    try:
        if is_under_way(folder, but=mark):
            raise WorkspaceError(
                f"{folder}: another training of this workspace goes on; wait until it has ended, or end it, and train "
                "again"
            )
        yield mark
    finally:
        removed = not mark.exists()
        lock.release()
        if removed and not is_under_way(folder):
            remove_folder(folder)
        with suppress(OSError):  # a checkpoint, or another training, stays
            folder.rmdir()


def is_under_way(folder: Path, but: Path | None = None) -> bool:
    """Whether a training goes on, of this process or another.

    :param folder: of trainings.
    :param but: the mark of one that is not asked about.
    """
    return any(FileLock.is_held(mark) for mark in folder.glob(f"{_BEGINS}*") if mark != but)
