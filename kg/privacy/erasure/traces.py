"""Traces of one id in files: is it still there, as a word of its own?

Files are searched as they lie there and unpacked: bytes in UTF-8, UTF-16 and the encodings of East Asia, inside gzip
and zstd, in every cell of Parquet, in the entries of the arrays of a snapshot. An id counts where it is a whole word,
so that ``u1`` is not found in ``u12``. In binary files there are no words; there, an id counts wherever its bytes are,
unless it is short or made of digits only, which bytes of numbers hit by chance: such files are searched by content.
"""

import html
import json
import mmap
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from kg.errors import ReadError
from kg.readers.compression import GZIP_MAGIC, ZSTD_MAGIC, ByteSource
from kg.readers.tables.parquet import whole_batches

ENCODINGS = ("utf-8", "gb18030", "big5", "shift_jis", "cp1252")
WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
PARQUET_MAGIC = b"PAR1"
ARROW_MAGIC = b"ARRO"
ZIP_MAGIC = b"PK\x03\x04"
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
        if magic.startswith(GZIP_MAGIC) or magic == ZSTD_MAGIC:
            return self._in_packed(path)
        if magic == ZIP_MAGIC:
            return self._in_archive(path)
        if magic == ARROW_MAGIC:  # whose texts stand side by side, so that none is a word
            return self.in_arrow(path)
        return magic == PARQUET_MAGIC and self.in_parquet(path)

    def in_arrow(self, path: Path) -> bool:
        """Whether some cell of an Arrow file holds the id."""
        try:
            return bool(self.rows_of(pl.read_ipc(path)).any())
        except (OSError, ValueError, pl.exceptions.PolarsError) as problem:
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
        rest = b""
        with closing(ByteSource(path, str(path))) as source:
            for piece in source.pieces(PARQUET_MAGIC):
                if self.in_bytes(rest + piece):
                    return True
                rest = piece[-_OVERLAP:]
        return False

    def _in_archive(self, path: Path) -> bool:
        """Whether a file in a ZIP archive, or a workbook, which is one, holds the id.

        :raises ReadError: where it is damaged or locked by a password.
        """
        try:
            with zipfile.ZipFile(path) as archive:
                for entry in archive.infolist():
                    if self.in_text(entry.filename) or self._in_entry(archive, entry):
                        return True
        except (OSError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error) as problem:
            raise ReadError(f"{path}: cannot be searched: {problem}") from None
        return False

    def _in_entry(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
        rest = b""
        with archive.open(entry) as file:
            while piece := file.read(_PIECE):
                if self.in_bytes(rest + piece):
                    return True
                rest = piece[-_OVERLAP:]
        return False

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
        with pq.ParquetFile(path) as file:
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
