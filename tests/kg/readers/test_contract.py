"""What every reader promises: all rows once, by the columns it names, and its rows as they came, to be read again."""

import csv
import gc
import io
import json
import sqlite3
import warnings
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import polars as pl
import pytest

from kg.errors import ReadError
from kg.mapping.file_format import FORMATS
from kg.mapping.source import Source
from kg.notices import Notices
from kg.readers.opening import Reader, open_reader

Rows = list[dict[str, str | None]]
ROWS: Rows = [
    {"user": "u1", "product": "p1", "note": "soft, mild"},
    {"user": "u2", "product": "水霜", "note": None},
    {"user": "u1", "product": "p3", "note": 'say "hi"'},
]


def delimited(delimiter: str) -> Callable[[Path, Rows], None]:
    def write(path: Path, rows: Rows) -> None:
        out = io.StringIO()
        writer = csv.DictWriter(out, ["user", "product", "note"], delimiter=delimiter, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        path.write_text(out.getvalue(), encoding="utf-8")

    return write


def json_lines(path: Path, rows: Rows) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def json_array(path: Path, rows: Rows) -> None:
    path.write_text(json.dumps(rows, indent=1))


def frame(rows: Rows) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"user": pl.String, "product": pl.String, "note": pl.String})


def workbook(path: Path, rows: Rows) -> None:
    out = io.BytesIO()
    frame(rows).write_excel(out)
    path.write_bytes(out.getvalue())


def xml(path: Path, rows: Rows) -> None:
    items = ("".join(f"<{k}>{escape(v or '')}</{k}>" for k, v in row.items()) for row in rows)
    path.write_text("<feed>\n" + "".join(f"<item>{item}</item>\n" for item in items) + "</feed>", encoding="utf-8")


def database(path: Path, rows: Rows) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE rows_of (number INTEGER, user TEXT, product TEXT, note TEXT)")
        connection.executemany(
            "INSERT INTO rows_of VALUES (?, ?, ?, ?)", [(i, *r.values()) for i, r in enumerate(rows)]
        )


WRITERS: dict[str, Callable[[Path, Rows], Any]] = {
    "csv": delimited(","),
    "tsv": delimited("\t"),
    "jsonl": json_lines,
    "ndjson": json_lines,
    "json": json_array,
    "parquet": lambda path, rows: frame(rows).write_parquet(path),
    "xlsx": workbook,
    "xml": xml,
    "sql": database,
    "arrow": lambda path, rows: frame(rows).write_ipc(path),
}


def opened(path: Path, kind: str, wanted: tuple[str, ...] = ("user", "product", "note")) -> Reader:
    keys = {"relation": "bought", "head": "user", "tail": "product"}
    if kind != "sql":
        source = Source.model_validate({"file": path.name, "format": kind, **keys})
        return open_reader(path, path.name, source, wanted, Notices())
    query = {"sql": "SELECT * FROM rows_of ORDER BY number", "connection": path.name}
    source = Source.model_validate({**query, **keys})
    (shown,) = source.files(path.parent)
    return open_reader(shown, path.name, source, wanted, Notices())


def read(path: Path, kind: str, wanted: tuple[str, ...] = ("user", "product", "note")) -> list[Any]:
    found = []
    for batch in opened(path, kind, wanted).batches():
        assert not batch.rejects.height and not batch.faults.height
        assert batch.frame.columns == list(wanted) and set(batch.frame.dtypes) == {pl.String}
        found += zip(batch.lines, batch.spans, batch.frame.iter_rows(), strict=True)
    return found


@pytest.fixture(params=[name for name, kind in FORMATS.items() if kind.reader])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def path(tmp_path: Path, kind: str) -> Path:
    return tmp_path / ("data.db" if kind == "sql" else "data")


def test_all_rows_once_by_the_columns_it_names(path: Path, kind: str) -> None:
    WRITERS[kind](path, ROWS)
    assert opened(path, kind).columns() == [*(["number"] if kind == "sql" else []), "user", "product", "note"]
    found = read(path, kind)
    assert [tuple(cell or None for cell in cells) for _, _, cells in found] == [tuple(row.values()) for row in ROWS]
    lines = [line for line, _, _ in found]
    assert lines == sorted(set(lines)) and all(span == 1 for _, span, _ in found)
    assert [cells for _, _, cells in read(path, kind, ("product", "user"))] == [
        (row["product"], row["user"]) for row in ROWS
    ]
    reader = opened(path, kind)
    assert len(list(reader.batches())) == 1 and 0 < reader.position <= reader.size == path.stat().st_size


def test_rows_as_they_came_can_be_read_again(path: Path, kind: str) -> None:
    copy = path.with_name("copy")
    WRITERS[kind](path, ROWS)
    rows = [(line, span) for line, span, _ in read(path, kind)]
    opened(path, kind).copy_rows(copy, rows[1:], lambda text: "hi" not in text)
    if kind == "sql":  # in the form that everybody can mend
        copy, kind = path.with_name("copy.csv"), "csv"
    assert [tuple(cell or None for cell in cells) for _, _, cells in read(copy, kind)] == [("u2", "水霜", None)]


def test_what_is_missing_or_no_such_file_is_one_message(path: Path, kind: str) -> None:
    WRITERS[kind](path, ROWS)
    with pytest.raises(ReadError, match=r"data.*: .*'brand'.*found: .*'user', 'product', 'note'"):
        read(path, kind, ("user", "product", "brand"))
    path.write_bytes(b"\0\x01\x02" * 100)
    try:
        assert not any(batch.frame.height for batch in opened(path, kind).batches())
    except ReadError as problem:
        assert str(problem).startswith(f"{path.name}: ")


@pytest.mark.parametrize("content", [b"BZh9 cut", b"<r><item></r>"], ids=["packed", "plain"])
def test_a_damaged_file_is_closed(content: bytes, path: Path, kind: str) -> None:
    path.write_bytes(content)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        with suppress(ReadError):
            list(opened(path, kind).batches())
        gc.collect()
    assert [str(one.message) for one in told if issubclass(one.category, ResourceWarning)] == []
