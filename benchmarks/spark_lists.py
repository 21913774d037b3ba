"""Everybody's lists by Spark beside the product's own processes: seconds of both, and whether they are the same bits.

    OMP_NUM_THREADS=1 python -m benchmarks.spark_lists WORKSPACE WORK-FOLDER [--master "local[2, 4]"] [--turns 2]

Needs the extra ``spark``, and Linux. In one session, in turns: ``write_lists`` with processes of its own, then with
``engine="spark"``; the first turn has Spark start its Python and open the model. Then ``whyrec.spark.lists`` over a
data frame of all people in another order. Seconds on the clock, and of the processor: of this process and all below
it. The start of the session is told apart. Ends with 1 where a bit differs, or where a shop of a million people or more
takes Spark more than 1.3 times as long, on the clock.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from rich.console import Console

import whyrec
from whyrec.spark import lists
from whyrec.spark.session import session_of

CONSOLE = Console(width=120, highlight=False)
ORDER = [("user_id", "ascending"), ("rank", "ascending")]
LARGE, MOST = 1_000_000, 1.3
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print the seconds, compare the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--master", default="local[2, 4]")
    parser.add_argument("--turns", type=int, default=2)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    engine = whyrec.open(asked.workspace)
    people = len(engine.recommender.users())
    here, there = asked.folder / "local.parquet", asked.folder / "spark.parquet"
    session, _ = _timed("session of Spark", lambda: session_of(asked.master))
    parts = []

    def by_spark() -> object:
        """The same file by the cluster."""
        return engine.write_lists(there, force=True, engine="spark", master=asked.master)

    for _ in range(asked.turns):
        _, own = _timed("own processes", lambda: engine.write_lists(here, force=True))
        _, spark = _timed("Spark", by_spark)
        parts.append(spark / own)
    CONSOLE.print(f"{people:,} people: Spark takes {', '.join(f'{part:.2f}' for part in parts)} × of own processes")
    expected = pq.read_table(here)
    frame = [(one,) for one in reversed(expected["user_id"].unique().to_pylist())]
    users = session.createDataFrame(frame, "user string").repartition(3)
    found, _ = _timed("Spark over a data frame", lambda: lists(engine, users).toArrow())
    found = found.cast(expected.schema).sort_by(ORDER)
    same = [expected.equals(pq.read_table(there)), found.equals(expected.sort_by(ORDER))]
    CONSOLE.print(f"{expected.num_rows:,} rows; the same bits: {same[0]}, {same[1]}")
    session.stop()
    sys.exit(int(not all(same) or (people >= LARGE and min(parts) > MOST)))


def _timed(what: str, work: Callable[[], Any]) -> tuple[Any, float]:
    """What was made, and seconds on the clock."""
    began, used = time.perf_counter(), _processor()
    made = work()
    seconds, used = time.perf_counter() - began, _processor() - used
    CONSOLE.print(f"{seconds:8.1f} s {used:8.1f} s of the processor  {what}")
    return made, seconds


def _processor() -> float:
    """Seconds of the processor that this process, all below it and those of them that ended have used."""
    spent, parents = dict[int, float](), dict[int, int]()
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        process = int(file.parent.name)
        parents[process], spent[process] = int(fields[1]), sum(map(int, fields[11:15])) / TICKS

    def below(process: int) -> bool:
        return process == os.getpid() or (process in parents and below(parents[process]))

    return sum(seconds for process, seconds in spent.items() if below(process))


if __name__ == "__main__":
    main()
