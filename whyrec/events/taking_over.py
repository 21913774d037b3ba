"""Who takes events over into the store, or erases some, does so alone."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kg.workspace.lock import workspace_lock

PREFIX = ".events-"
"""How the folders begin in which events are files while they are loaded."""


@contextmanager
def alone(service: Path, waiting: Callable[[str], None] | None = None) -> Iterator[None]:
    """Wait for whoever takes events over or erases some, and remove what one left that was killed: it names people.

    Of two who load the same events the slower would write what the other replaced meanwhile; and what is erased while
    it is loaded would come back.

    :param service: the folder of the log.
    :param waiting: told once, with the holder, where another process has the lock.
    :raises StoreLockedError: where that process has it still after a while, saying who it is.
    """
    with workspace_lock(service, waiting=waiting):
        for left in service.parent.glob(f"{PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield
