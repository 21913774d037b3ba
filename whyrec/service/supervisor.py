"""Several workers, forked once their libraries are imported, so that these are in memory once.

uvicorn's own supervisor spawns its workers, and each imports all of it for itself: 78 MB of its own on Amazon Beauty,
of which these workers have 43. A fork is safe as long as this process has no other thread and no database open; the
workers open the workspaces. What is imported is frozen first, or the garbage collector would write to all of it.
"""

import gc
import mmap
import os
import select
import signal
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module

from kg.errors import UsageError, WhyrecError, WorkspaceError

POSSIBLE = hasattr(os, "fork") and hasattr(signal, "sigtimedwait")
"""Not on Windows, nor on macOS, whose own libraries may not be forked."""
IMPORTED = (
    "anyio._backends._asyncio",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
    "whyrec.service.app",
)
TICK_SECONDS, HUNG_SECONDS, AGAIN_SECONDS = 1.0, 20.0, 0.2
NOT_STARTED, MISUSED = 3, 4
"""Exit codes of a worker that another would only follow; the second where whoever started it said something wrong."""
if POSSIBLE:
    ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    SIGNALS = (*ENDING, signal.SIGCHLD)


class Supervisor:
    """Keeps workers running until it is told to end, and replaces one that dies or hangs.

    :param start: opens what the worker of a slot, from 0, serves; returns what serves it until it is told to end.
    :param grace: seconds that workers have for what is in flight.
    :param ending: called once it is told to end, before the workers are.
    """

    def __init__(
        self,
        start: Callable[[int], Callable[[], None]],
        workers: int,
        grace: float,
        ending: Callable[[], None] = lambda: None,
    ) -> None:
        self._start, self._grace, self._ending = start, grace, ending
        self._workers, self._beats = [0] * workers, mmap.mmap(-1, 8 * workers)
        self._looked = time.monotonic()
        self._alive, self._failure = os.pipe(), os.pipe()
        os.set_blocking(self._failure[0], False)

    def run(self) -> None:
        """Serve.

        :raises WorkspaceError: where a worker cannot open what it serves, with what it said.
        :raises UsageError: likewise, where that was somebody's mistake.
        """
        for name in IMPORTED:
            import_module(name)
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        gc.collect()
        gc.freeze()
        told = None
        try:
            # who was stopped and goes on is told of no signal at all, with whatever number lay there
            while told is None or told.si_signo not in ENDING:
                self._fill()
                told = signal.sigtimedwait(SIGNALS, TICK_SECONDS)
                if self._buried():
                    time.sleep(AGAIN_SECONDS)  # what ended it may end the next one at once
                self._end_hung()
        finally:
            self._end()
            gc.unfreeze()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def _fill(self) -> None:
        for slot, worker in enumerate(self._workers):
            if not worker:
                self._beat(slot)
                self._workers[slot] = os.fork() or self._serve(slot)

    def _buried(self) -> bool:
        """Whether a worker has ended.

        :raises WorkspaceError: where it could not start.
        :raises UsageError: likewise, where that was somebody's mistake.
        """
        some = False
        for slot, worker in enumerate(self._workers):
            ended, status = os.waitpid(worker, os.WNOHANG) if worker else (0, 0)
            if ended:
                self._workers[slot], some = 0, True
                if (code := os.waitstatus_to_exitcode(status)) in (NOT_STARTED, MISUSED):
                    raise (UsageError if code == MISUSED else WorkspaceError)(self._said())
        return some

    def _said(self) -> str:
        """What the first worker said that could not start; others may have said it, too, and it was read at once."""
        with suppress(BlockingIOError):
            return os.read(self._failure[0], select.PIPE_BUF).decode(errors="replace").partition("\n")[0]
        return ""

    def _end_hung(self) -> None:
        now, earlier = time.monotonic(), self._looked
        self._looked = now
        for slot, worker in enumerate(self._workers):
            if now - earlier > HUNG_SECONDS / 2:  # all of us were stopped
                self._beat(slot)
            elif worker and now - struct.unpack_from("d", self._beats, 8 * slot)[0] > HUNG_SECONDS:
                os.kill(worker, signal.SIGKILL)

    def _end(self) -> None:
        """Let workers finish what is in flight, and kill those that do not."""
        self._ending()
        until = time.monotonic() + self._grace
        for number in (signal.SIGTERM, signal.SIGKILL):
            for worker in filter(None, self._workers):
                os.kill(worker, number)
            while any(self._workers) and (number == signal.SIGKILL or time.monotonic() < until):
                with suppress(WorkspaceError, UsageError):
                    self._buried()
                    signal.sigtimedwait(SIGNALS, AGAIN_SECONDS)

    def _serve(self, slot: int) -> int:
        """The life of a worker, which does not return."""
        code = 1
        try:
            for number in SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            os.close(self._alive[1])
            threading.Thread(target=self._live, args=(slot,), daemon=True).start()
            try:
                serve = self._start(slot)
            except Exception as problem:
                said = str(problem) if isinstance(problem, WhyrecError) else f"{type(problem).__name__}: {problem}"
                os.write(self._failure[1], (said.replace("\n", " ") + "\n").encode()[: select.PIPE_BUF])
                code = MISUSED if isinstance(problem, UsageError) else NOT_STARTED
            else:
                serve()
                code = 0
        finally:
            os._exit(code)

    def _live(self, slot: int) -> None:
        """Say every second that this worker lives, and end it when nobody supervises it any more."""
        while not select.select([self._alive[0]], [], [], TICK_SECONDS)[0]:
            self._beat(slot)
        os.kill(os.getpid(), signal.SIGTERM)

    def _beat(self, slot: int) -> None:
        struct.pack_into("d", self._beats, 8 * slot, time.monotonic())
