"""Evidence: what lies between anchors and an item, how many people stand behind it, and what of it may be told."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from math import log1p
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kg.schema import inverse_of
from recommender.catalogue.flagged_accounts import flagged
from recommender.reasons.cells import (
    DIRECT,
    LEARNED,
    PEOPLE,
    SHARED,
    Source,
    Sources,
    Strand,
)
from recommender.reasons.evidence.attribute_ranks import most_that_say
from recommender.reasons.evidence.common_attributes import LOOKED_AT, CommonAttributes, Entity
from recommender.reasons.evidence.learned_people import LearnedPeople
from recommender.reasons.evidence.neighbourhoods import Neighbourhoods
from recommender.reasons.evidence.shown_paths import ShownPaths
from recommender.rules.avoidance import Forbidden

if TYPE_CHECKING:
    from recommender.reasons.groups import Group

Asked = tuple[int, int, tuple[int, ...]]
"""Position of an item, number of a source, anchors."""


class Evidence:
    """What is behind the cells of one profile.

    :param forbidden: what may not be named, and what no path that is told may run through.
    """

    def __init__(self, sources: Sources, forbidden: Forbidden) -> None:
        self.sources, self.forbidden = sources, forbidden
        self.scorer, self.snapshot = sources.scorer, sources.snapshot
        self.k = self.snapshot.k
        self._near = Neighbourhoods.of_scorer(self.scorer)
        self.paths, self.learned = ShownPaths(sources, forbidden), LearnedPeople(sources)
        self.common = CommonAttributes(sources, forbidden)
        self._middles: dict[Asked, set[int]] = {}
        self._ways: dict[tuple[int, int, int], bool] = {}
        self._people: dict[Asked, tuple[int, dict[int, int]]] = {}

    def tellable(self, position: int, group: "Group") -> bool:
        """Whether a group has a sentence: something to name, and enough people behind it."""
        if (people := group.people) is not None:
            if group.kind == LEARNED:  # of too few, put to what is told as no person's
                return self.common.of(position, group) is not None and not self._enough_people(position, people)
            if not self._enough_people(position, people) or not self._beside_people(position, group.learned):
                return False
            return group.kind == PEOPLE or self._names(position, group.grounds)
        if group.kind == LEARNED:
            if group.strands[0].source.kernel is None or group.strands[0].source.again:
                return True
            # what it has in common with what goes with it is no person's, so it is told however few are behind both
            return self.common.of(position, group) is not None or self.learned.together(position, group.strands)
        return self._names(position, group.grounds) and self.learned.together(position, group.learned)

    def _beside_people(self, position: int, strands: Iterable[Strand]) -> bool:
        """Whether learned strands may be told with what k people did who have the same anchors: those who used both are
        counted with them."""
        counted = [one for one in strands if one.source.kernel is not None and not one.source.kernel.counts_together]
        return self.learned.together(position, counted)

    def way(self, position: int, strand: Strand, anchor: int) -> bool:
        """Whether one way from one anchor may be told."""
        key = (position, strand.source.own, anchor)
        if key not in self._ways:
            if strand.source.kind == PEOPLE:
                self._ways[key] = self._enough_people(position, strand)
            elif strand.source.kind == LEARNED:
                self._ways[key] = self.learned.together(position, (strand,))
            else:
                self._ways[key] = strand.source.kind != SHARED or self._names(position, (strand,))
        return self._ways[key]

    def named(self, position: int, strands: Iterable[Strand]) -> tuple[list[Entity], int]:
        """What is next to the item on the paths of strands that end in one relation: those that may be named, what says
        most first; and how many there are."""
        found: dict[int, float] = {}
        entity_type = ""
        for strand in strands:
            entity_type = self._next_type(strand.source)
            for idx in self.middles(position, strand):
                found[idx] = found.get(idx, 0.0) + strand.share
        counts, most = self._most(next(iter(strands)).source)
        degrees = {idx: int(counts[idx]) for idx in found}
        told = [idx for idx in found if degrees[idx] <= most]
        told.sort(key=lambda idx: (-found[idx] / log1p(degrees[idx]), idx))
        return [(entity_type, idx) for idx in told], len(found)

    def _names(self, position: int, strands: Sequence[Strand]) -> bool:
        """Whether ``named`` names anything."""
        nearly_all, item = self._nearly_all(strands[0].source), self.scorer.catalogue.item(position)[1]
        for strand in strands:
            if self.paths.through_forbidden(position, strand.source) or not self._near.tells(strand.source):
                if not self.middles(position, strand) <= nearly_all:
                    return True
            elif any(not some <= nearly_all for some in self._near.each(strand.source, strand.anchors, item)):
                return True
        return False

    def _nearly_all(self, first: Source) -> frozenset[int]:
        """What nearly all items have next to them by the last step of a source, so that it says nothing of any."""
        key = "nearly all", first.last, first.kind == DIRECT
        if key not in self.scorer.kept:
            counts, most = self._most(first)
            self.scorer.kept[key] = frozenset(np.flatnonzero(counts > most).tolist())
        found: frozenset[int] = self.scorer.kept[key]
        return found

    def _most(self, first: Source) -> tuple[NDArray[np.int64], float]:
        """How many items have what is next to them by the last step of a source, and by how many at most it is told."""
        items = self.snapshot.vocabulary.count(self.snapshot.schema.ends(first.last)[1])
        return self.snapshot.link_counts(first.last), most_that_say(items) if first.kind != DIRECT else items

    def middles(self, position: int, strand: Strand) -> set[int]:
        """Indices of the entities next to the item on the paths of a strand: anchors, where they are linked to it."""
        source = strand.source
        key = (position, source.own, tuple(strand.anchors))
        if key not in self._middles:
            item, through = self.scorer.catalogue.item(position)[1], self.paths.through_forbidden(position, source)
            if through or not self._near.tells(source):
                shared = set(np.unique(self.paths.instances(position, strand).nodes[:, -2]).tolist())
            else:
                shared = self._near.before(source, key[2], item)
            if through:
                found = np.fromiter(shared, dtype=np.int64, count=len(shared))
                may = self.paths.may_name(self._next_type(source), found, own=source.kind == DIRECT)
                shared = set(found[may].tolist())
            self._middles[key] = shared
        return self._middles[key]

    def people(self, position: int, strand: Strand) -> tuple[int, dict[int, int]]:
        """How many different people the paths of a strand run through, and those from each anchor; of a path through
        several the fewest of a step."""
        key = (position, strand.source.own, tuple(strand.anchors))
        if key not in self._people:
            self._people[key] = self._counted(position, strand)
        return self._people[key]

    def _counted(self, position: int, strand: Strand) -> tuple[int, dict[int, int]]:
        """What ``people`` tells; of two steps without a set of each anchor, as most are asked of once."""
        source, anchors = strand.source, list(strand.anchors)
        if len(source.tail) == 2 and (straight := self._straight_people(position, source)) is not None:
            of, who = self._near.met(source, anchors, self.scorer.catalogue.item(position)[1])
            aside = straight[0]
            others = ~np.isin(who, list(aside)) if len(aside) > 1 else who != next(iter(aside), -1)
            each = np.bincount(of[others], minlength=len(anchors)).tolist()
            return len(set(who[others].tolist())), dict(zip(anchors, each, strict=True))
        both = self._people_of(position, strand)
        steps = list(zip(*both.values(), strict=True))
        found = min((len(set[int]().union(*some)) for some in steps), default=0)
        return found, {one: min(map(len, some), default=0) for one, some in both.items()}

    def led_over(self, position: int, strand: Strand) -> list[Entity]:
        """What a chain leads over first, from its largest anchors to what is next to the item, what the fewest have
        first; nothing where that is items, or what nearly all have."""
        source, snapshot = strand.source, self.snapshot
        first, ends = source.tail[0], snapshot.schema.ends
        anchor_type, name = ends(first)
        if snapshot.schema.entity[name].domain is not None:
            return []
        if self._near.straight(source) and not self.paths.through_forbidden(position, source):
            ahead = set[int]().union(*(self._near.of(first, one) for one in strand.largest()[:LOOKED_AT]))
            back = inverse_of(source.tail[1])
            found = ahead & set[int]().union(*(self._near.of(back, one) for one in self.middles(position, strand)))
        else:
            found = set(self.paths.instances(position, strand).nodes[:, 1].tolist())
        counts, most = snapshot.link_counts(inverse_of(first)), most_that_say(snapshot.vocabulary.count(anchor_type))
        having = sorted([(int(counts[one]), one) for one in found])
        return [(name, one) for count, one in having if count <= most]

    def people_behind(self, position: int, group: "Group") -> int:
        """How many different people are behind a group that tells of people: those of its metapath, or of all of what
        has too few in each way."""
        if group.kind == PEOPLE and group.people is not None:
            return self.people(position, group.people)[0]
        return len(set[int]().union(*(self.who(position, one) for one in group.strands)))

    def who(self, position: int, strand: Strand) -> frozenset[int]:
        """The people behind a strand, numbered over all types of people, she herself aside: over paths those whom they
        run through, where through several those of the step with the fewest; of what is learned those who used both,
        nobody where that is not counted."""
        numbers, profile = self._numbers, self.sources.profile
        if strand.source.kernel is not None:
            hers = -1 if profile.user_idx is None else numbers[profile.user_type] + profile.user_idx
            found = self.learned.who(position, strand) - {hers}
            for name in self.snapshot.schema.user_types:
                found -= {numbers[name] + one for one in flagged(self.snapshot, name)}
            return frozenset(found)
        both = self._people_of(position, strand)
        steps = [set[int]().union(*some) for some in zip(*both.values(), strict=True)]
        step, fewest = min(zip(strand.source.people, steps, strict=True), key=lambda one: len(one[1]))
        first = numbers[strand.source.between[step - 1]]
        return frozenset(first + one for one in fewest)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """By the type of people, the number of the first when all are numbered: users as what is learned has them."""
        schema, found, number = self.snapshot.schema, dict[str, int](), 0
        people = [name for name, one in schema.entity.items() if one.sensitive]
        for name in dict.fromkeys([*schema.user_types, *people]):
            found[name] = number
            number += self.snapshot.vocabulary.count(name)
        return found

    def _people_of(self, position: int, strand: Strand) -> dict[int, list[frozenset[int]]]:
        """By anchor, of each step of the paths of a strand that leads to people, who they are, she herself aside."""
        source, profile = strand.source, self.sources.profile
        if (straight := self._straight_people(position, source)) is not None:
            hers, step = straight
            item = self.scorer.catalogue.item(position)[1]
            return {one: [self._near.between(source, (one, item), step) - hers] for one in strand.anchors}
        nodes, found = self.paths.instances(position, strand).nodes, dict[int, list[frozenset[int]]]()
        for anchor in strand.anchors:
            mine = nodes[nodes[:, 0] == anchor]
            found[anchor] = [
                frozenset(mine[:, step].tolist())
                - {profile.user_idx if source.between[step - 1] == profile.user_type else None}
                - flagged(self.snapshot, source.between[step - 1])
                for step in source.people
            ]
        return found

    def _enough_people(self, position: int, strand: Strand) -> bool:
        """Whether the paths of a strand run through at least k different people."""
        straight = self._straight_people(position, strand.source)
        if straight is None or len(strand.source.tail) == 2:
            return self.people(position, strand)[0] >= self.k
        (hers, step), item, found = straight, self.scorer.catalogue.item(position)[1], set[int]()
        for anchor in strand.anchors:
            found |= self._near.between(strand.source, (anchor, item), step) - hers
            if len(found) >= self.k:
                return True
        return False

    def _straight_people(self, position: int, source: Source) -> tuple[frozenset[int], int] | None:
        """Where all that people do on the paths of a source is stand between two sets: who is none of the others,
        herself, if she may be among them, and flagged accounts, and at which step; else ``None``."""
        user, user_type, steps = self.sources.profile.user_idx, self.sources.profile.user_type, source.people
        if len(steps) != 1 or not self._near.straight(source):
            return None
        if len(source.tail) > 2 and self.paths.through_forbidden(position, source):
            return None
        between = source.between[steps[0] - 1]
        hers = [user] if user is not None and between == user_type else []
        return flagged(self.snapshot, between).union(hers), steps[0]

    def _next_type(self, source: Source) -> str:
        return self.snapshot.schema.ends(source.last)[0]
