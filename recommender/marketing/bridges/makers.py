"""Makers: the brands of a domain whose items share most with something of another."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from kg.schema import inverse_of
from recommender.marketing.audience import about_of, people_of
from recommender.marketing.crowd import Crowd
from recommender.results.marketing import MakerFit

Entity = tuple[str, int]
SHARED = 3


def attributes_of(crowd: Crowd, position: int) -> dict[Entity, float]:
    """What an item has, each with how much it says: one by the square root of the items that have it."""
    snapshot, found = crowd.snapshot, dict[Entity, float]()
    item_type, idx = crowd.recommender.catalogue.item(position)
    for step in crowd.attribute_steps(item_type):
        starts = snapshot.adjacency(inverse_of(step)).indptr
        for tail in snapshot.neighbours(step, idx)[0].tolist():
            found[snapshot.schema.ends(step)[1], tail] = 1.0 / math.sqrt(max(int(starts[tail + 1] - starts[tail]), 1))
    return found


def maker_fits(
    crowd: Crowd, entity: Entity, scored: Sequence[tuple[float, int]], wanted: Mapping[Entity, float], lang: str
) -> list[MakerFit]:
    """Makers by what their items share, best first: the sum over items by the square root of all they make.

    A maker is what every item of a type has one of at most.

    :param scored: how much each item shares, and its position.
    :param wanted: what there is to share.
    """
    weights, shared = defaultdict[Entity, float](float), defaultdict[Entity, Counter[Entity]](Counter)
    items: Counter[Entity] = Counter()
    for weight, position in scored:
        if (maker := _maker(crowd, position)) is not None:
            weights[maker] += weight
            items[maker] += 1
            shared[maker].update(one for one in attributes_of(crowd, position) if one in wanted and one != maker)
    types = {crowd.recommender.catalogue.item(position)[0] for _, position in scored}
    sizes = {one: _made(crowd, one, types) for one in weights}
    best = sorted(weights, key=lambda one: (-weights[one] / math.sqrt(max(sizes[one], 1)), one))
    return [
        MakerFit(
            maker=about_of(crowd, one, lang),
            items=items[one],
            made=sizes[one],
            shared=[about_of(crowd, attribute, lang) for attribute, _ in shared[one].most_common(SHARED)],
            people=crowd.shown(int((people_of(crowd, one) & people_of(crowd, entity)).sum())),
        )
        for one in best
    ]


def _maker(crowd: Crowd, position: int) -> Entity | None:
    item_type, idx = crowd.recommender.catalogue.item(position)
    for step in crowd.attribute_steps(item_type):
        if int(np.diff(crowd.snapshot.adjacency(step).indptr).max(initial=0)) == 1:
            found = crowd.snapshot.neighbours(step, idx)[0]
            return (crowd.snapshot.schema.ends(step)[1], int(found[0])) if len(found) else None
    return None


def _made(crowd: Crowd, maker: Entity, types: set[str]) -> int:
    """How many items of some types a maker has."""
    steps = [
        step
        for item_type in types
        for step in crowd.attribute_steps(item_type)
        if crowd.snapshot.schema.ends(step)[1] == maker[0]
    ]
    return sum(len(crowd.snapshot.neighbours(inverse_of(step), maker[1])[0]) for step in steps)
