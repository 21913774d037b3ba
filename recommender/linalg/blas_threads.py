"""Dense algebra on one thread: the same bits on every machine, and cores for the processes that share the work.

NumPy and SciPy bring a BLAS that would start as many threads as there are cores, in every worker: they wait for each
other over matrices of a hundred rows, five times the work of one thread, and sum in another order.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController


@contextmanager
def one_thread() -> Iterator[None]:
    """Within it, or within what it decorates, this process multiplies and solves on one thread."""
    with _controller().limit(limits=1, user_api="blas"):
        yield


@cache
def _controller() -> ThreadpoolController:
    import scipy.linalg  # noqa: F401 - SciPy has a BLAS of its own, which is found where it is loaded

    return ThreadpoolController()
