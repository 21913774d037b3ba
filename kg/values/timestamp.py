"""Timestamps: ISO 8601, epoch seconds and epoch milliseconds, told apart by size; int64 milliseconds since 1970 UTC."""

import re
from datetime import UTC, datetime

import polars as pl

from kg.values.cells import masked
from kg.values.number import Parsed, reasons

EARLIEST = int(datetime(1990, 1, 1, tzinfo=UTC).timestamp() * 1000)
LATEST = int(datetime(2101, 1, 1, tzinfo=UTC).timestamp() * 1000)
SECONDS_BELOW = 100_000_000_000
"""An epoch number below this counts seconds (till the year 5138), one above milliseconds (from March 1973)."""

_DIGITS = 18
_EPOCH = rf"^[+-]?[0-9]{{1,{_DIGITS}}}(\.[0-9]+)?$"
_ISO = re.compile(r"^[0-9]{4}-?([0-9]{2}-?[0-9]{2}|W[0-9]{2}(-?[0-9])?)([T t][0-9]{2}.*)?$")
_HINT = "write ISO 8601 (2024-01-31, 2024-01-31T10:00:00+08:00), epoch seconds or milliseconds, from 1990 to 2100"


def parse_timestamps(cells: pl.Series) -> Parsed:
    """Cells as Int64 milliseconds; an instant without a zone is in UTC.

    :param cells: trimmed text, null where missing.
    """
    whole = cells.cast(pl.Int64, strict=False)
    longest = cells.str.len_bytes().max()
    if whole.null_count() == cells.null_count() and isinstance(longest, int) and longest <= _DIGITS:
        return _in_range(cells, pl.select(pl.when(whole.abs() < SECONDS_BELOW).then(whole * 1000).otherwise(whole)))
    numeric = cells.str.contains(_EPOCH).fill_null(False)
    epoch = masked(cells, ~numeric)
    whole = epoch.str.extract(r"^([+-]?[0-9]+)", 1).cast(pl.Int64, strict=False)
    exact = whole * 1000
    if epoch.str.contains(".", literal=True).any():
        exact = (epoch.cast(pl.Float64) * 1000).round().cast(pl.Int64, strict=False)
    as_seconds = (whole.abs() < SECONDS_BELOW).fill_null(False)
    values = pl.DataFrame({"s": exact, "ms": whole, "seconds": as_seconds, "iso": _from_iso(masked(cells, numeric))})
    return _in_range(
        cells, values.select(pl.coalesce(pl.when("seconds").then("s").otherwise("ms"), "iso").alias("timestamp"))
    )


def _in_range(cells: pl.Series, instants: pl.DataFrame) -> Parsed:
    millis = instants.to_series().alias("timestamp")
    good = masked(millis, ~((millis >= EARLIEST) & (millis < LATEST)).fill_null(False))
    why = reasons(cells, good, "not a timestamp", {"timestamp out of range": millis.is_not_null()})
    return Parsed(good, why, _HINT)


def _from_iso(cells: pl.Series) -> pl.Series:
    texts = cells.drop_nulls().unique()
    table = pl.DataFrame(
        {"x": texts, "result": [_milliseconds(text) for text in texts]}, schema={"x": pl.String, "result": pl.Int64}
    )
    return cells.to_frame("x").join(table, on="x", how="left", maintain_order="left").get_column("result")


def _milliseconds(text: str) -> int | None:
    if not _ISO.match(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
