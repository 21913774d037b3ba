"""Timestamps: ISO 8601 and epoch numbers; int64 milliseconds since 1970 UTC.

Epoch seconds, milliseconds, microseconds and nanoseconds are told apart by size. Eight digits that are a calendar day,
``20240109``, are that day, since as an epoch they would lie in 1970.
"""

import re
from datetime import UTC, datetime

import polars as pl

from kg.values.cells import masked
from kg.values.number import Parsed, reasons

EARLIEST = int(datetime(1990, 1, 1, tzinfo=UTC).timestamp() * 1000)
LATEST = int(datetime(2101, 1, 1, tzinfo=UTC).timestamp() * 1000)
SECONDS_BELOW = 100_000_000_000
"""An epoch number below this counts seconds (till the year 5138), one above milliseconds (from March 1973), and so on
by thousands: microseconds, nanoseconds."""
_DAYS = (19_900_101, 21_001_231)

_DIGITS = 19
_EPOCH = rf"^[+-]?[0-9]{{1,{_DIGITS}}}(\.[0-9]+)?$"
_ISO = re.compile(r"^[0-9]{4}-?([0-9]{2}-?[0-9]{2}|W[0-9]{2}(-?[0-9])?)([T t][0-9]{2}.*)?$")
_ZONE = re.compile(r" ?(?:UTC|GMT|Z)$", re.IGNORECASE)
_HINT = "write ISO 8601 (2024-01-31, 2024-01-31T10:00:00+08:00), epoch seconds or milliseconds, from 1990 to 2100"


def parse_timestamps(cells: pl.Series) -> Parsed:
    """Cells as Int64 milliseconds; an instant without a zone is in UTC.

    :param cells: trimmed text, null where missing.
    """
    whole = cells.cast(pl.Int64, strict=False)
    longest = cells.str.len_bytes().max()
    if whole.null_count() == cells.null_count() and isinstance(longest, int) and longest <= _DIGITS:
        return _in_range(cells, whole.to_frame("n").select(_epoch(pl.col("n"))))
    numeric = cells.str.contains(_EPOCH).fill_null(False)
    epoch = masked(cells, ~numeric)
    whole = epoch.str.extract(r"^([+-]?[0-9]+)", 1).cast(pl.Int64, strict=False)
    millis = whole.to_frame("n").select(_epoch(pl.col("n"))).to_series()
    if epoch.str.contains(".", literal=True).any():
        exact = (epoch.cast(pl.Float64) * 1000).round().cast(pl.Int64, strict=False)
        with_fraction = epoch.str.contains(".", literal=True) & (whole.abs() < SECONDS_BELOW)
        frame = pl.DataFrame({"exact": exact, "millis": millis, "fraction": with_fraction.fill_null(False)})
        millis = frame.select(pl.when("fraction").then("exact").otherwise("millis")).to_series()
    values = pl.DataFrame({"epoch": millis, "iso": _from_iso(masked(cells, numeric))})
    return _in_range(cells, values.select(pl.coalesce("epoch", "iso").alias("timestamp")))


def _epoch(number: pl.Expr) -> pl.Expr:
    """Milliseconds of an epoch number, or of a day in eight digits."""
    size, month, day = number.abs(), number // 100 % 100, number % 100
    looks_like_day = number.is_between(*_DAYS) & month.is_between(1, 12) & day.is_between(1, 31)
    date = pl.when(looks_like_day).then(number).cast(pl.String).str.to_date("%Y%m%d", strict=False)
    epoch = (
        pl.when(size < SECONDS_BELOW)
        .then(number * 1000)
        .when(size < SECONDS_BELOW * 1_000)
        .then(number)
        .when(size < SECONDS_BELOW * 1_000_000)
        .then(number // 1_000)
        .otherwise(number // 1_000_000)
    )
    return pl.coalesce(date.cast(pl.Datetime("ms")).cast(pl.Int64), epoch)


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
    text = _ZONE.sub("+00:00", text) if " " in text or "T" in text.upper() else text
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
