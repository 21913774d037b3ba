"""Rejected rows on disk: ``rejects.csv`` says what is wrong, and beside it lie the rows as they came.

One folder per load. The bad rows of each file are in a file of the same name and format, header first, not packed, so
that they can be mended and loaded. Folder and files are made only when there is something to reject.
"""

import itertools
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from kg.errors import ReadError
from kg.mapping.source import COMPRESSIONS, RDF_FORMATS, Source
from kg.notices import Notices
from kg.privacy.person_ids import People
from kg.readers.delimited import DelimitedReader
from kg.readers.parquet import ROWS, open_parquet
from kg.readers.physical_lines import Block, PhysicalLines

REJECTS_KEPT = 20
"""Folders that stay, the newest; rows in them may be about people, so they are not kept for ever."""
COLUMNS = ("file", "line", "field", "value", "reason", "hint")
_FOLDER = re.compile(r"\d{8}T\d{6}Z-\d+")
_UNSAFE = re.compile(r"[^\w.\- ()]+")


@dataclass(frozen=True)
class RejectedFile:
    """A file with bad rows."""

    path: Path
    place: str
    source: Source
    rejects: pl.DataFrame
    """Columns of ``REJECT_DTYPES``."""


def write_rejects(home: Path, files: Sequence[RejectedFile], people: People | None = None) -> Path:
    """Write all rejects of a load.

    :param home: the folder of the load, from :func:`new_rejects_folder`.
    :param people: whose rows must not be kept as they came.
    :returns: the path of the new ``rejects.csv``.
    """
    table = [
        rejected.rejects.sort("line", maintain_order=True).select(
            pl.lit(rejected.place).alias("file"),
            "line",
            "field",
            pl.col("value").str.replace_all("\0", r"\x00", literal=True),
            "reason",
            "hint",
        )
        for rejected in files
    ]
    target = home / "rejects.csv"
    pl.concat(table).select(COLUMNS).write_csv(target)
    taken = {target.name}
    for path in dict.fromkeys(rejected.path for rejected in files):
        group = [rejected for rejected in files if rejected.path == path]
        rejects = pl.concat([rejected.rejects for rejected in group])
        if people is None or not any(people.withholds_rows(rejected.source) for rejected in group):
            _write_rows(home / _free_name(path, taken), group[0], rejects, people)
    return target


def new_rejects_folder(folder: Path, kept: int = REJECTS_KEPT) -> Path:
    """Make a folder for one load inside ``folder``, named after the time, and remove those of old loads.

    :param kept: how many stay, the new one included, 1 or more.
    """
    home = _new_folder(folder)
    ours = sorted((p for p in folder.iterdir() if _FOLDER.fullmatch(p.name) and p.is_dir()), key=_age)
    for old in ours[: max(0, len(ours) - max(kept, 1))]:
        shutil.rmtree(old, ignore_errors=True)
    return home


def _age(folder: Path) -> tuple[str, int]:
    started, _, number = folder.name.partition("-")
    return started, int(number)


def _new_folder(folder: Path) -> Path:
    started = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    for number in itertools.count(1):
        home = folder / f"{started}-{number}"
        try:
            home.mkdir(parents=True)
        except FileExistsError:
            continue
        return home
    raise AssertionError("unreachable")


def _free_name(path: Path, taken: set[str]) -> str:
    """A file name made of the source's, safe in any folder, not used before."""
    name = path.name
    while Path(name).suffix.lower() in COMPRESSIONS:
        name = Path(name).stem
    safe = _UNSAFE.sub("_", name).lstrip(".")[-100:] or "rows"
    stem, suffix = Path(safe).stem, Path(safe).suffix
    for number in itertools.count(2):
        if safe.casefold() not in taken:
            break
        safe = f"{stem}-{number}{suffix}"
    taken.add(safe.casefold())
    return safe


def _write_rows(target: Path, file: RejectedFile, rejects: pl.DataFrame, people: People | None) -> None:
    kind = file.source.file_format(file.path)
    if kind in RDF_FORMATS:  # rejects show whole statements, as lines of N-Triples
        lines_of_ntriples = "".join(f"{value}\n" for value in rejects.get_column("value") if value)
        target.with_suffix(".nt").write_text(lines_of_ntriples, encoding="utf-8")
        return
    spans = sorted(zip(rejects.get_column("line"), rejects.get_column("lines"), strict=True))
    bad = (line for at, n in spans for line in range(at, at + n))
    if kind == "parquet":
        _write_parquet_rows(target, file, set(bad))
    elif kind in ("csv", "tsv"):
        reader = DelimitedReader(file.path, file.place, file.source, (), Notices())
        blocks = reader.text.blocks()
        first = next(blocks)
        header = reader.header(first.data).lines if file.source.columns is None else 0
        lines = _picked(itertools.chain([first], blocks), itertools.chain(range(1, header + 1), bad))
        _write_lines(target, reader.text, _without_forgotten(lines, reader.text.codec, people))
    else:
        text = PhysicalLines(file.path, file.place, file.source.encoding, Notices())
        _write_lines(target, text, _without_forgotten(_picked(text.blocks(), bad), text.codec, people))


def _without_forgotten(lines: Iterator[bytes], codec: str, people: People | None) -> Iterator[bytes]:
    """The lines without those in which somebody is named who was forgotten."""
    if people is None or not people.suppression:
        return lines
    return (line for line in lines if not people.mentions_forgotten(line.decode(codec, "replace")))


def _write_lines(target: Path, text: PhysicalLines, lines: Iterator[bytes]) -> None:
    """Write lines in the encoding of the file that they come from."""
    encoding = f"{text.encoding}-le" if text.encoding in ("utf-16", "utf-32") else text.encoding
    with target.open("wb") as out:
        if encoding.startswith(("utf-16", "utf-32")):
            out.write("\ufeff".encode(encoding))
        for raw in lines:
            line = raw if raw.endswith((b"\n", b"\r")) else raw + b"\n"
            out.write(line if text.encoding == text.codec else line.decode(text.codec).encode(encoding))


def _picked(blocks: Iterable[Block], wanted: Iterator[int]) -> Iterator[bytes]:
    """The lines with the wanted numbers, which ascend; a number given twice counts once."""
    number = next(wanted, None)
    for block in blocks:
        lines = block.data.splitlines(keepends=True)
        while number is not None and number < block.first_line + len(lines):
            yield lines[number - block.first_line]
            done = number
            while number is not None and number <= done:
                number = next(wanted, None)


def _whole_rows(source: pq.ParquetFile, place: str) -> Iterator[pa.RecordBatch]:
    """All columns of a file, those too that the load did not read and that may be damaged.

    :raises ReadError: where they are.
    """
    try:
        yield from source.iter_batches(ROWS)
    except (pa.ArrowException, OSError) as problem:
        raise ReadError(f"{place}: damaged, so its bad rows cannot be kept as they came: {problem}") from None


def _write_parquet_rows(target: Path, file: RejectedFile, rows: set[int]) -> None:
    with open_parquet(file.path, file.place) as source, pq.ParquetWriter(target, source.schema_arrow) as out:
        first = 1
        for batch in _whole_rows(source, file.place):
            mask = pa.array([first + i in rows for i in range(batch.num_rows)], type=pa.bool_())
            out.write_batch(batch.filter(mask))
            first += batch.num_rows
