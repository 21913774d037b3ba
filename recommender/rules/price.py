"""Only items within a price, by their property ``price``."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import Field, field_validator

from kg.errors import UsageError
from kg.money import PRICE, Amount, check_unambiguous
from recommender.catalogue.prices import Prices
from recommender.rules.domain import DomainOptions
from recommender.rules.rule import Ground, Removal, Rule, RuleOptions, missing, unknown_items

UNKNOWN, MAXIMUM, MINIMUM = "price_unknown", "max_price", "min_price"


class PriceOptions(RuleOptions):
    """What is asked of the price: amounts as numbers, in the currency of the items, or with a currency, ``30 GBP``."""

    max_price: float | str | None = Field(
        default=None,
        description="No item that costs more; 30, or with a currency '30 GBP', £30.",
        json_schema_extra={"metavar": "X"},
    )
    min_price: float | str | None = Field(
        default=None, description="No item that costs less.", json_schema_extra={"metavar": "X"}
    )
    rates: tuple[str, ...] = Field(
        default=(),
        description="Rates of currencies: a CSV file with currency and rate, or GBP=1.17; repeatable.",
        json_schema_extra={"metavar": "FILE", "adds": True},
    )
    """``CODE=RATE`` texts, units of one and the same currency for one of each; the last of a currency counts. A
    workspace reads the files that are named."""

    @field_validator("max_price", "min_price", mode="before")
    @classmethod
    def _amount(cls, value: object) -> object:
        """A plain number as such; a text that is none with its currency."""
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            return value
        if isinstance(value, str):
            check_unambiguous(value)
        try:
            number = float(value)
        except ValueError:
            Amount.parse(str(value))
            return value
        if not 0 <= number < float("inf"):
            raise ValueError("a price is a number greater than or equal to 0")
        return number

    @field_validator("rates", mode="before")
    @classmethod
    def _one_file(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class _Asked(PriceOptions, DomainOptions):
    """What the rule reads: the domain too, since prices of others are not compared."""


class Price(Rule):
    """Removes what costs too much, too little, or nobody knows what."""

    names = (UNKNOWN, MAXIMUM, MINIMUM)

    def __init__(self, ground: Ground, asked: _Asked) -> None:
        self.asked, self.properties = asked, ground.properties
        self.rates = rates_of(asked.rates)
        least, most = asked.min_price, asked.max_price
        if isinstance(least, float) and isinstance(most, float) and least > most:
            raise UsageError(f"`min_price` {least} is above `max_price` {most}: no price is both")

    def removed(self) -> Sequence[Removal]:
        """Items outside the price.

        :raises UsageError: where no item has a price, or prices cannot be compared with what was asked.
        """
        least, most = self.asked.min_price, self.asked.max_price
        if least is None and most is None:
            return ()
        prices = Prices(self.properties, self.rates)
        if np.isnan(prices.values).all():
            raise UsageError(f"`{MINIMUM if most is None else MAXIMUM}`: {missing(PRICE)}")
        found = unknown_items(self.asked, UNKNOWN, np.isnan(prices.values))
        limits: dict[str, Any] = {
            name: prices.limit(name, Amount.parse(asked), self.asked.domain)
            for name, asked in ((MAXIMUM, most), (MINIMUM, least))
            if asked is not None
        }
        if len(limits) == 2 and (limits[MINIMUM] > limits[MAXIMUM]).any():
            raise UsageError(f"`min_price` {least} is above `max_price` {most}: no price is both")
        if most is not None:
            found.append(Removal(MAXIMUM, np.flatnonzero(prices.values > limits[MAXIMUM])))
        if least is not None:
            found.append(Removal(MINIMUM, np.flatnonzero(prices.values < limits[MINIMUM])))
        return found

    def lifted(self, name: str) -> Mapping[str, object]:
        """No such limit, or items without a price too."""
        return {"unknown": "keep"} if name == UNKNOWN else {name: None}


def rates_of(texts: Sequence[str]) -> dict[str, float]:
    """Currency → rate, from ``CODE=RATE`` texts.

    :raises UsageError: for a text that is none.
    """
    found = {}
    for text in texts:
        code, _, rate = text.partition("=")
        try:
            found[code.strip()] = float(rate)
        except ValueError:
            found[code.strip()] = -1.0
        if not 0 < found[code.strip()] < float("inf"):
            raise UsageError(f"`rates` {text!r}: expected a CSV file with currency and rate, or GBP=1.17")
    return found
