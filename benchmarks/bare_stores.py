"""What people write without a loader: a driver loop into Neo4j, polars and COPY into the embedded engine.

Nothing is checked: a bad row stops these loops or gets lost, a second run of the embedded one doubles the triples.
"""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import ladybug
import neo4j
import polars as pl

HERE = Path(__file__).parent
ROWS = 10_000
BUFFER_POOL = 1 << 30
THREADS = min(4, os.cpu_count() or 1)
Row = dict[str, Any]

ENTITY = "UNWIND $rows AS row MERGE (n:{0} {{id: row.id}}) SET n.label = row.label"
PRODUCT = ENTITY + ", n.price = row.price, n.in_stock = row.in_stock"
TRIPLE = (
    "UNWIND $rows AS row MATCH (h:{1} {{id: row.head}}) MATCH (t:{2} {{id: row.tail}}) MERGE (h)-[r:{0}]->(t) "
    "SET r.weight = row.weight"
)
PURCHASE = TRIPLE + ", r.timestamp = row.timestamp"


def _named(row: list[str]) -> Row:
    return {"id": row[0], "label": row[1]}


def _product(row: list[str]) -> Row:
    return {"id": row[0], "label": row[1], "price": float(row[2]), "in_stock": row[3] == "true"}


def _pair(row: list[str]) -> Row:
    return {"head": row[0], "tail": row[1], "weight": 1.0}


def _purchase(row: list[str]) -> Row:
    return {"head": row[0], "tail": row[1], "weight": float(row[2]), "timestamp": int(row[3]) * 1000}


NEO4J_PLAN: list[tuple[str, str, Callable[[list[str]], Row]]] = [
    ("User", ENTITY.format("User"), _named),
    ("Product", PRODUCT.format("Product"), _product),
    ("Ingredient", ENTITY.format("Ingredient"), _named),
    ("purchased", PURCHASE.format("purchased", "User", "Product"), _purchase),
    ("contains", TRIPLE.format("contains", "Product", "Ingredient"), _pair),
]


def driver_of(url: str) -> neo4j.Driver:
    """A driver with the credentials of the environment."""
    auth = (os.environ["NEO4J_USERNAME"], os.environ["NEO4J_PASSWORD"]) if "NEO4J_USERNAME" in os.environ else None
    return neo4j.GraphDatabase.driver(url, auth=auth, notifications_min_severity="OFF")


def load_neo4j(url: str, shop: Path) -> None:
    """All files through one session, ``ROWS`` rows per transaction."""
    with driver_of(url) as driver, driver.session() as session:
        for name, query, convert in NEO4J_PLAN:
            with (shop / f"{name}.csv").open(encoding="utf-8", newline="") as file:
                lines = csv.reader(file)
                next(lines)
                while rows := [convert(line) for line in islice(lines, ROWS)]:
                    session.execute_write(lambda work, rows, query: work.run(query, rows=rows).consume(), rows, query)


def read_neo4j(url: str) -> dict[str, list[list[Any]]]:
    """One query per relation; its records one by one into three lists."""
    found = {}
    with driver_of(url) as driver, driver.session() as session:
        for name in ("purchased", "contains"):
            heads, tails, weights = [], [], []
            for head, tail, weight in session.run(f"MATCH (h)-[r:{name}]->(t) RETURN h.id, t.id, r.weight"):
                heads.append(head)
                tails.append(tail)
                weights.append(weight)
            found[name] = [heads, tails, weights]
    return found


def empty_neo4j(url: str) -> None:
    """Delete everything but the constraints."""
    with driver_of(url) as driver, driver.session() as session:
        for what in ("MATCH ()-[r]->() CALL (r) { DELETE r }", "MATCH (n) CALL (n) { DETACH DELETE n }"):
            session.run(f"{what} IN TRANSACTIONS OF 20000 ROWS").consume()


def load_embedded(path: Path, shop: Path) -> None:
    """One COPY per file, from Arrow, into tables that are there."""
    database = ladybug.Database(path, buffer_pool_size=BUFFER_POOL, max_num_threads=THREADS)
    connection = ladybug.Connection(database)
    milliseconds = pl.col("timestamp") * 1000
    weight = pl.lit(1.0).alias("weight")
    for name in ("User", "Product", "Ingredient"):
        frame = pl.read_csv(shop / f"{name}.csv")
        columns = ", ".join(f"`{column}`" for column in frame.columns)
        connection.execute(f"COPY {name} ({columns}) FROM $rows", {"rows": frame.to_arrow()})
    purchased = pl.read_csv(shop / "purchased.csv", schema_overrides={"weight": pl.Float64}).with_columns(milliseconds)
    connection.execute("COPY purchased (weight, timestamp) FROM $rows", {"rows": purchased.to_arrow()})
    contains = pl.read_csv(shop / "contains.csv").with_columns(weight)
    connection.execute("COPY contains (weight) FROM $rows", {"rows": contains.to_arrow()})
    connection.close()
    database.close()


def read_embedded(path: Path) -> int:
    """Both relation tables as Arrow; the number of triples."""
    database = ladybug.Database(path, buffer_pool_size=BUFFER_POOL, max_num_threads=THREADS, read_only=True)
    connection = ladybug.Connection(database)
    rows = 0
    for name in ("purchased", "contains"):
        result = connection.execute(f"MATCH (h)-[r:{name}]->(t) RETURN h.id, t.id, r.weight, r.timestamp")
        rows += result.get_as_arrow().num_rows
    connection.close()
    database.close()
    return rows


@contextmanager
def running_neo4j(url: str | None) -> Iterator[str]:
    """The server that is named, or the one of the tests, started for this run."""
    if url:
        yield url
        return
    command = [sys.executable, str(HERE.parent / "tests" / "neo4j_server.py"), "run"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin and server.stdout
        try:
            line = server.stdout.readline()
            if not line:
                sys.exit("Neo4j does not start, see above; or name a server with --neo4j")
            access = json.loads(line)
            os.environ |= {"NEO4J_USERNAME": access["user"], "NEO4J_PASSWORD": access["password"]}
            yield access["uri"]
        finally:
            server.stdin.close()
