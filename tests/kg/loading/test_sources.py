"""Where rows come from besides one plain file: queries, lookups, nested lists, addresses, standard input."""

import http.server
import io
import json
import sqlite3
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from kg.errors import MappingError, ReadError
from kg.file_lock import LOCK, FileLock
from kg.formats.by_file_name import sources_for_paths
from kg.mapping.standard_input import PREFIX, clear_inputs
from kg.readers.semi_structured import json_array
from kg.schema import Schema, parse_schema
from tests.kg.files import bad_rows, graph, load_sources, load_text, rejects

SCHEMA: Schema = parse_schema(
    {
        "name": "shop",
        "entity": {
            "User": {"sensitive": True},
            "Product": {"domain": "shop", "properties": {"price": "float"}},
            "Course": {"domain": "courses"},
            "Tag": {},
        },
        "relation": {
            "bought": {"head": "User", "tail": "Product", "interaction": True},
            "enrolled_in": {"head": "User", "tail": "Course", "interaction": True, "create_head": True},
            "tagged": {"head": "Product", "tail": "Tag"},
        },
    }
)
BOUGHT = '[[source]]\nrelation = "bought"\nhead = "user"\ntail = "item"\ncreate_ends = true\n'


def database(path: Path, statements: str) -> None:
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path)) as connection:
            connection.execute(statements)
    else:
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(statements)


ORDERS = """CREATE TABLE orders (user VARCHAR(9), item DOUBLE, day TIMESTAMP);
INSERT INTO orders VALUES ('u1', 101, '2024-01-09'), ('', 102, NULL), ('u2', 101, '2024-01-10');"""


@pytest.mark.parametrize("file", ["shop.db", "shop.duckdb"])
def test_a_query_is_a_source(tmp_path: Path, file: str) -> None:
    (tmp_path / "in").mkdir()
    database(tmp_path / "in" / file, ORDERS)
    mapping = BOUGHT + f'timestamp = "day"\nconnection = "{file}"\nsql = "SELECT * FROM orders"\n'
    report = load_text(tmp_path, SCHEMA, mapping, {})
    assert [(f.place, f.rows, f.loaded, f.rejected) for f in report.files] == [("query SELECT * FROM orders", 3, 2, 1)]
    assert graph(tmp_path, SCHEMA)["bought"] == [
        ("u1", "101", 1.0, 1_704_758_400_000),
        ("u2", "101", 1.0, 1_704_844_800_000),
    ]
    assert [(r["line"], r["reason"]) for r in rejects(tmp_path)] == [("2", "empty head")]
    assert [content.splitlines()[0] for content in bad_rows(tmp_path).values()] == [b"user,item,day"]


@pytest.mark.parametrize("file", ["shop.db", "shop.duckdb"])
@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM orders",
        "DROP TABLE orders",
        "ATTACH 'other.db' AS other",
        "SELECT * FROM read_csv('/etc/passwd')",
        "COPY orders TO 'out.csv'",
        "SELECT load_extension('x')",
        "PRAGMA writable_schema = 1",
    ],
)
def test_a_query_reads_its_own_database_and_nothing_else(tmp_path: Path, file: str, sql: str) -> None:
    (tmp_path / "in").mkdir()
    database(tmp_path / "in" / file, ORDERS)
    before = (tmp_path / "in" / file).read_bytes()
    with pytest.raises(ReadError, match=r"the database says|missing column|no answer"):
        load_text(tmp_path, SCHEMA, BOUGHT + f'connection = "{file}"\nsql = "{sql}"\n', {})
    assert (tmp_path / "in" / file).read_bytes() == before
    assert {path.name for path in (tmp_path / "in").iterdir()} == {file, "mapping.toml"}


@pytest.mark.parametrize(
    ("connection", "message"),
    [
        ("postgresql://ann:secret@db/shop", "a URL may hold a password"),
        ("$NO_SUCH_VARIABLE", "the environment variable is not set"),
        ("shop.xyz", "unknown kind of database"),
        ("../outside.db", "lies outside the mapping's folder"),
        ("none.db", "no such file"),
    ],
)
def test_connections_that_are_refused(tmp_path: Path, connection: str, message: str) -> None:
    (tmp_path / "outside.db").touch()
    from kg.mapping.connection import connection_of

    (tmp_path / "in").mkdir()
    with pytest.raises(MappingError, match=message) as caught:
        connection_of(connection, tmp_path / "in", allow_outside=False)
    assert "secret" not in str(caught.value)


def test_a_variable_names_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database(tmp_path / "shop.db", ORDERS)
    monkeypatch.setenv("SHOP_DB", f"sqlite:///{tmp_path / 'shop.db'}")
    mapping = BOUGHT + 'connection = "$SHOP_DB"\nsql = "SELECT user, item FROM orders WHERE user <> \'\'"\n'
    assert load_text(tmp_path, SCHEMA, mapping, {}).files[0].loaded == 2


def test_each_row_looks_something_up_and_none_is_lost(tmp_path: Path) -> None:
    mapping = (
        '[[source]]\nfile = "items.csv"\nrelation = "bought"\nhead = "customer"\ntail = "item"\ntimestamp = "day"\n'
        'create_ends = true\n[[source.join]]\nfile = "orders.jsonl"\non = { order = "id" }\n'
        'columns = ["customer", "day"]\n'
    )
    orders = [{"id": 1, "customer": "u1", "day": "2024-01-09"}, {"id": 2, "customer": "u2", "day": None}]
    files = {
        "items.csv": "order,item\n1,p1\n1,p2\n2,p1\n3,p1\n",
        "orders.jsonl": "".join(json.dumps(order) + "\n" for order in orders),
    }
    report = load_text(tmp_path, SCHEMA, mapping, files)
    assert [(f.rows, f.loaded, f.rejected) for f in report.files] == [(4, 3, 1)]
    assert [row[:2] for row in graph(tmp_path, SCHEMA)["bought"]] == [("u1", "p1"), ("u1", "p2"), ("u2", "p1")]
    assert "items.csv: 1 row found nothing in orders.jsonl by 'order'" in report.notices
    files["orders.jsonl"] += '{"id": 1, "customer": "u9", "day": null}\n'
    with pytest.raises(ReadError, match="1 key stands in 'id' in several rows that differ"):
        load_text(tmp_path, SCHEMA, mapping, files)


EVENTS = [
    {"user": "u1", "name": "purchase", "items": [{"id": "p1", "tags": ["a"]}, {"id": "p2", "tags": []}]},
    {"user": "u1", "name": "view", "items": []},
    {"user": "u2", "name": "purchase", "items": [{"id": "p1", "tags": ["a", "b"]}]},
]


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".parquet", ".arrow"])
def test_lists_unfold_in_every_nested_format(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / "in" / f"events{suffix}"
    file.parent.mkdir()
    frame = pl.DataFrame(
        EVENTS, schema_overrides={"items": pl.List(pl.Struct({"id": pl.String, "tags": pl.List(pl.String)}))}
    )
    writers = {".parquet": frame.write_parquet, ".arrow": frame.write_ipc, ".jsonl": frame.write_ndjson}
    writers.get(suffix, lambda path: path.write_text(json.dumps({"events": EVENTS})))(file)
    mapping = (
        f'[[source]]\nfile = "{file.name}"\nrelation = "bought"\nhead = "user"\ntail = "items[].id"\n'
        "create_ends = true\n"
        f"where = \"name = 'purchase'\"\n"
        f'[[source]]\nfile = "{file.name}"\nentity = "Product"\nid = "items[].id"\nwhere = "name = \'purchase\'"\n'
        '[[source.link]]\nrelation = "tagged"\ntail = "items[].tags"\n'
    )
    report = load_text(tmp_path, SCHEMA, mapping, {})
    assert [(f.rows, f.loaded, f.rejected, f.filtered) for f in report.files] == [(4, 3, 0, 1)] * 2
    found = graph(tmp_path, SCHEMA)
    assert [row[:2] for row in found["bought"]] == [("u1", "p1"), ("u1", "p2"), ("u2", "p1")]
    assert [row[:2] for row in found["tagged"]] == [("p1", "a"), ("p1", "b")]


def test_ids_of_floating_point_columns(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    frame = pl.DataFrame({"user": [1.0, None, 3.0], "item": [101.0, 102.0, 2.0**60]})
    frame.write_parquet(tmp_path / "in" / "events.parquet")
    load_text(tmp_path, SCHEMA, BOUGHT + 'file = "events.parquet"\n', {})
    assert [row[:2] for row in graph(tmp_path, SCHEMA)["bought"]] == [("1", "101")]
    assert [r["reason"] for r in rejects(tmp_path)] == ["empty head", "digits of the id are lost"]


class _Site(http.server.SimpleHTTPRequestHandler):
    """Sends ``/pub/away`` out of ``/pub/``, and ``/pub/here`` to a file in it."""

    def do_GET(self) -> None:
        """Answer."""
        sent = {"/pub/away": "/events.csv", "/pub/here": "/pub/events.csv"}.get(self.path)
        if sent is None:
            super().do_GET()
        else:
            self.send_response(302)
            self.send_header("Location", sent)
            self.end_headers()

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Be quiet."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """A web server over a folder."""
    home = tmp_path / "site"
    home.mkdir()
    (home / "events.csv").write_text("user,item\nu1,p1\n,p2\n")
    (home / "pub").mkdir()
    (home / "pub" / "events.csv").write_text("user,item\nu1,p1\n")
    handler = partial(_Site, directory=str(home))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_addresses_only_where_the_settings_allow_them(tmp_path: Path, site: str) -> None:
    mapping = BOUGHT + f'file = "{site}events.csv"\n'
    for allowed in ((), ("http://127.0.0.2/",), (f"{site}even",)):
        with pytest.raises(MappingError, match=r"say allow_urls = .* under \[load\] in whyrec\.toml"):
            load_text(tmp_path, SCHEMA, mapping, {}, places=allowed)
    assert load_text(tmp_path, SCHEMA, mapping, {}, places=(site,)).files[0].loaded == 1
    assert {row["file"] for row in rejects(tmp_path)} == {f"{site}events.csv"}  # and not where it is kept meanwhile
    assert list(bad_rows(tmp_path).values()) == [b"user,item\n,p2\n"]


def test_an_allowed_place_leads_to_no_other(tmp_path: Path, site: str) -> None:
    for way in (
        "%2e%2e/events.csv",
        "..%2Fevents.csv",
        "%252e%252e/events.csv",
        "..%5cevents.csv",
        "a::file:///etc/passwd",
    ):
        with pytest.raises(MappingError, match="addresses are read only from places that the settings allow"):
            load_text(tmp_path, SCHEMA, BOUGHT + f'file = "{site}pub/{way}"\n', {}, places=(f"{site}pub/",))
    away = BOUGHT + f'file = "{site}pub/away"\nformat = "csv"\n'
    with pytest.raises(MappingError, match=r"it sends to '.*/events\.csv', which the settings do not allow"):
        load_text(tmp_path, SCHEMA, away, {}, places=(f"{site}pub/",))
    here = BOUGHT + f'file = "{site}pub/here"\nformat = "csv"\n'
    assert load_text(tmp_path, SCHEMA, here, {}, places=(f"{site}pub/",)).files[0].loaded == 1


def test_standard_input_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"user,item\nu1,p1\n,p2\n")))
    report = load_text(tmp_path, SCHEMA, BOUGHT + 'file = "-"\nformat = "csv"\n', {})
    assert report.files[0].place == "standard input"  # and not where it is kept meanwhile
    assert {row["file"] for row in rejects(tmp_path)} == {"standard input"}
    assert [row[:2] for row in graph(tmp_path, SCHEMA)["bought"]] == [("u1", "p1")]
    assert list(bad_rows(tmp_path).values()) == [b"user,item\n,p2\n"]


def test_what_a_killed_load_left_of_its_input_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    killed, living = (tmp_path / f"{PREFIX}{name}" for name in ("killed", "living"))
    for folder in (killed, living):
        folder.mkdir()
        (folder / "purchased.csv").write_text("head,tail\nann@example.org,p1\n")
    (tmp_path / f"{PREFIX}link").symlink_to(living)
    held = FileLock.try_acquire(living / LOCK)
    assert held is not None
    clear_inputs()
    assert not killed.exists() and (living / "purchased.csv").exists()
    held.release()
    clear_inputs()
    assert not living.exists()


def test_a_log_of_events_loads_by_itself(tmp_path: Path) -> None:
    log = tmp_path / "bought.csv"
    log.write_text("head,tail\nu1,1\nu2,1\n")
    report = load_sources(tmp_path, SCHEMA, sources_for_paths([log], SCHEMA), tmp_path)
    assert graph(tmp_path, SCHEMA)["User"] == [("u1",), ("u2",)] and report.rejected == 0
    assert "bought: no Product is known yet, so those that the rows name were created" in report.notices[0]
    log.write_text("head,tail\nu3,1\nu3,2\n")
    report = load_sources(tmp_path, SCHEMA, sources_for_paths([log], SCHEMA), tmp_path)
    assert report.notices[0].startswith("bought: 1 row names a Product that is not known; events make none")
    assert "list new ones in Product.csv (id, label) and load it too" in report.notices[0]
    assert [(r["value"], r["reason"]) for r in rejects(tmp_path)] == [("2", "unknown Product")]
    assert len(graph(tmp_path, SCHEMA)["User"]) == 3


def test_people_of_events_where_the_schema_says_so(tmp_path: Path) -> None:
    mapping = (
        '[[source]]\nfile = "courses.csv"\nentity = "Course"\nid = "id"\n'
        '[[source]]\nfile = "courses.csv"\nentity = "Product"\nid = "id"\n'
        '[[source]]\nfile = "log.csv"\nrelation = "enrolled_in"\nhead = "who"\ntail = "what"\n'
        '[[source]]\nfile = "orders.csv"\nrelation = "bought"\nhead = "who"\ntail = "what"\n'
    )
    files = {"courses.csv": "id\n1\n7\n", "log.csv": "who,what\n9,1\n8,2\n"}
    files["orders.csv"] = "who,what\n9,1\n7,1\n"
    load_text(tmp_path, SCHEMA, mapping, files)
    assert [row[:2] for row in graph(tmp_path, SCHEMA)["enrolled_in"]] == [("9", "1")]
    hint = "load it too, correct the id, or say create_ends = true in the mapping"
    assert [(r["value"], r["reason"], r["hint"]) for r in rejects(tmp_path)] == [
        ("2", "unknown Course", hint),
        ("7", "unknown User", hint),  # not "this id is a Course": numbers are ids of many types
    ]


def test_a_key_that_nothing_is_found_by_is_told_with_the_place_it_was_looked_up_in(tmp_path: Path) -> None:
    mapping = (
        '[[source]]\nfile = "items.csv"\nrelation = "bought"\nhead = "customer"\ntail = "item"\ncreate_ends = true\n'
        '[[source.join]]\nfile = "orders.csv"\non = { order = "id" }\ncolumns = ["customer"]\n'
    )
    load_text(tmp_path, SCHEMA, mapping, {"items.csv": "order,item\n1,p1\n3,p1\n", "orders.csv": "id,customer\n1,u1\n"})
    (found,) = [(r["field"], r["reason"], r["hint"]) for r in rejects(tmp_path)]
    assert found == (
        "customer",
        "empty head",
        "'customer' is looked up in orders.csv by 'order'; no row there has its value",
    )


def test_whole_numbers_with_a_fraction_among_other_ids_are_told(tmp_path: Path) -> None:
    mapping = '[[source]]\nfile = "p.csv"\nentity = "Product"\nid = "id"\n'
    report = load_text(tmp_path, SCHEMA, mapping, {"p.csv": "id\n101.0\nX1\n102.0\nv1.0\n"})
    assert [row[0] for row in graph(tmp_path, SCHEMA)["Product"]] == ["101.0", "102.0", "X1", "v1.0"]
    assert any("2 ids in 'id' are whole numbers written as 101.0 among others" in one for one in report.notices)


@pytest.mark.parametrize("early", [True, False], ids=["whole first", "others first"])
def test_an_id_is_read_in_one_way_in_all_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, early: bool
) -> None:
    """What is read at once is a part of the file."""
    monkeypatch.setattr(json_array, "ROWS", 100)
    mapping = '[[source]]\nfile = "p.json"\nentity = "Product"\nid = "id"\n'
    mapping += '[[source]]\nfile = "p.json"\nrelation = "bought"\nhead = "who"\ntail = "id"\ncreate_ends = true\n'
    whole = [f'{{"id": {101 + i % 7}.0, "who": "u{i}"}}' for i in range(150)]
    mixed = [f'{{"id": {cell}, "who": "u"}}' for cell in ("1.5", "101.0", "108.0")]
    rows = [*whole, *mixed] if early else [*mixed, *whole]
    report = load_text(tmp_path, SCHEMA, mapping, {"p.json": f"[{', '.join(rows)}]"})
    end = "" if early else ".0"
    assert [row[0] for row in graph(tmp_path, SCHEMA)["Product"]] == sorted(
        ["1.5", *(f"{n}{end}" for n in range(101, 109))]
    )
    told = (
        "2 ids in 'id' are no whole numbers, though" if early else "304 ids in 'id' are whole numbers written as 101.0"
    )
    assert any(told in one for one in report.notices), report.notices


def test_lists_written_as_text_are_lists(tmp_path: Path) -> None:
    cells = ['["a", "b"]', "['a', \"c\"]", "['a' 'd']", '{a,"b c"}', "[a, b]", "{'k': 1}"]
    rows = "".join(f'p{i},"{cell.replace(chr(34), chr(34) * 2)}"\n' for i, cell in enumerate(cells))
    mapping = '[[source]]\nfile = "p.csv"\nentity = "Product"\nid = "id"\n'
    mapping += '[[source.link]]\nrelation = "tagged"\ntail = "tags"\n'
    load_text(tmp_path, SCHEMA, mapping, {"p.csv": "id,tags\n" + rows})
    found: dict[str, list[str]] = {}
    for head, tail, *_ in graph(tmp_path, SCHEMA)["tagged"]:
        found.setdefault(head, []).append(tail)
    assert list(found.values()) == [["a", "b"], ["a", "c"], ["a", "d"], ["a", "b c"], ["[a, b]"], ["{'k': 1}"]]


def test_na_is_an_id_and_blanked_values_are_told(tmp_path: Path) -> None:
    mapping = (
        '[[source]]\nfile = "p.csv"\nentity = "Product"\nid = "id"\nlabel = "name"\n'
        '[[source.link]]\nrelation = "tagged"\ntail = "tag"\n'
    )
    report = load_text(tmp_path, SCHEMA, mapping, {"p.csv": "id,name,tag\nNA,NA,x\nNULL,y,x\np,N,NA\n"})
    assert graph(tmp_path, SCHEMA)["Product"] == [("NA",), ("p", "N")]
    assert [r["line"] for r in rejects(tmp_path)] == ["3"]
    assert "p.csv: 1 cell of 'name' spells \"no value\" (NA); null in the mapping says what does" in report.notices


PRICES = '[[source]]\nfile = "p.csv"\nentity = "Product"\nid = "id"\ndecimal = "."\nproperties = { price = "price" }\n'


def with_currency(code: str | None) -> Schema:
    data = SCHEMA.model_dump()
    data["entity"]["Product"]["currency"] = {} if code is None else {"price": code}
    data["metapaths"] = {}
    return parse_schema(data)


def test_amounts_of_several_currencies_are_never_one_column(tmp_path: Path) -> None:
    files = {"p.csv": "id,price,code\na,€10,\nb,£9.99,\nc,12 EUR,\nd,7,\ne,￥199,\n"}
    report = load_text(tmp_path / "untold", SCHEMA, PRICES, files)
    assert [row[2:3] for row in graph(tmp_path / "untold", SCHEMA)["Product"]] == [(10.0,), (), (12.0,), (7.0,), ()]
    assert "2 cells of 'price' could not be read and were left out" in "\n".join(report.notices)
    files["rates.csv"] = "currency,rate\nGBP,1.2\nJPY,0.006\n"
    schema = with_currency("EUR")
    report = load_text(tmp_path / "told", schema, PRICES + 'rates = "rates.csv"\n', files)
    prices = [row[2:3] for row in graph(tmp_path / "told", schema)["Product"]]
    assert prices[:4] == [(10.0,), (pytest.approx(11.988),), (12.0,), (7.0,)] and prices[4] == ()
    yen = with_currency("JPY")
    files["p.csv"] = "id,price,code\na,￥199,\nb,5,eur\n"
    load_text(tmp_path / "yen", yen, PRICES + 'currency = { price = "code" }\n', files)
    assert [row[2:3] for row in graph(tmp_path / "yen", yen)["Product"]] == [(199.0,), ()]
