"""Currencies of amounts: the codes and signs that are written with them, and amounts turned into one currency."""

import csv
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from kg.errors import MappingError

_CODE = r"(?:^|[^A-Za-z])([A-Z]{3})(?:[^A-Za-z]|$)"
_SIGN = r"(\p{Sc}|元|円|원)"
_SIGNS = {
    **{"€": ("EUR",), "£": ("GBP",), "₹": ("INR",), "₽": ("RUB",), "₩": ("KRW",), "원": ("KRW",), "₺": ("TRY",)},
    **{"¥": ("CNY", "JPY"), "￥": ("CNY", "JPY"), "元": ("CNY",), "円": ("JPY",)},
    "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN"),
}
"""What a sign may stand for, the likeliest first."""


def currencies(cells: pl.Series, expected: str | None) -> pl.Series:
    """The code that each amount is written with; null where there is none.

    :param expected: where a sign may stand for several currencies and this is one of them, it is this one.
    """
    meant = {sign: expected if expected in codes else codes[0] for sign, codes in _SIGNS.items()}
    code = cells.str.extract(_CODE, 1)
    sign = cells.str.extract(_SIGN, 1).replace_strict(meant, default=None, return_dtype=pl.String)
    return pl.DataFrame({"code": code, "sign": sign}).select(pl.coalesce("code", "sign").alias("currency")).to_series()


def most_frequent(codes: pl.Series) -> str | None:
    """The currency of most amounts; of equally frequent ones the first by name."""
    counts = codes.drop_nulls().value_counts(name="n").sort("n", codes.name, descending=[True, False])
    return str(counts.item(0, codes.name)) if counts.height else None


def converted(amounts: pl.Series, codes: pl.Series, wanted: str, rates: Mapping[str, float]) -> pl.Series:
    """Amounts in one currency; null where there is no rate.

    :param codes: of each amount; null: it is in the wanted one.
    :param rates: currency → units of the wanted one for one of its own.
    """
    factors = {**rates, wanted: 1.0}
    factor = codes.fill_null(wanted).replace_strict(factors, default=None, return_dtype=pl.Float64)
    return amounts * factor


def read_rates(path: Path) -> dict[str, float]:
    """A file of rates: CSV with ``currency`` and ``rate``, units of the schema's currency for one of that one.

    :raises MappingError: where it is none.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rates = {row["currency"].strip(): float(row["rate"]) for row in csv.DictReader(lines)}
    except (OSError, ValueError, KeyError, AttributeError, csv.Error) as problem:
        raise MappingError(f"{path}: no file of rates, with the columns currency and rate: {problem}") from None
    bad = [code for code, rate in rates.items() if not 0 < rate < float("inf")]
    if bad:
        raise MappingError(f"{path}: the rate of {bad[0]} is not above 0")
    return rates
