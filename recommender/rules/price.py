"""Only items within a price, by their property ``price``."""

from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import Field

from kg.errors import UsageError
from recommender.rules.rule import NUMBER, Ground, Removal, Rule, RuleOptions, missing, unknown_items

PRICE = "price"
UNKNOWN, MAXIMUM, MINIMUM = "price_unknown", "max_price", "min_price"


class PriceOptions(RuleOptions):
    """What is asked of the price."""

    max_price: float | None = Field(
        default=None,
        ge=0,
        allow_inf_nan=False,
        description="No item that costs more.",
        json_schema_extra={"metavar": "X"},
    )
    min_price: float | None = Field(
        default=None,
        ge=0,
        allow_inf_nan=False,
        description="No item that costs less.",
        json_schema_extra={"metavar": "X"},
    )


class Price(Rule):
    """Removes what costs too much, too little, or nobody knows what."""

    names = (UNKNOWN, MAXIMUM, MINIMUM)

    def __init__(self, ground: Ground, asked: PriceOptions) -> None:
        self.asked, self.properties = asked, ground.properties
        least, most = asked.min_price, asked.max_price
        if least is not None and most is not None and least > most:
            raise UsageError(f"`min_price` {least} is above `max_price` {most}: no price is both")

    def removed(self) -> Sequence[Removal]:
        """Items outside the price.

        :raises UsageError: where no item has a price.
        """
        least, most = self.asked.min_price, self.asked.max_price
        if least is None and most is None:
            return ()
        prices = self.properties.numbers(PRICE, *NUMBER)
        if np.isnan(prices).all():
            raise UsageError(f"`{MINIMUM if most is None else MAXIMUM}`: {missing(PRICE)}")
        found = unknown_items(self.asked, UNKNOWN, np.isnan(prices))
        if most is not None:
            found.append(Removal(MAXIMUM, np.flatnonzero(prices > most)))
        return found if least is None else [*found, Removal(MINIMUM, np.flatnonzero(prices < least))]

    def lifted(self, name: str) -> Mapping[str, object]:
        """No such limit, or items without a price too."""
        return {"unknown": "keep"} if name == UNKNOWN else {name: None}
