"""Traces of an id: found wherever it is a word, whatever the encoding and the packing, and not where it is none."""

import bz2
import gzip
import io
import lzma
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
import zstandard

from kg.errors import ReadError
from kg.privacy.erasure.redaction import Outcome, Person, Redactor
from kg.privacy.erasure.traces import Traces
from kg.privacy.person_columns import PersonColumns, save_person_columns
from kg.schema import Schema


def _zipped(data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("a/users.csv"), data, zipfile.ZIP_DEFLATED)  # without the time of day
    return packed.getvalue()


def _stream(one: str) -> bytes:
    """An Arrow stream, packed inside."""
    stream = io.BytesIO()
    pl.DataFrame({"user": [one] * 50, "n": range(50)}).write_ipc_stream(stream, compression="lz4")
    return stream.getvalue()


def _database(one: str) -> bytes:
    """An SQLite database, in which nothing separates two cells."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute('CREATE TABLE "the ""orders" AS SELECT ? AS user, ? AS item', (one, "p1"))
        database.commit()
        return database.serialize()


def _twice_packed() -> bytes:
    return _zipped(gzip.compress(b"id\nu0042\n", mtime=0))


SCHEMA = Schema.model_validate(
    {
        "name": "shop",
        "entity": {"User": {"sensitive": True}, "Product": {"domain": "shop"}},
        "relation": {"purchased": {"head": "User", "tail": "Product", "interaction": True}},
    }
)


def redactor(entity_id: str, *, unmistakable: bool = True) -> Redactor:
    return Redactor(Person(entity_id, ["User"], SCHEMA, unmistakable))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"a,u0042,b", True),
        (b"u0042", True),
        ("用户u0042买了".encode(), True),
        ("买u0042".encode("gb18030"), True),
        ("\ufeffid\nu0042\n".encode("utf-16"), True),
        ("id\nu0042\n".encode("utf-16-be"), True),
        (gzip.compress(b"x" * 3_000_000 + b" u0042 ", mtime=0), True),
        (zstandard.compress(b"id\nu0042\n"), True),
        (bz2.compress(b"id\nu0042\n"), True),
        (lzma.compress(b"id\nu0042\n"), True),
        (_stream("u0042"), True),
        (_stream("u00421"), False),
        (_database("u0042"), True),
        (_database("u00421"), False),
        (b"u00421", False),
        (b"xu0042", False),
        ("u00421".encode("utf-16"), False),
        (gzip.compress(b"u00423", mtime=0), False),
        (_zipped(b"id\nu0042\n"), True),
        (_zipped(b"id\nu00421\n"), False),
        (b"", False),
    ],
)
def test_words_in_files(tmp_path: Path, content: bytes, found: bool) -> None:
    path = tmp_path / "some.file"
    path.write_bytes(content)
    assert Traces("u0042").in_file(path) is found


def test_what_cannot_be_searched_is_told(tmp_path: Path) -> None:
    path = tmp_path / "some.zip"
    for content in (_twice_packed(), 2 * _zipped(b"id\n")):
        path.write_bytes(content)
        with pytest.raises(ReadError):
            Traces("u0042").in_file(path)


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
    assert redactor("u0042").redact(path) is Outcome.REWRITTEN
    assert pl.read_parquet(path).equals(frame.head(1))


def test_binary_files_count_bytes_only_where_these_tell_something() -> None:
    assert Traces("u0042").in_raw(b"\0\1xu0042u0043\0")
    assert not Traces("u0042").in_raw(b"\0\1u00421\0", others=["u00421"])
    assert Traces("u0042").in_raw(b"\0\1u00421u0042\0", others=["u00421"])
    assert not Traces("1042").in_raw(b"\x001042\0")


def test_rows_as_they_came_lose_whole_records(tmp_path: Path) -> None:
    path = tmp_path / "purchases.csv"
    path.write_text('user,text\nu1,"two\nlines"\nu0042,"so\nhas, this"\n"open,u3\nu00421,x\n', encoding="utf-8")
    assert [redactor("u0042").redact(path) for _ in range(2)] == [Outcome.REWRITTEN, Outcome.WITHOUT]
    assert path.read_text() == 'user,text\nu1,"two\nlines"\n"open,u3\nu00421,x\n'
    path.write_text("user,text\nu1,甲\nu0042,乙\n", encoding="utf-16")
    assert redactor("u0042").redact(path) is Outcome.REWRITTEN
    assert path.read_text(encoding="utf-16") == "user,text\nu1,甲\n"


@pytest.mark.parametrize("name", ["events.jsonl", "tracking.log", "tracking.log-20240505", "EVENTS.NDJSON"])
def test_an_inch_costs_nobody_else_a_row_of_json(tmp_path: Path, name: str) -> None:
    """In JSON a quote may stand alone in a line, \\"; what is hers is one line all the same."""
    rows = ['{"user": "u1", "item": "12\\" pan"}\n', '{"user": "u0042"}\n', '{"user": "u3", "item": "14\\" pan"}\n']
    path = tmp_path / name
    path.write_text("".join(rows))
    assert redactor("u0042").redact(path) is Outcome.REWRITTEN
    assert path.read_text() == rows[0] + rows[2]
    home = tmp_path / "rejects" / "1"
    home.mkdir(parents=True)
    save_person_columns(home, {"events.txt": PersonColumns("events.txt", {"user": "User"}, format="jsonl")})
    (home / "events.txt").write_text("".join(rows))
    assert redactor("u0042", unmistakable=False).redact(home / "events.txt") is Outcome.REWRITTEN
    assert (home / "events.txt").read_text() == rows[0] + rows[2]


def test_an_id_met_by_chance_counts_only_in_columns_of_people(tmp_path: Path) -> None:
    home = tmp_path / "rejects" / "1"
    home.mkdir(parents=True)
    bought = PersonColumns("bought.csv", {"user": "User"})
    triples = PersonColumns("t.csv", {"head": None, "tail": None}, "rel", {"head": "head", "tail": "tail"})
    save_person_columns(home, {"bought.csv": bought, "t.csv": triples, "b.parquet": bought, "b.jsonl": bought})
    (home / "bought.csv").write_text("user,item,n\n7,7,1\n8,7,1\n 7 ,9,1\n")
    (home / "t.csv").write_text("head,rel,tail\n7,purchased,1\n1,purchased,7\n7,other,1\n")
    pl.DataFrame({"user": ["7", "8"], "item": ["8", "7"]}).write_parquet(home / "b.parquet")
    (home / "b.jsonl").write_text('{"user": 7, "item": 8}\n{"user": 8, "item": 7}\n')
    (home / "rejects.csv").write_text(
        "file,line,field,value,reason,hint\nbought.csv,2,user,7,x,\nbought.csv,7,item,7,x,\nbought.csv,3,user,77,x,\n"
    )
    lists = tmp_path / "all.csv"
    lists.write_text("user_id,rank,item_id,score\n7,1,p7,0.5\n8,7,7,0.5\n")
    files = [home / name for name in ("bought.csv", "t.csv", "b.parquet", "b.jsonl", "rejects.csv")]
    assert {redactor("7", unmistakable=False).redact(path) for path in (*files, lists)} == {Outcome.REWRITTEN}
    assert (home / "bought.csv").read_text() == "user,item,n\n8,7,1\n"
    assert (home / "t.csv").read_text() == "head,rel,tail\n1,purchased,7\n7,other,1\n"
    assert pl.read_parquet(home / "b.parquet").rows() == [("8", "7")]
    assert (home / "b.jsonl").read_text() == '{"user": 8, "item": 7}\n'
    assert (home / "rejects.csv").read_text().splitlines()[1:] == ["bought.csv,7,item,7,x,", "bought.csv,3,user,77,x,"]
    assert lists.read_text().splitlines()[1:] == ["8,7,7,0.5"]


def test_what_nobody_can_tell_is_left_and_said(tmp_path: Path) -> None:
    home = tmp_path / "rejects" / "1"
    home.mkdir(parents=True)
    unknown = home / "old.csv"  # of a load of which no columns were noted
    unknown.write_text("a,b\n7,1\n")
    assert redactor("7", unmistakable=False).redact(unknown) is Outcome.UNDECIDED
    save_person_columns(home, {"bought.csv": PersonColumns("bought.csv", {"user": "User"})})
    broken = home / "bought.csv"
    broken.write_text("user,item\n7,1,1\n8,1\n7,2\n")
    assert redactor("7", unmistakable=False).redact(broken) is Outcome.UNDECIDED
    assert broken.read_text() == "user,item\n7,1,1\n8,1\n"
