"""Prices on the axis of the catalogue, compared with an amount in the same currency, or in another by a rate."""

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from kg.errors import UsageError
from kg.money import PRICE, Amount, factor
from recommender.catalogue.properties import NUMBER, ItemProperties


class Prices:
    """The property ``price`` of all items; each type of items has its currency, or none that the schema says.

    :param rates: currency → units of any one currency for one of it; where all prices are in one currency, that one
        need not be among them.
    """

    def __init__(self, properties: ItemProperties, rates: Mapping[str, float]) -> None:
        self.schema, self.slices = properties.snapshot.schema, properties.slices
        self.values = properties.numbers(PRICE, *NUMBER)
        self._currencies = {
            name: entity.currency.get(PRICE)
            for name, entity in self.schema.entity.items()
            if name in self.slices and entity.properties.get(PRICE) in NUMBER
        }
        own = {code for code in self._currencies.values() if code is not None}
        self._rates = {**(dict.fromkeys(own, 1.0) if len(own) == 1 else {}), **rates}

    def limit(self, field: str, amount: Amount, domain: str | None) -> NDArray[np.float64]:
        """An amount in the currency of each item: shape (catalogue.size,), float64, NaN for items of other domains.

        :param field: what the amount is called in messages.
        :raises UsageError: where the currency of one of the two is not known, or there is no rate.
        """
        asked = {
            name: code for name, code in self._currencies.items() if domain in (None, self.schema.entity[name].domain)
        }
        if not amount.currencies and len(set(asked.values())) > 1:
            raise UsageError(
                f"`{field}` {amount.value:g}: prices are in {_listed(asked)}, and are not compared as if they were "
                f"alike; say which is meant, such as `{field}={amount.value:g} {min(filter(None, asked.values()))}`, "
                "with `rates`, or ask for one `domain`"
            )
        found = np.full(len(self.values), np.nan)
        for name, code in asked.items():
            found[self.slices[name]] = amount.value * self._factor(field, amount, name, code)
        return found

    def rate(self, amount: Amount, currency: str) -> float | None:
        """Units of a currency for one of an amount's; ``None`` where there is no rate."""
        return factor(amount.currency(currency) or currency, currency, self._rates)

    def _factor(self, field: str, amount: Amount, name: str, code: str | None) -> float:
        """Units of a type's currency for one of the amount's."""
        meant = amount.currency(code)
        if meant is None:
            return 1.0
        if code is None:
            raise UsageError(
                f"`{field}` {amount.value:g} {meant}: the schema does not say which currency the prices of {name} are "
                f'in; write currency = {{ {PRICE} = "{meant}" }} under [entity.{name}]'
            )
        found = self.rate(amount, code)
        if found is None:
            known = ", ".join(sorted(self._rates)) or "none"
            raise UsageError(
                f"`{field}` {amount.value:g} {meant}: the prices of {name} are in {code}, and there is no rate between "
                f"the two (known: {known}); name a CSV file with the columns currency and rate in `rates`"
            )
        return found


def _listed(currencies: Mapping[str, str | None]) -> str:
    by_code: dict[str | None, Collection[str]] = {}
    for name, code in currencies.items():
        by_code[code] = [*by_code.get(code, ()), name]
    return " and ".join(f"{code or 'an unknown currency'} ({', '.join(names)})" for code, names in by_code.items())
