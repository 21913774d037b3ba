"""Work on all cores: forked processes that share what the program has in memory, results in the order of the tasks.

Or elsewhere: whoever has a cluster deals out the same tasks there (:func:`elsewhere`); the results are the same bits.
"""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Generic, Self, TypeVar

from kg.errors import UsageError
from recommender.linalg.settling import settle

Task = TypeVar("Task")
Result = TypeVar("Result")
Deal = Callable[[Callable[[Any], Any], list[Any]], Iterator[Any]]
"""Does some tasks with a function, both of which can be pickled, and gives the results in the order of the tasks."""
_work: Callable[[Any], Any] | None = None
_DEAL: ContextVar[Deal | None] = ContextVar("_DEAL", default=None)


@contextmanager
def elsewhere(deal: Deal) -> Iterator[None]:
    """Do the large products and regressions of this block of code elsewhere, a task per block of rows."""
    token = _DEAL.set(deal)
    try:
        yield
    finally:
        _DEAL.reset(token)


def dealt(work: Callable[[Task], Result], tasks: Iterable[Task], workers: int) -> Iterator[Result]:
    """The results of a function that can be pickled, in the order of the tasks: on so many processes, or elsewhere."""
    deal, wanted = _DEAL.get(), list(tasks)
    if deal is not None and len(wanted) > 1:
        yield from deal(work, wanted)
        return
    with ForkedWorkers(work, min(workers, len(wanted))) as pool:
        yield from pool.map(wanted)


def cores() -> int:
    """Number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ForkedWorkers(Generic[Task, Result]):
    """Workers for one function, which they inherit: it, and all it refers to, is neither copied nor pickled.

    Sparse products hold Python's lock, so threads would wait for each other. Where processes cannot be forked, or one
    worker is asked for, the work is done in this process.

    :param settled: whether the tasks are many and alike, so that workers keep the memory that one took for the next.
    """

    def __init__(self, work: Callable[[Task], Result], workers: int, *, settled: bool = False) -> None:
        self._work = work
        self._ahead = 2 * workers
        self._pool: ProcessPoolExecutor | None = None
        if workers > 1 and "fork" in multiprocessing.get_all_start_methods():
            context = multiprocessing.get_context("fork")
            self._alive = os.pipe()
            initargs = (work, *self._alive, settled)
            self._pool = ProcessPoolExecutor(workers, context, initializer=_start, initargs=initargs)
            self._pool.submit(os.getpid).result()  # all are forked now, before the caller takes locks

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._pool:
            self._pool.shutdown(wait=True, cancel_futures=True)
            for end in self._alive:
                os.close(end)

    def map(self, tasks: Iterable[Task]) -> Iterator[Result]:
        """The results in the order of the tasks; a few tasks ahead are at work.

        :raises UsageError: where a worker was killed.
        """
        if self._pool is None:
            yield from map(self._work, tasks)
            return
        waiting: deque[Future[Result]] = deque()
        try:
            for task in tasks:
                waiting.append(self._pool.submit(_run, task))
                if len(waiting) > self._ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            raise UsageError(
                "a worker process was killed, perhaps for lack of memory; the same command goes on where it stopped"
            ) from None


def _start(work: Callable[[Any], Any], read: int, write: int, settled: bool) -> None:
    """Prepare a worker: the program handles interrupts, and no worker outlives it.

    :param read: the end of a pipe that can be read when nobody holds its other end ``write`` any more.
    :param settled: as of :class:`ForkedWorkers`.
    """
    global _work
    _work = work
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.close(write)
    if settled:
        settle()
    threading.Thread(target=_watch, args=(read,), daemon=True).start()


def _watch(read: int) -> None:
    os.read(read, 1)
    os._exit(1)


def _run(task: Any) -> Any:
    assert _work is not None
    return _work(task)
