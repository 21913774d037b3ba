"""Cells that a spreadsheet would run come back as they were, and no table that whyrec writes holds one."""

import csv
import io
import itertools
import re
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.readers.delimited_text.escaped_rows import EscapedRows
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


CELLS = st.lists(st.text("=+-@'\" ,;a1.\n\r", max_size=5), min_size=2, max_size=2)


@given(st.lists(CELLS, min_size=1, max_size=4), st.sampled_from([",", ";"]))
def test_rows_are_copied_so_that_no_cell_is_run_and_all_are_read_as_before(rows: list[list[str]], mark: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=mark, quoting=csv.QUOTE_ALL)
    spans, line = [], 1
    for row in rows:
        writer.writerow(row)
        spans.append((line, len(out.getvalue().encode().splitlines()) - line + 1))
        line = sum(spans[-1])
    escaped = EscapedRows(mark, "utf-8", spans)
    lines = out.getvalue().encode().splitlines(keepends=True)
    copy = b"".join(escaped(number, one) for number, one in enumerate(lines, 1)).decode()
    found = list(csv.reader(io.StringIO(copy, newline=""), delimiter=mark))
    for cell in itertools.chain(*found):
        if cell[:1] in tuple("=+-@\r") and not re.fullmatch('="[^"]*"', cell):
            float(cell)  # only a number may begin so
    frames = [pl.DataFrame(table, ["a", "b"], orient="row") for table in (found, rows)]
    assert unescaped_formulas(frames[0]).equals(unescaped_formulas(frames[1]))


@pytest.mark.parametrize("kind", ["csv", "tsv"])
def test_rejected_rows_hold_no_formula_and_are_read_as_they_came(tmp_path: Path, kind: str) -> None:
    mark = "," if kind == "csv" else "\t"
    bad = [["=cmd|' /C calc'!A0", "+1 (555)", "x"], ['"=1+1"', "say 'hi'", "y"], ['="007"', '"a\n=2"', "=x"]]
    lines = [mark.join(["id", "name", "price"]), *(mark.join(row) for row in bad)]
    mapping = PRODUCTS.replace("products.csv", f"products.{kind}") + 'required = ["price"]\n'
    files = {f"products.{kind}": "\n".join([*lines, mark.join(["p1", "a", "2"])]) + "\n"}
    report = load_text(tmp_path, SCHEMA, mapping, files)
    assert report.rejects_file is not None
    copy = (report.rejects_file.parent / f"products.{kind}").read_text()
    assert mark.join(["'=cmd|' /C calc'!A0", "'+1 (555)", "x"]) in copy and f"{mark}'=x" in copy
    assert '"\'=1+1"' in copy and '\n="007"' in copy and (kind == "tsv" or '"a\n=2"' in copy)
    load_text(
        tmp_path / "again", SCHEMA, PRODUCTS.replace("products.csv", f"products.{kind}"), {f"products.{kind}": copy}
    )
    ids = {row[0] for row in graph(tmp_path / "again", SCHEMA)["Product"]}
    assert {"=cmd|' /C calc'!A0", "=1+1", "007"} <= ids
