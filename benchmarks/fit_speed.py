"""Fitting a blend on many items: 97,000 timed interactions with 34,500 items; processor seconds by stage, peak memory.

    OMP_NUM_THREADS=1 python -m benchmarks.fit_speed [--scale 1.0]

Bars: 60 s and 1.5 GB. People buy what is popular and what has attributes of what they bought before; the graph has
brands, categories and ingredients. Everything runs in one process, its forked workers included in the seconds.
"""

import argparse
import os
import resource
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
from rich.console import Console

from kg.schema import parse_schema
from kg.snapshot.building import take_snapshot
from kg.snapshot.snapshot import Snapshot
from kg.stores.opening import open_store
from kg.stores.store import TRIPLE_DTYPES
from recommender.learning.fitting import fit_blend

CONSOLE = Console(width=120, highlight=False)
FIRST, DAY = 1_600_000_000_000, 86_400_000
MOST_SECONDS, MOST_GB = 60.0, 1.5
SCHEMA = {
    "name": "many",
    "entity": {
        "User": {"sensitive": True},
        "Product": {"domain": "shop"},
        "Brand": {},
        "Category": {},
        "Ingredient": {},
    },
    "relation": {
        "bought": {"head": "User", "tail": "Product", "interaction": True},
        "made_by": {"head": "Product", "tail": "Brand"},
        "in_category": {"head": "Product", "tail": "Category"},
        "contains": {"head": "Product", "tail": "Ingredient"},
    },
}


def shop(folder: Path, scale: float) -> Snapshot:
    """A snapshot of the shop."""
    random = np.random.default_rng(0)
    people, items, events = (int(scale * count) for count in (20_000, 34_500, 97_000))
    brands, categories, ingredients = max(items // 20, 1), max(items // 200, 1), max(items // 10, 1)
    brand = random.integers(0, brands, items)
    by_brand = np.argsort(brand, kind="stable")
    starts = np.searchsorted(brand[by_brand], np.arange(brands + 1))
    popular = (random.random(events) ** 3 * items).astype(np.int64)
    user = np.sort(random.integers(0, people, events))
    item = popular.copy()
    for row in np.flatnonzero((user[1:] == user[:-1]) & (random.random(events - 1) < 0.5)) + 1:  # the brand again
        mine = brand[item[row - 1]]
        item[row] = by_brand[random.integers(starts[mine], starts[mine + 1])]
    time = FIRST + DAY * np.arange(events) % (300 * DAY)
    products = np.arange(items)
    pairs = {
        "bought": ("u", user, "p", item),
        "made_by": ("p", products, "b", brand),
        "in_category": ("p", products, "c", random.integers(0, categories, items)),
        "contains": ("p", np.repeat(products, 8), "i", random.integers(0, ingredients, 8 * items)),
    }
    schema, counts = parse_schema(SCHEMA), {"User": people, "Product": items, "Brand": brands}
    counts |= {"Category": categories, "Ingredient": ingredients}
    store = open_store("graph.lbug", schema, folder=folder)
    try:
        for name, letter in zip(counts, "upbci", strict=True):
            ids = [f"{letter}{number:06}" for number in range(counts[name])]
            store.create_entities(name, pl.DataFrame({"id": ids, "label": ids}))
        for name, (left, heads, right, tails) in pairs.items():
            frame = pl.DataFrame({"head": heads, "tail": tails}).with_columns(
                head=left + pl.col("head").cast(pl.String).str.zfill(6),
                tail=right + pl.col("tail").cast(pl.String).str.zfill(6),
                weight=pl.lit(1.0),
                timestamp=pl.Series(time if name == "bought" else [None] * len(heads), dtype=pl.Int64),
            )
            store.create_triples(name, frame.unique(["head", "tail"]).select(list(TRIPLE_DTYPES)))
        store.set_revision("1")
        return take_snapshot(store, schema, folder / "snapshot")
    finally:
        store.close()


def main() -> None:
    """Print the stages, and end with 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0)
    spent, stage = Counter[str](), ["Split and trial"]
    with tempfile.TemporaryDirectory() as folder:
        snapshot = shop(Path(folder), parser.parse_args().scale)
        began = last = sum(os.times()[:4])

        def told(name: str, _done: int, _total: int, _note: str = "") -> None:
            nonlocal last
            now = sum(os.times()[:4])
            spent[stage[0]] += now - last
            last, stage[0] = now, name

        fitted = fit_blend(snapshot, Path(folder) / "fit", 0, None, told)
        told("", 0, 0)
    seconds = last - began
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 2**20
    for name, value in spent.most_common():
        CONSOLE.print(f"{value:8.1f} s  {name}")
    CONSOLE.print(f"{seconds:8.1f} s of processor time, {peak:.2f} GiB; bars {MOST_SECONDS:g} s, {MOST_GB} GB")
    CONSOLE.print(f"learned: { {name: round(one, 3) for name, one in fitted.blend.metapaths.items() if one} }")
    sys.exit(int(seconds > MOST_SECONDS or peak > MOST_GB))


if __name__ == "__main__":
    main()
