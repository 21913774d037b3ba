"""Group commit: events of many requests written in one transaction, one disk synchronisation for all that wait.

The thread that writes never copies the write-ahead log back into the file: another does that beside it, since who comes
upon it would wait for the whole of it.
"""

import asyncio
from collections.abc import Sequence
from queue import SimpleQueue
from threading import Event as Signal
from threading import Thread

from whyrec.events.database import database_errors
from whyrec.events.log import Event, EventLog

MOST = 1_000
"""Events of one transaction, but for those of one request."""
CHECKPOINT_SECONDS, CHECKPOINT_BYTES = 1.0, 4_000_000
Counts = tuple[int, int]
_Waiting = tuple[Sequence[Event], asyncio.AbstractEventLoop, "asyncio.Future[Counts]"]


class GroupCommit:
    """Writes to one log for the requests of one process."""

    def __init__(self, log: EventLog) -> None:
        self._log, self._waiting, self._ended = log, SimpleQueue[_Waiting | None](), Signal()
        log.checkpoint_apart()
        self._threads = [Thread(target=one, daemon=True, name="events") for one in (self._write, self._checkpoint)]
        for one in self._threads:
            one.start()

    async def append(self, events: Sequence[Event]) -> Counts:
        """As :meth:`EventLog.append`; when this returns they are on disk."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Counts] = loop.create_future()
        self._waiting.put((events, loop, done))
        return await done

    def close(self) -> None:
        """Write what waits, and end."""
        self._waiting.put(None)
        self._ended.set()
        for one in self._threads:
            one.join()

    def _write(self) -> None:
        while (first := self._waiting.get()) is not None:
            group, size = [first], len(first[0])
            while size < MOST and not self._waiting.empty():
                more = self._waiting.get()
                if more is None:
                    self._waiting.put(None)
                    break
                group.append(more)
                size += len(more[0])
            try:
                told = self._log.append_each([events for events, _, _ in group])
            except database_errors() as problem:  # the disk is full, say: those who wait have to hear of it
                for _, loop, done in group:
                    loop.call_soon_threadsafe(_fail, done, problem)
                continue
            for (_, loop, done), counts in zip(group, told, strict=True):
                loop.call_soon_threadsafe(_finish, done, counts)

    def _checkpoint(self) -> None:
        while not self._ended.wait(CHECKPOINT_SECONDS):
            self._log.checkpoint(CHECKPOINT_BYTES)


def _finish(done: "asyncio.Future[Counts]", counts: Counts) -> None:
    if not done.done():  # whoever waited may have gone
        done.set_result(counts)


def _fail(done: "asyncio.Future[Counts]", problem: Exception) -> None:
    if not done.done():
        done.set_exception(problem)
