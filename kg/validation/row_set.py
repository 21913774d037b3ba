"""The rows of a batch while they are checked: cells by column, and the first fault of each row."""

import polars as pl

from kg.mapping.source import Source
from kg.readers.batch import REJECT_DTYPES, Batch
from kg.values.cells import trimmed
from kg.values.number import Parsed
from kg.values.tail_cells import Cells


class RowSet:
    """Rows under check. ``bad`` marks the rows that have a fault; only the first fault of a row is kept."""

    def __init__(self, batch: Batch, source: Source) -> None:
        self._batch, self._nulls = batch, source.null
        self.bad = pl.Series("bad", [False]).new_from_index(0, batch.frame.height)
        self._rejects = [batch.rejects]

    @property
    def rejects(self) -> pl.DataFrame:
        """The faulty rows, columns of ``REJECT_DTYPES``, with those that the reader found."""
        return pl.concat(self._rejects)

    @property
    def batch(self) -> Batch:
        """The rows as they came."""
        return self._batch

    def single(self, column: str) -> pl.Series:
        """The trimmed cells of a column that must hold one value per row; a list there is a fault."""
        listed = self._batch.lists.get(column)
        if listed is not None:
            shown = listed.list.join(" | ", ignore_nulls=True)
            self.fault(listed.is_not_null(), column, "a list where one value is needed", "write one value", shown)
        return self.cells(column).single

    def cells(self, column: str) -> Cells:
        """The cells of a column that may hold lists."""
        return Cells(
            trimmed(self._batch.frame.get_column(column), self._nulls, self._batch.tidy), self._batch.lists.get(column)
        )

    def parsed(self, column: str, result: Parsed) -> pl.Series:
        """The values of cells that were read as some type; what could not be read is a fault."""
        self.fault(result.reason.is_not_null(), column, result.reason, result.hint)
        return result.values

    def fault(
        self,
        mask: pl.Series,
        column: str,
        reason: str | pl.Series,
        hint: str | pl.Series,
        value: pl.Series | None = None,
    ) -> None:
        """Mark rows as faulty.

        :param column: the column to blame.
        :param reason: for all of them, or one per row of the batch; ``hint`` likewise.
        :param value: what to show, one per row of the batch; the cell as it came where absent.
        """
        mask = mask & ~self.bad
        if not mask.any():
            return
        self.bad = self.bad | mask
        count = int(mask.sum())
        shown = self._batch.frame.get_column(column) if value is None else value
        columns = {
            "line": self._batch.lines.filter(mask),
            "lines": self._batch.spans.filter(mask),
            "field": _repeated(column, count),
            "value": shown.filter(mask).fill_null(""),
            "reason": reason.filter(mask) if isinstance(reason, pl.Series) else _repeated(reason, count),
            "hint": hint.filter(mask) if isinstance(hint, pl.Series) else _repeated(hint, count),
        }
        self._rejects.append(pl.DataFrame(columns, schema=REJECT_DTYPES))


def _repeated(text: str, count: int) -> pl.Series:
    return pl.Series([text], dtype=pl.String).new_from_index(0, count)
