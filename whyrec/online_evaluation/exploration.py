"""Exploration: in some lists the last item is drawn by lot from a pool, so that others get seen; how likely it was is
kept with the answer.

The pool is new items among the best, those that fewer than k people used, and then the items right behind the list.
"""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from recommender.results.recommendation import RankedItem, Recommendation

POOL = 10
"""Items that one is drawn from …"""
AMONG = 100
"""… of so many behind the list."""


@dataclass(frozen=True)
class Draw:
    """What chance did to the last slot of a list.

    ``usual``: the item, ``Type:id``, that stands there by score. ``pool``: the others that might have. ``propensity``:
    how likely what is shown was.
    """

    epsilon: float
    usual: str
    shown: str
    pool: tuple[str, ...]
    propensity: float

    def to_json(self) -> str:
        """As it is kept with an answer."""
        return json.dumps(vars(self), separators=(",", ":"))


def drawn(
    listed: Recommendation,
    behind: Recommendation,
    epsilon: float,
    is_new: Callable[[RankedItem], bool],
    lot: random.Random,
) -> tuple[RankedItem, Draw] | None:
    """The item for the last slot of a list, and how it came there; ``None`` where there is nothing to draw from.

    :param behind: a longer list of the same person, without reasons.
    :param epsilon: how often, in (0, 1).
    """
    there = {(one.type, one.id) for one in listed.items}
    others = [one for one in behind.items if (one.type, one.id) not in there]
    pool = sorted(others, key=lambda one: not is_new(one))[:POOL]
    if not listed.items or not pool:
        return None
    usual = listed.items[-1]
    if lot.random() >= epsilon:
        chosen, propensity = usual, 1 - epsilon
    else:
        found = lot.choice(pool)
        chosen = found.model_copy(update={"rank": usual.rank, "rank_by_score": found.rank})
        propensity = epsilon / len(pool)
    return chosen, Draw(epsilon, named(usual), named(chosen), tuple(map(named, pool)), propensity)


def named(item: RankedItem) -> str:
    """What a draw calls an item: ``Type:id``, since items of two types may have one id."""
    return f"{item.type}:{item.id}"


def may_explore(options: Mapping[str, Any]) -> bool:
    """Whether a list is one by score alone, in which a slot may be drawn."""
    return not any(options.get(name) for name in ("diversity", "max_per", "path_quality", "pin", "quota", "mix"))
