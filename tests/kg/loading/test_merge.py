"""Merging: only what a row names touches the store, and a file that has changed its columns is never silent."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from kg.errors import LimitError, MappingError, ReadError
from kg.formats.by_file_name import sources_for_paths
from kg.mapping.mapping import read_mapping
from kg.stores.embedded.store import EmbeddedStore
from tests.kg.files import graph, load_sources, load_text, rejects
from tests.kg.loading.test_load import CONTAINS, MADE_BY, PRODUCTS, PURCHASED, SCHEMA, USERS, changes

FULL = "id,name,price\np1,Rose,1.5\np2,Lily,2\n"
BOTH = [("p1", "Rose", 1.5), ("p2", "Lily", 2.0)]
AS_JSON = PRODUCTS.replace("products.csv", "products.jsonl")


def stored(workspace: Path) -> list[tuple[Any, ...]]:
    return graph(workspace, SCHEMA)["Product"]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    load_text(tmp_path, SCHEMA, PRODUCTS, {"products.csv": FULL})
    return tmp_path


@pytest.mark.parametrize("mode", [None, "replace"])
@pytest.mark.parametrize("name", ["Product.csv", "Product.jsonl"])
def test_a_file_with_fewer_columns_erases_nothing(workspace: Path, name: str, mode: str | None) -> None:
    rows = "id,price\np1,3\np2,\n" if name.endswith("csv") else '{"id": "p1", "price": 3}\n{"id": "p2"}\n'
    (workspace / name).write_text(rows)
    load_sources(workspace, SCHEMA, sources_for_paths([workspace / name], SCHEMA), Path(), mode=mode)
    erased = mode == "replace" and name.endswith("csv")  # the file says that p2 has no price; JSON does not name it
    assert stored(workspace) == [("p1", "Rose", 3.0), ("p2", "Lily") if erased else ("p2", "Lily", 2.0)]


def test_an_empty_cell_erases_only_where_the_source_says_so(workspace: Path) -> None:
    load_text(workspace, SCHEMA, PRODUCTS, {"products.csv": "id,name,price\np1,,\n"})
    assert stored(workspace) == BOTH
    load_text(workspace, SCHEMA, PRODUCTS + "null_erases = true\n", {"products.csv": "id,name,price\np1,,7\n"})
    assert stored(workspace) == [("p1", None, 7.0), ("p2", "Lily", 2.0)]
    rows = {"products.jsonl": '{"id": "p1", "name": "Rose", "price": null}\n{"id": "p2", "name": null}\n'}
    load_text(workspace, SCHEMA, AS_JSON + "null_erases = true\n", rows)
    assert stored(workspace) == [("p1", "Rose"), ("p2", None, 2.0)]  # p2's row does not name the price


def test_a_mapped_key_that_no_row_has_stops_the_file(workspace: Path) -> None:
    rows = "".join(json.dumps({"id": p, "title": "x", "cost": 1}) + "\n" for p in ("p1", "p2"))
    with pytest.raises(ReadError, match=r"no row has the key 'name', 'price'; found: 'id', 'title', 'cost'.*optional"):
        load_text(workspace, SCHEMA, AS_JSON, {"products.jsonl": rows})
    assert stored(workspace) == BOTH
    told = AS_JSON + 'optional = ["name", "price"]\n'
    load_text(workspace, SCHEMA, told, {"products.jsonl": rows})
    load_text(workspace, SCHEMA, PRODUCTS + 'optional = ["name"]\n', {"products.csv": "id,price\np1,1.5\n"})
    assert stored(workspace) == BOTH


def test_what_a_source_requires_is_a_reject_where_it_is_missing(tmp_path: Path) -> None:
    purchased = PURCHASED + 'timestamp = "time"\nrequired = ["timestamp"]\n'
    files = {
        "users.csv": "id\nu1\n",
        "products.csv": "id,name,price\np1,Rose,\np2, ,2\n",
        "purchases.csv": "user,product,time\nu1,p1,\nu1,p1,2024-01-01\n",
    }
    report = load_text(tmp_path, SCHEMA, USERS + PRODUCTS + 'required = ["label"]\n' + purchased, files)
    assert [(r["file"], r["line"], r["field"], r["reason"]) for r in rejects(tmp_path)] == [
        ("products.csv", "3", "name", "no label"),
        ("purchases.csv", "2", "time", "no timestamp"),
    ]
    assert (report.rejected, stored(tmp_path)) == (2, [("p1", "Rose")])


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ('required = ["lable"]', "required: 'lable' is not mapped here; nearest: 'label'"),
        ('optional = ["id"]', "no label, property or link reads 'id'"),
        ('optional = ["nam"]', "no label, property or link reads 'nam'"),
    ],
)
def test_what_is_required_or_optional_must_be_mapped(tmp_path: Path, key: str, message: str) -> None:
    (tmp_path / "mapping.toml").write_text(PRODUCTS + key)
    with pytest.raises(MappingError, match=message):
        read_mapping(tmp_path / "mapping.toml", SCHEMA)


def test_columns_that_come_and_go_are_told(tmp_path: Path) -> None:
    source = PRODUCTS.replace("products.csv", "p*.csv") + 'optional = ["price"]\n'

    def notices(**files: str) -> list[str]:
        texts = {f"{name}.csv": text for name, text in files.items()}
        return load_text(tmp_path, SCHEMA, source, texts, columns=tmp_path / "columns.json").notices

    assert notices(p1="id,name,price\np1,Rose,1\n") == []
    respelt = notices(p1="ID , name,Price\np1,Rose,1\n")
    assert "p1.csv: column 'ID ' was taken for 'id'" in respelt and not any("since" in one for one in respelt)
    assert notices(p1="id,name,price\np1,Rose,1\n") == []
    assert notices(p1="id,name,cost,size\np1,Rose,1,2\n") == [
        "p*.csv: the columns 'price' are gone since the last load",
        "p*.csv: the columns 'cost', 'size' are new since the last load",
    ]
    assert notices(p2="id,name\np2,Lily\n") == [
        "p2.csv: lacks the columns 'cost', 'size', which other files of 'p*.csv' have"
    ]
    (tmp_path / "columns.json").write_text("[" * 100_000)
    assert len(notices()) == 1


def test_a_small_load_looks_up_its_heads_and_changes_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f"u{n},p{n % 7},{n % 5 + 1},{1_700_000_000 + n}\n" for n in range(60))
    first = {
        "users.csv": "id\n" + "".join(f"u{n}\n" for n in range(60)),
        "products.csv": "id,name,price\n" + "".join(f"p{n},P{n},1\n" for n in range(9)),
        "purchases.csv": "user,product,stars,at\n" + rows,
    }
    rows = "u3,p3,5,1700000099\nu3,p8,,\nu4,p4,5,1700000004\nu9,p8,2,1700000001\nnobody,p1,1,\n"
    changed = {"purchases.csv": f"user,product,stars,at\n{rows}"}
    bought, found = PURCHASED + 'weight = "stars"\ntimestamp = "at"\n', []
    for many in (1, 10**9):
        monkeypatch.setattr("kg.stores.embedded.store.EmbeddedStore.triples_per_lookup", many)
        folder = tmp_path / str(many)
        folder.mkdir()
        load_text(folder, SCHEMA, USERS + PRODUCTS + bought, first)
        looked_up: list[list[str]] = []
        monkeypatch.setattr(
            "kg.stores.embedded.store.EmbeddedStore.triples_of_heads",
            lambda store, name, heads, asked=looked_up, own=EmbeddedStore.triples_of_heads: (
                asked.append(sorted(heads)) or own(store, name, heads)
            ),
        )
        report = load_text(folder, SCHEMA, bought, changed)
        monkeypatch.undo()
        assert looked_up == ([["u3", "u4", "u9"]] if many == 1 else [])
        found.append((changes(report), report.rejected, graph(folder, SCHEMA)))
    assert found[0] == found[1] and found[0][0]["purchased"] == (2, 1, 1)


@pytest.mark.parametrize(
    ("link", "row", "read", "notice"),
    [
        (MADE_BY, "p3,P3,B3\n", 0, None),  # as it is
        (MADE_BY, "new,New,B3\n", 0, None),
        (MADE_BY, "p3,P3,B4\n", 1, "1 Product had one made_by and now has several, such as 'p3': 'B3' and 'B4'"),
        (CONTAINS, "p3,P3,ROSA\n", 1, None),  # a second one is usual, as others show
        (CONTAINS, "p4,P4,ROSA\n", 0, None),  # as it shows itself
    ],
)
def test_links_of_few_rows_are_looked_up_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: str, row: str, read: int, notice: str | None
) -> None:
    column, name = ("brand", "made_by") if link == MADE_BY else ("ingredients", "contains")
    cells = [f"B{n}" if link == MADE_BY else "AQUA, LIMONENE" if n == 4 else "AQUA" for n in range(9)]
    header = f"id,name,{column}\n"
    first = {"products.csv": header + "".join(f'p{n},P{n},"{cell}"\n' for n, cell in enumerate(cells))}
    mapping, found = PRODUCTS.replace('properties = { price = "price" }\n', "") + link, []
    own = EmbeddedStore.triple_pieces
    for many in (1, 10**9):
        folder, whole = tmp_path / str(many), list[str]()
        folder.mkdir()
        load_text(folder, SCHEMA, mapping, first)
        monkeypatch.setattr(EmbeddedStore, "triples_per_lookup", many)

        def pieces(store: EmbeddedStore, relation: str, asked: list[str] = whole) -> Iterator[pl.DataFrame]:
            asked.append(relation)  # when the first piece is read, not before
            yield from own(store, relation)

        monkeypatch.setattr(EmbeddedStore, "triple_pieces", pieces)
        report = load_text(folder, SCHEMA, mapping, {"products.csv": header + row})
        monkeypatch.undo()
        assert whole == [name] * (read if many == 1 else 1)
        contradictions = report.contradictions_file and report.contradictions_file.read_text()
        found.append((changes(report), report.notices, contradictions, graph(folder, SCHEMA)))
    assert found[0] == found[1]
    several = [one for one in found[0][1] if "several" in one]
    assert [one.partition("; ")[0].partition(": ")[2] for one in several] == ([] if notice is None else [notice])


def test_a_row_that_is_rejected_leaves_nobody_behind(workspace: Path) -> None:
    rows = "u1,p1\nu2,p99\nu3,p99\nu3,p2\nu2,p98\n"
    (workspace / "purchased.csv").write_text(f"head,tail\n{rows}")
    report = load_sources(workspace, SCHEMA, sources_for_paths([workspace / "purchased.csv"], SCHEMA), Path())
    assert changes(report)["User"] == (2, 0, 0) and changes(report)["purchased"] == (2, 0, 0)
    assert report.rejected == 3 and [one[0] for one in graph(workspace, SCHEMA)["User"]] == ["u1", "u3"]
    (workspace / "purchased.csv").write_text("head,tail\nu2,p99\n")
    with pytest.raises(LimitError):  # a file of which no row is good
        load_sources(workspace, SCHEMA, sources_for_paths([workspace / "purchased.csv"], SCHEMA), Path())
    assert [one[0] for one in graph(workspace, SCHEMA)["User"]] == ["u1", "u3"]
