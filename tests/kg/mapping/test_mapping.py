"""The mapping: what it refuses, and what files without one stand for."""

from pathlib import Path

import pytest

from kg.errors import MappingError
from kg.formats.by_file_name import sources_for_paths
from kg.mapping.mapping import read_mapping
from kg.mapping.source import DEFAULT_NULLS
from kg.schema import parse_schema

SCHEMA = parse_schema(
    {
        "name": "shop",
        "entity": {
            "User": {"sensitive": True},
            "Product": {"domain": "cosmetics", "properties": {"price": "float", "in_stock": "bool"}},
            "Brand": {},
        },
        "relation": {
            "purchased": {"head": "User", "tail": "Product", "interaction": True},
            "made_by": {"head": "Product", "tail": "Brand"},
        },
    }
)
PRODUCT = '[[source]]\nfile = "p.csv"\nentity = "Product"\nid = "id"\n'
PURCHASED = '[[source]]\nfile = "r.csv"\nrelation = "purchased"\nhead = "u"\ntail = "p"\n'


def mapping(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "source: this key is required"),
        (PRODUCT + 'lable = "x"', "source.0.lable: unknown key; nearest: 'label'"),
        (PRODUCT + '[[source.link]]\nrelaton = "made_by"', "source.0.link.0.relaton: unknown key; nearest: 'relation'"),
        (PRODUCT + 'relation = "purchased"', r"either entity or relation \(got entity and relation\)"),
        ('[[source]]\nfile = "x.csv"', r"either entity or relation \(got neither\)"),
        ('[[source]]\nfile = "x.csv"\nentity = "Product"', "a source with entity needs the key 'id'"),
        (PRODUCT + 'weight = "w"', "the key 'weight' does not go with entity"),
        (PURCHASED + 'label = "w"', "the key 'label' does not go with relation"),
        (PRODUCT.replace("Product", "Produkt"), "source.0.entity: unknown entity type 'Produkt'; nearest: 'Product'"),
        (PURCHASED.replace("purchased", "purchase"), "unknown relation 'purchase'; nearest: 'purchased'"),
        (PRODUCT + 'properties = { prise = "p" }', "entity type Product has no property 'prise'; nearest: 'price'"),
        (PRODUCT + 'properties = { label = "p" }', "properties.label: reserved"),
        (PRODUCT + '[[source.link]]\nrelation = "made_bi"\ntail = "b"', "source.0.link.0.relation: unknown relation"),
        (PRODUCT + '[[source.link]]\nrelation = "purchased"\ntail = "b"', "purchased starts from User, but these rows"),
        (PRODUCT + '[[source.text]]\nrelation = "made_bi"\ncolumns = ["b"]', "source.0.text.0.relation: unknown"),
        (PRODUCT + 'encoding = "utf-88"', "unknown encoding 'utf-88'"),
        (PRODUCT + 'encoding = "rot13"', "unknown encoding 'rot13'"),
        (PRODUCT + "delimiter = '\"'", "cannot separate cells"),
        (PRODUCT + 'decimal = ";"', "decimal"),
        (PRODUCT + 'where = "price >"', "where 'price >': unable to parse"),
        (PRODUCT + "where = \"price > 3 AND price = 'a'\"", "cannot compare string with numeric"),
        (PRODUCT + 'where = "sum(price) > 3"', "more than one row at a time"),
        (PRODUCT + 'where = "rank() OVER (ORDER BY price) > 3"', "more than one row at a time"),
        (PRODUCT + 'where = "1 = 1"', "it names no column"),
        (PRODUCT + 'where = "price + 1"', "no condition"),
    ],
)
def test_what_a_mapping_refuses(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(MappingError, match=message) as caught:
        read_mapping(mapping(tmp_path, text), SCHEMA)
    assert str(caught.value).startswith(str(tmp_path))


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(MappingError) as caught:
        read_mapping(mapping(tmp_path, PRODUCT.replace("Product", "X") + PURCHASED.replace("purchased", "y")), SCHEMA)
    assert [line.split(": ")[1] for line in str(caught.value).splitlines()] == ["source.0.entity", "source.1.relation"]


def test_files_by_name_and_by_pattern(tmp_path: Path) -> None:
    (source,) = read_mapping(mapping(tmp_path, PRODUCT.replace("p.csv", "p*.csv.gz")), SCHEMA)
    for name in ("p2.csv.gz", "p1.csv.gz", "q.csv.gz"):
        (tmp_path / name).touch()
    assert [path.name for path in source.files(tmp_path)] == ["p1.csv.gz", "p2.csv.gz"]
    (literal,) = read_mapping(mapping(tmp_path, PRODUCT.replace("p.csv", "p[1].csv")), SCHEMA)
    with pytest.raises(MappingError, match="no such file"):
        literal.files(tmp_path)
    (tmp_path / "p[1].csv").touch()
    assert literal.files(tmp_path) == [tmp_path / "p[1].csv"]


@pytest.mark.parametrize("pattern", ["../secret.csv", "link.csv", "linked/*.csv", "{absolute}"])
def test_a_mapping_names_files_of_its_own_folder_only(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "secret.csv").write_text("id\nhunter2\n")
    home = tmp_path / "home"
    home.mkdir()
    (home / "own.csv").touch()
    (home / "link.csv").symlink_to(tmp_path / "secret.csv")
    (home / "linked").symlink_to(tmp_path)
    pattern = pattern.format(absolute=tmp_path / "secret.csv")
    (source,) = read_mapping(mapping(tmp_path, PRODUCT.replace("p.csv", pattern)), SCHEMA)
    with pytest.raises(MappingError, match=r"outside the mapping's folder.*allow_outside"):
        source.files(home)
    assert [path.name for path in source.files(home, allow_outside=True)][-1] in ("secret.csv", "link.csv")
    (source,) = read_mapping(mapping(tmp_path, PRODUCT.replace("p.csv", str(home / "own.csv"))), SCHEMA)
    assert source.files(home) == [home / "own.csv"]


def test_what_a_where_takes_its_columns_for(tmp_path: Path) -> None:
    conditions = "rating >= 4", "brand = 'Acme'", "in_stock", "new = true", "a > b", "price > cost"
    where = f"where = \"{' AND '.join(conditions)} AND year IN (2020, 2021) AND kind IN ('a', 'b')\""
    text = PRODUCT + 'properties = { price = "price", in_stock = "in_stock" }\n' + where
    (source,) = read_mapping(mapping(tmp_path, text), SCHEMA)
    row_filter = source.row_filter(SCHEMA)
    assert row_filter is not None
    assert row_filter.kinds == {
        "rating": "number",
        "brand": "text",
        "in_stock": "truth",
        "new": "truth",
        "a": "text",
        "b": "text",
        "price": "number",
        "cost": "number",
        "year": "number",
        "kind": "text",
    }


def test_the_defaults(tmp_path: Path) -> None:
    (source,) = read_mapping(mapping(tmp_path, PRODUCT), SCHEMA)
    assert {"", "NA", "NULL", "\\N"} <= set(source.null) == set(DEFAULT_NULLS)
    assert source.used_columns() == ("id",)


def test_files_that_need_no_mapping(tmp_path: Path) -> None:
    for name in ("product.csv", "purchased.jsonl.gz", "notes.txt"):
        (tmp_path / name).touch()
    product, purchased = sources_for_paths([tmp_path], SCHEMA)
    assert (product.entity, product.used_columns()) == ("Product", ("id", "label", "price", "in_stock"))
    assert product.optional_columns == {"label", "price", "in_stock"}
    assert (purchased.relation, purchased.optional_columns) == ("purchased", {"weight", "timestamp"})
    (tmp_path / "Produkt.csv").touch()
    with pytest.raises(MappingError, match="neither an entity type nor a relation of the schema; nearest: 'Product'"):
        sources_for_paths([tmp_path / "Produkt.csv"], SCHEMA)
    (triples,) = sources_for_paths([tmp_path / "Produkt.csv"], SCHEMA, triples=True)
    assert (triples.relation_column, triples.create_ends) == ("relation", True)
    with pytest.raises(MappingError, match="no such file"):
        sources_for_paths([tmp_path / "Brand.csv"], SCHEMA)
