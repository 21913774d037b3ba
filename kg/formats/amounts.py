"""Columns of amounts of money, ``￥199``, ``1.299,00 €``: their decimal mark and their currency."""

import polars as pl

from kg.money import SIGNS
from kg.values.cells import half_width
from kg.values.currency import currencies, most_frequent

_CODES = "CNY|USD|EUR|GBP|JPY|KRW|HKD|TWD|SGD|INR|AUD|CAD|NZD|CHF|SEK|NOK|DKK|PLN|CZK|TRY|BRL|MXN|RUB"
_MARK = rf"(?:\p{{Sc}}|元|円|원|{_CODES})"
_DIGITS = r"[0-9]+(?:[.,'’\s][0-9]+)*"
_WRITTEN = rf"^[+-]?\s*(?:{_MARK}\s*[+-]?\s*{_DIGITS}|{_DIGITS}\s*{_MARK})$"
_GROUPED = r"^[+-]?[0-9]{1,3}(?:(?:,[0-9]{3})+\.[0-9]{1,2}|(?:\.[0-9]{3})+,[0-9]{1,2})$"
_MARKS = {
    ".": (r"\.[0-9]{1,2}(?:[^0-9]|$)", r",[0-9]{3}(?:[^0-9]|$)"),
    ",": (r",[0-9]{1,2}(?:[^0-9]|$)", r"\.[0-9]{3}(?:[^0-9]|$)"),
}
"""Decimal mark → what is written with it for sure, and what is where nothing else tells (groups of the other mark)."""
MOST = 0.95


def are_amounts(cells: pl.Series, numbers: str) -> bool:
    """Whether cells are amounts of money.

    :param numbers: what plain numbers look like.
    """
    cells = half_width(cells)
    written = cells.str.contains(_WRITTEN) | cells.str.contains(_GROUPED)
    plain = cells.str.contains(numbers)
    return bool(written.any()) and int((written | plain).sum()) > MOST * cells.len()


def decimal_mark(cells: pl.Series) -> str | None:
    """The decimal mark of amounts; ``None`` where two of them are written with different ones."""
    for which in (0, 1):
        found = [mark for mark, patterns in _MARKS.items() if cells.str.contains(patterns[which]).any()]
        if found:
            return found[0] if len(found) == 1 else None
    return "."


def currency_of(cells: pl.Series) -> tuple[str | None, str]:
    """The currency of most amounts, and what is not sure about it."""
    codes = currencies(half_width(cells), None).alias("currency")
    code = most_frequent(codes)
    if code is None:
        return None, ""
    if codes.drop_nulls().n_unique() > 1:
        return code, f"amounts in several currencies; what is not in {code} needs rates, or is left out"
    signs = [sign for sign, meant in SIGNS.items() if code in meant and len(meant) > 1]
    if cells.str.contains(code, literal=True).any() or not any(
        cells.str.contains(one, literal=True).any() for one in signs
    ):
        return code, ""
    return code, f"taken for {code}"
