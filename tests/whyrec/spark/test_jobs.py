"""Tasks dealt out as jobs, by a stand-in for Spark's context that has cores of its own; no Java is started here."""

import pickle  # as Spark sends tasks; nothing is read from disk
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import Any

import pytest

from whyrec.spark.jobs import MOST, in_order

CORES = 8
PATIENCE = 20.0
together = threading.Barrier(CORES, timeout=PATIENCE)


class _Cluster:
    """Has so many cores, which all jobs share, first come first served."""

    defaultParallelism = CORES  # noqa: N815  Spark's names

    def __init__(self) -> None:
        self.jobs, self.held, self.most = list[int](), 0, 0
        self.cancelled, self.groups = list[str](), set[str]()
        self._cores, self._lock = ThreadPoolExecutor(CORES), threading.Lock()

    def setJobGroup(self, group: str, _description: str) -> None:  # noqa: N802
        self.groups.add(group)

    def cancelJobGroup(self, group: str) -> None:  # noqa: N802
        self.cancelled.append(group)

    def parallelize(self, tasks: list[Any], parts: int) -> "_Dataset":
        assert parts == len(tasks)
        return _Dataset(self, tasks)

    def run(self, work: Callable[[Any], Any], tasks: list[Any]) -> list[Any]:
        with self._lock:
            self.jobs.append(len(tasks))
            self.held += len(tasks)
            self.most = max(self.most, self.held)
        sent = [partial(pickle.loads(pickle.dumps(work)), one) for one in tasks]  # noqa: S301
        done = [one.result() for one in [self._cores.submit(one) for one in sent]]
        with self._lock:
            self.held -= len(tasks)
        return done


class _Dataset:
    def __init__(self, cluster: _Cluster, tasks: list[Any], work: Callable[[Any], Any] | None = None) -> None:
        self.cluster, self.tasks, self.work = cluster, tasks, work

    def map(self, work: Callable[[Any], Any]) -> "_Dataset":
        return _Dataset(self.cluster, self.tasks, work)

    def collect(self) -> list[Any]:
        assert self.work is not None
        return self.cluster.run(self.work, self.tasks)


def _meeting(number: int) -> int:
    together.wait()
    return number * number


def _failing(number: int) -> int:
    if number == 70:
        raise ValueError("task 70")
    return number


def test_all_cores_are_at_work_and_results_come_in_order() -> None:
    cluster, tasks = _Cluster(), CORES * 20
    # each task waits for as many others as there are cores: with fewer at work nobody would ever be done
    assert list(in_order(cluster, _meeting, range(tasks))) == [number**2 for number in range(tasks)]  # type: ignore[arg-type]
    assert not cluster.cancelled and len(cluster.groups) == 1
    assert sum(cluster.jobs) == tasks and max(cluster.jobs) <= MOST


def test_few_tasks_are_asked_for_before_their_turn() -> None:
    cluster, asked = _Cluster(), list[int]()

    def tasks() -> Any:
        for number in range(10_000):
            asked.append(number)
            yield number

    found = in_order(cluster, int, tasks())  # type: ignore[arg-type]
    assert list(islice(found, 3)) == [0, 1, 2]
    assert len(asked) <= 4 * MOST
    found.close()  # type: ignore[attr-defined]
    assert cluster.cancelled == list(cluster.groups)


def test_a_task_that_fails_ends_the_others() -> None:
    cluster = _Cluster()
    with pytest.raises(ValueError, match="task 70"):
        list(in_order(cluster, _failing, range(10_000)))  # type: ignore[arg-type]
    assert cluster.cancelled == list(cluster.groups)
    assert sum(cluster.jobs) < 1_000


def test_nothing_to_do_starts_nothing() -> None:
    cluster = _Cluster()
    assert not list(in_order(cluster, int, []))  # type: ignore[arg-type]
    assert not cluster.jobs
