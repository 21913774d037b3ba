"""Ids that are whole numbers written with ``.0``: 101 as libraries write it that keep missing values beside them."""

from collections.abc import Sequence

import polars as pl

from kg.values.cells import trimmed

WHOLE = r"^[0-9]{1,15}\.0$"
_DIGITS = r"^[0-9]{1,15}$"


class WholeIds:
    """Which columns of one file hold such ids: those whose first cells, as many as are read at once, are nothing else.

    One other cell among them, such as ``1.5``, and they are versions or codes. It is decided once per file and column,
    so that no id is read in two ways: what comes later, and says otherwise, is told.
    """

    def __init__(self) -> None:
        self._whole: dict[str, bool] = {}

    def cells(self, column: str, series: pl.Series, nulls: Sequence[str], tidy: bool = False) -> pl.Series:
        """Cells of ids: trimmed, without ``.0`` where the column holds such ids.

        :param tidy: whether there are no ``BLANKS`` for sure.
        """
        ids = trimmed(series, nulls, tidy)
        if column not in self._whole:
            there = ids.drop_nulls()
            if there.is_empty():
                return ids
            self._whole[column] = there[0].endswith(".0") and bool(there.str.contains(WHOLE).all())
        return without_fraction(ids) if self._whole[column] else ids

    def told(self, column: str) -> bool:
        """Whether a column holds such ids, as far as is known."""
        return self._whole.get(column, False)


def without_fraction(ids: pl.Series) -> pl.Series:
    """``101`` for each ``101.0``; other ids as they are."""
    if not ids.str.ends_with(".0").any():
        return ids
    if ids.str.contains(WHOLE).all():  # which is faster
        return ids.str.strip_suffix(".0")
    return ids.str.replace(r"^([0-9]{1,15})\.0$", "${1}")


def others(ids: pl.Series) -> int:
    """How many ids are no whole numbers."""
    return int((~ids.str.contains(_DIGITS)).sum() or 0)


def others_told(column: str) -> str:
    """What is said of them in a column of whole numbers."""
    sentence = f"{{n}} [id|ids] in {column!r} [is no whole number|are no whole numbers], though the first ones are, "
    return (
        sentence + "written as 101.0, and were read as 101; where these are versions or codes, write the column as text"
    )
