"""Cells that a spreadsheet would run come back as they were, and no table that whyrec writes holds one."""

import csv
from pathlib import Path

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from kg.values.formula import escaped_formulas, may_be_escaped, unescaped_formulas
from tests.kg.files import graph, load_text
from tests.kg.loading.test_load import PRODUCTS, SCHEMA

EVIL = '=HYPERLINK("http://evil.test","x")'


@given(st.text("=+-@'\t\r1.e a", max_size=6))
def test_escaping_is_undone_by_reading(text: str) -> None:
    frame = pl.DataFrame({"x": [text], "n": [1.5]})
    written = escaped_formulas(frame)
    (cell,) = written["x"]
    assert unescaped_formulas(written).equals(frame)
    assert cell == text or may_be_escaped(cell.encode())
    if cell[:1] in tuple("=+-@\t\r"):
        float(cell)  # only a number may begin so


def test_reports_hold_no_formula_and_can_be_read_back(tmp_path: Path) -> None:
    products = f"id,name,price\np1,{EVIL.replace(',', '')},1\np1,@SUM(A1),1\np2,x,=1+1\n".replace('"', "")
    report = load_text(tmp_path, SCHEMA, PRODUCTS, {"products.csv": products})
    assert report.left_out_file is not None and "'=1+1" in report.left_out_file.read_text()
    assert report.contradictions_file is not None
    with report.contradictions_file.open(newline="") as lines:
        told = {row[name] for row in csv.DictReader(lines) for name in ("kept", "other")}
    assert told == {"'@SUM(A1)", "'=HYPERLINK(http://evil.testx)"}
    (tmp_path / "in" / "products.csv").write_text("id,name,price\np9,'=1+1,2\np8,'twas,3\n")
    load_text(tmp_path, SCHEMA, PRODUCTS, {})
    assert {("p9", "=1+1", 2.0), ("p8", "'twas", 3.0)} < set(graph(tmp_path, SCHEMA)["Product"])
