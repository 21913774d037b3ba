"""Physical lines of a text file, as bytes: blocks that end at a line end, with the number of their first line.

A line ends with LF, CR LF or a lone CR. A byte order mark is dropped, and decides the encoding. Files in UTF-16, UTF-32
and EBCDIC are turned into UTF-8 on the way; all others keep their bytes, since in them no character contains the
byte of a line end.
"""

import codecs
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kg.errors import ReadError
from kg.notices import Notices
from kg.readers.compression import ByteSource
from kg.readers.progress import MeasuredReader

BLOCK = 8 << 20
"""Bytes that a block has at least, but for the last one."""
LONGEST_LINE = 16 << 20
"""Bytes without a line end after which a file is taken for no text at all."""
UNDECODABLE = "whyrec.undecodable"
"""What decoding does with bytes that mean nothing: as ``surrogateescape``; an ASCII byte, which only some encodings can
find bad, gets a surrogate before it."""
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    ("\ufeff".encode("gb18030"), "gb18030"),
)


_DAMAGE = {
    "\ufffd".encode(): "{n} [character|characters] got lost before this file was written (U+FFFD); export it again",
    "Ã©".encode(): "{n} [time|times] Ã© stands for é: the text was encoded twice; export it again",
    "â€™".encode(): "{n} [time|times] â€™ stands for an apostrophe: the text was encoded twice; export it again",
}
"""What damaged text has in UTF-8, and what is said of it."""


@dataclass(frozen=True)
class Block:
    """Complete physical lines (the last one of a file may lack its end)."""

    first_line: int
    data: bytes
    last: bool

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing but line ends in it, which packed files may hold by the hundred million."""
        return not self.data.strip(b"\r\n")


class PhysicalLines(MeasuredReader):
    """The lines of one file. ``codec`` decodes them; ``encoding`` is what the file itself is written in."""

    def __init__(self, path: Path, place: str, encoding: str | None, notices: Notices) -> None:
        """Open the file and settle its encoding.

        :raises ReadError: where it cannot be opened or is text of another encoding for sure.
        """
        self.place, self._notices = place, notices
        self._source = ByteSource(path, place)
        super().__init__(self._source)
        self._pieces = self._source.pieces()
        try:
            self._start = self._first_piece()
            self.encoding = self._settle(encoding, notices)
        except ReadError:
            self._source.close()
            raise
        wide = _is_wide(self.encoding)
        self.codec = "utf-8" if wide else self.encoding
        self._decoder = codecs.getincrementaldecoder(self.encoding)() if wide else None

    def blocks(self) -> Iterator[Block]:
        """All lines, once. The last block says so, and may be empty.

        :raises ReadError: for broken UTF-16 or UTF-32, for damaged compression, and for a line without end.
        """
        with closing(self._source):
            first_line, waiting = 1, bytearray()
            for piece in self._utf8_pieces():
                self._tell_damage(piece)
                waiting += piece
                cut = _last_line_end(waiting) if len(waiting) >= BLOCK else 0
                if cut:
                    with memoryview(waiting) as view:
                        data = bytes(view[:cut])
                    del waiting[:cut]
                    yield Block(first_line, data, last=False)
                    first_line += count_lines(data)
                elif len(waiting) > LONGEST_LINE:
                    raise ReadError(f"{self.place}: line {first_line} has no end in {LONGEST_LINE >> 20} MiB; no text?")
            yield Block(first_line, bytes(waiting), last=True)

    def _tell_damage(self, piece: bytes) -> None:
        """Characters that were lost before, which nobody can bring back here."""
        if self.codec == "utf-8" and not piece.isascii():  # a look at ten times the speed of the three searches
            for mark, sentence in _DAMAGE.items():
                self._notices.add(self.place, sentence, piece.count(mark))

    def _first_piece(self) -> bytes:
        start = b""
        for piece in self._pieces:
            start += piece
            if len(start) >= 4:
                break
        return start

    def _settle(self, told: str | None, notices: Notices) -> str:
        for mark, encoding in MARKS:
            if self._start.startswith(mark):
                if not _is_wide(encoding):  # the decoders of the wide ones need their mark
                    self._start = self._start[len(mark) :]
                if not (told or "utf-8").startswith(encoding):
                    notices.add(self.place, f"read as {encoding}, as its byte order mark says")
                return encoding
        self._refuse_wide(told)
        return (told or "utf-8").removesuffix("-sig")

    def _refuse_wide(self, told: str | None) -> None:
        every_second = self._start[0:4:2] == b"\0\0" or self._start[1:4:2] == b"\0\0"
        if told is None and every_second:
            raise ReadError(
                f'{self.place}: looks like UTF-16 without a byte order mark; tell encoding = "utf-16-le" '
                'or "utf-16-be" in the mapping'
            )

    def _utf8_pieces(self) -> Iterator[bytes]:
        decoder = self._decoder
        if decoder is None:
            yield self._start
            yield from self._pieces
            return
        try:
            yield decoder.decode(self._start).encode()
            for piece in self._pieces:
                yield decoder.decode(piece).encode()
            yield decoder.decode(b"", final=True).encode()
        except UnicodeError as problem:
            raise ReadError(f"{self.place}: broken {self.encoding.upper()}: {problem}") from None


def _as_surrogates(problem: UnicodeError) -> tuple[str, int]:
    if not isinstance(problem, UnicodeDecodeError):
        raise problem
    bad = problem.object[problem.start : problem.end]
    return "".join(chr(0xDC00 + byte) if byte > 127 else "\udcff" + chr(byte) for byte in bad), problem.end


codecs.register_error(UNDECODABLE, _as_surrogates)


def count_lines(data: bytes) -> int:
    """Physical lines in ``data``; a rest without a line end counts."""
    ends = line_feeds(data)
    if b"\r" in data:
        ends += data.count(b"\r") - data.count(b"\r\n")
    return ends if not data or data.endswith((b"\n", b"\r")) else ends + 1


def line_feeds(data: bytes) -> int:
    """How many LF there are; NumPy takes a third of the time of ``bytes.count``, which seeks one by one."""
    return int(np.count_nonzero(np.frombuffer(data, dtype=np.uint8) == ord("\n")))


def _last_line_end(data: bytearray) -> int:
    """Where the last complete line ends, 0 where none does; a CR at the very end may be half of a CR LF."""
    return max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1


def _is_wide(encoding: str) -> bool:
    """Whether a line end is more than its ASCII byte: UTF-16, UTF-32, EBCDIC."""
    return "\n".encode(encoding) != b"\n"


def copy_lines(
    text: PhysicalLines,
    blocks: Iterable[Block],
    wanted: Iterator[int],
    target: Path,
    keeps: Callable[[str], bool],
    told: Callable[[int, bytes], bytes] = lambda _, raw: raw,
) -> None:
    """Write lines of a file, in the encoding of that file.

    :param wanted: their numbers, which ascend; a number given twice counts once.
    :param keeps: whether a line, decoded, may be written.
    :param told: the number of a line, and it → what is written of it.
    """
    encoding = f"{text.encoding}-le" if text.encoding in ("utf-16", "utf-32") else text.encoding
    with target.open("wb") as out:
        if encoding.startswith(("utf-16", "utf-32")):
            out.write("\ufeff".encode(encoding))
        for number, picked in _picked(blocks, wanted):
            raw = told(number, picked)
            line = raw if raw.endswith((b"\n", b"\r")) else raw + b"\n"
            if keeps(line.decode(text.codec, "replace")):
                out.write(line if text.encoding == text.codec else line.decode(text.codec).encode(encoding))


def _picked(blocks: Iterable[Block], wanted: Iterator[int]) -> Iterator[tuple[int, bytes]]:
    number = next(wanted, None)
    for block in blocks:
        lines = block.data.splitlines(keepends=True)
        while number is not None and number < block.first_line + len(lines):
            yield number, lines[number - block.first_line]
            done = number
            while number is not None and number <= done:
                number = next(wanted, None)
