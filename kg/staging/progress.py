"""Tells how far one stage of a load has come, with rows and rows per second."""

import time

from kg.counting import by_number
from kg.progress import Progress


class StageProgress:
    """One stage: the reading of a file, or the writing.

    :param total: bytes of the file, or rows to write.
    """

    def __init__(self, progress: Progress, stage: str, total: int) -> None:
        self._progress, self._stage, self._total = progress, stage, total
        self._rows, self._done, self._start = 0, 0, time.monotonic()
        progress(stage, 0, total)

    def advance(self, rows: int, done: int, what: str = "") -> None:
        """So many more rows, which are so much more of the total.

        :param what: of which type or relation they are.
        """
        self._rows, self._done = self._rows + rows, self._done + done
        self._tell(what)

    def finish(self) -> None:
        """All is done."""
        self._done = self._total
        self._tell("")

    def _tell(self, what: str) -> None:
        seconds = time.monotonic() - self._start
        speed = f", {self._rows / seconds:,.0f} rows/s" if seconds else ""
        self._progress(
            self._stage,
            self._done,
            self._total,
            f"{what}{': ' * bool(what)}{by_number(f'{self._rows:,} [row|rows]')}{speed}",
        )
