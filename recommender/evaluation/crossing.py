"""Crossing: for each pair of domains, whom paths reach in the other one, and how personal her list there is."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from kg.k_anonymity import told_count
from recommender.profiles.profile import Profile, profile_of
from recommender.results.learning import FIRST, Crossing
from recommender.rules.rule_set import Rules, RuleSet
from recommender.scoring.anchor_shares import ProfileMetapath, ProfilePaths
from recommender.scoring.cold_start import ColdStart, cold_in
from recommender.scoring.mixed_ranking import linked_slots
from recommender.scoring.ranking import top_n
from recommender.scoring.scorer import Scorer

N = 10
MOST_PEOPLE = 300
"""People of each pair whose lists are made, evenly spread."""


def crossings(scorer: Scorer, k: int) -> list[Crossing]:
    """Every pair of domains with at least ``k`` people to tell of."""
    cold_start, found = ColdStart(scorer), []
    domains = scorer.snapshot.schema.domains
    for source in domains:
        for target in (one for one in domains if one != source):
            people = _people(scorer, source, target)
            if len(people) >= k:
                found.append(_crossing(cold_start, (source, target), people, k))
    return found


def _people(scorer: Scorer, source: str, target: str) -> list[tuple[str, int]]:
    snapshot, found = scorer.snapshot, list[tuple[str, int]]()
    for user_type in snapshot.schema.user_types:
        chosen = ~cold_in(snapshot, user_type, source) & cold_in(snapshot, user_type, target)
        found += [(user_type, idx) for idx in np.flatnonzero(chosen).tolist()]
    return found


def _crossing(cold_start: ColdStart, pair: tuple[str, str], people: list[tuple[str, int]], k: int) -> Crossing:
    scorer, (source, target) = cold_start.scorer, pair
    step = max(1, len(people) // MOST_PEOPLE)
    asked = people[::step][:MOST_PEOPLE]
    rules, inside = RuleSet(scorer.snapshot, scorer.catalogue, Rules(domain=target)), scorer.catalogue.of_domain(target)
    lists, reasons, behind = Counter[tuple[int, ...]](), Counter[str](), Counter[str]()
    own_lists, grounds = set[tuple[int, ...]](), set[frozenset[tuple[str, int]]]()
    reached = personal = first = items = told = 0
    for user_type, idx in asked:
        profile = profile_of(scorer.snapshot, user_type, idx)
        own = cold_start.of(profile)
        scores = own.score([profile])
        slots, allowed = linked_slots(own, target, cold_start.unused(profile), N), rules.candidates(profile).allowed
        fits = allowed if slots is None else allowed & slots.open_to(scores.paths[0] > 0)
        positions = top_n(scores.total[0], fits, N)
        carried = scores.paths[0, positions] > 0
        if (scores.paths[0, inside] > 0).any():
            reached += 1
            own_lists.add(tuple(positions.tolist()))
            grounds.add(_leading(own, profile, target))
        personal += bool(carried.any())
        first += bool(carried[:FIRST].any())
        items, told = items + len(positions), told + int(carried.sum())
        lists[tuple(positions.tolist())] += 1
        mine = _strongest(own, profile, positions[carried])
        reasons.update(mine)
        behind.update(set(mine))

    def told_of(number: int) -> int:
        """In steps of k, fewer as none."""
        return told_count(number, k) or 0

    return Crossing(
        source=source,
        target=target,
        people=told_of(len(people)),
        asked=told_of(len(asked)),
        reached=told_of(reached) / told_of(len(asked)),
        personal=told_of(personal) / told_of(len(asked)),
        first=told_of(first) / max(told_of(reached), 1),
        distinct=told_of(len(lists)) or len(lists),
        own=min(told_of(len(own_lists)) / max(told_of(len(grounds)), 1), 1.0),
        with_reason=told_of(told) / max(told_of(items), 1),
        reasons={name: told_of(number) for name, number in reasons.most_common() if behind[name] >= k},
    )


def _leading(scorer: Scorer, profile: Profile, target: str) -> frozenset[tuple[str, int]]:
    """The anchors of somebody from which anything leads to a domain."""
    entity, found = scorer.snapshot.schema.entity, list[tuple[str, int]]()
    for merged in scorer.merged:
        if entity[merged.item_type].domain == target and merged.start in profile.anchors:
            idx, indptr = profile.anchors[merged.start].idx, merged.matrix.indptr
            found += [(merged.start, one) for one in idx[indptr[idx + 1] > indptr[idx]].tolist()]
    return frozenset(found)


def _strongest(scorer: Scorer, profile: Profile, positions: NDArray[np.int64]) -> list[str]:
    """For each item the metapath with the largest share."""
    known = ProfilePaths(scorer, profile)
    weighed = [ProfileMetapath(known, path) for path in scorer.metapaths_of(profile)]
    found = []
    for position in positions.tolist():
        item_type, item = scorer.catalogue.item(position)
        shares = {str(one.path): one.weight * one.anchors.sum(item) for one in weighed if one.item_type == item_type}
        if shares:
            found.append(max(shares, key=lambda name: shares[name]))
    return found
