"""Tasks as Spark jobs of some tasks each, enough of them at a time for all cores, results in the order of the tasks."""

import secrets
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark import SparkContext

PER_CORE, MOST = 8, 64
"""Tasks of a job for each core, and at most: a job costs some 60 ms, and the driver holds the results of two or more of
them, which are lost where it is killed."""


def in_order(context: "SparkContext", work: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterator[Any]:
    """The results of some tasks, in their order, a Spark task each; one that is lost is done again elsewhere.

    Spark's own iterator over the results of a job runs two tasks at a time, however many cores there are. Here a few
    jobs are under way at once, so that no core waits for the last task of one.

    :param work: can be pickled, as tasks and results can.
    """
    cores = max(1, context.defaultParallelism)
    size = min(PER_CORE * cores, MOST)
    left = iter(tasks)
    group = f"whyrec-{secrets.token_hex(8)}"

    def done(some: list[Any]) -> list[Any]:
        """The results of a job."""
        context.setJobGroup(group, "whyrec")
        results: list[Any] = context.parallelize(some, len(some)).map(work).collect()
        return results

    ahead = 1 + -(-2 * cores // size)
    with ThreadPoolExecutor(ahead) as threads:
        waiting = deque[Future[list[Any]]]()
        try:
            while some := list(islice(left, size)):
                waiting.append(threads.submit(done, some))
                if len(waiting) == ahead:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:  # whoever stops early, or fails, leaves nothing behind on the cluster
            threads.shutdown(wait=False, cancel_futures=True)
            if waiting:
                context.cancelJobGroup(group)
