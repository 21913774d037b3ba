"""Binding rules: what a shop published for every list may be narrowed by who asks, and is lifted by nobody."""

from collections.abc import Callable
from functools import lru_cache

from kg.errors import UsageError
from kg.money import Amount
from recommender.rules.rule_set import Rules

KEPT = 256
Price = float | str | None


@lru_cache(maxsize=KEPT)
def bound_by(asked: Rules, published: Rules) -> Rules:
    """Rules with those that were published: of two prices the narrower, what both want alone, nothing out of stock if
    either says so, and what is unknown as the shop has it.

    :param asked: the published ones among them, but where the same was asked for.
    :raises UsageError: where a price is in a currency that is not compared with the shop's, or what is asked for alone
        is nothing of what the shop wants alone.
    """
    update: dict[str, object] = {
        "max_price": _narrower("max_price", asked.max_price, published.max_price, min),
        "min_price": _narrower("min_price", asked.min_price, published.min_price, max),
        "in_stock": asked.in_stock or published.in_stock,
        "language": _both("language", asked.language, published.language),
        "only": _only(asked.only, published.only),
    }
    limits = (published.max_price, published.min_price, published.in_stock or None, published.language or None)
    if any(one is not None for one in limits):
        update["unknown"] = published.unknown
    return asked.model_copy(update=update)


def _narrower(name: str, asked: Price, published: Price, which: Callable[[float, float], float]) -> Price:
    if published is None or asked is None or asked == published:
        return asked if published is None else published
    mine, shops = Amount.parse(asked), Amount.parse(published)
    if mine.currencies != shops.currencies:
        raise UsageError(
            f"`{name}` {asked!r}: the shop's own, {published!r}, holds for every list; ask in its currency"
        )
    return asked if which(mine.value, shops.value) == mine.value else published


def _only(asked: tuple[str, ...], published: tuple[str, ...]) -> tuple[str, ...]:
    """Relation by relation: of one that both name what both want, of another what either does."""
    relations = dict.fromkeys(one.partition(":")[0] for one in (*published, *asked))
    found = list[str]()
    for relation in relations:
        mine, shops = ([one for one in some if one.partition(":")[0] == relation] for some in (asked, published))
        found += _both("only", tuple(mine), tuple(shops))
    return tuple(found)


def _both(name: str, asked: tuple[str, ...], published: tuple[str, ...]) -> tuple[str, ...]:
    if not asked or not published:
        return asked or published
    if both := tuple(one for one in asked if one in published):
        return both
    raise UsageError(
        f"`{name}` {', '.join(asked)}: nothing of it is left by the shop's own rule, {name} {', '.join(published)}, "
        "which holds for every list; ask for some of that"
    )
