"""Readers: files in, batches of rows as text out."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from kg.mapping.source import Source
from kg.notices import Notices
from kg.readers.batch import Batch
from kg.readers.delimited import DelimitedReader
from kg.readers.json_lines import JsonLinesReader
from kg.readers.parquet import ParquetReader


class Reader(Protocol):
    """What reads one file."""

    @property
    def size(self) -> int:
        """Bytes of the file as it lies there."""
        ...

    @property
    def position(self) -> int:
        """How many of them have been read."""
        ...

    def batches(self) -> Iterator[Batch]:
        """All rows, once, in the order of the file.

        :raises ReadError: where the file cannot be read as a whole.
        """
        ...


def open_reader(path: Path, place: str, source: Source, wanted: Sequence[str], notices: Notices) -> Reader:
    """The reader for the format of a file.

    :param place: how messages name the file.
    :param wanted: the columns to read.
    :raises ReadError: where the file cannot be opened.
    :raises MappingError: where the name does not tell the format and the mapping does not either.
    """
    kind = source.file_format(path)
    if kind == "parquet":
        return ParquetReader(path, place, source, wanted, notices)
    if kind in ("jsonl", "ndjson"):
        return JsonLinesReader(path, place, source, wanted, notices)
    return DelimitedReader(path, place, source, wanted, notices)
