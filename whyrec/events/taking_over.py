"""Who takes events over into the store, or erases some, does so alone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kg.workspace.lock import workspace_lock
from kg.workspace.scratch import clear_scratch


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
        clear_scratch(service.parent)
        yield
