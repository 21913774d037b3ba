"""Queries against a real server of MySQL or MariaDB: types, batches, refusals; exit code 1 where one fails.

    pip install 'whyrec[sql]'
    SHOP_DB=mysql://USER:PASSWORD@HOST:PORT/DATABASE python benchmarks/mysql.py WORK-FOLDER [--rows 100000]

The user may make tables in the database; ``product`` and ``orders`` are made anew without asking.
"""

import os
import time
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote, urlsplit

import pymysql
import typer
from postgres import MAPPING, PRODUCTS, SCHEMA

import whyrec
from kg.errors import ReadError

TABLES = """SET sql_mode = ''
DROP TABLE IF EXISTS product, orders
CREATE TABLE product (sku DECIMAL(20, 0) PRIMARY KEY, name TEXT, price DECIMAL(10, 2), stock BIT(1), tags TEXT)
INSERT INTO product VALUES (18446744073709551615, 'Serum', 24.5, 1, '["dry", "vegan"]'), (0, '精华 😀', NULL, 0, '')
CREATE TABLE orders (customer VARCHAR(40), sku BIGINT UNSIGNED, qty DOUBLE, day TIMESTAMP NULL)
INSERT INTO orders WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
SELECT CONCAT('u', a.i * 1000 + b.i), 0, 1.5, '2024-01-01' FROM n a, n b WHERE a.i <= {thousands}
INSERT INTO orders VALUES ('late', 0, 1, '0000-00-00 00:00:00')"""
REFUSED = (
    "DELETE FROM product",
    "SELECT 1 AS sku; DELETE FROM product",
    "SELECT sku FROM product INTO OUTFILE '/tmp/product'",
    "SELECT LOAD_FILE('/etc/hosts') AS sku",
    "/*! DELETE FROM product */",
    "SELECT sku, name, price, stock, tags FROM nowhere",
)


def main(folder: Annotated[Path, typer.Argument()], rows: Annotated[int, typer.Option()] = 100_000) -> None:
    """Load, look at what came, and ask what has to be refused."""
    folder.mkdir(parents=True, exist_ok=True)
    _run(TABLES.format(thousands=rows // 1000).replace("i < 1000)\nSELECT", "i < 1000) SELECT"))
    (folder / "schema.toml").write_text(SCHEMA)
    engine = whyrec.create(folder / "workspace", schema=str(folder / "schema.toml"))
    mapping = folder / "workspace" / "mapping.toml"
    mapping.write_text(MAPPING)
    started = time.perf_counter()
    report = engine.load(max_rejects=1)
    print(f"{rows:,} orders in {time.perf_counter() - started:.1f} s, {report.rejected} rejected")
    assert report.rejected == 1 and report.entities["User"]["created"] == rows, report  # the day 0000-00-00
    assert report.triples["tagged"]["created"] == 2, report
    assert set(engine.snapshot.vocabulary.ids("Product")) == {"18446744073709551615", "0"}
    for query in REFUSED:
        mapping.write_text(MAPPING.replace(PRODUCTS, query))
        try:
            engine.load()
        except ReadError as refused:
            print(f"refused: {refused}")
        else:
            raise typer.Exit(1)


def _run(script: str) -> None:
    told = urlsplit(os.environ["SHOP_DB"])
    where = {"host": told.hostname, "port": told.port or 3306, "database": told.path.lstrip("/")}
    who = {"user": unquote(told.username or ""), "password": unquote(told.password or "")}
    connected = pymysql.connect(**where, **who, charset="utf8mb4", autocommit=True)
    with connected as connection, connection.cursor() as cursor:
        for statement in script.splitlines():
            cursor.execute(statement)


if __name__ == "__main__":
    typer.run(main)
