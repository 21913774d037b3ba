"""Crossing: for each pair of domains, whom paths reach in the other one, and how personal her list there is."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from recommender.profiles.profile import Profile, profile_of
from recommender.rules.rule_set import Rules, RuleSet
from recommender.scoring.anchor_shares import ProfileMetapath
from recommender.scoring.cold_start import ColdStart, cold_in
from recommender.scoring.ranking import top_n
from recommender.scoring.scorer import Scorer

N = 10
FIRST = 3
MOST_PEOPLE = 300
"""People of each pair whose lists are made, evenly spread."""


class Crossing(BaseModel, frozen=True):
    """People who used one domain and nothing of another, and their lists of the other."""

    source: str
    target: str
    people: int
    """How many they are."""
    asked: int
    """Of how many the lists were made."""
    reached: float
    """Part of those to whom any path leads an item."""
    personal: float
    """Part of those whose list has an item that a path carries: a list that differs by popularity is not personal."""
    first: float
    """Part of those reached that have such an item at rank 1 to 3."""
    distinct: int
    """How many different lists they get."""
    with_reason: float
    """Part of all items of all lists that a path carries."""
    reasons: dict[str, int] = Field(default_factory=dict)
    """Metapath with the largest share of an item → how many items, the most first."""

    @property
    def text(self) -> str:
        """In one line, but for the reasons."""
        reached = f"{self.reached:.0%} reached by a path, with a reason at rank 1–{FIRST} for {self.first:.0%} of them"
        lists = f"{self.personal:.0%} of the lists personal, {self.distinct:,} distinct"
        items = f"{self.with_reason:.0%} of the items with a reason of their own"
        return f"{self.source} → {self.target}, {self.asked:,} of {self.people:,} people: {reached}; {lists}, {items}"


def crossings(scorer: Scorer, k: int) -> list[Crossing]:
    """Every pair of domains with at least ``k`` people to tell of."""
    cold_start, found = ColdStart(scorer), []
    domains = scorer.snapshot.schema.domains
    for source in domains:
        for target in (one for one in domains if one != source):
            people = _people(scorer, source, target)
            if len(people) >= k:
                found.append(_crossing(cold_start, (source, target), people))
    return found


def _people(scorer: Scorer, source: str, target: str) -> list[tuple[str, int]]:
    snapshot, found = scorer.snapshot, list[tuple[str, int]]()
    for user_type in snapshot.schema.user_types:
        chosen = ~cold_in(snapshot, user_type, source) & cold_in(snapshot, user_type, target)
        found += [(user_type, idx) for idx in np.flatnonzero(chosen).tolist()]
    return found


def _crossing(cold_start: ColdStart, pair: tuple[str, str], people: list[tuple[str, int]]) -> Crossing:
    scorer, (source, target) = cold_start.scorer, pair
    step = max(1, len(people) // MOST_PEOPLE)
    asked = people[::step][:MOST_PEOPLE]
    rules, inside = RuleSet(scorer.snapshot, scorer.catalogue, Rules(domain=target)), scorer.catalogue.of_domain(target)
    lists, reasons = Counter[tuple[int, ...]](), Counter[str]()
    reached = personal = first = items = told = 0
    for user_type, idx in asked:
        profile = profile_of(scorer.snapshot, user_type, idx)
        own = cold_start.of(profile)
        scores = own.score([profile])
        positions = top_n(scores.total[0], rules.candidates(profile).allowed, N)
        carried = scores.paths[0, positions] > 0
        reached += bool((scores.paths[0, inside] > 0).any())
        personal += bool(carried.any())
        first += bool(carried[:FIRST].any())
        items, told = items + len(positions), told + int(carried.sum())
        lists[tuple(positions.tolist())] += 1
        reasons.update(_strongest(own, profile, positions[carried]))
    return Crossing(
        source=source,
        target=target,
        people=len(people),
        asked=len(asked),
        reached=reached / len(asked),
        personal=personal / len(asked),
        first=first / max(reached, 1),
        distinct=len(lists),
        with_reason=told / max(items, 1),
        reasons=dict(reasons.most_common()),
    )


def _strongest(scorer: Scorer, profile: Profile, positions: NDArray[np.int64]) -> list[str]:
    """For each item the metapath with the largest share."""
    weighed = [ProfileMetapath(scorer, path, profile.anchors[path.start]) for path in scorer.metapaths_of(profile)]
    found = []
    for position in positions.tolist():
        item_type, item = scorer.catalogue.item(position)
        shares = {str(one.path): one.weight * one.anchors.sum(item) for one in weighed if one.item_type == item_type}
        if shares:
            found.append(max(shares, key=lambda name: shares[name]))
    return found
