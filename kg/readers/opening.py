"""Readers: files in, batches of rows as text out."""

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from kg.mapping.file_format import FORMATS
from kg.mapping.source import Source
from kg.notices import Notices
from kg.readers.batch import Batch

Keeps = Callable[[str], bool]
"""Whether a row, as text, may be kept beside the rejects: it names nobody who was forgotten."""


class Reader(Protocol):
    """What reads one file, once: it is asked for its columns, its batches, or some of its rows as they came.

    Each kind of file has one such class, ``Reader(path, place, source, wanted, notices)``, in a module of its own,
    and one line in :mod:`kg.mapping.file_format`. ``tests/kg/readers/test_contract.py`` runs over all of them.
    """

    @property
    def size(self) -> int:
        """Bytes of the file as it lies there."""
        ...

    @property
    def position(self) -> int:
        """How many of them have been read."""
        ...

    def columns(self) -> list[str]:
        """The names by which a mapping can ask for what the file holds, in its order.

        :raises ReadError: where the file cannot be read so far.
        """
        ...

    def batches(self) -> Iterator[Batch]:
        """All rows, once, in the order of the file.

        :raises ReadError: where the file cannot be read as a whole.
        """
        ...

    def copy_rows(self, target: Path, rows: Sequence[tuple[int, int]], keeps: Keeps) -> None:
        """Write some rows as they came into a file of the same format, header first, not packed.

        :param rows: ``line`` and ``lines`` of each, as in its batch, ascending.
        """
        ...


class _ReaderClass(Protocol):
    def __call__(self, path: Path, place: str, source: Source, wanted: Sequence[str], notices: Notices) -> Reader: ...


def open_reader(path: Path, place: str, source: Source, wanted: Sequence[str], notices: Notices) -> Reader:
    """The reader for the format of a file.

    :param place: how messages name the file.
    :param wanted: the columns to read.
    :raises ReadError: where the file cannot be opened.
    :raises MappingError: where the name does not tell the format and the mapping does not either.
    """
    module, _, name = FORMATS[source.file_format(path)].reader.partition(":")
    return cast("_ReaderClass", getattr(import_module(module), name))(path, place, source, wanted, notices)
