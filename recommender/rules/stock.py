"""Only items that are in stock, by their property ``in_stock``."""

from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import Field

from kg.errors import UsageError
from recommender.rules.rule import Ground, Removal, Rule, RuleOptions, missing, unknown_items

IN_STOCK = "in_stock"
UNKNOWN, OUT_OF_STOCK = "stock_unknown", "out_of_stock"


class StockOptions(RuleOptions):
    """What is asked of the stock."""

    in_stock: bool = Field(default=False, description="Nothing that is out of stock.")
    """Types without the property have no stock to run out of."""


class Stock(Rule):
    """Removes what is out of stock."""

    names = (UNKNOWN, OUT_OF_STOCK)

    def __init__(self, ground: Ground, asked: StockOptions) -> None:
        self.asked, self.properties = asked, ground.properties

    def removed(self) -> Sequence[Removal]:
        """Items that are out of stock, or of which that is not known.

        :raises UsageError: where no item has a stock.
        """
        if not self.asked.in_stock:
            return ()
        stock = self.properties.numbers(IN_STOCK, "bool")
        if np.isnan(stock).all():
            raise UsageError(f"`{IN_STOCK}`: {missing(IN_STOCK)}")
        unknown = np.isnan(stock) & self.properties.declared(IN_STOCK, "bool")
        return [*unknown_items(self.asked, UNKNOWN, unknown), Removal(OUT_OF_STOCK, np.flatnonzero(stock == 0))]

    def lifted(self, name: str) -> Mapping[str, object]:
        """Whatever the stock, or items without one too."""
        return {"unknown": "keep"} if name == UNKNOWN else {"in_stock": False}
