"""What every reader yields: rows as text, where they stand in their file, and the rows that could not be read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

REJECT_DTYPES: dict[str, pl.DataType] = {
    "line": pl.Int64(),
    "lines": pl.Int64(),
    "field": pl.String(),
    "value": pl.String(),
    "reason": pl.String(),
    "hint": pl.String(),
}
"""``line``: where the row starts, 1 = first physical line (Parquet: first row); ``lines``: how many it takes."""

FAULT_DTYPES: dict[str, pl.DataType] = {
    "row": pl.UInt32(),
    "field": pl.String(),
    "value": pl.String(),
    "reason": pl.String(),
    "hint": pl.String(),
}
"""Cells that could not be read, by the position of their row in the batch."""

LONGEST_VALUE = 200
"""Characters of a whole line that a reject shows; the line itself is kept beside the rejects file."""


@dataclass(frozen=True)
class Batch:
    """Some rows of one file.

    ``rows`` = ``frame.height`` + ``rejects.height``: each row is in one of the two.
    """

    frame: pl.DataFrame
    """One String column per column that the source uses, in that order; null where the file has no value."""
    lines: pl.Series
    """Int64, the line where each row of ``frame`` starts."""
    spans: pl.Series
    """Int64, the number of physical lines of each row of ``frame``."""
    lists: dict[str, pl.Series] = field(default_factory=dict)
    """Column → List(String) for columns with lists; where a list is not null, the cell of ``frame`` is."""
    rejects: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REJECT_DTYPES))
    """Rows that could not be read, columns of ``REJECT_DTYPES``."""
    unnamed: dict[str, pl.Series] = field(default_factory=dict)
    """Column → Boolean, true for rows of which the file does not have the column or key at all; such rows say nothing
    about it, while an empty cell says that there is no value. Columns that all rows have are not in it."""
    faults: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FAULT_DTYPES))
    """Cells of ``frame`` that could not be read and are null there, columns of ``FAULT_DTYPES``; what that costs is
    for the check of the rows to say, since a row that is filtered costs nothing."""
    tidy: bool = False
    """Whether every cell of ``frame`` is known to be ASCII without a blank; saves looking."""

    @property
    def rows(self) -> int:
        """All rows, the rejected ones too."""
        return self.frame.height + self.rejects.height

    def only(self, mask: pl.Series) -> "Batch":
        """The rows for which ``mask`` is true, without the rejects."""
        lists = {name: series.filter(mask) for name, series in self.lists.items()}
        unnamed = {name: series.filter(mask) for name, series in self.unnamed.items()}
        frame, lines, spans = self.frame.filter(mask), self.lines.filter(mask), self.spans.filter(mask)
        faults = self.faults
        if faults.height:
            kept = mask.arg_true().to_frame("row").with_row_index("new").with_columns(pl.col("row").cast(pl.UInt32))
            faults = (
                faults.join(kept, on="row", maintain_order="left").with_columns(row="new").select(list(FAULT_DTYPES))
            )
        return Batch(frame, lines, spans, lists, unnamed=unnamed, faults=faults, tidy=self.tidy)


def without_columns(batch: Batch, columns: Iterable[str]) -> Batch:
    """The batch of a file that does not have these columns."""
    absent = pl.Series([True], dtype=pl.Boolean).new_from_index(0, batch.frame.height)
    return replace(batch, unnamed={**batch.unnamed, **dict.fromkeys(columns, absent)})


@dataclass(frozen=True)
class Reject:
    """A row that could not be read."""

    line: int
    lines: int
    field: str
    value: str
    reason: str
    hint: str


@dataclass(frozen=True)
class Fault:
    """A cell that could not be read."""

    row: int
    field: str
    value: str
    reason: str
    hint: str


def fault_frame(faults: Sequence[Fault]) -> pl.DataFrame:
    """The faults as a frame of ``FAULT_DTYPES``."""
    columns = {name: [getattr(f, name) for f in faults] for name in FAULT_DTYPES}
    return pl.DataFrame(columns, schema=FAULT_DTYPES)


def reject_frame(rejects: Sequence[Reject]) -> pl.DataFrame:
    """The rejects as a frame of ``REJECT_DTYPES``."""
    columns = {name: [getattr(r, name) for r in rejects] for name in REJECT_DTYPES}
    return pl.DataFrame(columns, schema=REJECT_DTYPES)


def shortened(text: str) -> str:
    r"""A line as a reject shows it: no line end, bad bytes as ``\xNN``, not longer than ``LONGEST_VALUE``."""
    line = text.rstrip("\r\n")
    try:
        raw = line.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a pair of surrogates, which stands for no byte
        raw = line.encode("utf-8", "surrogatepass")
    shown = raw.decode("utf-8", "backslashreplace")
    return shown if len(shown) <= LONGEST_VALUE else shown[:LONGEST_VALUE] + "…"


def text_batch(
    columns: dict[str, list[str | None]], lines: list[int], spans: list[int], rejects: Sequence[Reject]
) -> Batch:
    """A batch of plain cells from Python lists, one per column."""
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String()))
    return Batch(
        frame,
        pl.Series("line", lines, dtype=pl.Int64),
        pl.Series("lines", spans, dtype=pl.Int64),
        rejects=reject_frame(rejects),
    )
