"""Options that are rules, and what rules are called in the audit line."""

from collections.abc import Mapping
from typing import Annotated

import typer

MinPriceOption = Annotated[float | None, typer.Option("--min-price", metavar="X", help="No item that costs less.")]
StockOption = Annotated[bool, typer.Option("--in-stock", help="Nothing that is out of stock.")]
LanguageOption = Annotated[
    list[str] | None, typer.Option("--language", metavar="L", help="Only items in this language; repeatable.")
]
AgeOption = Annotated[
    float | None, typer.Option("--age", metavar="YEARS", help="Age of the user; nothing with a higher min_age.")
]
UnknownOption = Annotated[
    str | None,
    typer.Option("--unknown", metavar="drop|keep", help="Items of which a rule cannot tell; drop unless told."),
]
REASONS = {
    "interacted": "already used",
    "disliked": "disliked",
    "other_domain": "of another domain",
    "price_unknown": "without a known price",
    "max_price": "over the price",
    "min_price": "under the price",
    "stock_unknown": "of unknown stock",
    "out_of_stock": "out of stock",
    "language_unknown": "of unknown language",
    "other_language": "in another language",
    "age_unknown": "for people of a certain age (that of the user is not known)",
    "min_age": "for older people",
}


def audit(excluded: Mapping[str, int]) -> str:
    """How many items each rule removed: ``12 already used, 3 over the price``."""
    return ", ".join(f"{count:,} {REASONS.get(reason, reason)}" for reason, count in excluded.items())
