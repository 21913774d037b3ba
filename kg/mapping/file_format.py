"""The kinds of files that can be read: one line each, with the suffixes that tell them and the object that reads them.

To add a kind, write its reader (see :class:`kg.readers.opening.Reader`) and register it here. Readers are named, not
imported: what none of a load's files needs is not loaded either.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Format = str
"""A key of ``FORMATS``."""
DateOrder = Literal["day-first", "month-first"]
"""What ``01/02/2024`` means in a file."""


@dataclass(frozen=True)
class FileFormat:
    """One kind of file."""

    suffixes: tuple[str, ...]
    """Of file names, in lower case; none where only a mapping can tell the kind."""
    reader: str
    """``module:class`` of the reader of rows; empty for RDF, which holds statements."""


FORMATS: dict[Format, FileFormat] = {
    "csv": FileFormat((".csv",), "kg.readers.delimited_text.delimited:DelimitedReader"),
    "tsv": FileFormat((".tsv",), "kg.readers.delimited_text.delimited:DelimitedReader"),
    "jsonl": FileFormat((".jsonl", ".log"), "kg.readers.semi_structured.json_lines:JsonLinesReader"),
    "ndjson": FileFormat((".ndjson",), "kg.readers.semi_structured.json_lines:JsonLinesReader"),
    "json": FileFormat((".json",), "kg.readers.semi_structured.json_array:JsonReader"),
    "parquet": FileFormat((".parquet",), "kg.readers.tables.parquet:ParquetReader"),
    "arrow": FileFormat((".arrow", ".feather", ".ipc"), "kg.readers.tables.arrow:ArrowReader"),
    "xlsx": FileFormat((".xlsx", ".xlsm", ".xls", ".ods"), "kg.readers.tables.excel:ExcelReader"),
    "xml": FileFormat((".xml",), "kg.readers.semi_structured.xml:XmlReader"),
    "sql": FileFormat((), "kg.readers.tables.sql:SqlReader"),
    "turtle": FileFormat((".ttl",), ""),
    "ntriples": FileFormat((".nt",), ""),
    "jsonld": FileFormat((".jsonld",), ""),
    "trig": FileFormat((".trig",), ""),
    "nquads": FileFormat((".nq",), ""),
}
SUFFIXES: dict[str, Format] = {suffix: name for name, kind in FORMATS.items() for suffix in kind.suffixes}
RDF_FORMATS = tuple(name for name, kind in FORMATS.items() if not kind.reader)
COMPRESSIONS = (".gz", ".zst", ".bz2", ".xz", ".zip")


def format_of_name(path: Path) -> Format | None:
    """The format that the suffixes of a file name tell, those of compression aside; where an archive has no other, as
    ``orders.zip``, those of the file packed in it."""
    suffixes = [s.lower() for s in path.suffixes if s.lower() not in COMPRESSIONS]
    if suffixes and suffixes[-1].startswith(".log-"):  # a log that was put away: tracking.log-20240505.gz
        return SUFFIXES[".log"]
    found = SUFFIXES.get(suffixes[-1]) if suffixes else None
    if found is None and path.suffix.lower() == ".zip":
        packed = packed_file(path)
        return format_of_name(Path(packed)) if packed is not None and not packed.lower().endswith(".zip") else None
    return found


def packed_file(path: Path) -> str | None:
    """The name of the only file in a ZIP archive; ``None`` where there is no archive, or not one file in it."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [one for one in archive.namelist() if not one.endswith("/") and not added_to_archive(one)]
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return None
    return names[0] if len(names) == 1 else None


def added_to_archive(name: str) -> bool:
    """Whether file managers put a member of an archive there: ``__MACOSX/``, ``.DS_Store``, ``Thumbs.db``."""
    last = name.rpartition("/")[2]
    return name.startswith("__MACOSX") or last.startswith(".") or last.lower() in ("thumbs.db", "desktop.ini")
