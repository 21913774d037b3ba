"""A standalone Spark cluster of two workers, one of which is killed midway: the bits of one machine all the same.

    python -m benchmarks.spark_cluster WORKSPACE WORK-FOLDER

Needs the extra ``spark``; starts a master and two workers with pip's Java on this machine. Compares with one machine:
everybody's lists (a worker is killed while they are made), a kernel product and a local ridge over the interactions
(small blocks, so that there are many tasks). Ends with 1 where a bit differs.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import numpy as np
from rich.console import Console

import whyrec
from recommender.catalogue.interactions import Interactions
from recommender.linalg import local_ridge, pruned_product
from recommender.linalg.local_ridge import nearness, regressions
from recommender.linalg.pruned_product import kernel_product
from whyrec.spark import lists as spark_lists
from whyrec.spark.blocks import working_on
from whyrec.spark.session import session_of, with_java

CONSOLE = Console(width=120, highlight=False)
MASTER = "org.apache.spark.deploy.master.Master"
WORKER = "org.apache.spark.deploy.worker.Worker"
READY = re.compile(r"(spark://\S+:\d+)")
PATIENCE, TASKS = 180.0, 40


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("folder", type=Path)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    pruned_product.ROWS = local_ridge.ITEMS = 16
    engine = whyrec.open(asked.workspace)
    lists = sorted(row for block in engine.lists() for row in zip(*block.to_pydict().values(), strict=True))
    expected = _made(engine)
    with ExitStack() as stack:
        url, workers = _cluster(stack, asked.folder)
        CONSOLE.print(f"{url}: {len(workers)} workers")
        session = session_of(url)
        people = [(one,) for one in sorted({row[0] for row in lists})]
        frame = spark_lists(engine, session.createDataFrame(people, "user string").repartition(TASKS))
        session.sparkContext.parallelize(range(TASKS), TASKS).sum()  # both workers have begun to work
        began, rows = time.perf_counter(), list[tuple[object, ...]]()
        for row in frame.toLocalIterator(prefetchPartitions=True):
            if not rows:
                _kill(workers[0])
            rows.append(tuple(row))
        seconds = time.perf_counter() - began
        CONSOLE.print(f"{TASKS} tasks, {seconds:.1f} s; a worker was killed after the first task")
        with working_on("spark", url):
            found = _made(engine)
        session_of(url).stop()
    same = [sorted(rows) == lists]
    same += [
        all(np.array_equal(*pair) for pair in zip(one, other, strict=True))
        for one, other in zip(found, expected, strict=True)
    ]
    CONSOLE.print(f"the same bits: lists {same[0]}, kernel {same[1]}, local ridge {same[2]}")
    sys.exit(int(not all(same)))


def _made(engine: whyrec.Engine) -> list[tuple[np.ndarray, ...]]:
    """A kernel product and a local ridge over what people used, as arrays."""
    features = Interactions(engine.snapshot).matrix.T.tocsr()
    features.sort_indices()
    near = kernel_product(nearness(features, slice(0, features.shape[0])), 50, closed=True)
    solved = regressions(features, near, 10.0, np.arange(features.shape[0]))
    return [(one.data, one.indices, one.indptr) for one in (near, solved)]


def _cluster(stack: ExitStack, folder: Path) -> tuple[str, list[subprocess.Popen[bytes]]]:
    """A master and two workers of one core each; they end with the stack."""
    with_java()
    master = stack.enter_context(_process(folder / "master.log", MASTER, "--host", "127.0.0.1", "--port", "0"))
    assert master.poll() is None
    url = _told(folder / "master.log", READY)
    workers = []
    for number in range(2):
        log = folder / f"worker-{number}.log"
        options = (
            "--cores",
            "1",
            "--memory",
            "1g",
            "--host",
            "127.0.0.1",
            "--work-dir",
            str(folder / f"work-{number}"),
        )
        workers.append(stack.enter_context(_process(log, WORKER, *options, url)))
        _told(log, re.compile(r"(Successfully registered)"))
    return url, workers


@contextmanager
def _process(log: Path, name: str, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    import pyspark

    home = Path(pyspark.__file__).parent
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_WORKER_WEBUI_PORT": "0",
        "SPARK_MASTER_WEBUI_PORT": "0",
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(home / "bin" / "spark-class"), name, "--webui-port", "0", *options],
            stdout=out, stderr=subprocess.STDOUT, env=environment, start_new_session=True,
        )  # fmt: skip
        try:
            yield process
        finally:
            _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started, executors and their Pythons too, as a host that fails does."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _told(log: Path, wanted: re.Pattern[str]) -> str:
    """What a process writes once it is ready."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if found := wanted.search(log.read_text(errors="replace")):
            return found[1]
        time.sleep(0.2)
    sys.exit(f"{log}: not ready after {PATIENCE:.0f} s\n{log.read_text(errors='replace')[-2000:]}")


if __name__ == "__main__":
    main()
