"""Timestamps: ISO 8601 and epoch numbers; int64 milliseconds since 1970 UTC.

Epoch seconds, milliseconds, microseconds and nanoseconds are told apart by size. Eight digits that are a calendar day,
``20240109``, are that day, since as an epoch they would lie in 1970; so are fourteen with the time, which would lie
after 2600. A leap second, ``23:59:60``, is the second after it, and ``24:00:00`` the day after at 00:00. Dates as
people write them are read where they mean one day only: ``2024/1/9``, ``9 Jan 2024``, ``Tue, 09 Jan 2024 10:00:00
GMT``. Whether ``01/02/2024`` is in January or February has to be told.
"""

import re
from datetime import UTC, datetime

import polars as pl

from kg.instant import DAY
from kg.mapping.file_format import DateOrder
from kg.values.cells import half_width, masked
from kg.values.epoch import EARLIEST, LATEST, SECONDS_BELOW
from kg.values.number import Parsed, no_reasons, reasons

_DAYS = (19_900_101, 21_001_231)
_MOMENTS = (19_900_101_000_000, 21_001_231_235_959)
_SHEET_DAYS = (32_874, 73_415)
"""1990 to 2100, as a spreadsheet counts days."""

_DIGITS = 19
_EPOCH = rf"^[+-]?[0-9]{{1,{_DIGITS}}}(\.[0-9]+)?$"
_ISO = re.compile(r"^[0-9]{4}-?([0-9]{2}-?[0-9]{2}|W[0-9]{2}(-?[0-9])?)([T t][0-9]{2}.*)?$")
_LEAP = re.compile(r"(?<=[0-9]:[0-9]{2}:)60(?![0-9:])|(?<=[Tt][0-9]{4})60(?![0-9:])")
"""A second of 60, which only the minute before a midnight of UTC may have."""
_MIDNIGHT = re.compile(
    r"(?<=[Tt ])24(?=(?::00){1,2}(?:[.,]0+)?(?![0-9:.,]))|(?<=[Tt])24(?=(?:00){1,2}(?:[.,]0+)?(?![0-9:.,]))"
)
_SECOND = 1_000
_ZONE = re.compile(r" ?(?:UTC|GMT|Z)$", re.IGNORECASE)
_MONTHS = {name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_MONTH = r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
_MONTH += r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,? +)?"
_TIME = r"(?:(?:[ T]|, ?)+(?P<time>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?) ?(?P<half>[AP]M)?"
_TIME += r"(?: ?(?:Z|UTC|GMT|(?:UTC|GMT)?(?P<offset>[+-][0-9]{2}:?(?:[0-9]{2})?))(?: ?[(\[][^()\[\]]*[)\]])?)?)?$"
_WRITTEN = tuple(
    re.compile(f"^{day}{_TIME}", re.IGNORECASE | re.ASCII)
    for day in (
        r"(?P<year>[0-9]{4})(?:([-/.])(?P<month>[0-9]{1,2})\2|年(?P<month2>[0-9]{1,2})月)(?P<day>[0-9]{1,2})日?",
        rf"{_WEEKDAY}(?P<day>[0-9]{{1,2}})[- ]{_MONTH}[- ,]+(?P<year>[0-9]{{4}})",
        rf"{_WEEKDAY}{_MONTH} +(?P<day>[0-9]{{1,2}})(?:, *| +)(?P<year>[0-9]{{4}})",
    )
)
_UNORDERED = re.compile(
    rf"^(?P<one>[0-9]{{1,2}})([-/.])(?P<two>[0-9]{{1,2}})\2(?P<year>[0-9]{{4}}){_TIME}", re.IGNORECASE | re.ASCII
)
_HINT = (
    "write ISO 8601 (2024-01-31, 2024-01-31T10:00:00+08:00), epoch seconds or milliseconds, from 1990 to 2100; "
    'of 01/02/2024 the mapping tells dates = "day-first" or "month-first"; a spreadsheet shows its numbers of days as '
    "dates once the column is formatted so"
)


def parse_timestamps(cells: pl.Series, order: DateOrder | None = None) -> Parsed:
    """Cells as Int64 milliseconds; an instant without a zone is in UTC.

    :param cells: trimmed text, null where missing.
    :param order: of ``01/02/2024``, where told.
    """
    whole = cells.cast(pl.Int64, strict=False)
    longest = cells.str.len_bytes().max()
    if whole.null_count() == cells.null_count() and isinstance(longest, int) and longest <= _DIGITS:
        return _in_range(cells, whole.to_frame("n").select(_epoch(pl.col("n"))))
    cells = half_width(cells)
    numeric = cells.str.contains(_EPOCH).fill_null(False)
    epoch = masked(cells, ~numeric)
    whole = epoch.str.extract(r"^([+-]?[0-9]+)", 1).cast(pl.Int64, strict=False)
    millis = whole.to_frame("n").select(_epoch(pl.col("n"))).to_series()
    if epoch.str.contains(".", literal=True).any():
        exact = (epoch.cast(pl.Float64) * 1000).round().cast(pl.Int64, strict=False)
        with_fraction = epoch.str.contains(".", literal=True) & (whole.abs() < SECONDS_BELOW)
        frame = pl.DataFrame({"exact": exact, "millis": millis, "fraction": with_fraction.fill_null(False)})
        millis = frame.select(pl.when("fraction").then("exact").otherwise("millis")).to_series()
    values = pl.DataFrame({"epoch": millis, "iso": _from_text(masked(cells, numeric), order)})
    return _in_range(cells, values.select(pl.coalesce("epoch", "iso").alias("timestamp")))


def _epoch(number: pl.Expr) -> pl.Expr:
    """Milliseconds of an epoch number, or of a day in eight digits."""
    size, month, day = number.abs(), number // 100 % 100, number % 100
    looks_like_day = number.is_between(*_DAYS) & month.is_between(1, 12) & day.is_between(1, 31)
    date = pl.when(looks_like_day).then(number).cast(pl.String).str.to_date("%Y%m%d", strict=False)
    leap, midnight = (number % 1_000_000 == 235_960).cast(pl.Int64), (number % 1_000_000 == 240_000).cast(pl.Int64)
    moment = pl.when(number.is_between(*_MOMENTS)).then(number - leap - midnight * 240_000).cast(pl.String)
    moment = moment.str.to_datetime("%Y%m%d%H%M%S", time_unit="ms", strict=False).cast(pl.Int64)
    moment += leap * _SECOND + midnight * DAY
    epoch = (
        pl.when(size < SECONDS_BELOW)
        .then(number * 1000)
        .when(size < SECONDS_BELOW * 1_000)
        .then(number)
        .when(size < SECONDS_BELOW * 1_000_000)
        .then(number // 1_000)
        .otherwise(number // 1_000_000)
    )
    return pl.coalesce(date.cast(pl.Datetime("ms")).cast(pl.Int64), moment, epoch)


def _in_range(cells: pl.Series, instants: pl.DataFrame) -> Parsed:
    millis = instants.to_series().alias("timestamp")
    good = masked(millis, ~((millis >= EARLIEST) & (millis < LATEST)).fill_null(False))
    if good.null_count() == cells.null_count():
        return Parsed(good, no_reasons(cells), _HINT)
    special = {
        "timestamp out of range": millis.is_not_null(),
        "day or month first is not told": cells.str.contains(r"^[0-9]{1,2}([-/.])[0-9]{1,2}[-/.][0-9]{4}\b"),
        "looks like a spreadsheet's number of a day": millis.is_between(_SHEET_DAYS[0] * 1000, _SHEET_DAYS[1] * 1000),
    }
    return Parsed(good, reasons(cells, good, "not a timestamp", special), _HINT)


def _from_text(cells: pl.Series, order: DateOrder | None) -> pl.Series:
    texts = cells.drop_nulls().unique()
    results = [_milliseconds(text, order) for text in texts]
    table = pl.DataFrame({"x": texts, "result": results}, schema={"x": pl.String, "result": pl.Int64})
    return cells.to_frame("x").join(table, on="x", how="left", maintain_order="left").get_column("result")


def _milliseconds(text: str, order: DateOrder | None) -> int | None:
    leap, midnight = _LEAP.search(text), _MIDNIGHT.search(text)
    if leap is None and midnight is None:
        return _instant(text, order)
    found = _instant(_MIDNIGHT.sub("00", _LEAP.sub("59", text)), order)
    if found is None or (leap is not None and found // _SECOND % 86_400 != 86_399):
        return None
    return found + _SECOND * (leap is not None) + DAY * (midnight is not None)


def _instant(text: str, order: DateOrder | None) -> int | None:
    zoned = _ZONE.sub("+00:00", text) if " " in text or "T" in text.upper() else text
    try:
        moment = datetime.fromisoformat(zoned) if _ISO.match(zoned) else _written(text, order)
    except ValueError:
        try:
            moment = _written(text, order)
        except ValueError:
            return None
    if moment is None:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def _written(text: str, order: DateOrder | None) -> datetime | None:
    """A date as people write it, where it means one day only.

    :raises ValueError: where it means none.
    """
    for pattern in _WRITTEN:
        if found := pattern.match(text):
            parts = found.groupdict()
            month = _MONTHS[parts["name"][:3].lower()] if parts.get("name") else int(parts["month"] or parts["month2"])
            return _moment(parts, month, int(parts["day"]))
    found = _UNORDERED.match(text)
    if found is None or order is None:
        return None
    one, two = int(found["one"]), int(found["two"])
    day, month = (one, two) if order == "day-first" else (two, one)
    return _moment(found.groupdict(), month, day)


def _moment(parts: dict[str, str | None], month: int, day: int) -> datetime:
    hour, _, rest = (parts["time"] or "00:00").partition(":")
    if half := (parts["half"] or "").upper():
        if not 1 <= int(hour) <= 12:
            raise ValueError
        hour = str(int(hour) % 12 + 12 * (half == "PM"))
    text = f"{parts['year']}-{month:02d}-{day:02d}T{int(hour):02d}:{rest}{parts['offset'] or ''}"
    return datetime.fromisoformat(text)
