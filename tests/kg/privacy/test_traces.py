"""Traces of an id: found wherever it is a word, whatever the encoding and the packing, and not where it is none."""

import gzip
from pathlib import Path

import polars as pl
import pytest
import zstandard

from kg.privacy.redaction import redact
from kg.privacy.traces import Traces


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"a,u0042,b", True),
        (b"u0042", True),
        ("用户u0042买了".encode(), True),
        ("买u0042".encode("gb18030"), True),
        ("\ufeffid\nu0042\n".encode("utf-16"), True),
        ("id\nu0042\n".encode("utf-16-be"), True),
        (gzip.compress(b"x" * 3_000_000 + b" u0042 "), True),
        (zstandard.compress(b"id\nu0042\n"), True),
        (b"u00421", False),
        (b"xu0042", False),
        ("u00421".encode("utf-16"), False),
        (gzip.compress(b"u00423"), False),
        (b"", False),
    ],
)
def test_words_in_files(tmp_path: Path, content: bytes, found: bool) -> None:
    path = tmp_path / "some.file"
    path.write_bytes(content)
    assert Traces("u0042").in_file(path) is found


@pytest.mark.parametrize(
    ("one", "content"),
    [('a"b', '"a""b",1'), ("é1", '{"id": "\\u00e91"}'), ("a&b", "<id>a&amp;b</id>"), ("李雷", "李雷,1")],
)
def test_ids_that_a_format_spells_otherwise(tmp_path: Path, one: str, content: str) -> None:
    path = tmp_path / "some.file"
    path.write_text(content, encoding="utf-8")
    assert Traces(one).in_file(path)


def test_cells_of_parquet(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    frame = pl.DataFrame({"n": [42, 7], "names": [["x"], ["u0042", "y"]], "s": [{"a": "p"}, {"a": "q"}]})
    frame.write_parquet(path)
    assert [Traces(one).in_file(path) for one in ("u0042", "42", "q", "u004")] == [True, True, True, False]
    assert redact(path, Traces("u0042"))
    assert pl.read_parquet(path).equals(frame.head(1))


def test_binary_files_count_bytes_only_where_these_tell_something() -> None:
    assert Traces("u0042").in_raw(b"\0\1xu0042u0043\0")
    assert not Traces("u0042").in_raw(b"\0\1u00421\0", others=["u00421"])
    assert Traces("u0042").in_raw(b"\0\1u00421u0042\0", others=["u00421"])
    assert not Traces("1042").in_raw(b"\x001042\0")


def test_rows_as_they_came_lose_whole_records(tmp_path: Path) -> None:
    path = tmp_path / "purchases.csv"
    path.write_text('user,text\nu1,"two\nlines"\nu0042,"so\nhas, this"\n"open,u3\nu00421,x\n', encoding="utf-8")
    assert redact(path, Traces("u0042")) and not redact(path, Traces("u0042"))
    assert path.read_text() == 'user,text\nu1,"two\nlines"\n"open,u3\nu00421,x\n'
    path.write_text("user,text\nu1,甲\nu0042,乙\n", encoding="utf-16")
    assert redact(path, Traces("u0042"))
    assert path.read_text(encoding="utf-16") == "user,text\nu1,甲\n"
