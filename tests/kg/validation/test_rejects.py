"""Rejects: which rows, why, and the rows themselves, so that they can be mended and loaded."""

from pathlib import Path

import polars as pl
import pytest

from kg.errors import LimitError, ReadError
from kg.mapping.mapping import read_mapping
from kg.validation.rejects import new_rejects_folder
from tests.kg.files import bad_rows, graph, load_sources, load_text, rejects
from tests.kg.loading.test_load import PRODUCTS, PURCHASED, RATED, SCHEMA, USERS, changes, revision


def test_limits_stop_before_the_first_write(tmp_path: Path) -> None:
    files = {"users.csv": "id\nu\n", "products.csv": "id,name,price\np,,\n,,2\n"}
    with pytest.raises(LimitError, match=r"1 row was rejected, 0 are allowed; nothing was written; see .*rejects\.csv"):
        load_text(tmp_path, SCHEMA, USERS + PRODUCTS, files, max_rejects=0)
    assert (graph(tmp_path, SCHEMA), revision(tmp_path)) == ({}, None)
    assert len(rejects(tmp_path)) == 1
    assert load_text(tmp_path, SCHEMA, USERS + PRODUCTS, files, max_rejects=1).rejected == 1
    with pytest.raises(LimitError, match=r"users.csv: none of its 2 rows could be loaded; line 2: empty id"):
        load_text(tmp_path, SCHEMA, USERS, {"users.csv": 'id\n""\nNULL\n'})


def test_a_row_that_cannot_be_compared_is_rejected_and_a_missing_cell_filtered(tmp_path: Path) -> None:
    files = {"users.csv": "id\nu\n", "products.csv": "id,name,price\np,,\n"}
    files["purchases.csv"] = "user,product,rating,time\nu,p,twelve,\nu,p,,\nu,p,1,\nu,p,10,\n"
    report = load_text(tmp_path, SCHEMA, USERS + PRODUCTS + RATED, files)
    assert report.files[2].to_json() == {
        "file": "purchases.csv",
        "rows": 4,
        "loaded": 1,
        "rejected": 1,
        "filtered": 2,
    }
    assert [(r["line"], r["field"], r["value"]) for r in rejects(tmp_path)] == [("2", "rating", "twelve")]


def test_an_id_of_another_type_has_its_own_reason(tmp_path: Path) -> None:
    files = {"users.csv": "id\nu\n", "products.csv": "id,name,price\np,,\n"}
    files["purchases.csv"] = "user,product\nu,p\nu,u\nu,x\np,p\n"
    load_text(tmp_path, SCHEMA, USERS + PRODUCTS + PURCHASED, files)
    found = [(r["line"], r["field"], r["value"], r["reason"]) for r in rejects(tmp_path)]
    assert found == [
        ("3", "product", "u", "this id is a User, no Product"),
        ("4", "product", "x", "unknown Product"),
        ("5", "user", "p", "this id is a Product, no User"),
    ]
    again = load_text(tmp_path, SCHEMA, PURCHASED, files)
    assert changes(again)["purchased"] == (0, 0, 1)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030"])
def test_bad_rows_can_be_mended_and_loaded(tmp_path: Path, encoding: str) -> None:
    mapping = PRODUCTS + f'encoding = "{encoding}"\nrequired = ["price"]\n'
    text = 'id,name,price\r\np1,"水\r\n玫瑰",x\r\np2,百合,2\r\np3,"a\nb",y'
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "products.csv").write_bytes(text.encode(encoding))
    (tmp_path / "in" / "mapping.toml").write_text(mapping)
    sources = read_mapping(tmp_path / "in" / "mapping.toml", SCHEMA)
    load_sources(tmp_path, SCHEMA, sources, tmp_path / "in")
    (name, content), *others = bad_rows(tmp_path).items()
    assert (name, others) == ("products.csv", [])
    mended = content.decode(encoding)
    assert mended == 'id,name,price\r\np1,"水\r\n玫瑰",x\r\np3,"a\nb",y\n'
    (tmp_path / "in" / name).write_bytes(mended.replace("x", "1").replace("y", "3").encode(encoding))
    assert load_sources(tmp_path, SCHEMA, sources, tmp_path / "in").rejected == 0
    assert [row[:3] for row in graph(tmp_path, SCHEMA)["Product"]] == [
        ("p1", "水\r\n玫瑰", 1.0),
        ("p2", "百合", 2.0),
        ("p3", "a\nb", 3.0),
    ]


def test_bad_rows_of_json_lines_and_parquet_and_hostile_names(tmp_path: Path) -> None:
    names = ["../evil.jsonl", ".rejects.csv", "x.parquet"]
    (tmp_path / "in" / "deep").mkdir(parents=True)
    source = '[[source]]\nfile = "{}"\nentity = "User"\nid = "id"\n'
    (tmp_path / "evil.jsonl").write_text('{"id":"u1"}\n\n{"id":""}\n')
    (tmp_path / "in" / ".rejects.csv").write_text("id\nu2\nNULL\n")
    (tmp_path / "in" / "deep" / "rejects.csv").write_text("id\nu3\n \n")
    pl.DataFrame({"id": ["u4", None, "u5", ""], "n": [1, 2, 3, 4]}).write_parquet(tmp_path / "in" / "x.parquet")
    mapping = "".join(source.format(name) for name in [*names, "deep/rejects.csv"])
    report = load_text(tmp_path, SCHEMA, mapping, {})
    assert report.rejects_file is not None
    home = report.rejects_file.parent
    assert {path.name for path in home.iterdir()} == {
        "rejects.csv",
        "evil.jsonl",
        "rejects-2.csv",
        "rejects-3.csv",
        "x.parquet",
    }
    assert (home / "evil.jsonl").read_text() == '{"id":""}\n'
    assert (home / "rejects-2.csv").read_text() == "id\nNULL\n"
    assert pl.read_parquet(home / "x.parquet").rows() == [(None, 2), ("", 4)]
    assert [(r["line"], r["reason"]) for r in rejects(tmp_path) if r["file"] == "x.parquet"] == [
        ("2", "empty id"),
        ("4", "empty id"),
    ]


def test_a_damaged_column_that_nobody_reads_is_told_of_when_bad_rows_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    frame = pl.DataFrame({"id": ["u1", None], "n": ["looked for", "and found"]})
    frame.write_parquet(path, compression="uncompressed", statistics=False)
    content = path.read_bytes()
    at = content.index(b"looked for") - 4
    path.write_bytes(content[:at] + b"\xff\xff\xff\x7f" + content[at + 4 :])
    source = f'[[source]]\nfile = "{path}"\nentity = "User"\nid = "id"\n'
    with pytest.raises(ReadError, match=r"x\.parquet: damaged, so its bad rows cannot be kept"):
        load_text(tmp_path, SCHEMA, source, {})


def test_no_id_of_a_person_is_in_notices(tmp_path: Path) -> None:
    files = {"users.csv": "id\n secret\nsecret\n", "products.csv": "id,name,price\np,,\n"}
    files["purchases.csv"] = "user,product\nsecret,p\nsecret,nothing\n"
    report = load_text(tmp_path, SCHEMA, USERS + PRODUCTS + PURCHASED, files)
    assert report.notices == ["users.csv: 1 cell of 'id' was trimmed or put into Unicode form NFC"]
    assert "secret" not in str(report.to_json())


def test_rejects_of_old_loads_are_removed(tmp_path: Path) -> None:
    (tmp_path / "rejects" / "mine").mkdir(parents=True)
    for number in range(4):
        report = load_text(tmp_path, SCHEMA, USERS, {"users.csv": f"id\nu{number}\nNULL\n"}, rejects_kept=2)
    assert report.rejects_file is not None and report.rejects_file.is_file()
    kept = sorted(path.name for path in (tmp_path / "rejects").iterdir())
    assert len(kept) == 3 and kept[-1] == "mine" and report.rejects_file.parent.name in kept


def test_the_newest_folder_of_rejects_is_never_taken_for_an_old_one(tmp_path: Path) -> None:
    made = []
    for _ in range(12):  # many in one second, so that numbers of removed folders are free again
        made.append(new_rejects_folder(tmp_path, kept=2))
        assert sorted(tmp_path.iterdir()) == sorted(made[-2:])
