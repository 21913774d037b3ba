"""Tables that are folders: the parts of the version that counts, partitions as columns, rejects that load again."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake
from pyarrow.fs import FileSystem
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.io.pyarrow import PyArrowFileIO

from kg.errors import MappingError
from kg.mapping.source import Source
from kg.notices import Notices
from kg.readers.opening import open_reader

ROWS = {"user": ["u1", "u2", "u3"], "item": ["p1", "p2", "p3"], "day": ["2026-11-27", "2026-11-28", None]}
EXPECTED = [("u1", "p1", "2026-11-27"), ("u2", "p2", "2026-11-28"), ("u3", "p3", None)]
SOURCE = Source(file="purchased", relation="purchased", head="user", tail="item", weight="day")


def _read(base: Path) -> list[tuple[str | None, ...]]:
    """The rows of the table ``purchased``, as any source is read."""
    found = list[tuple[str | None, ...]]()
    for path in SOURCE.files(base):
        for batch in open_reader(path, path.name, SOURCE, ["user", "item", "day"], Notices()).batches():
            found += batch.frame.iter_rows()
    return sorted(found, key=str)


def test_parts_of_spark_and_hive_with_their_partitions(tmp_path: Path) -> None:
    table = tmp_path / "purchased"
    pq.write_to_dataset(pa.table(ROWS), table, partition_cols=["day"])
    (table / "_SUCCESS").touch()
    (table / "_temporary").mkdir()
    (table / ".part.parquet.crc").write_bytes(b"crc")
    (table / "_old.parquet").write_bytes(b"none")
    assert {path.parent.name for path in SOURCE.files(tmp_path)} >= {"day=__HIVE_DEFAULT_PARTITION__"}
    assert _read(tmp_path) == EXPECTED
    part = SOURCE.files(tmp_path)[0]
    copy = tmp_path / "rejects.parquet"
    open_reader(part, part.name, SOURCE, ["user"], Notices()).copy_rows(copy, [(1, 1)], lambda _: True)
    assert pq.read_table(copy).to_pylist() == [{"user": "u1", "item": "p1", "day": "2026-11-27"}]
    (table / "_SUCCESS").unlink()
    with pytest.raises(MappingError, match="a job writes this table, or was cut off"):
        SOURCE.files(tmp_path)


def test_a_folder_of_anything_else_is_none(tmp_path: Path) -> None:
    (tmp_path / "purchased").mkdir()
    with pytest.raises(MappingError, match="a folder without a Parquet file"):
        SOURCE.files(tmp_path)


def test_the_current_version_of_a_delta_table(tmp_path: Path) -> None:
    table = tmp_path / "purchased"
    write_deltalake(table, pa.table({**ROWS, "item": ["old"] * 3}), partition_by=["day"])
    write_deltalake(table, pa.table(ROWS), mode="overwrite", partition_by=["day"])
    assert len(list(table.rglob("*.parquet"))) > len(SOURCE.files(tmp_path))
    assert _read(tmp_path) == EXPECTED
    for entry in (table / "_delta_log").glob("*.json"):
        entry.write_text("{")
    with pytest.raises(MappingError, match="its Delta log cannot be read"):
        SOURCE.files(tmp_path)


def test_the_current_version_of_an_iceberg_table(tmp_path: Path) -> None:
    catalog = SqlCatalog("test", uri="sqlite://", warehouse=tmp_path.as_uri())
    catalog.create_namespace("shop")
    rows = pa.table(ROWS)
    table = catalog.create_table("shop.purchased", rows.schema, location=(tmp_path / "purchased").as_uri())
    table.append(pa.table({**ROWS, "item": ["old"] * 3}))
    table.overwrite(rows)
    assert len(list((tmp_path / "purchased").rglob("*.parquet"))) > len(SOURCE.files(tmp_path))
    assert _read(tmp_path) == EXPECTED


def test_metadata_of_an_iceberg_table_lead_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither to a file outside, nor to a server, nor to a class of the metadata's choice, before a word is read."""
    base = tmp_path / "mapping"
    base.mkdir()
    catalog = SqlCatalog("test", uri="sqlite://", warehouse=base.as_uri())
    catalog.create_namespace("shop")
    rows = pa.table(ROWS)
    table = catalog.create_table("shop.purchased", rows.schema, location=(base / "purchased").as_uri())
    table.append(rows)
    latest = max((base / "purchased" / "metadata").glob("*.metadata.json"))
    (listed,) = (base / "purchased" / "metadata").glob("snap-*.avro")
    whole = latest.read_text()
    opened, named = list[str](), {"py-io-impl": "x.Y"}
    monkeypatch.setattr("pyiceberg.io._import_file_io", lambda name, _: opened.append(name))
    monkeypatch.setattr(PyArrowFileIO, "_initialize_fs", _only_local(opened))
    outside = tmp_path / "manifests.avro"
    outside.write_bytes(listed.read_bytes())
    for place, message in (
        (outside.as_uri(), "its log leads to .*manifests.avro, outside"),
        ("s3://bucket/manifests.avro", "its files lie at s3://bucket, not here"),
        ("http://127.0.0.1:1/manifests.avro", "its files lie at http"),
    ):
        latest.write_text(json.dumps({**json.loads(whole.replace(listed.as_uri(), place)), "properties": named}))
        with pytest.raises(MappingError, match=message):
            SOURCE.files(base)
    assert opened == []
    latest.unlink()
    latest.symlink_to(outside)
    with pytest.raises(MappingError, match="outside"):
        SOURCE.files(base)
    latest.unlink()
    latest.write_text(whole)
    listed.write_bytes(listed.read_bytes()[:200])
    monkeypatch.undo()
    with pytest.raises(MappingError, match="its Iceberg metadata cannot be read"):
        SOURCE.files(base)


def _only_local(opened: list[str]) -> Callable[..., FileSystem]:
    """What makes the file system of a scheme, and notes those that are not of this machine."""
    whole = PyArrowFileIO._initialize_fs

    def made(self: PyArrowFileIO, scheme: str, netloc: str | None = None) -> FileSystem:
        if scheme != "file":
            opened.append(scheme)
        return whole(self, scheme, netloc)

    return made


def test_the_log_of_a_delta_table_lies_inside(tmp_path: Path) -> None:
    """A link would lead a message to quote what it leads to."""
    table = tmp_path / "mapping" / "purchased"
    write_deltalake(table, pa.table(ROWS))
    (entry,) = (table / "_delta_log").glob("*.json")
    secret = tmp_path / "secret"
    secret.write_text("root:x:0")
    entry.unlink()
    entry.symlink_to(secret)
    with pytest.raises(MappingError, match=r"its log leads to .*secret, outside"):
        SOURCE.files(table.parent)
    with pytest.raises(MappingError, match="its Delta log cannot be read") as told:
        SOURCE.files(table.parent, allow_outside=True)
    assert "\n" not in str(told.value)
