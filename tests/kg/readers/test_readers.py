"""Readers: every row once, with its line; two ways through a CSV file give the same rows; files that are no tables."""

import bz2
import gzip
import io
import lzma
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import ReadError
from kg.identifier import BLANKS
from kg.mapping.source import Source
from kg.notices import Notices
from kg.readers import physical_lines
from kg.readers.delimited_text import delimited
from kg.readers.opening import open_reader

Row = tuple[int, int, tuple[str | None, ...]]


def read(path: Path, source: Source, notices: Notices | None = None) -> tuple[list[Row], list[tuple[int, int, str]]]:
    """All good rows (line, lines, cells); all rejects, and rows with a cell that is a fault (line, lines, reason)."""
    good: list[Row] = []
    bad: list[tuple[int, int, str]] = []
    for batch in open_reader(path, path.name, source, source.used_columns(), notices or Notices()).batches():
        faults = dict(batch.faults.select("row", "reason").iter_rows())
        rows = list(zip(batch.lines, batch.spans, batch.frame.iter_rows(), strict=True))
        good += [row for at, row in enumerate(rows) if at not in faults]
        bad += [(rows[at][0], rows[at][1], reason) for at, reason in faults.items()]
        if batch.tidy:
            marks = {mark for row in batch.frame.iter_rows() for cell in row for mark in cell or ""}
            assert all(mark.isascii() and mark not in BLANKS for mark in marks)
        bad += batch.rejects.select("line", "lines", "reason").rows()
    return sorted(good), sorted(bad)


def cells(path: Path, encoding: str | None = None) -> list[tuple[str | None, ...]]:
    """The good rows of a file with the columns a and b in which nothing is bad."""
    source = Source(file=path.name, relation="r", head="a", tail="b", encoding=encoding)
    good, bad = read(path, source)
    assert not bad
    return [row for _, _, row in good]


TOKENS = ["a", "é", "水", '"', '""', ",", "\n", "\r\n", "\r", " ", "\\", '",', ',"', '"\n', "\0", "\udc80", "\n\n"]
LINES = ["u1,p1,n\n", "u2,,\r\n", 'u3,"p,3",n\n', 'u4,"p\n4",n\n', '"u5",p5,"n ""x"""\n']


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(TOKENS) | st.sampled_from(LINES), max_size=40), st.sampled_from("\t,"))
def test_every_line_is_accounted_for_whatever_the_way_and_the_block_size(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str], delimiter: str
) -> None:
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    text = "a,b,c\n" + "".join(parts)
    path.write_bytes(text.replace(",", delimiter).encode("utf-8", "surrogateescape"))
    source = Source(file="x.csv", entity="E", id="a", label="c", delimiter=delimiter)
    outcomes = []
    for block in (1, 7, 4 << 20):
        for way in (delimited.is_plain, lambda data, dialect: False):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(physical_lines, "BLOCK", block)
                patch.setattr(delimited, "is_plain", way)
                outcomes.append(read(path, source))
    assert all(outcome == outcomes[0] for outcome in outcomes)
    good, bad = outcomes[0]
    covered = sorted(line + i for line, lines, _ in [*good, *bad] for i in range(lines))
    physical = path.read_bytes().splitlines()
    inside = {line + i for line, lines, _ in good for i in range(1, lines)}
    assert covered == [n for n, raw in enumerate(physical, 1) if n > 1 and (raw or n in inside or n in covered)]
    assert len(covered) == len(set(covered))


@pytest.mark.parametrize(
    ("body", "good", "bad"),
    [
        ('1,"x\ny",z\n2,b,c\n', [2, 4], []),
        ('1,"x,z\n2,b,c\n3,"d",e\n', [3, 4], [(2, "unterminated quote")]),
        ('1,"x,z\n2,b,c"\n3,d,e\n', [4], [(2, "2 fields, expected 3")]),
        ('1,"x,z\n2,b,c\n3,d",e\n4,f,g\n', [2, 5], []),
        ('1,"x"y,z\n2,b,c\n', [3], [(2, "misplaced quote")]),
        ("1,b\n2,b,c,d\n3,b,c\n", [4], [(2, "2 fields, expected 3"), (3, "4 fields, expected 3")]),
        ('1,"x\n\x00",z\n2,b,c\n', [4], [(2, "NUL byte")]),
        ("1,b,c\r2,b,c\r\n3,b,c\n\n4,b,c", [2, 3, 4, 6], []),
    ],
)
def test_records(tmp_path: Path, body: str, good: list[int], bad: list[tuple[int, str]]) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"a,b,c\n" + body.encode())
    found = read(path, Source(file="x.csv", entity="E", id="a", label="c"))
    assert [line for line, _, _ in found[0]] == good
    assert [(line, reason) for line, _, reason in found[1]] == bad


def test_a_stray_quote_in_tsv_swallows_no_row(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    path.write_text('a\tb\n1\t"x\n2\ty"\n3\t"z\tz"\n')
    assert cells(path) == [("1", '"x'), ("2", 'y"'), ("3", "z\tz")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "gb18030", "cp1252", "cp037"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    name = "café" if encoding in ("cp1252", "cp037") else "保湿,面霜 😀"
    path = tmp_path / "x.csv"
    path.write_bytes(f'a,b\r\n1,"{name}"\r\n2,"x\r\ny"\r\n'.encode(encoding))
    assert cells(path, encoding=encoding) == [("1", name), ("2", "x\r\ny")]


def test_a_byte_order_mark_is_stronger_than_the_mapping(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("\ufeffa,b\n1,水\n".encode("utf-16-be"))
    notices = Notices()
    source = Source(file="x.csv", relation="r", head="a", tail="b", encoding="gb18030")
    assert read(path, source, notices)[0] == [(2, 1, ("1", "水"))]
    assert notices.render() == ["x.csv: read as utf-16, as its byte order mark says"]


PACKED = {"x.csv.gz": gzip.compress, "x.csv.zst": zstandard.compress, "packed.csv": gzip.compress}
PACKED |= {"x.csv.bz2": bz2.compress, "x.csv.xz": lzma.compress}


@pytest.mark.parametrize("name", PACKED)
def test_compression_with_many_members(tmp_path: Path, name: str) -> None:
    pack = PACKED[name]
    path = tmp_path / name
    path.write_bytes(pack(b"a,b\n1,") + pack(b"x\n") + pack(b"2,y\n"))
    assert cells(path) == [("1", "x"), ("2", "y")]
    path.write_bytes(path.read_bytes()[:-6])
    with pytest.raises(ReadError, match="too early"):
        cells(path)


@pytest.mark.parametrize("name", PACKED)
def test_a_damaged_member_is_not_the_end_of_the_file(tmp_path: Path, name: str) -> None:
    path, pack = tmp_path / name, PACKED[name]
    second = pack(b"2,y\n")
    path.write_bytes(pack(b"a,b\n1,x\n") + second[:1] + b"?" + second[2:])
    with pytest.raises(ReadError, match="cannot be read"):
        cells(path)


@pytest.mark.parametrize("name", ["x.csv.gz", "x.csv.bz2", "x.csv.xz"])
def test_zeros_between_members_are_padding(tmp_path: Path, name: str) -> None:
    path, pack = tmp_path / name, PACKED[name]
    path.write_bytes(pack(b"a,b\n1,x\n") + bytes(512) + pack(b"2,y\n") + bytes(4))
    assert cells(path) == [("1", "x"), ("2", "y")]


def test_of_zip_archives_put_together_none_is_lost(tmp_path: Path) -> None:
    path, other = tmp_path / "x.csv.zip", io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("x.csv", "a,b\n1,2\n")
    path.write_bytes(other.getvalue() * 2)
    with pytest.raises(ReadError, match=r"bytes stand before the ZIP archive"):
        cells(path)


def test_a_zip_archive_holds_one_file(tmp_path: Path) -> None:
    path = tmp_path / "x.csv.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("in/x.csv", "a,b\n1,2\n")
    assert cells(path) == [("1", "2")]
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("y.csv", "a,b\n")
    with pytest.raises(ReadError, match="must hold one file"):
        cells(path)
    with zipfile.ZipFile(tmp_path / "x.csv", "w") as archive:
        archive.writestr("[Content_Types].xml", "")
    with pytest.raises(ReadError, match=r"this is an Excel workbook, whatever its name; name a workbook \.xlsx"):
        cells(tmp_path / "x.csv")


def test_files_without_a_header_and_with_an_awkward_one(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("\n\n A ,B\n1,2\n")
    assert cells(path) == [("1", "2")]
    path.write_text("1|2\n3|4\n")
    source = Source(file="x.csv", relation="r", head="a", tail="b", delimiter="|", columns=("a", "b"))
    assert read(path, source)[0] == [(1, 1, ("1", "2")), (2, 1, ("3", "4"))]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.csv", b"", "the file is empty"),
        ("x.csv", b"\n\r\n \n", "the file is empty"),
        ("x.jsonl", b"\n\n", "the file is empty"),
        ("x.csv", b"a,b,a\n1,2,3\n", r"duplicate column 'a' \(columns 1 and 3\)"),
        ("x.csv", b"a;b\n1;2\n", "only one column was found: tell delimiter = ';'"),
        ("x.csv", b"a,c\n1,2\n", "missing column 'b'; found: 'a', 'c'"),
        ("x.csv", b"a,b,B\n1,2,3\n", None),
        ("x.csv", b"a,B,b \n1,2,3\n", "missing column 'b'"),
        ("x.csv", b"a,caf\xe9\n1,2\n", "line 1, byte 6: not valid UTF-8; tell the encoding"),
        ("x.csv", "a,b\n1,2\n".encode("utf-16-le"), 'tell encoding = "utf-16-le"'),
        ("x.csv", b'"a,b\n1,2\n', "the header cannot be read"),
        ("x.csv", b"PAR1....", "this is a Parquet file"),
        ("x.csv", b"PK\x03\x04....", "cannot be read"),
        ("x.csv", b"<!DOCTYPE html>\n<p>", "this is no table of text"),
        ("x.parquet", b"a,b\n1,2\n", "no readable Parquet file"),
        ("x.jsonl", b'[\n{"a":1}\n]\n', "this is a JSON array"),
        ("x.jsonl", b'{"b":"1"}\n', "no row has the key 'a'; found: 'b'"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, name: str, content: bytes, message: str | None) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    if message is None:
        assert cells(path) == [("1", "2")]
    else:
        with pytest.raises(ReadError, match=message):
            cells(path)


def test_json_keeps_the_text_of_numbers(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(
        '{"a":12345678901234567890,"b":1e5}\r\n{"a":007}\n{"a":"\\u0000"}\n{"a":"\\ud800"}\n{"a":1,"a":2}\n"x"\n{"a":true,"b":1.50}\n'
    )
    good, bad = read(path, Source(file="x.jsonl", relation="r", head="a", tail="b"))
    assert [row for _, _, row in good] == [("12345678901234567890", "1e5"), ("true", "1.50")]
    assert [(line, reason) for line, _, reason in bad] == [
        (2, "bad JSON"),
        (3, "NUL byte"),
        (4, "half a surrogate pair"),
        (5, "duplicate key"),
        (6, "not a JSON object"),
    ]


def test_parquet_columns_of_any_type_become_text(tmp_path: Path) -> None:
    instant = datetime(2024, 1, 31, 10, 30, 0, 5000, tzinfo=UTC)
    frame = pl.DataFrame(
        {
            "int": pl.Series([9007199254740993], dtype=pl.UInt64),
            "float": [101.0],
            "decimal": [Decimal("1.50")],
            "bool": [True],
            "date": [date(2024, 1, 31)],
            "instant": [instant],
            "category": pl.Series(["dry"], dtype=pl.Categorical),
        }
    )
    path = tmp_path / "x.parquet"
    frame.write_parquet(path)
    source = Source(file="x", entity="E", id="int", properties={name: name for name in frame.columns[1:]})
    (_, _, row), *_ = read(path, source)[0]
    assert row == ("9007199254740993", "101.0", "1.50", "true", "2024-01-31", row[5], "dry")
    assert datetime.fromisoformat(row[5] or "") == instant


def test_parquet_refuses_what_is_no_cell(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pl.DataFrame({"a": ["1", "x\0"], "b": ["2", "3"]}).write_parquet(path)
    source = Source(file="x", relation="r", head="a", tail="b")
    assert read(path, source) == ([(1, 1, ("1", "2"))], [(2, 1, "NUL byte")])
    pl.DataFrame({"a": [{"x": 1}], "b": ["2"]}).write_parquet(path)
    with pytest.raises(ReadError, match="column 'a' holds Struct"):
        read(path, source)
    pl.DataFrame({"a": [timedelta(1)], "b": ["2"]}).write_parquet(path)
    with pytest.raises(ReadError, match="column 'a' holds Duration"):
        read(path, source)


def test_parquet_with_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    source = Source(file="x", relation="r", head="a", tail="b")
    bad = pa.array([b"\xc3("]).view(pa.string())
    pq.write_table(pa.table({"a": bad, "b": ["2"]}), path)
    with pytest.raises(ReadError, match=r"x\.parquet: damaged"):
        read(path, source)
    pl.DataFrame({"a": ["1"], "bbbb": ["2"]}).write_parquet(path)
    path.write_bytes(path.read_bytes().replace(b"bbbb", b"b\xff\xffb"))
    with pytest.raises(ReadError, match=r"x\.parquet"):
        read(path, source)


def test_bytes_that_only_some_encodings_find_bad_cost_their_own_row(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"a,b\n+AOk-,p1\n+~~,p2\nu3,p3\n")
    source = Source(file="x.csv", relation="r", head="a", tail="b", encoding="utf-7")
    assert read(path, source) == (
        [(2, 1, ("é", "p1")), (4, 1, ("u3", "p3"))],
        [(3, 1, "invalid bytes for the encoding")],
    )


def test_half_a_character_that_only_some_encodings_can_write_costs_its_own_row(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"a,b\nu1,p1\n+3nY-,p2\nu3,p3\n")
    source = Source(file="x.csv", relation="r", head="a", tail="b", encoding="utf-7")
    assert read(path, source) == (
        [(2, 1, ("u1", "p1")), (4, 1, ("u3", "p3"))],
        [(3, 1, "invalid bytes for the encoding")],
    )
    path.write_bytes(b"a,b,+3nY-\nu1,p1,x\n")
    with pytest.raises(ReadError, match="not valid UTF-7"):
        read(path, source)
