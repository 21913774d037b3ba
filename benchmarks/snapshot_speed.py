"""How fast a snapshot is, beside merely reading the triples.

    python benchmarks/snapshot_speed.py WORK-FOLDER [--scale 0.1] [--only embedded,neo4j] [--neo4j URL] [--rounds 3]

At scale 1: 200,000 entities and 1,000,000 triples. A snapshot is all of it: reading entities and triples, sorting,
hashing, writing. Bars: from the embedded store at least 0.5 x reading both relation tables bare, as Arrow; from Neo4j
at least 1.0 x a bare driver read, one query per relation, its records one by one into lists. A Neo4j database that a
URL names is emptied without asking.
"""

import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from bare_stores import empty_neo4j, load_embedded, load_neo4j, read_embedded, read_neo4j, running_neo4j
from random_shop import make_shop
from rich.console import Console
from rich.table import Table

from kg.schema import Schema
from kg.snapshot.building import take_snapshot
from kg.stores.opening import open_store

ENTITIES, TRIPLES = 200_000, 1_000_000


def main(
    folder: Annotated[Path, typer.Argument(help="Where data, store and snapshots are made.")],
    scale: Annotated[float, typer.Option(help="Of 200,000 entities and 1,000,000 triples.")] = 1.0,
    only: Annotated[str, typer.Option(help="Which stores.")] = "embedded,neo4j",
    neo4j: Annotated[str | None, typer.Option(envvar="NEO4J_URI", help="Neo4j URL; else a server is started.")] = None,
    rounds: Annotated[int, typer.Option(help="Turns of each side.")] = 3,
    seed: Annotated[int, typer.Option(help="Seed of the data.")] = 0,
) -> None:
    """Measure and print one table per store."""
    shop = folder / "shop"
    schema = make_shop(shop, round(ENTITIES * scale), round(TRIPLES * scale), seed)
    if "embedded" in only.split(","):
        shutil.rmtree(folder / "store", ignore_errors=True)
        (folder / "store").mkdir(parents=True)
        path = folder / "store" / "graph.lbug"
        open_store(str(path), schema, folder=Path()).close()
        path.with_name(f"{path.name}.crc32").unlink()  # the checksum of the store before the bare load
        load_embedded(path, shop)
        measure("embedded", "0.5", str(path), schema, folder, lambda: read_embedded(path), rounds)
    if "neo4j" in only.split(","):
        with running_neo4j(neo4j) as url:
            open_store(url, schema, folder=Path()).close()
            empty_neo4j(url)
            load_neo4j(url, shop)
            measure("Neo4j", "1.0", url, schema, folder, lambda: read_neo4j(url), rounds)
            empty_neo4j(url)


def measure(
    name: str, bar: str, url: str, schema: Schema, folder: Path, bare: Callable[[], object], rounds: int
) -> None:
    """Both sides in turn, after one turn of each that does not count."""

    def snapshot() -> None:
        store = open_store(url, schema, folder=Path(), read_only=True)
        try:
            take_snapshot(store, schema, folder / "snapshot")
        finally:
            store.close()

    seconds: dict[str, list[float]] = {"bare read": [], "snapshot": []}
    for turn in range(rounds + 1):
        for side, step in (("bare read", bare), ("snapshot", snapshot)):
            started = time.perf_counter()
            step()
            if turn:
                seconds[side].append(time.perf_counter() - started)
    middle = {side: statistics.median(turns) for side, turns in seconds.items()}
    table = Table("what", "seconds of each turn", "median", "ratio", "bar", title=f"{name}: snapshot")
    for side, turns in seconds.items():
        ratio = f"{middle['bare read'] / middle[side]:.2f} x bare" if side == "snapshot" else ""
        shown = "  ".join(f"{value:.2f}" for value in turns)
        table.add_row(side, shown, f"{middle[side]:.2f}", ratio, bar if ratio else "")
    Console(width=120).print(table)


if __name__ == "__main__":
    typer.run(main)
