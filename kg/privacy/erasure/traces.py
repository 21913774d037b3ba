"""Traces of one id in files: is it still there, as a word of its own?

Files are searched as they lie there and unpacked: bytes in UTF-8, UTF-16 and the encodings of East Asia, inside gzip,
zstd, bzip2 and xz, in every cell of Parquet, Arrow and SQLite, in the entries of the arrays of a snapshot. An id counts
where it is a whole word, so that ``u1`` is not found in ``u12``. In binary files there are no words; there, an id
counts wherever its bytes are, unless it is short or made of digits only, which bytes of numbers hit by chance: such
files are searched by content.
"""

import html
import json
import mmap
import re
import sqlite3
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from kg.errors import ReadError
from kg.notices import Notices
from kg.readers.compression import PACKED, ZIP_MAGIC, ByteSource, check_alone
from kg.readers.tables.arrow import open_arrow
from kg.readers.tables.arrow_types import polars_frame
from kg.readers.tables.parquet import MAGIC, parquet_file, whole_batches

ENCODINGS = ("utf-8", "gb18030", "big5", "shift_jis", "cp1252")
WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
ARROW_MAGIC = (b"ARRO", b"\xff\xff\xff\xff", b"FEA1")
DATABASE_MAGIC = b"SQLi"
_TABLES = (MAGIC, *ARROW_MAGIC, DATABASE_MAGIC, ZIP_MAGIC)
_WORD = rb"0-9A-Za-z_"
_OVERLAP = 1 << 16
_PIECE = 1 << 20
_SHORT = 4


class Traces:
    """Looks for one id."""

    def __init__(self, entity_id: str) -> None:
        self.id = entity_id
        escaped = json.dumps(entity_id)[1:-1]
        self._spellings = {entity_id, escaped, html.escape(entity_id), entity_id.replace('"', '""')}
        self._needles = sorted({needle for one in self._spellings for needle in _encoded(one)})
        self._pattern = re.compile(b"|".join(_bounded(one) for one in sorted(self._spellings)))
        self._text = re.compile(rf"(?<![0-9A-Za-z_])(?:{'|'.join(map(re.escape, self._spellings))})(?![0-9A-Za-z_])")
        self.distinctive = len(entity_id.encode("utf-8", "surrogatepass")) >= _SHORT and not entity_id.isdigit()
        """Whether bytes that look like the id are hardly ever there by chance."""

    def in_text(self, text: str) -> bool:
        """Whether a text holds the id as a word."""
        return self._text.search(text) is not None

    def without(self, text: str, instead: str) -> str:
        """A text with something instead of the id, where it is a word."""
        return self._text.sub(lambda _: instead, text)

    def in_bytes(self, data: "bytes | bytearray | mmap.mmap") -> bool:
        """Whether bytes of a text hold the id as a word, in any of the encodings."""
        return any(data.find(needle) >= 0 for needle in self._needles) and self._pattern.search(data) is not None

    def in_raw(self, data: "bytes | mmap.mmap", others: Iterable[str] = ()) -> bool:
        """Whether bytes of a binary file hold a distinctive id anywhere but inside one of the longer ``others``."""
        longer = [one.encode() for one in others]
        needle, at = self.id.encode("utf-8", "surrogatepass"), -1
        while self.distinctive and (at := data.find(needle, at + 1)) >= 0:
            if not any(_covers(data, at, needle, one) for one in longer):
                return True
        return False

    def in_raw_file(self, path: Path, others: Iterable[str] = ()) -> bool:
        """The same for a file.

        :raises ReadError: where it cannot be read.
        """
        if not self.distinctive:
            return False
        try:
            with path.open("rb") as file:
                if not file.read(1):
                    return False
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                    return self.in_raw(data, others)
        except (OSError, ValueError) as problem:
            raise ReadError(f"{path}: cannot be searched: {problem}") from None

    def in_file(self, path: Path) -> bool:
        """Whether a file holds the id, as it lies there or unpacked.

        :raises ReadError: where it cannot be read.
        """
        try:
            with path.open("rb") as file:
                magic = file.read(4)
                if not magic:
                    return False
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                    if self.in_bytes(data):
                        return True
        except (OSError, ValueError) as problem:
            raise ReadError(f"{path}: cannot be searched: {problem}") from None
        if magic.startswith(PACKED):
            return self._in_packed(path)
        if magic == ZIP_MAGIC:
            return self._in_archive(path)
        if magic in ARROW_MAGIC:  # whose texts stand side by side, so that none is a word
            return self.in_arrow(path)
        if magic == DATABASE_MAGIC:  # so they do here
            return self._in_database(path)
        return magic == MAGIC and self.in_parquet(path)

    def in_arrow(self, path: Path) -> bool:
        """Whether some cell of an Arrow file or stream holds the id."""
        try:
            parts = open_arrow(path, str(path), Notices())[1]
            return any(self.rows_of(polars_frame(part)).any() for part in parts)
        except (OSError, ValueError, pa.ArrowException, pl.exceptions.PolarsError) as problem:
            raise ReadError(f"{path}: cannot be searched: {problem}") from None

    def _in_database(self, path: Path) -> bool:
        """Whether some cell of an SQLite database holds the id."""
        try:
            with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
                database.text_factory = bytes
                tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
                names = (table.decode().replace('"', '""') for (table,) in tables)
                rows = (row for name in names for row in database.execute(f'SELECT * FROM "{name}"'))
                return any(self.in_bytes(c if isinstance(c, bytes) else str(c).encode()) for row in rows for c in row)
        except (sqlite3.Error, UnicodeDecodeError) as problem:
            raise ReadError(f"{path}: cannot be searched: {problem}") from None

    def in_parquet(self, path: Path) -> bool:
        """Whether some cell of a Parquet file holds the id."""
        return any(self.rows_of(frame).any() for frame in parquet_frames(path))

    def rows_of(self, frame: pl.DataFrame) -> pl.Series:
        """Rows of a frame of which some cell holds the id: Boolean."""
        hit = pl.Series([False]).new_from_index(0, frame.height)
        for column in frame.get_columns():
            hit = hit | self._cells(column)
        return hit

    def in_snapshot(self, folder: Path, own: Iterable[str], foreign: Iterable[str], words: bool = True) -> bool:
        """Whether an array of strings of a snapshot folder holds the id.

        :param own: names of arrays of ids of people: compared as a whole.
        :param foreign: names of arrays of other ids, where an equal one is somebody or something else.
        :param words: whether the id counts as a word of any other text.
        """
        for path in sorted(folder.glob("*.blob.npy")):
            name = path.name.removesuffix(".blob.npy")
            if name not in own and (not words or (name in foreign and not self.distinctive)):
                continue
            if any(self._is_hit(entry, name in own) for entry in self._entries(folder, name)):
                return True
        return False

    def longer_in(self, folder: Path) -> list[str]:
        """The strings of a snapshot folder that are longer than the id and contain it."""
        names = [path.name.removesuffix(".blob.npy") for path in sorted(folder.glob("*.blob.npy"))]
        return sorted({entry for name in names for entry in self._entries(folder, name) if entry != self.id})

    def _is_hit(self, entry: str, whole: bool) -> bool:
        return entry == self.id if whole else self.in_text(entry)

    def _entries(self, folder: Path, name: str) -> Iterator[str]:
        """The strings of an array that contain the bytes of the id."""
        try:
            blob = np.load(folder / f"{name}.blob.npy", allow_pickle=False).tobytes()
            offsets = np.load(folder / f"{name}.offsets.npy", allow_pickle=False)
        except (OSError, ValueError, EOFError) as problem:
            raise ReadError(f"{folder}: {name} cannot be searched: {problem}") from None
        needle, at = self.id.encode("utf-8", "surrogatepass"), -1
        while (at := blob.find(needle, at + 1)) >= 0:
            row = int(np.searchsorted(offsets, at, side="right")) - 1
            entry = blob[offsets[row] : offsets[row + 1]]
            if at + len(needle) <= offsets[row + 1]:
                yield entry.decode("utf-8", "replace")

    def _in_packed(self, path: Path) -> bool:
        with closing(ByteSource(path, str(path))) as source:
            return self._in_pieces(source.pieces(MAGIC), path)

    def _in_pieces(self, pieces: Iterable[bytes], path: Path) -> bool:
        """Whether what a file was unpacked to holds the id.

        :raises ReadError: where that is packed once more, or a table, of which the bytes do not tell.
        """
        rest, start = b"", b""
        for piece in pieces:
            if self.in_bytes(rest + piece):
                return True
            rest, start = piece[-_OVERLAP:], start or piece[:4]
        if start.startswith((*PACKED, *_TABLES)):
            raise ReadError(f"{path}: cannot be searched: a packed file or a table is in it; unpack it")
        return False

    def _in_archive(self, path: Path) -> bool:
        """Whether a file in a ZIP archive, or a workbook, which is one, holds the id.

        :raises ReadError: where it is damaged or locked by a password.
        """
        try:
            with zipfile.ZipFile(path) as archive:
                check_alone(archive, str(path))
                for entry in archive.infolist():
                    if self.in_text(entry.filename) or self._in_entry(archive, entry, path):
                        return True
        except ReadError:  # which is a ValueError
            raise
        except (OSError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error) as problem:
            raise ReadError(f"{path}: cannot be searched: {problem}") from None
        return False

    def _in_entry(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> bool:
        with archive.open(entry) as file:
            return self._in_pieces(iter(lambda: file.read(_PIECE), b""), path)

    def _cells(self, column: pl.Series) -> pl.Series:
        if column.dtype == pl.List:
            nested = column.to_frame("x").with_row_index().explode("x")
            hits = nested.get_column("index").filter(self._cells(nested.get_column("x")))
            return pl.Series(range(column.len()), dtype=pl.UInt32).is_in(hits.implode())
        if column.dtype == pl.Struct:
            return self.rows_of(column.struct.unnest())
        if column.dtype in (pl.Categorical, pl.Enum, pl.Binary) or column.dtype.is_integer():
            column = column.cast(pl.String, strict=False)
        if column.dtype != pl.String:
            return pl.Series([False]).new_from_index(0, column.len())
        found = [one for one in column.drop_nulls().unique() if self.in_text(one)]
        return column.is_in(pl.Series(found, dtype=pl.String).implode()).fill_null(False)


def parquet_frames(path: Path) -> Iterator[pl.DataFrame]:
    """The rows of a Parquet file, a part at a time.

    :raises ReadError: where it cannot be read.
    """
    try:
        with parquet_file(path) as file:
            for batch in whole_batches(file):
                found = pl.from_arrow(batch)
                assert isinstance(found, pl.DataFrame)
                yield found
    except (OSError, ValueError) as problem:  # Arrow's own errors are among these
        raise ReadError(f"{path}: cannot be searched: {problem}") from None


def _encoded(text: str) -> list[bytes]:
    found = []
    for encoding in (*ENCODINGS, *WIDE):
        try:
            found.append(text.encode(encoding))
        except UnicodeEncodeError:
            continue
    return found


def _bounded(text: str) -> bytes:
    """A pattern for a text as a word, in all encodings."""
    narrow = set()
    for encoding in ENCODINGS:
        try:
            narrow.add(re.escape(text.encode(encoding)))
        except UnicodeEncodeError:
            continue
    parts = [rb"(?<![" + _WORD + rb"])(?:" + b"|".join(sorted(narrow)) + rb")(?![" + _WORD + rb"])"]
    for encoding in WIDE:
        zeros = b"\0" * (len("a".encode(encoding)) - 1)
        letter = rb"[" + _WORD + rb"]" + zeros if encoding.endswith("le") else zeros + rb"[" + _WORD + rb"]"
        parts.append(rb"(?<!" + letter + rb")" + re.escape(text.encode(encoding)) + rb"(?!" + letter + rb")")
    return b"|".join(parts)


def _covers(data: "bytes | mmap.mmap", at: int, needle: bytes, longer: bytes) -> bool:
    """Whether ``needle`` at a place of ``data`` is only a part of ``longer``."""
    offset = longer.find(needle)
    while offset >= 0:
        start = at - offset
        if start >= 0 and data[start : start + len(longer)] == longer:
            return True
        offset = longer.find(needle, offset + 1)
    return False
