"""Loading all triples of a relation at once: whole or not at all, in the memory that there is, and as in batches."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kg.errors import StoreError
from kg.mapping.mapping import read_mapping
from kg.schema import parse_schema, read_schema
from kg.snapshot.building import take_snapshot
from kg.stores.embedded import buffer_pool, bulk_load
from kg.stores.embedded.store import EmbeddedStore
from kg.stores.opening import open_store
from tests.kg.files import load_sources

MEGABYTE, YEAR = 1 << 20, 1_700_000_000_000
SCHEMA_FILE = """
name = "bulk"
[entity.User]
[entity.Product]
[relation.bought]
head = "User"
tail = "Product"
"""
MAPPING = """
[[source]]
file = "User.csv"
entity = "User"
id = "id"
[[source]]
file = "Product.csv"
entity = "Product"
id = "id"
[[source]]
file = "bought.csv"
relation = "bought"
head = "head"
tail = "tail"
weight = "weight"
timestamp = "timestamp"
"""
SCHEMA = parse_schema(
    {
        "name": "bulk",
        "entity": {"User": {}, "Product": {}},
        "relation": {"bought": {"head": "User", "tail": "Product"}},
    }
)


def entities(*ids: str) -> pl.DataFrame:
    return pl.DataFrame({"id": ids, "label": [None] * len(ids)}, {"id": pl.String, "label": pl.String})


def bought(rows: int, users: int) -> pl.DataFrame:
    """All pairs of some users with products, in no order."""
    numbers = np.random.default_rng(0).permutation(rows)
    head, tail = (pl.Series(one).cast(pl.String) for one in (numbers % users, numbers // users))
    return pl.DataFrame({"head": "u" + head, "tail": "p" + tail, "weight": numbers + 0.5, "timestamp": numbers + YEAR})


def filled(path: Path, users: int = 50, products: int = 40) -> EmbeddedStore:
    store = EmbeddedStore.open(path, SCHEMA)
    store.create_entities("User", entities(*(f"u{number}" for number in range(users))))
    store.create_entities("Product", entities(*(f"p{number}" for number in range(products))))
    return store


def test_an_end_that_is_not_there_leaves_nothing_and_the_store_open(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.parquet", tmp_path / "bad.parquet"
    rows = bought(2000, 50)
    rows.write_parquet(good)
    rows.head(1).with_columns(head=pl.lit("nobody")).write_parquet(bad)
    with closing(filled(tmp_path / "graph.lbug")) as store, store.deferring():
        with pytest.raises(StoreError, match="an entity that is not in the store"):
            store.bulk_load_triples("bought", [good, bad], 2001)
        assert store.count_triples() == {"bought": 0} and store.unsettled == 0
        assert store.bulk_load_triples("bought", [good], 2000)
    with closing(EmbeddedStore.open(tmp_path / "graph.lbug", SCHEMA, read_only=True)) as store:
        assert_frame_equal(store.read_triples("bought").sort("weight"), rows.sort("weight"))


def test_rows_that_the_engine_does_not_take_are_an_error(tmp_path: Path) -> None:
    bought(10, 50).write_parquet(tmp_path / "rows.parquet")
    with closing(filled(tmp_path / "graph.lbug")) as store, pytest.raises(StoreError, match="took 10 of 11 without"):
        store.bulk_load_triples("bought", [tmp_path / "rows.parquet"], 11)


@pytest.mark.parametrize("name", ["ro*ws.parquet", "ro?ws.parquet", "[r]ows.parquet"])
def test_a_name_that_is_a_pattern_to_the_engine_reads_no_other_file(tmp_path: Path, name: str) -> None:
    for each in (name, "rows.parquet", "roxws.parquet"):
        bought(10, 50).write_parquet(tmp_path / each)
    with closing(filled(tmp_path / "graph.lbug")) as store:
        assert not store.bulk_load_triples("bought", [tmp_path / name], 10)
        assert store.count_triples() == {"bought": 0}


def test_the_engine_gets_what_the_largest_group_needs_and_never_more_than_was_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buffer_pool, "BUFFER_POOL_MB", 64)
    monkeypatch.setattr(bulk_load, "WHILE_COPYING", 1 << 40)
    monkeypatch.setattr(bulk_load, "WHILE_SETTLING", 100 * MEGABYTE // 2000)
    rows = bought(2000, 50)
    with closing(filled(tmp_path / "graph.lbug")) as store, store.deferring():
        store.create_triples("bought", rows.head(1000))
        assert not store.bulk_load_triples("bought", [], 1000)
        assert store._file.pool // MEGABYTE == 99  # and what was written before is still there
        store.create_triples("bought", rows.tail(1000))
        assert_frame_equal(store.read_triples("bought").sort("weight"), rows.sort("weight"))
    monkeypatch.setenv("WHYREC_BUFFER_POOL_MB", "64")
    with closing(EmbeddedStore.open(tmp_path / "graph.lbug", SCHEMA)) as store:
        assert not store.bulk_load_triples("bought", [], 2000) and store._file.pool == 64 * MEGABYTE


def test_what_does_not_fit_into_memory_all_the_same_is_left_to_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All products but a few are nobody's: the groups are of very different size."""
    monkeypatch.setenv("WHYREC_BUFFER_POOL_MB", "64")
    monkeypatch.setattr(bulk_load, "WHILE_COPYING", 1)
    rows = bought(3_000_000, 100_000)
    rows.write_parquet(tmp_path / "rows.parquet")
    with closing(filled(tmp_path / "graph.lbug", 100_000, 30)) as store:
        assert not store.bulk_load_triples("bought", [tmp_path / "rows.parquet"], rows.height)
        assert store.count_triples() == {"bought": 0}
        store.create_triples("bought", rows.head(5))
        assert store.count_triples() == {"bought": 5}


def test_many_changes_need_no_more_memory_than_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one transaction 100,000 changed triples take more than 64 MB: the same load again would end there again."""
    monkeypatch.setenv("WHYREC_BUFFER_POOL_MB", "64")
    rows = bought(120_000, 20_000)
    with closing(filled(tmp_path / "graph.lbug", 20_000, 10)) as store:
        store.create_triples("bought", rows)
        changed = rows.with_columns(pl.col("weight") + 1).head(110_000)
        store.update_triples("bought", changed)
        expected = pl.concat([changed, rows.tail(10_000)])
        assert_frame_equal(store.read_triples("bought").sort("timestamp"), expected.sort("timestamp"))


PROGRAM = """
import os, signal, sys, threading, time
from pathlib import Path
from tests.kg.stores.test_bulk_load import EmbeddedStore, SCHEMA
store = EmbeddedStore.open(Path(sys.argv[1]), SCHEMA)
how = signal.Signals[sys.argv[3]]
threading.Timer(0.3, os.kill, (os.getpid(), how)).start()
try:
    store.bulk_load_triples("bought", [Path(sys.argv[2])], 3_000_000)
except KeyboardInterrupt:
    print(store.count_triples()["bought"])
    store.close()
    sys.exit(130)
"""


@pytest.mark.parametrize(("how", "code"), [("SIGINT", 130), ("SIGKILL", -9)])
def test_what_is_cut_off_is_not_there_and_can_be_done_again(tmp_path: Path, how: str, code: int) -> None:
    rows, path, file = bought(3_000_000, 100_000), tmp_path / "graph.lbug", tmp_path / "rows.parquet"
    rows.write_parquet(file)
    filled(path, 100_000, 30).close()
    command = [sys.executable, "-c", PROGRAM, str(path), str(file), how]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (code, "0" if code > 0 else ""), done.stderr
    with closing(EmbeddedStore.open(path, SCHEMA)) as store:
        assert store.count_triples() == {"bought": 0}
        assert store.bulk_load_triples("bought", [file], rows.height)
        assert store.count_triples() == {"bought": rows.height}
    assert sorted(each.name for each in tmp_path.iterdir()) == ["graph.lbug", "graph.lbug.crc32", "rows.parquet"]


def test_a_load_that_is_written_at_once_is_the_one_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg.loading.writing.PIECE_ROWS", 1)
    monkeypatch.setattr("kg.stores.embedded.file.ROWS_PER_MEGABYTE", 1)  # 640 rows together
    (tmp_path / "schema.toml").write_text(SCHEMA_FILE, encoding="utf-8")
    (tmp_path / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    rows = bought(2000, 50)
    rows.write_csv(tmp_path / "bought.csv")
    for name, column in (("User", "head"), ("Product", "tail")):
        rows.select(pl.col(column).unique().alias("id")).write_csv(tmp_path / f"{name}.csv")
    schema, calls, found = read_schema(tmp_path / "schema.toml"), list[bool](), []
    whole = EmbeddedStore.bulk_load_triples

    for wanted in (True, False):

        def bulk_load(store: EmbeddedStore, *rest: Any, wanted: bool = wanted) -> bool:
            calls.append(wanted and whole(store, *rest))
            return calls[-1]

        monkeypatch.setattr(EmbeddedStore, "bulk_load_triples", bulk_load)
        sources = read_mapping(tmp_path / "mapping.toml", schema)
        report = load_sources(tmp_path, schema, sources, tmp_path, url=f"file:{wanted}.lbug")
        assert report.triples["bought"]["created"] == 2000
        with closing(open_store(f"file:{wanted}.lbug", schema, folder=tmp_path, read_only=True)) as store:
            found.append(take_snapshot(store, schema, tmp_path / str(wanted)).manifest.hash)
    assert calls == [True, False] and found[0] == found[1]
