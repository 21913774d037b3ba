"""A shop of any size from a seeded generator: schema, mapping and CSV files.

Of every 200 entities 120 are users, 60 products and 20 ingredients; of every 1,000 triples 700 are purchases, with a
rating and a time, and 300 say what a product contains. No pair is there twice, popular products are bought far more
often than others, rows are in no order.
"""

import shutil
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kg.schema import Schema, read_schema

SCHEMA = """\
name = "shop"

[entity.User]
sensitive = true
[entity.Product]
domain = "cosmetics"
properties = { price = "float", in_stock = "bool" }
[entity.Ingredient]

[relation.purchased]
head = "User"
tail = "Product"
interaction = true
[relation.contains]
head = "Product"
tail = "Ingredient"
"""
MAPPING = """\
[[source]]
file = "User.csv"
entity = "User"
id = "id"
label = "label"
[[source]]
file = "Product.csv"
entity = "Product"
id = "id"
label = "label"
properties = { price = "price", in_stock = "in_stock" }
[[source]]
file = "Ingredient.csv"
entity = "Ingredient"
id = "id"
label = "label"
[[source]]
file = "purchased.csv"
relation = "purchased"
head = "head"
tail = "tail"
weight = "weight"
timestamp = "timestamp"
[[source]]
file = "contains.csv"
relation = "contains"
head = "head"
tail = "tail"
"""
ENTITIES = {"User": 0.6, "Product": 0.3, "Ingredient": 0.1}
RELATIONS = {"purchased": 0.7, "contains": 0.3}
WORDS = "rose argan clay night daily gentle pure vitamin repair bright silk ocean green calm balm".split()


def make_shop(folder: Path, entities: int, triples: int, seed: int = 0) -> Schema:
    """Write ``schema.toml``, ``mapping.toml`` and the CSV files into ``folder``, anew.

    :param entities: in all, of the three types together.
    :param triples: in all, of both relations together.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "schema.toml").write_text(SCHEMA, encoding="utf-8")
    (folder / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    rng = np.random.default_rng(seed)
    schema = read_schema(folder / "schema.toml")
    ids = {name: _write_entities(folder, name, round(entities * share), rng) for name, share in ENTITIES.items()}
    for name, share in RELATIONS.items():
        ends = schema.relation[name]
        _write_triples(folder, name, round(triples * share), (ids[ends.head], ids[ends.tail]), rng)
    return schema


def _write_entities(folder: Path, name: str, count: int, rng: np.random.Generator) -> pl.Series:
    numbers = pl.Series(rng.permutation(10 * count)[:count])
    ids = name[0] + numbers.cast(pl.String).str.zfill(8)
    words = [pl.Series(rng.choice(WORDS, count)) for _ in range(3)]
    columns = {"id": ids, "label": words[0] + " " + words[1] + " " + words[2]}
    if name == "Product":
        columns["price"] = pl.Series(np.round(rng.gamma(2.0, 12.0, count), 2))
        columns["in_stock"] = pl.Series(rng.random(count) < 0.9)
    pl.DataFrame(columns).write_csv(folder / f"{name}.csv")
    return ids


def _write_triples(
    folder: Path, name: str, count: int, ids: tuple[pl.Series, pl.Series], rng: np.random.Generator
) -> None:
    heads, tails = _pairs(count, len(ids[0]), len(ids[1]), rng)
    columns = {"head": ids[0].gather(heads), "tail": ids[1].gather(tails)}
    if name == "purchased":
        columns["weight"] = pl.Series(rng.integers(1, 6, count))
        columns["timestamp"] = pl.Series(rng.integers(1_500_000_000, 1_750_000_000, count))
    pl.DataFrame(columns).write_csv(folder / f"{name}.csv")


def _pairs(count: int, heads: int, tails: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Different pairs of positions, in random order; the tails follow a power law."""
    found = np.empty(0, dtype=np.int64)
    while len(found) < count:
        tail = (tails * rng.random(2 * count) ** 2).astype(np.int64)
        found = np.unique(np.concatenate([found, rng.integers(0, heads, 2 * count) * tails + tail]))
    chosen = rng.permutation(found)[:count]
    return chosen // tails, chosen % tails
