"""Cells of typed tables whose values polars has no type for, or reads as something else: read right, or told."""

import uuid
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kg.errors import ReadError
from kg.mapping.source import Source
from kg.notices import Notices
from kg.readers.opening import open_reader
from kg.readers.tables.typed_batch import cell_texts


def counted(kind: pa.DataType, numbers: list[int | None]) -> pa.Array:
    """Cells of a type that counts something, by what they count, however impossible."""
    whole = pa.int64() if kind.bit_width == 64 else pa.int32()
    return pa.array(numbers, whole).view(kind)


def read(folder: Path, column: pa.Array, suffix: str, wanted: str = "x", as_id: bool = False) -> tuple[Any, list[Any]]:
    """The cells of the only column of a file, and its faults as (row, reason)."""
    path = folder / f"table.{suffix}"
    table = pa.table({"x": column})
    if suffix == "parquet":
        pq.write_table(table, path)
    else:
        with pa.ipc.new_file(path, table.schema) as out:
            out.write_table(table)
    source = Source(file=path.name, entity="Product", id=wanted if as_id else "id")
    cells: list[Any] = []
    faults: list[Any] = []
    for batch in open_reader(path, path.name, source, [wanted], Notices()).batches():
        lists = batch.lists.get(wanted)
        listed = [None] * batch.frame.height if lists is None else lists.to_list()
        plain = batch.frame.get_column(wanted).to_list()
        cells += [one if many is None else many for one, many in zip(plain, listed, strict=True)]
        faults += [(row["row"], row["reason"]) for row in batch.faults.iter_rows(named=True)]
    return cells, faults


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
@pytest.mark.parametrize(("unit", "one"), [("us", 10**6), ("ns", 10**9)], ids=["microseconds", "nanoseconds"])
def test_times_of_day_over_24_hours_are_read(tmp_path: Path, suffix: str, unit: str, one: int) -> None:
    seconds = [0, 34_200, 86_400, 838 * 3600 + 59 * 60 + 59, -5]
    column = counted(pa.time64(unit), [*(s * one for s in seconds), one // 2, None])
    expected = ["00:00:00", "09:30:00", "24:00:00", "838:59:59", "-00:00:05", "00:00:00.5", None]
    assert read(tmp_path, column, suffix) == (expected, [])


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_times_inside_of_lists_and_structs_are_read(tmp_path: Path, suffix: str) -> None:
    times = counted(pa.time32("ms"), [90_000_000, 1_000, 2_000])
    listed = pa.ListArray.from_arrays([0, None, 2, 3], times)
    assert read(tmp_path, listed, suffix) == ([["25:00:00", "00:00:01"], None, ["00:00:02"]], [])
    struct = pa.StructArray.from_arrays([times], ["at"])
    assert read(tmp_path, struct, suffix, "x.at") == (["25:00:00", "00:00:01", "00:00:02"], [])
    inner = pa.ListArray.from_arrays([0, 1, 3], struct)
    assert read(tmp_path, inner, suffix, "x[].at") == ([["25:00:00"], ["00:00:01", "00:00:02"]], [])


def test_seconds_that_no_millisecond_can_count_are_told_and_not_1970(tmp_path: Path) -> None:
    column = counted(pa.timestamp("s"), [0, 2**62, -(2**62), None])
    late = "beyond the year 9999"
    assert read(tmp_path, column, "arrow") == (["1970-01-01T00:00:00.000", None, None, None], [(1, late), (2, late)])


def test_a_day_with_a_time_in_it_is_its_day(tmp_path: Path) -> None:
    column = counted(pa.date64(), [0, 1, -1, 86_400_000, None])
    assert read(tmp_path, column, "arrow")[0] == ["1970-01-01", "1970-01-01", "1969-12-31", "1970-01-02", None]


@pytest.mark.parametrize("zone", ["+05:30", "Mars/Base"])
def test_an_instant_is_the_same_in_whatever_zone_it_is_told(tmp_path: Path, zone: str) -> None:
    column = pa.array([0, None], pa.timestamp("us", tz=zone))
    assert read(tmp_path, column, "parquet")[0] == ["1970-01-01T00:00:00.000000+00:00", None]


def test_types_that_polars_lacks_are_read(tmp_path: Path) -> None:
    key = uuid.UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
    assert read(tmp_path, pa.array([key.bytes, None], pa.uuid()), "parquet")[0] == [str(key), None]
    pairs = pa.array([[("skin", "dry"), ("age", None)], None], pa.map_(pa.string(), pa.string()))
    assert read(tmp_path, pairs, "parquet", "x[].key")[0] == [["skin", "age"], None]
    assert read(tmp_path, pairs, "parquet", "x[].value")[0] == [["dry", None], None]
    assert read(tmp_path, pa.array([["a"], None, ["b", "c"]], pa.list_view(pa.string())), "arrow")[0] == [
        ["a"],
        None,
        ["b", "c"],
    ]
    runs = pa.RunEndEncodedArray.from_arrays([2, 3], ["a", "b"])
    assert read(tmp_path, runs, "arrow")[0] == ["a", "a", "b"]


@pytest.mark.parametrize("suffix", ["arrow", "stream", "parquet"])
@pytest.mark.parametrize(
    "column",
    [
        pa.array([{"NAMED": 1}]),
        pa.array([[{"NAMED": 1}]]),
        pa.array([[1]], pa.list_(pa.field("NAMED", pa.int64()))),
        pa.array([{"z": 0}], pa.struct([("z", pa.timestamp("ms", "Europe/NAMED"))])),
    ],
)
def test_a_name_inside_of_a_column_that_is_no_text_is_an_unreadable_file(
    tmp_path: Path, column: pa.Array, suffix: str
) -> None:
    """Polars panics at such names."""
    table, path = pa.table({"x": column}), tmp_path / f"table.{suffix.replace('stream', 'arrow')}"
    if suffix == "parquet":
        pq.write_table(table, path, store_schema=False, use_compliant_nested_type=False)
    else:
        with (pa.ipc.new_file if suffix == "arrow" else pa.ipc.new_stream)(path, table.schema) as out:
            out.write_table(table)
    damaged = path.read_bytes().replace(b"NAMED", b"NAM\xbaD")
    path.write_bytes(damaged)
    source = Source(file=path.name, entity="Product", id="id")
    if b"\xba" in damaged:  # the zone of an instant is none of Parquet's own
        with pytest.raises(ReadError, match="no readable"):
            open_reader(path, path.name, source, ["x"], Notices()).columns()


def test_lists_of_bytes_are_text_or_told(tmp_path: Path) -> None:
    column = pa.array([[b"a", b"\xff"], [], None, [b"b"]], pa.list_(pa.binary()))
    assert read(tmp_path, column, "parquet") == (
        [["a", None], [], None, ["b"]],
        [(0, "bytes that are no UTF-8 text")],
    )


def test_ids_in_floating_point_numbers_are_whole_or_told_in_lists_too(tmp_path: Path) -> None:
    lost, infinite = "digits of the id are lost", "an infinite number is no id"
    numbers = [float("nan"), 101.0, 2.0**53, float("inf")]
    told = [(2, lost), (3, infinite)]
    assert read(tmp_path, pa.array(numbers), "parquet", as_id=True) == ([None, "101", None, None], told)
    listed = pa.array([[101.0, 102.0], [], [2.0**60, 7.0], None])
    assert read(tmp_path, listed, "parquet", as_id=True) == ([["101", "102"], [], [None, "7"], None], [(2, lost)])
    half = pa.array([1.0, 2048.0], pa.float16())
    assert read(tmp_path, half, "parquet", as_id=True) == (["1", None], [(1, lost)])


def test_a_time_of_a_zone_that_nobody_knows_is_told_in_words() -> None:
    column = pa.array([[1], None], pa.list_(pa.timestamp("us", "ATC")))
    assert [cell_texts(cell) for cell in column] == [["1"], ["None"]]
