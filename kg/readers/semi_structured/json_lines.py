"""JSON Lines: one object per line. Blank lines are no rows."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from kg.errors import ReadError
from kg.mapping.source import Source
from kg.notices import Notices
from kg.readers.batch import Batch
from kg.readers.physical_lines import Block, PhysicalLines, copy_lines
from kg.readers.progress import MeasuredReader
from kg.readers.semi_structured.json_rows import BadRowError, JsonRows, parsed
from kg.readers.semi_structured.nested_keys import names_in

_LINES = 1_000
"""Lines that are looked at for the names of keys."""


class JsonLinesReader(MeasuredReader):
    """Reads one JSON Lines file."""

    def __init__(self, path: Path, place: str, source: Source, wanted: Sequence[str], notices: Notices) -> None:
        """Open the file.

        :param place: how messages name it.
        :param wanted: the keys to read, or paths to nested ones.
        :raises ReadError: where it cannot be opened or is text of another encoding for sure.
        """
        self._place, self._rows = place, JsonRows(place, source, wanted, notices)
        self.text = PhysicalLines(path, place, source.encoding, notices)
        super().__init__(self.text)

    def columns(self) -> list[str]:
        """The keys of the first lines, nested ones as paths."""
        names: dict[str, None] = {}
        for raw in next(self.text.blocks()).data.splitlines()[:_LINES]:
            try:
                names |= dict.fromkeys(names_in(parsed(raw.decode(self.text.codec))))
            except (BadRowError, UnicodeDecodeError):
                continue
        return list(names)

    def batches(self) -> Iterator[Batch]:
        """All rows, once, in the order of the file.

        :raises ReadError: for an empty file, for a JSON array, where a mapped key is in no row, and what
            :class:`~kg.readers.physical_lines.PhysicalLines` raises.
        """
        rows = objects = 0
        for block in self.text.blocks():
            if not rows and block.data.lstrip()[:1] == b"[":
                raise ReadError(
                    f'{self._place}: this is a JSON array, not JSON Lines; name it .json, or tell format = "json"'
                )
            if block.is_blank:
                continue
            self._read(block)
            batch = self._rows.batch()
            if batch.rows:
                rows += batch.rows
                objects += batch.frame.height
                yield batch
        if not rows:
            raise ReadError(f"{self._place}: the file is empty; export it again, or leave it out")
        if objects:
            self._rows.check_keys()

    def _read(self, block: Block) -> None:
        for line, raw in enumerate(block.data.splitlines(keepends=True), block.first_line):
            if not raw.strip():
                continue
            try:
                text = raw.decode(self.text.codec)
            except UnicodeDecodeError:
                shown = raw.decode(self.text.codec, "backslashreplace")
                self._rows.reject(
                    line, "", "invalid bytes for the encoding", "correct them, or tell the encoding", shown
                )
            else:
                self._rows.add_text(line, text)

    def copy_rows(self, target: Path, rows: Sequence[tuple[int, int]], keeps: Callable[[str], bool]) -> None:
        """Write the lines of rows."""
        wanted = (line for at, n in rows for line in range(at, at + n))
        copy_lines(self.text, self.text.blocks(), wanted, target, keeps)
