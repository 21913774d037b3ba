"""Names and values from files stay data: on both stores, in file names, and in what is written."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from kg.errors import MappingError, SchemaError
from kg.formats.by_file_name import sources_for_paths
from kg.mapping.source import Source
from kg.schema import parse_schema
from kg.stores.store import Store
from tests.kg.files import load_sources, rejects, store_of

SCHEMA = parse_schema(
    {
        "name": "shop",
        "entity": {"User": {"sensitive": True}, "Product": {"domain": "shop", "properties": {"note": "str"}}},
        "relation": {"purchased": {"head": "User", "tail": "Product", "interaction": True}},
    }
)
HOSTILE = (
    "x'}) DETACH DELETE n //",
    "\"}) MATCH (n) DETACH DELETE n RETURN '",
    "`}) DETACH DELETE n //",
    "'; DROP TABLE User; --",
    "\\'; CALL dbms.shutdown() //",
    "$rows",
    "${jndi:ldap://localhost/a}",
    '=HYPERLINK("http://localhost","x")',
    "{{7*7}}",
    "../../etc/passwd",
    "\x1b]0;owned\x07\x1b[2J",
    "\u202egnp.exe",
    "a\nb",
    "[red]x[/red]",
    "<script>alert(1)</script>",
    "]]>",
)


def test_hostile_ids_labels_and_values_come_back_as_they_went_in(opened: Callable[..., Store]) -> None:
    store = opened(SCHEMA)
    ids = list(HOSTILE)
    products = pl.DataFrame({"id": ids, "label": ids[::-1], "note": ids[1:] + ids[:1]})
    store.create_entities("User", pl.DataFrame({"id": ids, "label": ids}))
    store.create_entities("Product", products)
    pairs = pl.DataFrame(
        {"head": ids, "tail": ids[::-1], "weight": 1.0, "timestamp": pl.Series([None] * len(ids), dtype=pl.Int64)}
    )
    store.create_triples("purchased", pairs)
    store.update_entities("Product", products.with_columns(pl.col("label") + "!"))
    store.update_triples("purchased", pairs.with_columns(pl.lit(2.0).alias("weight")))
    found = store.read_entities("Product").sort("id")
    assert found.equals(products.with_columns(pl.col("label") + "!").sort("id"))
    assert set(store.read_triples("purchased").select("head", "tail").rows()) == set(zip(ids, ids[::-1], strict=True))
    assert store.existing_triples("purchased", [(ids[0], ids[-1]), (ids[0], ids[0])]) == {(ids[0], ids[-1])}
    store.delete_triples("purchased", pairs.head(1))
    store.delete_entities("Product", products.head(1))
    assert store.count_entities() == {"User": len(ids), "Product": len(ids) - 1}


@pytest.mark.parametrize("name", [*HOSTILE, "User) DETACH DELETE (n", "", "Us er", "Üser", "User\n"])
def test_hostile_names_never_become_types_relations_or_properties(name: str) -> None:
    user = {"User": {}}
    for schema in (
        {"entity": {name: {}}},
        {"entity": user, "relation": {name: {"head": "User", "tail": "User"}}},
        {"entity": {"User": {"properties": {name: "str"}}}},
    ):
        with pytest.raises(SchemaError):
            parse_schema({"name": "x", **schema})


def test_hostile_names_in_files_are_rejects(tmp_path: Path) -> None:
    path = tmp_path / "triples.tsv"
    good = [one for one in HOSTILE if "\n" not in one]
    path.write_text("".join(f"u1\t{name}\tp1\n" for name in good) + "u1\tpurchased\tp1\n", newline="")
    sources = sources_for_paths([path], SCHEMA, triples=True)
    report = load_sources(tmp_path, SCHEMA, sources, tmp_path)
    assert (report.files[0].rows, report.files[0].loaded) == (len(good) + 1, 1)
    assert [row["reason"] for row in rejects(tmp_path)] == ["unknown relation"] * len(good)
    store = store_of(tmp_path, SCHEMA, read_only=True)
    assert store.count_triples() == {"purchased": 1}
    store.close()


@pytest.mark.parametrize(
    "name", ["Product;rm -rf x.csv", "Product') --.csv", "..csv", "$(touch x).csv", "`id`.csv", "Product*.csv"]
)
def test_hostile_file_names_are_only_names(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / name).write_text("id,note\np1,x\n,y\n")
    with pytest.raises(MappingError):
        sources_for_paths([folder / name], SCHEMA)
    source = Source(file=name, format="csv", entity="Product", id="id", properties={"note": "note"})
    before = set(tmp_path.iterdir())
    load_sources(tmp_path, SCHEMA, [source], folder)
    assert {path.name for path in set(tmp_path.iterdir()) - before} <= {
        "graph.lbug",
        "graph.lbug.crc32",
        ".rejects-people",
        "rejects",
        "staging",
    }
    (home,) = (tmp_path / "rejects").iterdir()
    assert len(list(home.iterdir())) == 2 and all(path.resolve().parent == home for path in home.iterdir())
    assert [path.name for path in folder.iterdir()] == [name]


def test_hostile_headers_are_only_columns(tmp_path: Path) -> None:
    header = "id,x') OR 1=1 --,`note`,note"
    (tmp_path / "Product.csv").write_text(f"{header}\np1,a,b,c\n")
    report = load_sources(tmp_path, SCHEMA, sources_for_paths([tmp_path / "Product.csv"], SCHEMA), tmp_path)
    assert report.files[0].loaded == 1 and len(report.notices) == 2
    (tmp_path / "nodes.csv").write_text("id:ID,:LABEL,note`}) DETACH DELETE n //:string\np2,Product,x\n")
    load_sources(tmp_path, SCHEMA, sources_for_paths([tmp_path / "nodes.csv"], SCHEMA), tmp_path)
    store = store_of(tmp_path, SCHEMA, read_only=True)
    assert sorted(store.read_entities("Product").rows()) == [("p1", None, "c"), ("p2", None, None)]
    store.close()
