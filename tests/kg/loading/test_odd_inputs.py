"""Odd files that people have: each is read right, or what is odd about it is told, and no row is lost."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import xlsxwriter

from kg.mapping.mapping import read_mapping
from kg.schema import Schema
from kg.staging.report import LoadReport
from tests.kg.files import graph, load_sources, load_text

SCHEMA = Schema.model_validate(
    {
        "name": "odd",
        "entity": {
            "Product": {"domain": "cosmetics", "properties": {"price": "float", "note": "str"}},
            "Ingredient": {},
            "Brand": {},
            "Category": {},
        },
        "relation": {
            "contains": {"head": "Product", "tail": "Ingredient"},
            "made_by": {"head": "Product", "tail": "Brand"},
            "in_category": {"head": "Product", "tail": "Category"},
            "parent": {"head": "Category", "tail": "Category"},
        },
    }
)
PRODUCTS = '[[source]]\nfile = "p.csv"\nentity = "Product"\nid = "id"\nlabel = "name"\n'
PRICED = PRODUCTS + 'properties = { price = "price" }\n'


def linked(relation: str, tail: str, more: str = "") -> str:
    return f'{PRODUCTS}[[source.link]]\nrelation = "{relation}"\ntail = "{tail}"\n{more}'


def loaded(folder: Path, mapping: str, text: str) -> tuple[LoadReport, dict[str, list[tuple[Any, ...]]]]:
    report = load_text(folder, SCHEMA, mapping, {"p.csv": text})
    return report, graph(folder, SCHEMA)


def written(folder: Path, name: str, write: Callable[[Path], None], mapping: str) -> LoadReport:
    """Load a file that a program of its own writes."""
    base = folder / "in"
    base.mkdir()
    write(base / name)
    (base / "mapping.toml").write_text(mapping, encoding="utf-8")
    return load_sources(folder, SCHEMA, read_mapping(base / "mapping.toml", SCHEMA), base)


@pytest.mark.parametrize(
    "header", ["id,name,price", '"id","name","price"', "\ufeffid,name,price", '\ufeff"id","name","price"']
)
def test_the_header_once_more_is_no_product_however_it_is_written(header: str, tmp_path: Path) -> None:
    report, found = loaded(tmp_path, PRICED, f"id,name,price\np1,A,3\n{header}\np2,B,4\n")
    assert found["Product"] == [("p1", "A", 3.0), ("p2", "B", 4.0)]
    (bad,) = report.files[0].rejects.rows(named=True)
    assert (bad["line"], bad["reason"]) == (3, "the header once more")


def sheet(rows: list[list[Any]]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with xlsxwriter.Workbook(str(path)) as book:
            page, hours = book.add_worksheet(), book.add_format({"num_format": "[h]:mm:ss"})
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    page.write(at, column, cell, hours if isinstance(cell, timedelta) else None)

    return write


def test_a_workbook_has_no_second_header_and_no_days_in_durations(tmp_path: Path) -> None:
    header = ["id", "name\n(en)", "note"]
    rows = [header, ["p1", "A", timedelta(hours=30)], header, ["p2", "B", timedelta(seconds=90)]]
    mapping = PRODUCTS.replace("p.csv", "p.xlsx").replace('"name"', '"name (en)"') + 'properties = { note = "note" }\n'
    report = written(tmp_path, "p.xlsx", sheet(rows), mapping)
    assert graph(tmp_path, SCHEMA)["Product"] == [("p1", "A", None, "30:00:00"), ("p2", "B", None, "00:01:30")]
    assert report.files[0].rejects.select("line", "reason").rows() == [(3, "the header once more")]


def test_numbers_of_39_digits_come_out_of_a_database(tmp_path: Path) -> None:
    largest = "170141183460469231731687303715884105727"

    def write(path: Path) -> None:
        with duckdb.connect(str(path)) as shop:
            shop.execute("CREATE TABLE p (id HUGEINT, name VARCHAR, note TIME)")
            shop.execute(f"INSERT INTO p VALUES ({largest}, 'A', '24:00:00'), (7, 'B', '09:30:00')")

    mapping = PRODUCTS.replace('file = "p.csv"', 'sql = "SELECT * FROM p"\nconnection = "shop.duckdb"')
    written(tmp_path, "shop.duckdb", write, mapping + 'properties = { note = "note" }\n')
    expected = [(largest, "A", None, "24:00:00"), ("7", "B", None, "09:30:00")]
    assert graph(tmp_path, SCHEMA)["Product"] == expected


def test_levels_without_a_name_are_none(tmp_path: Path) -> None:
    mapping = linked("in_category", "cat", 'levels = ">"\nparent = "parent"\n')
    _, found = loaded(tmp_path, mapping, "id,name,cat\np1,A,Skin >> Face\np2,B,>\np3,C,> Skin >  > Face >\np4,D,Hair\n")
    assert found["Category"] == [("Hair",), ("Skin",), ("Skin > Face", "Face")]
    assert found["parent"] == [("Skin > Face", "Skin", 1.0)]
    assert found["in_category"] == [("p1", "Skin > Face", 1.0), ("p3", "Skin > Face", 1.0), ("p4", "Hair", 1.0)]


LISTS = """id,name,ing
p1,A,"('Aqua', 'Talc')"
p2,B,"array(['Aqua', 'Talc'], dtype=object)"
p3,C,"{'Aqua', 'Talc'}"
p4,D,"frozenset({'Aqua', 'Talc'})"
p5,E,"array(['Aqua'
 'Talc'])"
p6,F,(Aqua)
"""


def test_lists_in_every_spelling_of_python_are_lists_and_no_second_thoughts(tmp_path: Path) -> None:
    report, found = loaded(tmp_path, linked("contains", "ing"), LISTS)
    assert found["Ingredient"] == [("(Aqua)",), ("Aqua",), ("Talc",)]
    both = [(f"p{i}", name, 1.0) for i in range(1, 6) for name in ("Aqua", "Talc")]
    assert found["contains"] == [*both, ("p6", "(Aqua)", 1.0)]
    assert report.notices == ["p.csv: 5 cells of 'ing' hold lists written as text, read as lists"]


def test_words_for_nothing_that_become_things_are_told(tmp_path: Path) -> None:
    text = "id,name,brand\np1,A,--\np2,B,n/a\np3,C,Nordlys\np4,D,Unknown\np5,E,无\n"
    report, found = loaded(tmp_path, linked("made_by", "brand"), text)
    assert [brand for brand, *_ in found["Brand"]] == ["--", "Nordlys", "Unknown", "n/a", "无"]
    for word in ("--", "n/a", "Unknown", "无"):
        assert any(f"of 'brand' says {word!r}, which was taken for an id" in notice for notice in report.notices)
    assert not any("Nordlys" in notice for notice in report.notices)


def test_ids_in_quotation_marks_that_are_none_to_csv_are_told(tmp_path: Path) -> None:
    report, found = loaded(tmp_path, PRICED, "id,name,price\n'p1','A',3\n'p2','B',4\n")
    assert [one for one, *_ in found["Product"]] == ["'p1'", "'p2'"]
    assert "2 ids stand in quotation marks of another kind in 'id', '" in report.notices[0]


def test_each_reason_for_which_cells_of_a_column_were_left_out_is_told(tmp_path: Path) -> None:
    report, _ = loaded(tmp_path, PRICED, 'id,name,price\np1,A,"1,299.00"\np2,B,free\np3,C,gift\np4,D,4\n')
    told = "\n".join(report.notices)
    assert "line 2: ambiguous number" in told and "line 3: not a number" in told and report.left_out == 3
