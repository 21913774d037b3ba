"""Group commit: events of many requests written in one transaction, one disk synchronisation for all that wait.

Two threads write: while one waits for the disk the other takes what has come since, so that no event waits for a
synchronisation that began before it came. Neither ever copies the write-ahead log back into the file: another thread
does that beside them, since who comes upon it would wait for the whole of it.
"""

import asyncio
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from threading import Event as Signal
from threading import Thread

from whyrec.events.database import database_errors
from whyrec.events.event_table import Event
from whyrec.events.log import Appended, EventLog

MOST = 1_000
"""Events of one transaction, but for those of one request."""
WRITERS = 2
CHECKPOINT_SECONDS, CHECKPOINT_BYTES = 1.0, 4_000_000
_Waiting = tuple[Sequence[Event], "asyncio.Future[Appended]"]


class GroupCommit:
    """Writes to one log for the requests of one process."""

    def __init__(self, log: EventLog) -> None:
        self._log, self._waiting, self._ended = log, SimpleQueue[_Waiting | None](), Signal()
        log.checkpoint_apart()
        tasks = (*WRITERS * (self._write,), self._checkpoint)
        self._threads = [Thread(target=one, daemon=True, name="events") for one in tasks]
        for one in self._threads:
            one.start()

    async def append(self, events: Sequence[Event]) -> Appended:
        """As :meth:`EventLog.append`; when this returns they are on disk."""
        done: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()
        self._waiting.put((events, done))
        return await done

    def close(self) -> None:
        """Write what waits, and end."""
        for _ in range(WRITERS):
            self._waiting.put(None)
        self._ended.set()
        for one in self._threads:
            one.join()

    def _write(self) -> None:
        while group := self._gathered():
            told: Sequence[Appended] | Exception
            try:
                told = self._log.append_each([events for events, _ in group])
            except _write_errors() as problem:  # the disk is full, say: those who wait have to hear of it
                told = problem
            waiting = dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Appended], Appended | Exception]]]()
            for number, (_, done) in enumerate(group):
                one = told if isinstance(told, Exception) else told[number]
                waiting.setdefault(done.get_loop(), []).append((done, one))
            for loop, some in waiting.items():
                loop.call_soon_threadsafe(_finish, some)

    def _gathered(self) -> list[_Waiting]:
        """The requests that wait, once there is one; none at the end."""
        found, size = list[_Waiting](), 0
        while size < MOST and (not found or not self._waiting.empty()):
            try:
                one = self._waiting.get(block=not found)
            except Empty:  # the other thread was faster
                break
            if one is None:
                if found:
                    self._waiting.put(None)  # for the next time
                break
            found.append(one)
            size += len(one[0])
        return found

    def _checkpoint(self) -> None:
        while not self._ended.wait(CHECKPOINT_SECONDS):
            self._log.checkpoint(CHECKPOINT_BYTES)


def _write_errors() -> tuple[type[Exception], ...]:
    return *database_errors(), OSError


def _finish(waiting: "Sequence[tuple[asyncio.Future[Appended], Appended | Exception]]") -> None:
    for done, told in waiting:
        if done.done():  # whoever waited may have gone
            continue
        if isinstance(told, Exception):
            done.set_exception(told)
        else:
            done.set_result(told)
