"""Rows a second into and out of Neo4j: `whyrec load`, a driver's loop, neo4j-admin's import of the same CSV, reading.

    python -m benchmarks.neo4j_import WORK-FOLDER [--scale 0.1]

At scale 1: 200,000 entities and 1,000,000 triples, in files with a header. `whyrec load` checks every row
and writes over the network into a server that runs: first an empty database (CREATE), then the same files with half of
the triples taken away before (MERGE). The driver's loop checks nothing. neo4j-admin writes the database's own files,
offline, into an empty database only: what it is faster by is the price of checking rows and of a server that answers
meanwhile. Reading: the triples as positions, page by page, as a snapshot takes them. No bar; a table.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from benchmarks.bare_stores import driver_of, empty_neo4j, load_neo4j, running_neo4j
from benchmarks.program import WHYREC
from benchmarks.random_shop import make_shop
from kg.schema import Schema
from kg.stores.opening import open_store
from tests.neo4j_server import cache_folder, class_path, run_admin

ENTITIES, TRIPLES = 200_000, 1_000_000
HEADERS = {
    "User": ":ID(User),label",
    "Product": ":ID(Product),label,price:double,in_stock:boolean",
    "Ingredient": ":ID(Ingredient),label",
    "purchased": ":START_ID(User),:END_ID(Product),weight:double,timestamp:long",
    "contains": ":START_ID(Product),:END_ID(Ingredient)",
}


def seconds(work: Callable[[], object]) -> float:
    """How long something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def load(folder: Path, shop: Path, url: str) -> None:
    """`whyrec load` of all files, in a process of its own."""
    shutil.rmtree(folder, ignore_errors=True)
    files = [str(shop / f"{name}.csv") for name in HEADERS]
    for command in (["init", str(folder), "--schema", str(shop / "schema.toml"), "--store", url], ["load", *files]):
        where = [] if command[0] == "init" else ["-w", str(folder)]
        subprocess.run([str(WHYREC), *where, *command, "--quiet"], check=True, stdout=subprocess.DEVNULL)


def admin_import(shop: Path, folder: Path) -> None:
    """neo4j-admin's full import of the same rows, under headers of its own."""
    arguments = ["database", "import", "full", "neo4j", "--overwrite-destination"]
    for name, header in HEADERS.items():
        (folder / f"{name}.header.csv").write_text(header + "\n", encoding="utf-8")
        rows = folder / f"{name}.rows.csv"
        with (shop / f"{name}.csv").open("rb") as file, rows.open("wb") as out:
            file.readline()
            shutil.copyfileobj(file, out)
        kind = "nodes" if ":ID" in header else "relationships"
        arguments.append(f"--{kind}={name}={folder / f'{name}.header.csv'},{rows}")
    (folder / "conf").mkdir(exist_ok=True)
    (folder / "conf" / "neo4j.conf").write_text("", encoding="utf-8")
    run_admin(class_path(cache_folder()), folder, arguments)


def read(url: str, schema: Schema) -> None:
    """All triples, as a snapshot takes them."""
    store = open_store(url, schema, folder=Path(), read_only=True)
    try:
        ids = {name: store.read_entities(name)["id"].sort() for name in schema.entity}
        for name, relation in schema.relation.items():
            for _ in store.read_positions(name, ids[relation.head], ids[relation.tail]):
                pass
    finally:
        store.close()


def halve(url: str) -> None:
    """Take every second triple away."""
    with driver_of(url) as driver, driver.session() as session:
        session.run(
            "MATCH ()-[r]->() WHERE id(r) % 2 = 0 CALL (r) { DELETE r } IN TRANSACTIONS OF 20000 ROWS"
        ).consume()


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--neo4j", default=os.environ.get("NEO4J_URI"), help="a URL; it is emptied without asking")
    asked = parser.parse_args()
    shop = asked.folder / "shop"
    schema = make_shop(shop, round(ENTITIES * asked.scale), round(TRIPLES * asked.scale), 0)
    rows = sum(pl.scan_csv(shop / f"{name}.csv").select(pl.len()).collect().item() for name in HEADERS)
    found: dict[str, float] = {}
    with running_neo4j(asked.neo4j) as url:
        found["whyrec load, empty database (CREATE)"] = seconds(lambda: load(asked.folder / "first", shop, url))
        found["reading all triples as positions"] = seconds(lambda: read(url, schema))
        halve(url)
        found["whyrec load, half of the triples there (MERGE)"] = seconds(
            lambda: load(asked.folder / "again", shop, url)
        )
        empty_neo4j(url)
        found["driver's loop, MERGE, nothing checked"] = seconds(lambda: load_neo4j(url, shop))
        empty_neo4j(url)
    with tempfile.TemporaryDirectory() as place:
        found["neo4j-admin database import full, offline"] = seconds(lambda: admin_import(shop, Path(place)))
    fast = find_spec("neo4j._rust") is not None
    driver = "the driver with its extension in Rust" if fast else "the driver in Python alone"
    table = Table("what", "seconds", "rows/s", title=f"{rows:,} rows, {driver}")
    for name, spent in found.items():
        table.add_row(name, f"{spent:.1f}", f"{rows / spent:,.0f}")
    Console(width=120).print(table)


if __name__ == "__main__":
    sys.exit(main())
