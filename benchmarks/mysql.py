"""Queries against a real server of MySQL or MariaDB: types, batches, refusals; exit code 1 where one fails.

    pip install 'whyrec[sql]'
    SHOP_DB=mysql://USER:PASSWORD@HOST:PORT/DATABASE python benchmarks/mysql.py WORK-FOLDER [--rows 100000]

The user may make tables in the database; ``product`` and ``orders`` are made anew without asking.
"""

import os
from pathlib import Path
from typing import Annotated

import typer
from postgres import loaded, refuse

from kg.readers.tables.sql import mysql_connection

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
    script = TABLES.format(thousands=rows // 1000).replace("i < 1000)\nSELECT", "i < 1000) SELECT")
    with mysql_connection(os.environ["SHOP_DB"]) as connection, connection.cursor() as cursor:
        connection.autocommit(True)
        for statement in script.splitlines():
            cursor.execute(statement)
    engine = loaded(folder, rows, bad=1)  # the day 0000-00-00
    assert set(engine.snapshot.vocabulary.ids("Product")) == {"18446744073709551615", "0"}
    refuse(folder, engine, REFUSED)


if __name__ == "__main__":
    typer.run(main)
