"""Tables whose bytes are well formed and whose content Python has no value for."""

import gzip
import io
import lzma
import uuid
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kg.errors import ReadError
from kg.mapping.connection import Connection
from kg.mapping.source import Source
from kg.notices import Notices
from kg.privacy.erasure.traces import parquet_frames
from kg.readers.opening import open_reader
from kg.readers.tables.sql import _mysql, plain_columns
from kg.readers.tables.typed_batch import cell_texts
from tests.kg.readers.test_readers import read

NO_TEXT = pa.Array.from_buffers(pa.string(), 1, pa.array([b"\x85ab"], pa.binary()).buffers())
FAR = pa.array([2**62], pa.int64())
CELLS = {
    "\ufffdab": NO_TEXT,
    "4611686018427387904": FAR.cast(pa.timestamp("us", "UTC")),
    "1073741824": pa.array([2**30], pa.int32()).cast(pa.date32()),
    "u1": pa.array(["u1"]),
    "['u1']": pa.array([["u1"]]),
}


@pytest.mark.parametrize("text", CELLS)
def test_every_cell_has_words(text: str) -> None:
    cell = CELLS[text]
    assert cell_texts(cell[0]) == [text]
    nested = pa.ListArray.from_arrays([0, 1], pa.StructArray.from_arrays([cell], ["inner"]))
    assert text in " ".join(cell_texts(nested[0]))


@pytest.mark.parametrize("suffix", ["arrow", "parquet"])
def test_a_column_without_a_readable_name(tmp_path: Path, suffix: str) -> None:
    table, content = pa.table({"id": ["p1"], "QQQQ": [1]}), io.BytesIO()
    if suffix == "arrow":
        with pa.ipc.new_stream(content, table.schema) as out:
            out.write_table(table)
    else:
        pq.write_table(table, content, store_schema=False)
    path = tmp_path / f"products.{suffix}"
    path.write_bytes(content.getvalue().replace(b"QQQQ", b"QQ\xa4Q"))
    with pytest.raises(ReadError, match=rf"products\.{suffix}: no readable"):
        open_reader(path, path.name, Source(file=path.name, entity="Product", id="id"), ["id"], Notices())


@pytest.mark.parametrize("suffix", ["arrow", "parquet"])
def test_rows_are_kept_whatever_stands_in_other_columns(tmp_path: Path, suffix: str) -> None:
    table = pa.table({"id": ["p1"], "text": NO_TEXT, "when": FAR.cast(pa.timestamp("us"))})
    path, kept = tmp_path / f"products.{suffix}", tmp_path / "kept"
    if suffix == "arrow":
        with pa.ipc.new_file(path, table.schema) as out:
            out.write_table(table)
    else:
        pq.write_table(table, path)
    seen: list[str] = []
    reader = open_reader(path, path.name, Source(file=path.name, entity="Product", id="id"), ["id"], Notices())
    reader.copy_rows(kept, [(1, 1)], lambda text: not seen.append(text))
    assert seen == ["p1 \ufffdab 4611686018427387904"] and kept.stat().st_size > 0


def test_offsets_out_of_bounds_are_no_rows(tmp_path: Path) -> None:
    path, table = tmp_path / "products.arrow", pa.table({"id": ["p1", "p2"], "text": ["abcde", "f"]})
    with pa.ipc.new_file(path, table.schema) as out:
        out.write_table(table)
    offsets = [0, 5, 6], [0, 9, 6]
    good, bad = (b"".join(number.to_bytes(4, "little") for number in one) for one in offsets)
    content = path.read_bytes()
    assert content.count(good) == 1
    path.write_bytes(content.replace(good, bad))
    reader = open_reader(path, path.name, Source(file=path.name, entity="Product", id="id"), ["id"], Notices())
    with pytest.raises(ReadError, match="damaged, so its bad rows cannot be kept"):
        reader.copy_rows(tmp_path / "kept", [(1, 1)], lambda text: True)


def test_rows_that_a_column_lacks_are_told(tmp_path: Path) -> None:
    """Arrow ends where the first column ends."""
    path, size = tmp_path / "products.parquet", 1001
    pq.write_table(pa.table({"id": [f"p{i}" for i in range(size)]}), path, compression="none", use_dictionary=False)
    content = path.read_bytes()
    promised, fewer = (_varint(2 * number) for number in (size, size - 1))
    assert content.count(b"\x15" + promised) == 1  # the page's number of values, after its Thrift field
    path.write_bytes(content.replace(b"\x15" + promised, b"\x15" + fewer))
    source = Source(file=path.name, entity="Product", id="id")
    with pytest.raises(
        ReadError, match=r"damaged after row 1000: by its row groups it has 1,001 of them, by its columns 1,000"
    ):
        list(open_reader(path, path.name, source, ["id"], Notices()).batches())
    with pytest.raises(ReadError, match="cannot be searched"):
        list(parquet_frames(path))


def test_what_a_footer_says_wrongly_of_a_column_ends_no_process(tmp_path: Path) -> None:
    """Arrow calls std::terminate where Python looks at a column whose statistics do not fit its kind."""
    path, optional = tmp_path / "products.parquet", b"\x25\x02\x18\x02id"  # in Thrift; 0 for 2: required
    pq.write_table(pa.table({"id": ["p1", None, "p2"]}), path, store_schema=False)
    content = path.read_bytes()
    assert content.count(optional) == 1
    path.write_bytes(content.replace(optional, b"\x25\x00\x18\x02id"))
    source = Source(file=path.name, entity="Product", id="id")
    with suppress(ReadError):
        assert sum(one.rows for one in open_reader(path, path.name, source, ["id"], Notices()).batches()) == 3


def _varint(number: int) -> bytes:
    return bytes([number % 128 + 128, number // 128])


def test_the_end_of_a_stream_is_looked_at(tmp_path: Path) -> None:
    path, table, content = tmp_path / "products.arrows", pa.table({"id": ["p1", "p2"]}), io.BytesIO()
    with pa.ipc.new_stream(content, table.schema) as out:
        out.write_table(table)
    source, whole = Source(file=path.name, entity="Product", id="id", format="arrow"), content.getvalue()
    told = []
    for written in (whole, whole[:-8]):
        path.write_bytes(written)
        notices = Notices()
        assert sum(batch.rows for batch in open_reader(path, path.name, source, ["id"], notices).batches()) == 2
        told.append(any("no mark of its end" in sentence for sentence in notices.render()))
    assert told == [False, True]
    path.write_bytes(whole + whole)
    with pytest.raises(ReadError, match=f"damaged after row 2: {len(whole)} bytes follow the end of the stream"):
        list(open_reader(path, path.name, source, ["id"], Notices()).batches())


def test_types_that_only_a_database_has_are_read_as_what_stands_for_them() -> None:
    numeric = pa.opaque(pa.string(), "numeric", "PostgreSQL")
    prices = pa.ExtensionArray.from_storage(numeric, pa.array(["24.50", None]))
    listed = pa.ListArray.from_arrays([0, 1, 2], prices)
    key = uuid.UUID(int=7)
    ids = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([key.bytes, None], pa.binary(16)))
    found = plain_columns(pa.RecordBatch.from_arrays([prices, listed, ids, pa.array([1, 2])], ["p", "l", "u", "n"]))
    assert found.to_pydict() == {"p": ["24.50", None], "l": [["24.50"], [None]], "u": [str(key), None], "n": [1, 2]}
    assert [str(one) for one in found.schema.types] == ["string", "list<item: string>", "string", "int64"]
    money = pa.schema([pa.field("m", pa.int64(), metadata={"POSTGRESQL:type": "money"})])
    with pytest.raises(ReadError, match="m::numeric"):
        plain_columns(pa.RecordBatch.from_arrays([pa.array([150])], schema=money))


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM t",
        "SHUTDOWN",
        "/*! DROP TABLE t */ SELECT 1",
        "SELECT a FROM t INTO OUTFILE '/tmp/t'",
        "SELECT a INTO/**/dumpfile '/tmp/t'",
        "(SELECT load_file('/etc/passwd'))",
    ],
)
def test_a_question_of_mysql_changes_nothing_and_reads_no_file(tmp_path: Path, sql: str) -> None:
    """Whoever may do everything there may do that too, so that it is refused before anybody is asked."""
    with pytest.raises(ReadError, match="ask with SELECT"):
        next(_mysql(sql, Connection("mysql", None, "mysql://127.0.0.1:1/shop")))


@pytest.mark.parametrize("kind", [pa.timestamp("us", "UTC"), pa.timestamp("ms"), pa.date32()], ids=str)
@pytest.mark.parametrize("column", ["t", "s.t", "l"])
def test_a_date_that_no_calendar_has_costs_its_row(tmp_path: Path, kind: pa.DataType, column: str) -> None:
    bits = pa.int32() if kind == pa.date32() else pa.int64()
    times = pa.array([2 ** (bits.bit_width - 1) - 1, 0], bits).cast(kind)
    lists, structs = pa.ListArray.from_arrays([0, 1, 2], times), pa.StructArray.from_arrays([times], ["t"])
    path = tmp_path / "events.parquet"
    pq.write_table(pa.table({"a": ["x", "y"], "t": times, "s": structs, "l": lists}), path)
    good, bad = read(path, Source(file=path.name, relation="r", head="a", tail=column))
    assert [cells[0] for _, _, cells in good] == ["y"] and bad == [(1, 1, "beyond the year 9999")]


@pytest.mark.parametrize("start", ["<rows><row><id>", "<rows><", "<rows><row><a/>"])
def test_an_element_without_end_is_let_go_of(tmp_path: Path, start: str) -> None:
    """A small packed file may unpack to what no memory holds."""
    path, filling = tmp_path / "p.xml.xz", b"<a/>" if start.endswith("/>") else b"aaaa"
    with lzma.open(path, "wb", preset=0) as out:
        out.write(start.encode())
        for _ in range(80):
            out.write(filling * (1 << 18))
    reader = open_reader(path, path.name, Source(file="p.xml", entity="P", id="id"), ["id"], Notices())
    with pytest.raises(ReadError, match=r"^p.xml.xz: line 1: one element has more than 64 MiB; mend it"):
        list(reader.batches())


@pytest.mark.parametrize("suffix", ["arrow", "parquet", "arrow.gz", "parquet.gz"])
def test_files_put_together_are_told_and_not_read_as_the_first(tmp_path: Path, suffix: str) -> None:
    """Of two of the same shape the last one's footer fits the first one's rows."""
    both = b""
    for ids in (["p1", "p2"], ["p3", "p4"]):
        content, table = io.BytesIO(), pa.table({"id": ids})
        if suffix.startswith("arrow"):
            with pa.ipc.new_file(content, table.schema) as out:
                out.write_table(table)
        else:
            pq.write_table(table, content, write_page_index=True)
        both += content.getvalue()
    path = tmp_path / f"products.{suffix}"
    path.write_bytes(gzip.compress(both) if suffix.endswith("gz") else both)
    with pytest.raises(ReadError, match=r"several files were put together"):
        open_reader(path, path.name, Source(file=path.name, entity="Product", id="id"), ["id"], Notices())
