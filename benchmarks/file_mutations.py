"""Good tables in every format, and the ways in which files go bad, all drawn from one random generator."""

import bz2
import gzip
import io
import json
import lzma
import random
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
import zstandard

Row = dict[str, Any]
HOSTILE = (
    *("", " ", "NULL", "NaN", "-0", "1e999", "0x1F", "1,5", "1.234.567", "１２", "007", "1e5", "12345678901234567890"),
    *("=1+1", "'", '"', '""', "\\", "\\N", "\ufeff", "\u200b", "e\u0301", "😀", "\u202eabc", "a\tb", "a;b", "a|b"),
    *("`) DETACH DELETE n //", "{id: 1}", "$rows", "true", "2024-13-45", "1700000000000", "x" * 5000, "ﬀ", "\u2028"),
)
ODD_BYTES = (b"\0", b'"', b"\n", b"\r", b"\r\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\xff", b"\xc3", b"\x1a", b"\x85")
ODD_BYTES += (
    b"\t",
    b"\xe2\x80\xa8",
    b"\x0b",
    b"\x0c",
    b"\x1c",
    b'""',
    b",",
    b";",
    b"\\",
    b"\xf0\x9f",
    b"[",
    b"{",
    b"}",
)
ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "cp1252", "gb18030", "latin-1", "utf-8-sig", "utf-7", "cp037", "hz")
ENCODINGS += ("iso2022_jp", "shift_jis")
ODD_JSON = ('{"id": 1, "id": 2}', "[1]", "null", '{"id": "\\ud800"}', '{"id": "\\u0000"}', "[" * 2000, '{"id": NaN}')


def rows_of(kind: str, rng: random.Random) -> list[Row]:
    """Good rows, 1 to 40: ``products`` with properties and ingredients, or ``reviews`` of them."""
    count = rng.randint(1, 40)
    if kind == "reviews":
        return [
            {"user": f"u{i % 7}", "product": f"p{rng.randint(1, 5)}", "stars": rng.randint(1, 5), "time": _time(rng)}
            for i in range(count)
        ]
    return [
        {
            "id": f"p{i}",
            "name": rng.choice(("Rose cream", "Crème, fine", "保湿霜", 'The "best"', "a  b")),
            "price": round(rng.uniform(1, 99), 2),
            "stock": rng.choice((True, False)),
            "made": rng.choice(("Aqua, Glycerin", "1,2-Hexanediol", "Parfum", "")),
        }
        for i in range(count)
    ]


def _time(rng: random.Random) -> str:
    seconds = rng.randint(1_300_000_000, 1_700_000_000)
    return rng.choice((str(seconds), str(seconds * 1000), datetime.fromtimestamp(seconds, UTC).isoformat()))


def delimited(rows: list[Row], delimiter: str, rng: random.Random) -> str:
    """CSV or TSV with a header; some cells are hostile, some lines ragged, quoting as RFC 4180 has it."""
    names = list(rows[0])
    lines = [delimiter.join(names)]
    for row in rows:
        cells = ["" if row[name] is None else str(row[name]) for name in names]
        if rng.random() < 0.05:
            cells[rng.randrange(len(cells))] = rng.choice(HOSTILE)
        if rng.random() < 0.03:
            cells = cells[:-1] if rng.random() < 0.5 else [*cells, "more"]
        lines.append(delimiter.join(_quoted(cell, delimiter, rng) for cell in cells))
    return rng.choice(("\n", "\n", "\r\n", "\r")).join(lines) + rng.choice(("\n", ""))


def _quoted(cell: str, delimiter: str, rng: random.Random) -> str:
    if rng.random() < 0.02:
        cell += rng.choice(("\n", "\r\n")) + "more"
    if rng.random() < 0.1 or any(mark in cell for mark in (delimiter, '"', "\n", "\r")):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def json_lines(rows: list[Row], rng: random.Random) -> str:
    """JSON Lines; some values are hostile, lists, nested or of another type."""
    texts = []
    for row in rows:
        row = dict(row)
        if rng.random() < 0.1:
            values = (*HOSTILE, None, [], ["a", "b"], ["a", None], {"a": 1}, [[1]], 1 << 70, -0.0, 1e308, True)
            row[rng.choice(list(row))] = rng.choice(values)
        if rng.random() < 0.03:
            row.pop(rng.choice(list(row)))
        text = json.dumps(row, ensure_ascii=rng.random() < 0.5)
        if rng.random() < 0.03:
            text = rng.choice(ODD_JSON)
        texts.append(text)
    return "\n".join(texts) + rng.choice(("\n", ""))


def parquet(rows: list[Row], rng: random.Random) -> bytes:
    """A Parquet file; some columns have another type than one expects, some values are missing."""
    columns: dict[str, list[Any]] = {name: [row[name] for row in rows] for name in rows[0]}
    if rng.random() < 0.5:
        columns[rng.choice(list(columns))] = _odd_column(len(rows), rng)
    for values in columns.values():
        if rng.random() < 0.1:
            values[rng.randrange(len(values))] = None
    arrays = [pa.array(values) for values in columns.values()]
    names = list(columns)
    if rng.random() < 0.1:
        arrays, names = [*arrays, arrays[0]], [*names, rng.choice((names[0], names[0].upper(), "", " id "))]
    target = io.BytesIO()
    codec = rng.choice(("snappy", "zstd", "gzip", "none"))
    table = pa.Table.from_arrays(arrays, names=names)
    pq.write_table(table, target, row_group_size=rng.randint(1, 20), compression=codec)
    return target.getvalue()


def json_array(rows: list[Row], rng: random.Random) -> str:
    """A JSON array, or an object with one list in it; values as in :func:`json_lines`."""
    lines = json_lines(rows, rng).splitlines()
    text = "[" + rng.choice((",", ",\n", " , ")).join(lines) + "]"
    return f'{{"meta": 1, "rows": {text}}}' if rng.random() < 0.2 else text


def xml(rows: list[Row], rng: random.Random) -> str:
    """A feed; some values are hostile, some elements come twice."""
    items = []
    for row in rows:
        cells = {name: "" if value is None else str(value) for name, value in row.items()}
        if rng.random() < 0.05:
            cells[rng.choice(list(cells))] = rng.choice(HOSTILE)
        inner = "".join(f"<{k}>{escape(v)}</{k}>" * (2 if rng.random() < 0.02 else 1) for k, v in cells.items())
        items.append(f"<item>{inner}</item>")
    return '<?xml version="1.0"?>\n<feed>' + "\n".join(items) + "</feed>\n"


def arrow(rows: list[Row], rng: random.Random) -> bytes:
    """An Arrow file or stream with the columns of :func:`parquet`."""
    table = pq.ParquetFile(io.BytesIO(parquet(rows, rng))).read()
    target = io.BytesIO()
    make = rng.choice((pa.ipc.new_file, pa.ipc.new_stream))
    with make(target, table.schema) as out:
        out.write_table(table, max_chunksize=rng.randint(1, 20))
    return target.getvalue()


def xlsx(rows: list[Row], rng: random.Random) -> bytes:
    """A workbook; some cells are hostile, dates, formulas or of another type."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, "nan_inf_to_errors": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, list(rows[0]))
        for number, row in enumerate(rows, 1):
            cells = list(row.values())
            if rng.random() < 0.1:
                odd = (*HOSTILE, None, True, 1.5, 1e300, datetime(2024, 1, 9, 10, 0), 12345678901234567890)
                cells[rng.randrange(len(cells))] = rng.choice(odd)
            for column, cell in enumerate(cells):
                if isinstance(cell, datetime):
                    sheet.write_datetime(number, column, cell)
                elif isinstance(cell, str):
                    sheet.write_string(number, column, cell[:30_000])
                else:
                    sheet.write(number, column, cell)
    return target.getvalue()


def sqlite_file(rows: list[Row], rng: random.Random) -> bytes:
    """A database with the table ``shop``; cells of any type in any column."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shop.db"
        with closing(sqlite3.connect(path)) as connection, connection:
            names = list(rows[0])
            connection.execute(f"CREATE TABLE shop ({', '.join(names)})")
            for row in rows:
                cells = [value if isinstance(value, int | float | str | None) else str(value) for value in row.values()]
                if rng.random() < 0.1:
                    odd = (*HOSTILE, None, 1.5, b"\xff\x00", b"text", 2**62)
                    cells[rng.randrange(len(cells))] = rng.choice(odd)
                connection.execute(f"INSERT INTO shop VALUES ({', '.join('?' * len(cells))})", cells)
        return path.read_bytes()


def _odd_column(count: int, rng: random.Random) -> list[Any]:
    kinds: list[Callable[[int], Any]] = [
        lambda i: date(2024, 1, 1) + timedelta(i),
        lambda i: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(i),
        lambda i: datetime(2024, 1, 1) + timedelta(i),
        lambda i: timedelta(i),
        lambda i: Decimal(i) / 4,
        lambda i: bytes([i]),
        lambda i: [f"a{i}", f"b{i}"],
        lambda i: [i],
        lambda i: [[i]],
        lambda i: {"a": i},
        lambda i: None,
        lambda i: i * 1.5,
        lambda i: float("nan"),
        lambda i: float("inf"),
        lambda i: (1 << 63) - i - 1,
        lambda i: i % 2 == 0,
        lambda i: f"p{i}\0",
        lambda i: rng.choice(HOSTILE),
    ]
    kind = rng.choice(kinds)
    return [kind(i) for i in range(count)]


def mutate_text(text: str, rng: random.Random) -> str:
    """Break lines as a whole."""
    lines = text.split("\n")
    at = rng.randrange(len(lines))
    headers = (lines[0].upper(), f" {lines[0]} ", f"{lines[0]},{lines[0]}", "sep=;")
    changes: list[Callable[[], Any]] = [
        lambda: rng.shuffle(lines),
        lambda: lines.insert(at, lines[0]),
        lambda: lines.insert(at, lines[at]),
        lambda: lines.pop(0),
        lambda: lines.insert(at, rng.choice(("", " ", "\t", ",", '""', "\r"))),
        lambda: lines.__setitem__(at, lines[at] + rng.choice((",", ",x", "\t", '"', " "))),
        lambda: lines.__setitem__(at, lines[at].replace(",", rng.choice((";", "\t", "", ",,")), 1)),
        lambda: lines.__setitem__(0, rng.choice(headers)),
        lambda: lines.__setitem__(at, rng.choice(HOSTILE)),
        lambda: lines.__setitem__(slice(at, None), []),
        lambda: lines.extend(lines[1:] * rng.randint(1, 3)),
    ]
    rng.choice(changes)()
    return "\n".join(lines)


def mutate_bytes(data: bytes, rng: random.Random) -> bytes:
    """Flip, cut, insert, repeat."""
    at = rng.randrange(len(data) + 1)
    other = rng.randrange(len(data) + 1)
    low, high = min(at, other), max(at, other)
    changes: list[Callable[[], bytes]] = [
        lambda: data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :],
        lambda: data[:at] + rng.choice(ODD_BYTES) + data[at:],
        lambda: data[:at] + rng.choice(ODD_BYTES) + data[at + 1 :],
        lambda: data[:at],
        lambda: data[:low] + data[high:],
        lambda: data[:high] + data[low:],
        lambda: data + bytes(rng.randrange(256) for _ in range(rng.randint(1, 20))),
        lambda: rng.choice(ODD_BYTES) + data,
        lambda: data + rng.choice(ODD_BYTES),
        lambda: b"",
    ]
    weights = [4, 6, 4, 2, 2, 1, 1, 2, 2, 0.2]
    return rng.choices(changes, weights)[0]()


def packed(data: bytes, suffix: str, rng: random.Random) -> bytes:
    """Packed, sometimes in several members."""
    if suffix == ".zip":
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(rng.choice((1, 1, 1, 1, 2))):
                archive.writestr(f"part{number}", data)
        return target.getvalue()
    cut = rng.randrange(len(data) + 1) if rng.random() < 0.2 else len(data)
    packs: dict[str, Callable[[bytes], bytes]] = {
        ".gz": gzip.compress,
        ".bz2": bz2.compress,
        ".xz": lzma.compress,
        ".zst": zstandard.ZstdCompressor().compress,
    }
    pack = packs[suffix]
    return b"".join(pack(part) for part in (data[:cut], data[cut:]) if part or cut == len(data))
