"""How fast a load is, beside the bare loop that people would write instead.

    python benchmarks/load_speed.py WORK-FOLDER [--scale 0.1] [--only embedded,neo4j] [--neo4j URL] [--rounds 2]

At scale 1: 200,000 entities and 1,000,000 triples in CSV. A load is all of it: reading, checking, staging, comparing
with the store, writing. Both sides take turns on the same machine, on the same server, into the same tables and
constraints, which are emptied before each turn. Bars: Neo4j at least 1.0 x the bare driver loop, an unchanged reload
at least 2 x as fast as the first load; embedded at least 0.8 x bare polars and COPY, an unchanged reload no slower
than the first load. A Neo4j database that a URL names is emptied without asking.
"""

import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from bare_stores import empty_neo4j, load_embedded, load_neo4j, running_neo4j
from random_shop import make_shop
from rich.console import Console
from rich.table import Table

from kg.loading.load import load
from kg.loading.options import LoadOptions
from kg.mapping.mapping import read_mapping
from kg.schema import Schema
from kg.stores.opening import open_store
from kg.stores.store import Store

ENTITIES, TRIPLES = 200_000, 1_000_000
Step = Callable[[], None]
CONSOLE = Console(width=120)


def main(
    folder: Annotated[Path, typer.Argument(help="Where data and stores are made.")],
    scale: Annotated[float, typer.Option(help="Of 200,000 entities and 1,000,000 triples.")] = 1.0,
    only: Annotated[str, typer.Option(help="Which stores.")] = "embedded,neo4j",
    neo4j: Annotated[str | None, typer.Option(envvar="NEO4J_URI", help="Neo4j URL; else a server is started.")] = None,
    rounds: Annotated[int, typer.Option(help="Turns of each side.")] = 2,
    seed: Annotated[int, typer.Option(help="Seed of the data.")] = 0,
) -> None:
    """Measure and print one table per store."""
    shop = folder / "shop"
    schema = make_shop(shop, round(ENTITIES * scale), round(TRIPLES * scale), seed)
    if "embedded" in only.split(","):
        measure_embedded(folder, shop, schema, rounds)
    if "neo4j" in only.split(","):
        with running_neo4j(neo4j) as url:
            measure_neo4j(url, folder, shop, schema, rounds)


def measure_embedded(folder: Path, shop: Path, schema: Schema, rounds: int) -> None:
    """Load into a file."""
    ours, bare = folder / "ours" / "graph.lbug", folder / "bare" / "graph.lbug"

    def empty() -> None:
        for path in (ours, bare):
            shutil.rmtree(path.parent, ignore_errors=True)
            path.parent.mkdir(parents=True)
            open_store(path.name, schema, folder=path.parent).close()

    def load_ours() -> None:
        load_shop(str(ours), schema, shop, folder)

    show("embedded", "polars and COPY", compare(empty, load_ours, lambda: load_embedded(bare, shop), rounds))


def measure_neo4j(url: str, folder: Path, shop: Path, schema: Schema, rounds: int) -> None:
    """Load into a server; a small load of each side warms it up."""

    def empty() -> None:
        empty_neo4j(url)

    def load_ours() -> None:
        load_shop(url, schema, shop, folder)

    open_store(url, schema, folder=Path()).close()
    warm = folder / "warm"
    make_shop(warm, 20_000, 100_000, seed=1)
    empty()
    load_neo4j(url, warm)
    load_shop(url, schema, warm, folder)
    empty()
    load_shop(url, schema, warm, folder)
    show("Neo4j", "driver loop", compare(empty, load_ours, lambda: load_neo4j(url, shop), rounds))
    empty()


def load_shop(url: str, schema: Schema, shop: Path, folder: Path) -> None:
    """Load all files of a shop."""

    def opener(*, read_only: bool) -> Store:
        return open_store(url, schema, folder=Path(), read_only=read_only)

    options = LoadOptions(folder / "rejects", folder / "staging")
    report = load(opener, schema, read_mapping(shop / "mapping.toml", schema), shop, options)
    assert report.rejected == 0


def compare(empty: Step, ours: Step, bare: Step, rounds: int) -> dict[str, list[float]]:
    """Seconds of each turn: bare, first load, reload."""
    seconds: dict[str, list[float]] = {"bare": [], "load": [], "reload": []}
    for turn in range(rounds):
        for side in ("bare", "load") if turn % 2 == 0 else ("load", "bare"):
            empty()
            seconds[side].append(timed(bare if side == "bare" else ours))
            if side == "load":
                seconds["reload"].append(timed(ours))
    return seconds


def timed(step: Step) -> float:
    """Seconds that a step takes."""
    started = time.perf_counter()
    step()
    return time.perf_counter() - started


def show(store: str, rival: str, seconds: dict[str, list[float]]) -> None:
    """One table: seconds of every turn, and the ratios of the medians."""
    middle = {name: statistics.median(turns) for name, turns in seconds.items()}
    table = Table("what", "seconds of each turn", "median", "ratio", "bar", title=f"{store}: load")
    neo4j = store == "Neo4j"
    rows = [
        (f"bare {rival}", "bare", "", ""),
        ("whyrec load", "load", f"{middle['bare'] / middle['load']:.2f} x bare", "1.0" if neo4j else "0.8"),
        ("unchanged reload", "reload", f"{middle['load'] / middle['reload']:.2f} x load", "2.0" if neo4j else "1.0"),
    ]
    for what, name, ratio, bar in rows:
        turns = "  ".join(f"{value:.2f}" for value in seconds[name])
        table.add_row(what, turns, f"{middle[name]:.2f}", ratio, bar)
    CONSOLE.print(table)


if __name__ == "__main__":
    typer.run(main)
