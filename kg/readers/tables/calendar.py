"""Dates and times of typed tables that no calendar has: beyond the years 1 to 9999, polars panics and Python gives up.

Databases write them for "for ever", ``infinity``; they are faults of their cells.
"""

from typing import Any

import polars as pl

from kg.readers.batch import FAULT_DTYPES

DType = Any
_SECOND = {"ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_SECONDS = (-62_135_596_800, 253_402_300_799)
"""From 0001-01-01 to the end of 9999, since 1970."""
_DAYS = (-719_162, 2_932_896)


def within_calendar(column: pl.Series, name: str, faults: list[pl.DataFrame]) -> pl.Series:
    """A column of dates or times, or of lists of them, with null for cells beyond the calendar.

    :param faults: what such cells are added to, columns of ``FAULT_DTYPES``.
    """
    listed = isinstance(column.dtype, pl.List)
    inner = column.dtype.inner if isinstance(column.dtype, pl.List) else column.dtype
    number = column.cast(counted(column.dtype))
    low, high = _moments(inner.time_unit) if isinstance(inner, pl.Datetime) else _DAYS
    bounds = pl.DataFrame(
        {"low": number.list.min(), "high": number.list.max()} if listed else {"low": number, "high": number}
    )
    beyond = bounds.select(((pl.col("low") < low) | (pl.col("high") > high)).fill_null(False)).to_series()
    if not beyond.any():
        return column
    at = beyond.arg_true().cast(pl.UInt32)
    reason, hint = "beyond the year 9999", "write no value, or a date of the calendar"
    columns = {"row": at, "field": name, "value": "", "reason": reason, "hint": hint}
    faults.append(pl.DataFrame(columns, schema=FAULT_DTYPES))
    return (
        pl.DataFrame([column.alias("x"), beyond.alias("beyond")])
        .select(pl.when(~pl.col("beyond")).then("x"))
        .to_series()
    )


def counted(dtype: DType) -> DType:
    """The type with whole numbers in place of dates and times, wherever in it they are."""
    if isinstance(dtype, pl.Datetime):
        return pl.Int64()
    if dtype == pl.Date:
        return pl.Int32()
    if isinstance(dtype, pl.List):
        return pl.List(counted(dtype.inner))
    if isinstance(dtype, pl.Array):
        return pl.Array(counted(dtype.inner), dtype.size)
    if isinstance(dtype, pl.Struct):
        return pl.Struct([pl.Field(field.name, counted(field.dtype)) for field in dtype.fields])
    return dtype


def _moments(unit: str) -> tuple[int, int]:
    low, high = (max(min(seconds * _SECOND[unit], 2**63 - 1), -(2**63)) for seconds in _SECONDS)
    return low, high


def times_as_text(times: pl.Series, unit: str) -> pl.Series:
    """Times of day as text, ``09:30:00``, with a fraction where there is one; more than 24 hours, and less than none,
    too: databases keep intervals in such columns.

    :param times: Int32 or Int64, counted in ``unit``: ``s``, ``ms``, ``us``, ``ns``.
    """
    one = {"s": 1, **_SECOND}[unit]
    number = pl.col("n").cast(pl.Int64)
    size = number.abs().cast(pl.UInt64)
    second = size // one
    clock = [(second // 3600), (second // 60 % 60), (second % 60)]
    parts = [part.cast(pl.String).str.zfill(2) for part in clock]
    digits = (size % one).cast(pl.String).str.zfill(len(str(one)) - 1).str.strip_chars_end("0")
    fraction = pl.when(digits == "").then(pl.lit("")).otherwise(pl.lit(".") + digits) if one > 1 else pl.lit("")
    sign = pl.when(number < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    text = sign + pl.concat_str(parts, separator=":") + fraction
    return pl.DataFrame({"n": times}).select(text.alias(times.name)).to_series()
