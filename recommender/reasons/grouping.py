"""Grouping: parts the score of an item into groups, the largest first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recommender.reasons.candidates import MORE, Candidates
from recommender.reasons.cells import Pool, Sources, Strand
from recommender.reasons.evidence.evidence import Evidence
from recommender.reasons.groups import (
    AGAINST,
    FEW,
    HALF,
    LEARNED_LESS,
    NEAR_BEST,
    POPULARITY,
    RULE,
    SMALLER,
    UNTOLD,
    Group,
    group_of,
    pooled,
    share_of,
)
from recommender.reasons.remaining_cells import RemainingCells
from recommender.rules.soft.soft_rules import SoftShare

SoftShares = Callable[[int], Sequence[SoftShare]]
"""What soft rules add to the score of the item at a position."""


def no_soft_shares(_position: int) -> Sequence[SoftShare]:
    """Where there are no soft rules."""
    return ()


MOST = 12
"""Groups that are told …"""
ENOUGH = 0.97
"""… or until they tell this part of what speaks for the item."""
LEADING = 3
"""Groups from which on none is large enough to be a reason, but in scores of many small links."""


@dataclass
class _Parting:
    """How far an item is parted: what is not told yet, what is told, and what may not be."""

    candidates: Candidates
    few: Pool
    against: Pool
    told: list[Group] = field(default_factory=list)
    untold: list[Group] = field(default_factory=list)
    done: bool = False
    rest: float = 0.0
    """The share of what the person really has, through fewer than k people, where she asks with other anchors."""

    @property
    def left(self) -> RemainingCells:
        """What is not told yet."""
        return self.candidates.cells

    @property
    def untold_share(self) -> float:
        """The share of what may not be told."""
        return share_of(self.few.values()) + sum([one.share for one in self.untold]) + self.rest

    @property
    def decided(self) -> bool:
        """Whether nothing of what is left can be a reason beside what is told already."""
        return self.left.share * MORE < HALF * max((one.share for one in self.told), default=0.0)


class Grouping:
    """Parts the scores of one profile into groups.

    :param evidence: knows what may be told.
    :param soft: what soft rules add to the score of an item.
    :param rest: what the scores of all items rest on besides, see :meth:`Scorer.rest`: shape (catalogue.size,).
    """

    def __init__(
        self, sources: Sources, evidence: Evidence, soft: SoftShares, rest: NDArray[np.float64] | None = None
    ) -> None:
        self.sources, self.evidence, self.soft, self._rest = sources, evidence, soft, rest
        self.popularity = sources.scorer.popularity
        self._partings: dict[int, _Parting] = {}

    def groups(self, position: int) -> list[Group]:
        """The groups of an item, the largest first; their shares sum to its score."""
        return self._parted(position, MOST)

    def leading(self, position: int) -> list[Group]:
        """The first of the same groups, as far as any of them can be a reason; what else there is as one of each kind
        of rest, so that the shares sum to the score too."""
        parting = self._parting(position)
        for most in range(1, LEADING + 1):
            self._tell(parting, most)
            if parting.decided and self._settled(position, parting):
                return self._listed(position, parting)
        if parting.left.share > self._largest(position, parting) * MORE or not self._settled(position, parting):
            return self._parted(position, MOST)  # others among the many may be larger than what was told so far
        groups = self._parted(position, LEADING)
        return self._parted(position, MOST) if groups and groups[0].kind == SMALLER else groups

    def _largest(self, position: int, parting: _Parting) -> float:
        """The share of the largest group but for what is not told."""
        ruled = [one.share for one in self.soft(position)]
        return max([float(self.popularity[position]), *ruled, *(one.share for one in parting.told)])

    def _settled(self, position: int, parting: _Parting) -> bool:
        """Whether what has too few people changes no reason, whatever of what is left is put to it: it can neither be
        the largest group, nor together be a reason that would be told before all of it is known."""
        few, left = sum([one.share for one in parting.untold]), parting.left.share
        largest = self._largest(position, parting)
        most = parting.untold_share + left
        return (most * MORE < largest or most == 0) and (not few or (few + left) * MORE < HALF * largest)

    def near_best(self, position: int) -> list[Group] | None:
        """Those of the same groups that a varied list chooses from, as soon as it is certain which they are: the
        concrete ones that are nearly as large as the best; where none is concrete and nothing left can be a reason, all
        that are told. ``None`` where the others have to be known."""
        parting = self._parting(position)
        told, left, candidates = parting.told, parting.left, parting.candidates
        for most in range(1, MOST + 1):
            self._tell(parting, most)
            if len(told) < most:
                return None
            ruled = max([float(self.popularity[position]), *(one.share for one in self.soft(position))])
            untold, largest = parting.untold_share, max([one.share for one in told])
            if not any(one.concrete for one in told) and parting.decided:
                sure = ruled < HALF * largest and (untold + left.share) * MORE < NEAR_BEST * largest
                return sorted(told, key=lambda one: -one.share) if sure else None
            largest = max(largest, ruled)
            best = next((one.share for one in told if one.concrete), 0.0)
            bound = candidates.bound(NEAR_BEST * best / MORE)
            if bound is not None and bound * MORE < NEAR_BEST * best:
                most_of_others = max(largest, left.share + untold, bound / LEARNED_LESS)
                near = [one for one in told if one.concrete and one.share >= NEAR_BEST * best]
                if all(one.share > HALF * most_of_others * MORE for one in near):
                    return near
            if most == LEADING and left.share <= max(largest, untold) * MORE:  # as `leading` has it: no more are told
                return None
        return None

    def _parted(self, position: int, most: int) -> list[Group]:
        parting = self._parting(position)
        self._tell(parting, most)
        return self._listed(position, parting)

    def _listed(self, position: int, parting: _Parting) -> list[Group]:
        """What is told so far, with the rest as one of each kind, the largest first."""
        told, together, few = parting.told.copy(), *self._few(position, parting)
        told += [group_of(FEW, together)] if together else []
        if popular := float(self.popularity[position]):
            told.append(Group(POPULARITY, popular))
        told += [Group(RULE, one.share, soft=one) for one in self.soft(position)]
        rest = ((SMALLER, parting.left.strands), (UNTOLD, few), (AGAINST, parting.against))
        told += [group_of(kind, tuple(strands.values())) for kind, strands in rest if strands]
        if parting.rest:
            untold = next((one for one in told if one.kind == UNTOLD), Group(UNTOLD, 0.0))
            told = [one for one in told if one is not untold]
            told.append(Group(UNTOLD, untold.share + parting.rest, untold.strands))
        return sorted(told, key=lambda one: -one.share)

    def _few(self, position: int, parting: _Parting) -> tuple[Sequence[Strand], Pool]:
        """What has too few people in each way: what is told as one group, since enough are behind it together, and what
        is not told. What nobody is known to be behind is never told by the others."""
        strands = list(pooled([one for group in parting.untold for one in group.strands], {}).values())
        who = [self.evidence.who(position, one) for one in strands]
        if not strands or len(frozenset[int]().union(*who)) < self.evidence.k:
            return (), pooled(strands, parting.few)
        nobody = [one for one, people in zip(strands, who, strict=True) if not people]
        return [one for one, people in zip(strands, who, strict=True) if people], pooled(nobody, parting.few)

    def _parting(self, position: int) -> _Parting:
        if position not in self._partings:
            self._partings[position] = self._begun(position)
        return self._partings[position]

    def _begun(self, position: int) -> _Parting:
        pool, few = self.evidence.paths.telling(position, self.sources.cells(position))
        against, layout = Pool(), self.sources.layout(position)
        signed = [own for own in layout.signed if own in pool and min(pool[own].anchors.values()) < 0]
        if signed:
            pool = dict(pool)
            for own in signed:
                one = pool.pop(own)
                against[own] = Strand.of(one.source, {idx: share for idx, share in one.anchors.items() if share < 0})
                if left := {idx: share for idx, share in one.anchors.items() if share > 0}:
                    pool[own] = Strand.of(one.source, left)
        rest = 0.0 if self._rest is None else float(self._rest[position])
        return _Parting(Candidates(RemainingCells(layout, pool), self.evidence, position), few, against, rest=rest)

    @staticmethod
    def _tell(parting: _Parting, most: int) -> None:
        """Take groups out of what is left, up to so many, or until they tell enough."""
        left, told, enough = parting.left, parting.told, (1 - ENOUGH) * parting.left.whole
        while left.strands and len(told) < most and left.share > enough and not parting.done:
            best = parting.candidates.largest()
            if best is None:
                parting.done = True
            else:
                parting.candidates.take(best)
                (parting.untold if best.kind == UNTOLD else told).append(best)
