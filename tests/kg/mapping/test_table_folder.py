"""Tables that are folders: the parts of the version that counts, partitions as columns, rejects that load again."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake
from pyiceberg.catalog.sql import SqlCatalog

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
