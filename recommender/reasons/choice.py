"""Choice: which group of an item is its reason in a list."""

from collections.abc import Collection, Sequence

from recommender.reasons.cells import LEARNED, PEOPLE
from recommender.reasons.groups import AGAINST, POPULARITY, SMALLER, UNTOLD, Group

HALF = 0.5
"""Least part of the largest group's share that a reason has, and of the score that popularity has where it is one."""
NEAR_BEST = 0.8
"""Groups from this part of the best on are as good: what the list has not said yet goes first, then the concrete."""
REST = (SMALLER, UNTOLD)
LAST = (PEOPLE, LEARNED, POPULARITY, *REST)


def fair(groups: Sequence[Group], score: float) -> list[Group]:
    """The groups that may be the reason of an item, the largest first.

    None has less than half of the largest group's share; popularity is one where it is at least half of the score; what
    says no more than that there is more is one where there is nothing else.

    :param groups: of the item, the largest first.
    """
    able = [one for one in groups if one.share > 0 and one.kind != AGAINST]
    enough = [one for one in able if one.share >= HALF * able[0].share]
    honest = [one for one in enough if one.kind != POPULARITY or one.share >= HALF * score] or enough
    return [one for one in honest if one.kind not in REST] or honest


def reason_of(groups: Sequence[Group], said: Collection[object]) -> Group | None:
    """The group to tell first, ``None`` where nothing speaks for the item.

    :param groups: those that may be told, the largest first.
    :param said: keys of what the list has said already.
    """
    concrete = [one for one in groups if one.concrete] or list(groups)
    if not concrete:
        return None
    best = max(one.share for one in concrete)
    near = [one for one in concrete if one.share >= NEAR_BEST * best]
    return min(near, key=lambda one: (one.key in said, _rank(one), -one.share))


def _rank(group: Group) -> int:
    return LAST.index(group.kind) + 1 if group.kind in LAST else 0
