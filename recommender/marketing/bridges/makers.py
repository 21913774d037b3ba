"""Makers: the brands of a domain whose items share most with something of another."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from kg.schema import inverse_of
from recommender.marketing.audience import about_of, maker_step, people_of
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

    A maker is what every item of a type has one of at most; see :func:`recommender.marketing.audience.maker_step`.

    :param scored: how much each item shares, and its position.
    :param wanted: what there is to share.
    """
    weights, shared = defaultdict[Entity, float](float), defaultdict[Entity, Counter[Entity]](Counter)
    snapshot, found = crowd.snapshot, [(weight, crowd.recommender.catalogue.item(one), one) for weight, one in scored]
    steps = {name: step for name in {item[0] for _, item, _ in found} if (step := maker_step(crowd, name)) is not None}
    items: Counter[Entity] = Counter()
    for weight, (item_type, idx), position in found:
        if item_type in steps and len(made_by := snapshot.neighbours(steps[item_type], idx)[0]):
            maker = snapshot.schema.ends(steps[item_type])[1], int(made_by[0])
            weights[maker] += weight
            items[maker] += 1
            shared[maker].update(one for one in attributes_of(crowd, position) if one in wanted and one != maker)
    ends = snapshot.schema.ends
    sizes = {
        maker: sum(
            len(snapshot.neighbours(inverse_of(s), maker[1])[0]) for s in steps.values() if ends(s)[1] == maker[0]
        )
        for maker in weights
    }
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
