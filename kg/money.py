"""Amounts of money: what currency they are in, and what one currency is worth in another."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kg.errors import MappingError

PRICE = "price"
"""The property by which rules compare what items cost."""
SIGNS: Mapping[str, tuple[str, ...]] = {
    **{"€": ("EUR",), "£": ("GBP",), "₹": ("INR",), "₽": ("RUB",), "₩": ("KRW",), "원": ("KRW",), "₺": ("TRY",)},
    **{"¥": ("CNY", "JPY"), "￥": ("CNY", "JPY"), "元": ("CNY",), "円": ("JPY",)},
    "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN"),
}
"""What a sign may stand for, the likeliest first."""
_AMOUNT = re.compile(r"([A-Za-z]{3}|\D)?\s*(\d+(?:\.\d+)?|\.\d+)\s*([A-Za-z]{3}|\D)?")


_GROUPED = re.compile(r"(?<![\d.])[1-9]\d{0,2}\.\d{3}(?![\d.])")


def check_unambiguous(text: str) -> None:
    """Refuse an amount that is a thousand for one reader and one for another, as a load does.

    :raises ValueError: saying how to write either.
    """
    if found := _GROUPED.search(text):
        whole = found[0].replace(".", "")
        raise ValueError(f"may be {whole} or {float(found[0]):g}: write it without the point, or with two decimals")


@dataclass(frozen=True)
class Amount:
    """``value`` in units of a currency: one of ``currencies`` (codes, the likeliest first); none: not said."""

    value: float
    currencies: tuple[str, ...] = ()

    @classmethod
    def parse(cls, told: float | str) -> "Amount":
        """A number, or ``30``, ``30 GBP``, ``GBP 30``, ``£30``, ``30€``.

        :raises ValueError: for anything else.
        """
        if not isinstance(told, str):
            return cls(float(told))
        text = told
        check_unambiguous(text)
        found = _AMOUNT.fullmatch(text.strip())
        if found is None or (found[1] and found[3]):
            raise ValueError("expected an amount, with or without its currency: 30, 30 GBP, £30")
        mark = found[1] or found[3]
        if mark is None:
            return cls(float(found[2]))
        codes = SIGNS.get(mark) or ((mark.upper(),) if len(mark) == 3 else ())
        if not codes:
            raise ValueError(f"{mark!r} is no currency: write its code, such as 30 GBP")
        return cls(float(found[2]), codes)

    def currency(self, expected: str | None) -> str | None:
        """The currency that is meant, where amounts are expected in one; ``None``: not said."""
        return expected if expected in self.currencies else next(iter(self.currencies), None)


def factor(have: str, wanted: str, rates: Mapping[str, float]) -> float | None:
    """Units of the wanted currency for one of that which one has; ``None`` where a rate is missing.

    :param rates: currency → units of any one currency for one of it.
    """
    if have == wanted:
        return 1.0
    return rates[have] / rates[wanted] if have in rates and wanted in rates else None


def read_rates(path: Path) -> dict[str, float]:
    """A file of rates: CSV with ``currency`` and ``rate``, units of one and the same currency for one of each.

    :raises MappingError: where it is none.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rates = {row["currency"].strip(): float(row["rate"]) for row in csv.DictReader(lines)}
    except (OSError, ValueError, KeyError, AttributeError, TypeError, csv.Error) as problem:
        raise MappingError(f"{path}: no file of rates, with the columns currency and rate: {problem}") from None
    bad = [code for code, rate in rates.items() if not 0 < rate < float("inf")]
    if bad:
        raise MappingError(f"{path}: the rate of {bad[0]} is not above 0")
    return rates
