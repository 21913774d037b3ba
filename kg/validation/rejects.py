"""Rejected rows on disk: ``rejects.csv`` says what is wrong, and beside it lie the rows as they came.

One folder per load. The bad rows of each file are in a file of the same name and format, header first, not packed, so
that they can be mended and loaded. Folder and files are made only when there is something to reject.
"""

import itertools
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from kg.mapping.file_format import COMPRESSIONS, RDF_FORMATS
from kg.mapping.source import Source
from kg.notices import Notices
from kg.privacy.person_columns import PersonColumns, person_columns, save_person_columns
from kg.privacy.person_ids import People
from kg.readers.opening import open_reader
from kg.values.formula import escaped_formulas

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
    escaped_formulas(pl.concat(table).select(COLUMNS)).write_csv(target)
    taken, columns = {target.name}, dict[str, PersonColumns | None]()
    for path in dict.fromkeys(rejected.path for rejected in files):
        group = [rejected for rejected in files if rejected.path == path]
        rejects = pl.concat([rejected.rejects for rejected in group])
        if people is None or not any(people.withholds_rows(rejected.source) for rejected in group):
            rows = _write_rows(home / _free_name(path, taken), group[0], rejects, people)
            if people is not None:
                columns |= {rows.name: person_columns(people, group[0].source, group[0].place)}
        elif people is not None:
            columns |= {f"({path.name})": person_columns(people, group[0].source, group[0].place)}
    save_person_columns(home, columns)
    return target


def new_rejects_folder(folder: Path, kept: int = REJECTS_KEPT) -> Path:
    """Make a folder for one load inside ``folder``, named after the time, and remove those of old loads.

    :param kept: how many stay, the new one included, 1 or more.
    """
    home = _new_folder(folder)
    earlier = sorted((p for p in _ours(folder) if p != home), key=_age)
    for old in earlier[: max(0, len(earlier) + 1 - max(kept, 1))]:
        shutil.rmtree(old, ignore_errors=True)
    return home


def _ours(folder: Path) -> list[Path]:
    return [p for p in folder.iterdir() if _FOLDER.fullmatch(p.name) and p.is_dir()] if folder.is_dir() else []


def _age(folder: Path) -> tuple[str, int]:
    started, _, number = folder.name.partition("-")
    return started, int(number)


def _new_folder(folder: Path) -> Path:
    started = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    # Above every number of this second: one that an old load left free would make the newest folder look the oldest.
    used = [number for time, number in map(_age, _ours(folder)) if time == started]
    for number in itertools.count(max(used, default=0) + 1):
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


def _write_rows(target: Path, file: RejectedFile, rejects: pl.DataFrame, people: People | None) -> Path:
    """Write the rows; the file that holds them, which has a suffix more where the source's format is only read."""
    if file.source.file_format(file.path) in RDF_FORMATS:  # rejects show whole statements, as lines of N-Triples
        lines_of_ntriples = "".join(f"{value}\n" for value in rejects.get_column("value") if value)
        target.with_suffix(".nt").write_text(lines_of_ntriples, encoding="utf-8")
        return target.with_suffix(".nt")
    rows = sorted(zip(rejects.get_column("line"), rejects.get_column("lines"), strict=True))

    def keeps(text: str) -> bool:
        """Whether a row may be written down: none that names somebody who was forgotten."""
        return people is None or not people.suppression or not people.mentions_forgotten(text)

    open_reader(file.path, file.place, file.source, (), Notices()).copy_rows(target, rows, keeps)
    others = [target.with_name(f"{target.name}{suffix}") for suffix in (".csv", ".xlsx")]
    return next((path for path in others if not target.exists() and path.exists()), target)
