"""Files as programs, spreadsheets and people really export them: read as what they say, or refused in words."""

import gzip
import io
import json
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc
import pytest
import xlsxwriter

from kg.errors import ReadError
from kg.mapping.connection import connection_of
from kg.mapping.source import Source
from kg.notices import Notices
from kg.readers.opening import open_reader
from tests.kg.readers.test_readers import read

TABLE = "a,b\nx,1\n"
FIELDS = "<a>x</a><b>1</b>"
PAIR = '{"a": "x", "b": "1"}'


def rows_of(path: Path, content: str | bytes) -> tuple[list[tuple[str | None, ...]], list[str], str]:
    """The cells of the good rows, the reasons of the bad ones, and all notices."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    notices = Notices()
    good, bad = read(path, Source(file=path.name, relation="r", head="a", tail="b"), notices)
    return [cells for _, _, cells in good], [reason for _, _, reason in bad], "\n".join(notices.render())


def zipped(*members: tuple[str, str | bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    return packed.getvalue()


def workbook(fill: Callable[[xlsxwriter.Workbook], None]) -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        fill(book)
    return made.getvalue()


def arrow(column: pa.Array) -> bytes:
    made, table = io.BytesIO(), pa.table({"a": column, "b": pa.array(["1"] * len(column))})
    with pa.ipc.new_file(made, table.schema) as out:
        out.write_table(table)
    return made.getvalue()


def sheets(book: xlsxwriter.Workbook) -> None:
    hidden, cover, data = (book.add_worksheet(name) for name in ("old", "Cover", "Data"))
    hidden.write_row(0, 0, ["a", "b"])
    hidden.hide()
    cover.write_row(0, 0, ["Report"])
    data.write_row(0, 0, ["Sales 2024"])
    data.write_row(2, 0, ["a", "b"])
    data.write_row(3, 0, ["x", 1])
    data.write_formula(4, 1, "=1/0", None, "#DIV/0!")
    data.write(4, 0, "y")
    cover.activate()


def unsolved(book: xlsxwriter.Workbook) -> None:
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["a", "b"])
    sheet.write_row(1, 0, ["x", 1])
    sheet.write(2, 0, "y")
    sheet.write_formula(2, 1, "=1+1", None, "")
    sheet.merge_range(1, 2, 2, 2, "note")


@pytest.mark.parametrize(
    ("name", "content", "cells", "told"),
    [
        ("title.csv", "Sales 2024,\n\na,b\nx,1\n", [("x", "1")], "the header is in line 3"),
        ("comment.tsv", "# made by a shop\na\tb\nx\t1\n", [("x", "1")], "the header is in line 2"),
        ("again.csv", TABLE + "a,b\ny,2\n", [("x", "1"), ("y", "2")], ""),
        ("codes.csv", 'a,b\n="007",1\n"=""08""",2\n\'="x",3\n', [("007", "1"), ("08", "2"), ('="x"', "3")], ""),
        ("lost.csv", "a,b\nCaf\ufffd,1\nCafÃ©,2\n", [("Caf\ufffd", "1"), ("CafÃ©", "2")], "encoded twice"),
        ("stream.json", f"{PAIR}\n{PAIR}", [("x", "1")] * 2, ""),
        ("arrays.json", f"[{PAIR}][{PAIR},{PAIR}]", [("x", "1")] * 3, ""),
        (
            "gbk.xml",
            f'<?xml version="1.0" encoding="gbk"?><r><item>{FIELDS}</item></r>'.replace("x<", "保<").encode("gbk"),
            [("保", "1")],
            "",
        ),
        ("wide.json", f"[{PAIR}]".encode("utf-16"), [("x", "1")], ""),
        (
            "mac.csv.zip",
            zipped(("d/x.csv", TABLE), ("d/.DS_Store", "-"), ("__MACOSX/d/._x.csv", "-")),
            [("x", "1")],
            "",
        ),
        ("book.xlsx", workbook(sheets), [("x", "1"), ("y", None)], "1 cell of the workbook holds an error"),
        ("sums.xlsx", workbook(unsolved), [("x", "1"), ("y", None)], "1 formula of the workbook has no result"),
        ("sums.xlsm", workbook(unsolved), [("x", "1"), ("y", None)], "1 group of merged cells"),
        ("book.xlsm", workbook(sheets), [("x", "1"), ("y", None)], "only the sheet 'Data' is read"),
        (
            "two.xml",
            f"<r><item>{FIELDS}</item><offer>{FIELDS}</offer></r>",
            [("x", "1")],
            "1 element <offer> is no row",
        ),
        ("bytes.arrow", arrow(pa.array([b"x", b"\xff"])), [("x", "1")], ""),
        ("wide.arrow", arrow(pa.array([Decimal("1.5")], pa.decimal256(45, 1))), [("1.5", "1")], ""),
    ],
)
def test_what_an_export_holds_is_read(
    name: str, content: str | bytes, cells: list[tuple[str | None, ...]], told: str, tmp_path: Path
) -> None:
    good, bad, notices = rows_of(tmp_path / name, content)
    assert good == cells and told in notices
    assert bad == {"again.csv": ["the header once more"], "bytes.arrow": ["bytes that are no UTF-8 text"]}.get(name, [])


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_map_of_ids_to_objects_has_a_row_for_each(wrapped: bool, tmp_path: Path) -> None:
    content = '{"x": {"b": 1}, "y": {"b": 2, "c": {"d": 3}}, "z": null}'
    path = tmp_path / "map.json"
    path.write_text(f'{{"products": {content}}}' if wrapped else content)
    good, bad = read(path, Source(file=path.name, relation="r", head="@key", tail="b"))
    assert [cells for _, _, cells in good] == [("x", "1"), ("y", "2")]
    assert bad == [(3, 1, "not a JSON object")]


@pytest.mark.parametrize("wrapped", [False, True])
def test_what_is_no_object_in_a_map_keeps_its_key_in_rejects_and_copy(wrapped: bool, tmp_path: Path) -> None:
    records = {"x": {"b": 1}, "y": None, "水": ["a"], "": {"b": "2", "n": None}, "z": {"b": "3"}}
    path, copy = tmp_path / "map.json", tmp_path / "copy.json"
    path.write_text(json.dumps({"version": 3, "products": records} if wrapped else records), encoding="utf-8")
    source = Source(file=path.name, relation="r", head="@key", tail="b")
    rejects = [
        row
        for batch in open_reader(path, path.name, source, ("@key", "b"), Notices()).batches()
        for row in batch.rejects.select("line", "value", "hint").rows()
    ]
    hint = "write an object under each key"
    assert rejects == [(2, '{"y": null}', hint), (3, '{"水": ["a"]}', hint)]
    bad = [(2, 1), (3, 1), (4, 1)]
    open_reader(path, path.name, source, (), Notices()).copy_rows(copy, bad, lambda text: True)
    assert json.loads(copy.read_text(encoding="utf-8")) == {name: records[name] for name in ("y", "水", "")}
    mended = {**json.loads(copy.read_text(encoding="utf-8")), "y": {"b": 7}}
    copy.write_text(json.dumps(mended), encoding="utf-8")
    good, still = read(copy, source)
    assert [cells for _, _, cells in good] == [("y", "7"), ("", "2")] and len(still) == 1


def sorted_sheet(book: xlsxwriter.Workbook) -> None:
    sheet = book.add_worksheet()
    for at, cells in enumerate((["Sales 2024"], ["X", 0], ["a", "b"], ["x", 1])):
        sheet.write_row(at, 0, cells)


@pytest.mark.parametrize(
    ("name", "content"),
    [("sorted.csv", 'Sales 2024,\n"X",0\na,b\nx,1\n'), ("sorted.xlsx", workbook(sorted_sheet))],
    ids=["csv", "xlsx"],
)
def test_rows_that_sorting_put_above_the_header_are_not_lost(name: str, content: str | bytes, tmp_path: Path) -> None:
    good, bad, notices = rows_of(tmp_path / name, content)
    assert (good, bad) == ([("x", "1")], ["above the header"]) and "the header is in" in notices


def tar() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("x.csv"))
    return packed.getvalue()


KINDS = [
    pa.array([[("k", "v")]], pa.map_(pa.string(), pa.string())),
    pa.array([[[1]]], pa.list_(pa.list_(pa.int8()))),
    pa.array([None], pa.month_day_nano_interval()),
    pa.array([[1]], pa.list_(pa.duration("s"))),
    pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array(["x"])]),
]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("junk.json", f"[{PAIR}] x", "line 1: not JSON"),
        ("comma.json", f"{PAIR},{PAIR}", "line 1: not JSON"),
        ("twice.csv.gz", gzip.compress(gzip.compress(TABLE.encode())), "a gzip file in another packed file"),
        ("inner.csv.zip", zipped(("x.csv.gz", gzip.compress(TABLE.encode()))), "a gzip file in another packed file"),
        ("none.csv.zip", zipped(), "an empty ZIP archive"),
        ("tar.csv.gz", tar(), "a tar archive"),
        *((f"kind{i}.arrow", arrow(kind), "text, numbers or lists of them") for i, kind in enumerate(KINDS)),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(name: str, content: str | bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=message):
        rows_of(tmp_path / name, content)


def test_text_of_a_database_that_is_no_utf8_costs_its_row(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as shop:
        shop.execute("CREATE TABLE t AS SELECT x'ff' AS a, 1 AS b UNION ALL SELECT CAST(x'fe' AS TEXT), 2")
        shop.execute("INSERT INTO t VALUES ('x', 3), (x'c3a9', 4)")
    shop.close()
    source = Source(sql="SELECT * FROM t", connection="shop.db", relation="r", head="a", tail="b")
    source._database = connection_of("shop.db", tmp_path, allow_outside=False)
    good, bad = read(tmp_path / "query", source)
    assert [cells for _, _, cells in good] == [("x", "3"), ("é", "4")]
    assert [(line, reason) for line, _, reason in bad] == [(n, "bytes that are no UTF-8 text") for n in (1, 2)]
