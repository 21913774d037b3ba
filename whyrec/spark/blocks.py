"""Kernels and regressions on Spark: a task per block of rows, the matrices sent to each host once."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

from kg.errors import UsageError
from recommender.linalg.forked_workers import elsewhere
from whyrec.spark.jobs import in_order
from whyrec.spark.session import session_of

if TYPE_CHECKING:
    from pyspark import Broadcast
    from pyspark.sql import SparkSession

ENGINES = ("local", "spark")


def working_on(engine: str, master: str | None) -> AbstractContextManager[None]:
    """Where the large products and regressions of a block of code are made; the bits do not depend on it.

    :param engine: ``local``: processes of this machine; ``spark``: a cluster.
    :param master: of Spark, see :func:`whyrec.spark.session.session_of`.
    :raises UsageError: for another engine, or where Spark cannot be had.
    """
    if engine not in ENGINES:
        raise UsageError(f"`engine` {engine!r}: expected {' or '.join(ENGINES)}")
    if engine == "local":
        if master is not None:
            raise UsageError("`master` goes with `engine=spark`")
        return nullcontext()
    return elsewhere(partial(on_spark, session_of(master)))


def on_spark(session: "SparkSession", work: Callable[[Any], Any], tasks: list[Any]) -> Iterator[Any]:
    """The results of the tasks, in their order, a Spark task each; one that is lost is done again elsewhere."""
    context = session.sparkContext
    shared = context.broadcast(work)
    try:
        yield from in_order(context, partial(_done, shared), tasks)
    finally:
        shared.unpersist()


def _done(shared: "Broadcast[Callable[[Any], Any]]", task: Any) -> Any:
    return shared.value(task)  # read once a process
