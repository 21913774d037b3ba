"""Bytes of a file, decompressed: gzip, zstd, bzip2, xz, each with many members, and a ZIP archive of one file.

The kind is told by content, not by name."""

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import zstandard

from kg.errors import ReadError
from kg.mapping.file_format import added_to_archive

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
BZIP2_MAGIC = b"BZh"
XZ_MAGIC = b"\xfd7zX"
ZIP_MAGIC = b"PK\x03\x04"
PACKED = (GZIP_MAGIC, ZSTD_MAGIC, BZIP2_MAGIC, XZ_MAGIC)
PIECE = 1 << 20
FEED, MEMBERS = 4 << 10, 64 << 10
"""Bytes of a zstd file, and of a bzip2 or xz file, that are unpacked at a time."""
LARGEST_WHOLE, MOST_TIMES, SMALL = 1 << 30, 200, 16 << 20
"""Bytes that a file may have, unpacked, where its format makes it necessary to hold all of it: so many, and unless they
are few, so many times those of the file; data that people pack shrinks to a thirtieth at best."""
FOREIGN = {
    b"PAR1": ("a Parquet file", "name it .parquet"),
    b"PK\x03\x04": ("a ZIP archive or an Excel workbook", 'name a workbook .xlsx, or tell format = "xlsx"'),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "name it .xls"),
    b"ARROW1": ("an Arrow file", "name it .arrow"),
    b"%PDF": ("a PDF document", "export the table as CSV"),
    b"PK\x05\x06": ("an empty ZIP archive", "export it again"),
    GZIP_MAGIC: ("a gzip file in another packed file", "unpack it once"),
    ZSTD_MAGIC: ("a zstd file in another packed file", "unpack it once"),
    XZ_MAGIC: ("an xz file in another packed file", "unpack it once"),
    b"SQLite format 3": ("an SQLite database", "tell sql and connection in the mapping instead of file"),
}


def check_alone(archive: zipfile.ZipFile, place: str) -> None:
    """Make sure that a ZIP archive begins where its file does: of several put together only the last would be read.

    :raises ReadError: where something stands before it.
    """
    if (before := min((one.header_offset for one in archive.infolist()), default=0)) > 0:
        raise ReadError(f"{place}: {before:,} bytes stand before the ZIP archive, such as another one; take them apart")


def holds(file: BinaryIO, mark: bytes) -> bool:
    """Whether some bytes stand in a file from where it is on."""
    before = b""
    while piece := file.read(PIECE):
        if mark in before + piece:
            return True
        before = (before + piece)[1 - len(mark) :]
    return False


class ByteSource:
    """The decompressed bytes of one file, read once from start to end; use it in ``with``."""

    def __init__(self, path: Path, place: str) -> None:
        """Open the file.

        :param place: how messages name it.
        :raises ReadError: where it cannot be opened.
        """
        self._place = place
        try:
            self._raw: BinaryIO = path.open("rb")
            self.size = path.stat().st_size
        except OSError as problem:
            raise ReadError(f"{place}: cannot be opened: {problem.strerror}") from None

    @property
    def position(self) -> int:
        """Bytes of the file itself that have been read, for progress."""
        return self.size if self._raw.closed else self._raw.tell()

    def pieces(self, allowed: bytes = b"") -> Iterator[bytes]:
        """The content, about 1 MiB at a time.

        :param allowed: the first bytes of the kind of file that is expected, where it is not text.
        :raises ReadError: for damaged compression, one that ends too early, and other kinds of files.
        """
        magic = self._raw.read(4)
        self._raw.seek(0)
        try:
            if magic.startswith(GZIP_MAGIC):
                with gzip.GzipFile(fileobj=self._raw) as stream:
                    yield from self._checked(iter(lambda: stream.read(PIECE), b""), allowed)
            elif magic == ZSTD_MAGIC:
                yield from self._checked(self._zstd(), allowed)
            elif magic[:3] == BZIP2_MAGIC:
                yield from self._checked(self._members(bz2.BZ2Decompressor), allowed)
            elif magic == XZ_MAGIC:
                yield from self._checked(self._members(lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ)), allowed)
            elif magic == ZIP_MAGIC and allowed != ZIP_MAGIC:
                yield from self._checked(self._zipped(), allowed)
            else:
                yield from self._checked(iter(lambda: self._raw.read(PIECE), b""), allowed)
        except EOFError:
            raise ReadError(f"{self._place}: the compressed file ends too early; copy it again") from None
        except (
            OSError,
            zlib.error,
            lzma.LZMAError,
            zstandard.ZstdError,
            zipfile.BadZipFile,
            NotImplementedError,
        ) as problem:
            raise ReadError(f"{self._place}: cannot be read: {problem}") from None

    def _zipped(self) -> Iterator[bytes]:
        """The only file in a ZIP archive; what file managers add is none."""
        with zipfile.ZipFile(self._raw) as archive:
            members = [one for one in archive.infolist() if not one.is_dir() and not added_to_archive(one.filename)]
            names = [member.filename for member in members]
            check_alone(archive, self._place)
            if "[Content_Types].xml" in names:
                self._refuse_foreign(ZIP_MAGIC, b"", "an Excel workbook")
            if len(members) != 1:
                listed = ", ".join(names[:5]) or "none"
                raise ReadError(f"{self._place}: a ZIP archive must hold one file (found: {listed}); unpack it")
            if members[0].flag_bits & 1:
                raise ReadError(f"{self._place}: the ZIP archive is locked with a password; unpack it")
            with archive.open(members[0]) as stream:
                yield from iter(lambda: stream.read(PIECE), b"")

    def whole(self, allowed: bytes = b"") -> bytes:
        """All of the content at once.

        :raises ReadError: where that is more than ``LARGEST_WHOLE``, and what :meth:`pieces` raises.
        """
        parts, size = [], 0
        for piece in self.pieces(allowed):
            size += len(piece)
            if size > LARGEST_WHOLE or size > max(self.size * MOST_TIMES, SMALL):
                raise ReadError(
                    f"{self._place}: {self.size:,} bytes unpack to more than {size:,}, and this format is read whole; "
                    "split it, or unpack it"
                )
            parts.append(piece)
        return b"".join(parts)

    def _zstd(self) -> Iterator[bytes]:
        """All frames; the stream reader of the library would take a cut file for a complete one.

        A few bytes may stand for 30,000 times as many, so few are unpacked at a time, and put together again.
        """
        frame, fed = zstandard.ZstdDecompressor().decompressobj(), False
        waiting: list[bytes] = []
        while data := self._raw.read(FEED):
            while data:
                waiting.append(frame.decompress(data))
                fed, data = True, b""
                if frame.eof:
                    fed, data = False, frame.unused_data
                    frame = zstandard.ZstdDecompressor().decompressobj()
            if sum(map(len, waiting)) >= PIECE:
                yield b"".join(waiting)
                waiting = []
        yield b"".join(waiting)
        if fed:
            raise EOFError

    def _members(self, new: Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor]) -> Iterator[bytes]:
        """All members of a bzip2 or xz file; Python's own readers take one whose first bytes are damaged for the end.

        Zeros may lie between them: padding.
        """
        member, fed, rest = new(), False, b""
        while rest or not member.needs_input or (rest := self._raw.read(MEMBERS)):
            rest = rest if fed else rest.lstrip(b"\0")
            if rest or fed:
                if piece := member.decompress(rest, PIECE):
                    yield piece
                fed, rest = True, b""
            if member.eof:
                member, fed, rest = new(), False, member.unused_data
        if fed:
            raise EOFError

    def _checked(self, pieces: Iterator[bytes], allowed: bytes) -> Iterator[bytes]:
        first = True
        for piece in pieces:
            if first and piece:
                self._refuse_foreign(piece, allowed)
                first = False
            yield piece

    def _refuse_foreign(self, start: bytes, allowed: bytes, known: str | None = None) -> None:
        for magic, (kind, advice) in FOREIGN.items():
            if magic != allowed and start.startswith(magic):
                raise ReadError(f"{self._place}: this is {known or kind}, whatever its name; {advice}")
        if start[257:262] == b"ustar":
            raise ReadError(f"{self._place}: this is a tar archive, whatever its name; unpack it")

    def close(self) -> None:
        """Let go of the file; closing twice is fine."""
        self._raw.close()
