"""The rows of a batch while they are checked: cells by column, the first fault of each row, and cells left out."""

import polars as pl

from kg.mapping.source import Source
from kg.notices import Notices
from kg.readers.batch import REJECT_DTYPES, Batch
from kg.values.cells import trimmed
from kg.values.markup import markup_cells, plain_text
from kg.values.number import Parsed
from kg.values.tail_cells import Cells
from kg.values.whole_ids import WholeIds

_LIST = "a list where one value is needed"


class RowSet:
    """Rows under check. ``bad`` marks the rows that have a fault; only the first fault of a row is kept.

    A cell that a row can do without costs only itself: it is kept among ``left_out``.
    """

    def __init__(self, batch: Batch, source: Source, place: str, notices: Notices, whole: WholeIds) -> None:
        self.whole = whole
        self._batch, self._source, self._place, self._notices = batch, source, place, notices
        self.bad = pl.Series("bad", [False]).new_from_index(0, batch.frame.height)
        self._rejects = [batch.rejects]
        self._unread: list[tuple[pl.Series, pl.DataFrame]] = []
        self._cells: dict[str, pl.Series] = {}

    @property
    def rejects(self) -> pl.DataFrame:
        """The faulty rows, columns of ``REJECT_DTYPES``, with those that the reader found."""
        return pl.concat(self._rejects)

    @property
    def left_out(self) -> pl.DataFrame:
        """The cells that good rows do without, since they could not be read; columns of ``REJECT_DTYPES``."""
        frames = [frame.filter(~self.bad.filter(mask)) for mask, frame in self._unread]
        return pl.concat([pl.DataFrame(schema=REJECT_DTYPES), *frames])

    def unread(self, column: str) -> pl.Series:
        """Which rows have a cell in a column that was left out."""
        found = pl.Series([False], dtype=pl.Boolean).new_from_index(0, self.count)
        for mask, frame in self._unread:
            if frame.get_column("field")[0] == column:
                found = found | mask
        return found

    @property
    def batch(self) -> Batch:
        """The rows as they came."""
        return self._batch

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self._batch.frame.height

    def single(self, column: str, needed: bool = True) -> pl.Series:
        """The trimmed cells of a column that must hold one value per row.

        :param needed: whether a list there is a fault of its row; else the cell is left out.
        """
        self._check(column, needed)
        return self.cells(column).single

    def ids(self, column: str) -> pl.Series:
        """The trimmed cells of a column of ids, of which only the empty ones are missing."""
        self._check(column, needed=True)
        texts = self._translated(column)
        return self.whole.cells(column, texts, self._source.id_nulls, self._batch.tidy)

    def cells(self, column: str) -> Cells:
        """The cells of a column that may hold lists."""
        if column not in self._cells:
            texts = self._translated(column)
            found = trimmed(texts, self._source.null, self._batch.tidy)
            if found.null_count() > texts.null_count():
                self._tell_blanked(column, texts, found)
            self._cells[column] = found
        return Cells(self._cells[column], self._batch.lists.get(column))

    def parsed(self, column: str, result: Parsed, needed: bool = True) -> pl.Series:
        """The values of cells that were read as some type.

        :param needed: whether what could not be read is a fault of its row; else the cell is left out.
        """
        self.fault(result.reason.is_not_null(), column, result.reason, result.hint, needed=needed)
        return result.values

    def fault(
        self,
        mask: pl.Series,
        column: str,
        reason: str | pl.Series,
        hint: str | pl.Series,
        value: pl.Series | None = None,
        needed: bool = True,
    ) -> None:
        """Mark rows as faulty, or only their cells as left out.

        :param column: the column to blame.
        :param reason: for all of them, or one per row of the batch; ``hint`` likewise.
        :param value: what to show, one per row of the batch; the cell as it came where absent.
        :param needed: whether the row cannot do without; else the cell is left out.
        """
        if needed:
            mask = mask & ~self.bad  # the first fault of a row is told
        if not mask.any():
            return
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
        told = pl.DataFrame(columns, schema=REJECT_DTYPES)
        if needed:
            self.bad = self.bad | mask
            self._rejects.append(told)
        else:
            self._unread.append((mask, told))

    def _check(self, column: str, needed: bool) -> None:
        """Lists where one value is needed, and what the reader could not read."""
        listed = self._batch.lists.get(column)
        if listed is not None:
            shown = listed.list.join(" | ", ignore_nulls=True)
            self.fault(listed.is_not_null(), column, _LIST, "write one value", shown, needed)
        self.check_cells(column, needed)

    def check_cells(self, column: str, needed: bool) -> None:
        """Cells of a column that the reader could not read."""
        faults = self._batch.faults.filter(pl.col("field") == column) if self._batch.faults.height else None
        if faults is None or not faults.height:
            return
        positions = pl.DataFrame({"row": pl.Series(range(self.count), dtype=pl.UInt32)})
        found = positions.join(faults.unique("row", keep="first"), on="row", how="left", maintain_order="left")
        reason, hint, value = (found.get_column(name) for name in ("reason", "hint", "value"))
        self.fault(reason.is_not_null(), column, reason, hint, value, needed)

    def _translated(self, column: str) -> pl.Series:
        """The cells of a column: markup taken out and words replaced where the mapping says so, else told."""
        texts = self._batch.frame.get_column(column)
        if self._source.html:
            texts = plain_text(texts)
        elif not self._batch.tidy and column not in self._source.ingredient_columns:
            sentence = f"{{n}} [cell|cells] of {column!r} [holds|hold] HTML, such as &amp; or <p>"
            sentence += "; html = true (mapping) takes it out"
            self._notices.add(self._place, sentence, markup_cells(texts))
        words = self._source.values.get(column)
        if not words:
            return texts
        folded = {word.casefold(): meaning for word, meaning in words.items()}
        meant = trimmed(texts, ()).str.to_lowercase().replace_strict(folded, default=None, return_dtype=pl.String)
        return pl.DataFrame({"x": texts, "meant": meant}).select(pl.coalesce("meant", "x").alias(column)).to_series()

    def _tell_blanked(self, column: str, texts: pl.Series, found: pl.Series) -> None:
        """Words that were taken for "no value" are told: one of them may be somebody's name."""
        blanked = texts.filter(found.is_null() & (texts.str.len_bytes() > 0).fill_null(False))
        words = [word for word in blanked.str.strip_chars().unique().sort() if word]
        for word in words:
            sentence = f'{{n}} [cell|cells] of {column!r} [spells|spell] "no value" ({word})'
            sentence += "; null in the mapping says what does"
            self._notices.add(self._place, sentence, int((blanked.str.strip_chars() == word).sum()))


def _repeated(text: str, count: int) -> pl.Series:
    return pl.Series([text], dtype=pl.String).new_from_index(0, count)
