"""Everybody's lists by Spark beside the product's own processes: seconds of both, and whether they are the same bits.

    python -m benchmarks.spark_lists WORKSPACE WORK-FOLDER [--master "local[2, 4]"]

Needs the extra ``spark``. In one session: ``write_lists`` with ``engine="spark"``, then ``whyrec.spark.lists`` over a
data frame of all people in another order. The start of the session is told apart. Ends with 1 where a bit differs.
"""

import argparse
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

import whyrec
from whyrec.spark import lists
from whyrec.spark.session import session_of

CONSOLE = Console(width=120, highlight=False)
ORDER = [("user_id", "ascending"), ("rank", "ascending")]


def main() -> None:
    """Print the seconds, compare the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--master", default="local[2, 4]")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    engine, began = whyrec.open(asked.workspace), time.perf_counter()
    here, there = asked.folder / "local.parquet", asked.folder / "spark.parquet"

    def told(what: str) -> None:
        nonlocal began
        CONSOLE.print(f"{time.perf_counter() - began:8.1f} s  {what}")
        began = time.perf_counter()

    engine.write_lists(here, force=True)
    told("own processes")
    session = session_of(asked.master)
    told(f"session of Spark {session.version}")
    engine.write_lists(there, force=True, engine="spark", master=asked.master)
    told("Spark, a task per 2,048 people")
    expected = pq.read_table(here)
    people = [(one,) for one in reversed(expected["user_id"].unique().to_pylist())]
    rows = lists(engine, session.createDataFrame(people, "user string").repartition(3)).collect()
    told("Spark over a data frame")
    columns = [pa.array([row[number] for row in rows], kind) for number, kind in enumerate(expected.schema.types)]
    frame = pa.table(columns, schema=expected.schema).sort_by(ORDER)
    same = [expected.equals(pq.read_table(there)), frame.equals(expected.sort_by(ORDER))]
    CONSOLE.print(f"{expected.num_rows:,} rows; the same bits: {same[0]}, {same[1]}")
    session.stop()
    sys.exit(int(not all(same)))


if __name__ == "__main__":
    main()
