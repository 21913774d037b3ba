"""Currencies of amounts: the codes and signs that are written with them, and amounts turned into one currency."""

from collections.abc import Mapping

import polars as pl

from kg.money import SIGNS

_CODE = r"(?:^|[^A-Za-z])([A-Z]{3})(?:[^A-Za-z]|$)"
_SIGN = r"(\p{Sc}|元|円|원)"


def currencies(cells: pl.Series, expected: str | None) -> pl.Series:
    """The code that each amount is written with; null where there is none.

    :param expected: where a sign may stand for several currencies and this is one of them, it is this one.
    """
    meant = {sign: expected if expected in codes else codes[0] for sign, codes in SIGNS.items()}
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
