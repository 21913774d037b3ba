"""A snapshot of more triples than memory holds: time per triple and peak memory, by the number of triples.

    python -m benchmarks.snapshot_size WORK-FOLDER [--millions 20,40,200]

Files in (Parquet: positions of users and items, weights, timestamps, one triple in a hundred twice), a snapshot out,
each size in a process of its own. Sixteen purchases a user, 200,000 items, of which the popular ones are drawn more
often. The files are made first, and removed with the snapshot when their size is measured: 24 bytes a triple of files,
at most 60 of the snapshot and the parts that it is sorted in. Bars: 6 GB, and from 20 million triples on a time per
triple that is flat: none above 1.15 of the smallest size's.
"""

import argparse
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

from kg.schema import parse_schema
from kg.snapshot.building import take_snapshot

CONSOLE = Console(width=140, highlight=False)
PIECE, A_USER, ITEMS, AGAIN = 1_000_000, 16, 200_000, 100
MOST_GB, FLAT = 6.0, 1.15
SCHEMA = parse_schema(
    {
        "name": "size",
        "entity": {"User": {"sensitive": True}, "Item": {"domain": "shop"}},
        "relation": {"bought": {"head": "User", "tail": "Item", "interaction": True}},
    }
)


class Files:
    """Stands where ``take_snapshot`` expects a store: triples in Parquet files."""

    url = "memory:files"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.users = int((folder / "users").read_text())

    def fingerprint(self) -> str:
        """Nobody else writes to it."""
        return ""

    def revision(self) -> str:
        """A store's mark."""
        return "files"

    def entity_pieces(self, name: str) -> Iterator[pl.DataFrame]:
        """Ids, no labels, some at a time."""
        count = self.users if name == "User" else ITEMS
        for start in range(0, count, PIECE):
            numbers = pl.select(pl.int_range(start, min(start + PIECE, count))).to_series()
            ids = (name[0] + numbers.cast(pl.String).str.zfill(9)).alias("id")
            yield pl.DataFrame([ids]).with_columns(label=pl.lit(None, pl.String))

    def read_positions(self, name: str, heads: pl.Series, tails: pl.Series) -> Iterator[pl.DataFrame]:
        """The triples, a row group at a time."""
        with pq.ParquetFile(self.folder / f"{name}.parquet") as file:
            for batch in file.iter_batches(PIECE):
                yield pl.DataFrame(batch)


def make_files(folder: Path, triples: int) -> None:
    """Write the triples, in no order."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    users, random = triples // A_USER, np.random.default_rng(0)
    (folder / "users").write_text(str(users))
    writer: pq.ParquetWriter | None = None
    for start in range(0, triples, PIECE):
        count = min(PIECE, triples - start)
        table = pa.table(
            {
                "head": random.integers(0, users, count, dtype=np.uint32),
                "tail": (ITEMS * random.random(count) ** 1.5).astype(np.uint32),
                "weight": random.integers(1, 6, count).astype(np.float64),
                "timestamp": random.integers(1_600_000_000_000, 1_750_000_000_000, count),
            }
        )
        table = pa.concat_tables([table, table.slice(0, count // AGAIN)])
        writer = writer or pq.ParquetWriter(folder / "bought.parquet", table.schema, compression="zstd")
        writer.write_table(table, row_group_size=table.num_rows)
    if writer:
        writer.close()


def measure(folder: Path) -> None:
    """Take the snapshot; print seconds of processor and wall, peak bytes, triples kept."""
    began, processor = time.perf_counter(), time.process_time()
    snapshot = take_snapshot(Files(folder), SCHEMA, folder / "snapshot")  # type: ignore[arg-type]
    spent, wall = time.process_time() - processor, time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    sys.stdout.write(f"{spent} {wall} {peak} {snapshot.manifest.triples['bought']}")


def main() -> None:
    """Print a line per size, and end with 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--millions", default="20,40,200")
    parser.add_argument("--measure", action="store_true", help="what the processes are started with")
    asked = parser.parse_args()
    if asked.measure:
        measure(asked.folder)
        return
    first, missed = 0.0, False
    for millions in map(float, asked.millions.split(",")):
        place = asked.folder / "size"
        make_files(place, round(millions * 1e6))
        command = [sys.executable, "-m", "benchmarks.snapshot_size", str(place), "--measure"]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        processor, wall, peak, triples = map(float, told.split())
        each = processor / triples * 1e6
        first = first or each
        shutil.rmtree(place)
        CONSOLE.print(
            f"{triples / 1e6:7.1f} M triples: {processor:6.1f} s of processor, {wall:6.1f} s, {each:.2f} µs a triple "
            f"({each / first:.2f} of the first), {peak / 1e9:.2f} GB"
        )
        missed |= peak > MOST_GB * 1e9 or each > FLAT * first
    sys.exit(int(missed))


if __name__ == "__main__":
    main()
