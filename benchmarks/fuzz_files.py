"""Broken files by the thousand through a dry run: no traceback, no lost row.

    python benchmarks/fuzz_files.py WORK-FOLDER [--files 10000] [--seed 0] [--case N]

Each case makes a good file of any format that load reads, a database among them, plain or packed, and mutates its
lines, its bytes, its encoding, its compression or its name. It is loaded with ``dry_run``: either that raises a
``WhyrecError``, or every row is loaded, rejected or filtered. Where the number of rows is beyond doubt, the script
counts them in its own way and compares. ``--case`` repeats one case with all it has to say; its file stays in the work
folder.
"""

import csv
import io
import random
import re
import shutil
import signal
import time
import traceback
import warnings
from collections import Counter
from itertools import dropwhile
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.parquet as pq
import typer
from file_mutations import (
    ENCODINGS,
    arrow,
    delimited,
    json_array,
    json_lines,
    mutate_bytes,
    mutate_text,
    packed,
    parquet,
    rows_of,
    sqlite_file,
    xlsx,
    xml,
)
from rich.console import Console
from rich.table import Table

from kg.errors import WhyrecError
from kg.loading.load import load
from kg.loading.options import LoadOptions
from kg.mapping.source import Source
from kg.schema import Schema, parse_schema

SECONDS = 60
"""A file that takes longer counts as a failure."""
SCHEMA: dict[str, Any] = {
    "name": "fuzz",
    "entity": {
        "User": {"sensitive": True},
        "Product": {"domain": "cosmetics", "properties": {"price": "float", "stock": "bool", "time": "str"}},
        "Ingredient": {},
    },
    "relation": {
        "contains": {"head": "Product", "tail": "Ingredient"},
        "mentions": {"head": "Product", "tail": "Ingredient"},
        "purchased": {"head": "User", "tail": "Product", "interaction": True},
    },
}
PRODUCTS: dict[str, Any] = {
    "entity": "Product",
    "id": "id",
    "label": "name",
    "properties": {"price": "price", "stock": "stock"},
}
FORMATS = ("csv", "csv", "tsv", "jsonl", "json", "parquet", "arrow", "xlsx", "xml", "sql")
LINKS: list[dict[str, Any]] = [
    {"relation": "contains", "tail": "made", "split": ","},
    {"relation": "contains", "tail": "made", "normalise": "inci"},
    {"relation": "contains", "tail": "made", "split": ",", "normalise": "casefold"},
    {"relation": "contains", "tail": "stock", "tail_is_column": True},
    {"relation": "contains", "tail": "made", "levels": ","},
]
REVIEWS: dict[str, Any] = {
    "relation": "purchased",
    "head": "user",
    "tail": "product",
    "weight": "stars",
    "timestamp": "time",
    "create_ends": True,
}


class Case:
    """One file and the source that reads it."""

    def __init__(self, folder: Path, seed: int, number: int) -> None:
        self.rng = random.Random(f"{seed}:{number}")
        rng = self.rng
        kind = rng.choice(("products", "reviews"))
        self.format = rng.choice(FORMATS)
        self.suffix = rng.choice(("", "", "", "", ".gz", ".zst", ".bz2", ".xz", ".zip"))
        if self.format in ("xlsx", "sql"):
            self.suffix = ""
        self.encoding = "utf-8"
        content = self._content(rows_of(kind, rng))
        told = self.encoding if rng.random() < 0.7 and self.encoding != "utf-8" else None
        self.path = folder / f"{kind}.{'db' if self.format == 'sql' else self.format}{self.suffix}"
        self.path.write_bytes(content)
        keys = {"encoding": told, **self._keys(kind)}
        if self.format == "sql":
            query = rng.choice(("SELECT * FROM shop", "SELECT * FROM shop ORDER BY 1", "SELECT * FROM none"))
            self.source = Source.model_validate({"sql": query, "connection": str(self.path), **keys})
        else:
            self.source = Source.model_validate({"file": str(self.path), **keys})
        self.content, self.told = content, told

    def _keys(self, kind: str) -> dict[str, Any]:
        rng, keys = self.rng, dict(PRODUCTS if kind == "products" else REVIEWS)
        if kind == "products":
            if rng.random() < 0.5:
                keys["link"] = (rng.choice(LINKS),)
            if rng.random() < 0.1:
                keys["html"] = True
            if rng.random() < 0.1:
                keys["values"] = {"stock": {"parfum": False}, "name": {"a": "b"}}
            if rng.random() < 0.1:
                keys["required"] = ("price",)
            if rng.random() < 0.2:
                keys["text"] = ({"relation": "mentions", "columns": ("name",)},)
            if rng.random() < 0.2:
                keys["where"] = rng.choice(("price > 20", "name = 'Parfum'", "stock"))
        elif rng.random() < 0.3:
            keys["where"] = "stars >= 3"
        elif rng.random() < 0.2:
            keys["returns"] = "net"
        if rng.random() < 0.1:
            keys["decimal"] = rng.choice((".", ","))
        return keys

    def _content(self, rows: list[dict[str, Any]]) -> bytes:
        rng = self.rng
        binary = {"parquet": parquet, "arrow": arrow, "xlsx": xlsx, "sql": sqlite_file}
        texts = {"jsonl": json_lines, "json": json_array, "xml": xml}
        if self.format in binary:
            data = binary[self.format](rows, rng)
        else:
            text = texts[self.format](rows, rng) if self.format in texts else delimited(rows, self.delimiter, rng)
            for _ in range(rng.choice((0, 0, 1, 2))):
                text = mutate_text(text, rng)
            if rng.random() < 0.15:
                self.encoding = rng.choice(ENCODINGS)
            data = text.encode(self.encoding, "replace")
        for _ in range(rng.choice((0, 0, 1, 1, 2, 5))):
            data = mutate_bytes(data, rng)
        self.text, self.damaged = data, False
        if self.suffix and rng.random() < 0.95:
            data = packed(data, self.suffix, rng)
            self.damaged = rng.random() < 0.1
            if self.damaged:
                data = mutate_bytes(data, rng)
        if rng.random() < 0.02 and self.format != "sql":
            self.format = rng.choice(("csv", "tsv", "jsonl", "ndjson", "json", "xml", "parquet", "arrow", "xlsx"))
        return data

    @property
    def delimiter(self) -> str:
        """What separates the cells."""
        return "\t" if self.format == "tsv" else ","

    def counted(self) -> int | None:
        """The rows, counted without whyrec; ``None`` where it is open what a row is."""
        if self.format in ("json", "xml", "arrow", "xlsx", "sql"):
            return None
        if self.damaged or self.told or self.encoding.startswith(("utf-16", "utf-32", "cp037", "utf-7")):
            return None
        text = self.text.removeprefix(b"\xef\xbb\xbf")
        if self.format == "parquet":
            try:
                told = pq.ParquetFile(io.BytesIO(self.text)).metadata
                held = sum(told.row_group(number).num_rows for number in range(told.num_row_groups))
                return int(held) if held == told.num_rows else None  # else a damaged file says two things
            except (pa.ArrowException, OSError):
                return None
        if text.startswith((b"\xff\xfe", b"\xfe\xff", b"\x84\x31\x95\x33")):
            return None
        lines = [line for line in re.split(rb"\r\n|\n|\r", text) if line]
        if self.format in ("jsonl", "ndjson"):
            return sum(bool(line.strip()) for line in lines)
        return self._records(text, lines)

    def _records(self, text: bytes, lines: list[bytes]) -> int | None:
        """Records of CSV or TSV after the header."""
        used = next((i for i, line in enumerate(lines) if line.strip()), len(lines))
        if b"sep=" in text or used == len(lines):
            return None
        if b'"' not in text:
            return len(lines) - used - 1 - self._titles(lines[used:])
        if b"\0" in text:
            return None
        content = io.StringIO(text.decode("utf-8", "surrogateescape"), newline="")
        reader = csv.reader(content, delimiter=self.delimiter, strict=True)
        records: list[list[str]] = []
        try:
            while (record := next(reader, None)) is not None:
                if record and (records or "".join(record).strip(' "\t\v\f')):
                    records.append(record)
                    several = any("\n" in cell or "\r" in cell for cell in record)
                    if several and (
                        self.format == "tsv" or len(record) != len(records[0]) or not self._named(records[0])
                    ):
                        return None  # one bad record of several lines, or several after a stray quote?
        except csv.Error:
            return None
        empty = b'" \t\v\f' + self.delimiter.encode()
        above = self._titles(list(dropwhile(lambda line: not line.strip(empty), lines)))
        return len(records) - 1 - above

    def _named(self, cells: list[str]) -> bool:
        """Whether these are the names of the columns."""
        needed = set(self.source.used_columns()) - self.source.optional_columns
        return needed <= {cell.strip().strip('" ').lower() for cell in cells}

    def _titles(self, lines: list[bytes]) -> int:
        """Lines above the header till one of them fills more than half of its columns."""
        rows = [line.decode("utf-8", "replace").replace('"', "").split(self.delimiter) for line in lines[:30]]
        header = next((at for at, cells in enumerate(rows) if self._named(cells)), 0)
        like_rows = (
            at
            for at, cells in enumerate(rows[:header])
            if 2 * sum(map(bool, map(str.strip, cells))) > len(rows[header])
        )
        return next(like_rows, header)


def main(
    folder: Annotated[Path, typer.Argument(help="Where the files are made.")],
    files: Annotated[int, typer.Option(help="How many.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Seed of every choice.")] = 0,
    case: Annotated[int | None, typer.Option(help="Only this one, and keep its file.")] = None,
) -> None:
    """Run all cases and print what became of them; exit 1 where one failed."""
    schema = parse_schema(SCHEMA, "fuzz")
    warnings.simplefilter("error")
    signal.signal(signal.SIGALRM, _too_long)
    outcomes: Counter[str] = Counter()
    slowest = (0.0, 0)
    home = folder / "fuzz"
    for number in range(files) if case is None else [case]:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        started = time.perf_counter()
        outcome, problem = run_case(home, schema, seed, number)
        slowest = max(slowest, (time.perf_counter() - started, number))
        outcomes[outcome] += 1
        if problem or case is not None:
            print(f"--seed {seed} --case {number}: {outcome}\n{problem}", flush=True)
    table = Table("outcome", "files", title=f"{sum(outcomes.values()):,} files")
    for outcome, count in sorted(outcomes.items()):
        table.add_row(outcome, f"{count:,}")
    Console(width=120).print(table)
    print(f"slowest: case {slowest[1]}, {slowest[0]:.1f} s")
    raise typer.Exit(any(outcome.startswith("FAILED") for outcome in outcomes))


def run_case(home: Path, schema: Schema, seed: int, number: int) -> tuple[str, str]:
    """What became of one case, and what is wrong with that."""
    made = Case(home, seed, number)
    signal.alarm(SECONDS)
    try:
        options = LoadOptions(home / "rejects", home / "staging", dry_run=True)
        report = load(lambda read_only: None, schema, [made.source], home, options)
    except WhyrecError as problem:
        return f"{type(problem).__name__}, {made.format}", "" if str(problem) else "an error without a message"
    except BaseException as problem:  # a panic of polars is no Exception
        if isinstance(problem, KeyboardInterrupt | SystemExit):
            raise
        return f"FAILED: {type(problem).__name__}", traceback.format_exc(limit=-6)
    finally:
        signal.alarm(0)
    for file in report.files:
        if file.rows != file.loaded + file.rejected + file.filtered:
            return "FAILED: rows lost", str(file.to_json())
    rows, counted = sum(file.rows for file in report.files), made.counted()
    if counted is not None and counted != rows:
        return "FAILED: another number of rows", f"{rows} rows, counted {counted}; {made.path}"
    sure = "counts agree" if counted is not None else "count open"
    state = "all rows good" if not report.rejected else "some rejected"
    return f"{state}, {sure}, {made.format}", ""


def _too_long(*_: object) -> None:
    raise TimeoutError(f"more than {SECONDS} s")


if __name__ == "__main__":
    typer.run(main)
