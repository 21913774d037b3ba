"""Times on real data: one model with and without them, on each person's last item, everything learned from the rest.

    WHYREC_DATA=… python -m benchmarks.order_on_data [--only coco,sephora] [--people 4000]

COCO: enrolments of ``valid``; Sephora: ratings of 4 or more by the days since then. People with five interactions or
more, evenly drawn; attributes are left out. The bar is no loss by the paired test, and a gain where order says so.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import polars as pl

from benchmarks.planted_order import DAY, FIRST, Events, measured, show

FEWEST = 5


def coco(source: Path) -> pl.DataFrame:
    """Columns user, item, time in milliseconds."""
    names = {"new_columns": ["user", "item", "one", "time"]}
    rows = pl.read_csv(source / "coco" / "valid.txt.gz", separator="\t", has_header=False, infer_schema=False, **names)
    return rows.select("user", "item", time=pl.col("time").cast(pl.Int64) * 1_000)


def sephora(source: Path) -> pl.DataFrame:
    """The same, from days before the day of the data."""
    rows = pl.read_csv(source / "sephora" / "interactions.csv.gz", infer_schema=False)
    liked = rows.filter(pl.col("review_rating").cast(pl.Float64) >= 4)
    days = pl.col("interaction_recency_days").cast(pl.Float64).cast(pl.Int64)
    return liked.select(user="author_id", item="product_id", time=FIRST + DAY * (10_000 - days))


def events_of(rows: pl.DataFrame, people: int) -> Events:
    """The latest event of each pair, of some people with enough of them."""
    latest = rows.group_by("user", "item").agg(pl.col("time").max()).filter(pl.len().over("user") >= FEWEST)
    users = latest["user"].unique().sort()
    chosen = users.gather_every(max(1, len(users) // people)).implode()
    return latest.filter(pl.col("user").is_in(chosen)).sort("user", "item").rows()


def main() -> None:
    """Print each data set, and end with 1 where times lose."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="coco,sephora")
    parser.add_argument("--people", type=int, default=4_000)
    asked, lost = parser.parse_args(), False
    for name in asked.only.split(","):
        rows = {"coco": coco, "sephora": sephora}[name](Path(os.environ["WHYREC_DATA"]))
        with tempfile.TemporaryDirectory() as folder:
            result, fitted = measured(events_of(rows, asked.people), Path(folder) / "shop")
        show(f"{name}, {result.users:,} people", result, fitted)
        gain = result.comparisons[0]
        lost |= gain.mean < 0 and gain.p < 0.05
    sys.exit(1 if lost else 0)


if __name__ == "__main__":
    main()
