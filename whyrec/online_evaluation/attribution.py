"""Attribution: of what was shown, what was looked at and bought, by scenario, domain, kind of reason and metapath.

People are what is counted: of those who were shown such an item, how many did something with one. Lists of one person
are alike, so that intervals of lists would be too narrow. Fewer than k people are not told, more in steps of k.
"""

from collections.abc import Callable, Iterable

from kg.k_anonymity import shown_count, told_count
from recommender.evaluation.significance import wilson
from recommender.results.document import Result
from whyrec.online_evaluation.traffic import ShownItem, ShownList, Traffic

NO_SCENARIO, UNTOLD = "(none)", "(untold)"
BY: dict[str, Callable[[ShownList, ShownItem], str]] = {
    "scenario": lambda shown, item: shown.scenario or NO_SCENARIO,
    "domain": lambda shown, item: item.domain,
    "reason": lambda shown, item: item.kind or UNTOLD,
    "metapath": lambda shown, item: item.metapath or UNTOLD,
}
"""What impressions are parted by."""


class Outcome(Result):
    """People who did something with what they were shown; ``share`` of those shown it, with its 95 % interval."""

    relation: str
    people: int | str
    share: float | None = None
    low: float | None = None
    high: float | None = None


class AttributedGroup(Result):
    """One kind of impressions."""

    by: str
    name: str
    people: int | str
    """Who was shown any."""
    outcomes: list[Outcome]


class Attribution(Result):
    """What came of what was shown."""

    days: int
    people: int | str
    groups: list[AttributedGroup]
    k: int


def attribution(found: Traffic, days: int, k: int) -> Attribution:
    """What came of the lists of some days.

    :param k: fewest people that are told.
    """
    everybody = {one.user for one in found.lists}
    groups = [one for by in BY for one in _groups(found.lists, by, k)]
    return Attribution(days=days, people=shown_count(len(everybody), k), groups=groups, k=k)


def _groups(lists: Iterable[ShownList], by: str, k: int) -> list[AttributedGroup]:
    shown, did = dict[str, set[str]](), dict[str, dict[str, set[str]]]()
    for one in lists:
        for rank, item in enumerate(one.items):
            name = BY[by](one, item)
            shown.setdefault(name, set()).add(one.user)
            for relation in one.did.get(rank, ()):
                did.setdefault(name, {}).setdefault(relation, set()).add(one.user)
    found = [
        AttributedGroup(by=by, name=name, people=shown_count(len(people), k), outcomes=_outcomes(people, did, name, k))
        for name, people in shown.items()
        if told_count(len(people), k) is not None
    ]
    return sorted(found, key=lambda one: (-int(one.people), one.name))


def _outcomes(people: set[str], did: dict[str, dict[str, set[str]]], name: str, k: int) -> list[Outcome]:
    found, of = [], told_count(len(people), k)
    for relation, who in sorted(did.get(name, {}).items()):
        told = told_count(len(who), k)
        if told is None or not of:
            found.append(Outcome(relation=relation, people=f"<{k}"))
        else:
            share = min(told / of, 1.0)
            low, high = wilson(share, of)
            found.append(Outcome(relation=relation, people=told, share=share, low=low, high=high))
    return found
