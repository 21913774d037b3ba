"""Groups: the score of an item as a person would part it. A group is exactly the cells its sentence tells.

Greedily, the largest group of those that one sentence can tell is taken out of what is left::

    theme     what leads to the item by one relation, its ingredients, its brand: over up to three metapaths, and what
              learned kernels say of the same anchors; with these, in place of a third metapath, what others did
    anchor    what one anchor has to do with the item, in up to three ways
    people    one metapath over people, from all anchors, and what learned kernels say of them
    learned   what goes with the item, as learned kernels and the embedding say, from one step; where it is told by what
              it has in common with the item, also what too few people did to be told of: that goes with it, too
    few       what in no way has k people, but all ways together

What is left is smaller links; what runs through fewer than k people, or through what is avoided, is not told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from recommender.reasons.cells import DIRECT, LEARNED, PEOPLE, SHARED, THEME, Pool, Source, Strand
from recommender.rules.soft.soft_rules import SoftShare

LEARNED_LESS = 0.8
"""How much a group that names no path counts against one that does."""
ANCHOR, POPULARITY, SMALLER, UNTOLD, AGAINST = "anchor", "popularity", "smaller", "untold", "against"
FEW = "few"
"""The kind of what too few people are behind in each way, and enough together."""
RULE = "rule"
WAYS = 3
"""Ways of an anchor that one sentence tells."""
THIRD = 0.15
"""From which part of the two largest metapaths of a theme on a third one is told with them."""
HALF = 0.5
"""Least part of the largest group's share that a reason has, and of the score that popularity has where it is one."""
NEAR_BEST = 0.8
"""Groups from this part of the best on are as good: what the list has not said yet goes first, then the concrete."""


@dataclass(slots=True, eq=False)
class Group:
    """A part of a score: ``kind``, its share, and the strands it is made of, the largest first; of an anchor its step
    and index."""

    kind: str
    share: float
    strands: tuple[Strand, ...] = ()
    anchor: tuple[str, int] | None = None
    soft: SoftShare | None = None
    """The soft rule that a group of the kind ``rule`` stands for."""
    _key: tuple[object, ...] | None = None
    _anchors: list[int] | None = None

    @property
    def concrete(self) -> bool:
        """Whether it names something that leads to the item, or that is done again with it."""
        return self.kind in (THEME, ANCHOR) or (self.kind == LEARNED and self.strands[0].source.again)

    @property
    def people(self) -> Strand | None:
        """What others did, where that is a part of it."""
        return next((one for one in self.strands if one.source.kind == PEOPLE), None)

    @property
    def learned(self) -> list[Strand]:
        """What learned kernels say."""
        return [one for one in self.strands if one.source.kind == LEARNED]

    @property
    def grounds(self) -> list[Strand]:
        """What of a theme leads to the item."""
        return [one for one in self.strands if one.source.kind not in (LEARNED, PEOPLE)]

    @property
    def key(self) -> tuple[object, ...]:
        """What is said by it: two groups of a list with the same key say the same."""
        if self._key is None:  # asked for again and again
            first = (strand.source.own for strand in self.strands[:1])
            self._key = self.kind, self.anchor, self.soft and self.soft.about, *first
        return self._key

    @property
    def anchors(self) -> list[int]:
        """The anchors of its strands, where they are of one step, the largest share first."""
        if self._anchors is None:
            shares = dict(self.strands[0].anchors)
            for strand in self.strands[1:]:
                for anchor, share in strand.anchors.items():
                    shares[anchor] = shares.get(anchor, 0.0) + share
            self._anchors = (
                sorted(shares, key=lambda anchor: (-shares[anchor], anchor)) if len(shares) > 1 else [*shares]
            )
        return self._anchors


@dataclass(slots=True)
class Way:
    """One way from an anchor to the item: a metapath, or all learned kernels that say no more than that."""

    share: float
    cells: list[tuple[Source, float]]


def group_of(kind: str, strands: Sequence[Strand], anchor: tuple[str, int] | None = None) -> Group:
    """A group with its share and its strands, the largest first."""
    ordered = tuple(sorted(strands, key=_minus)) if len(strands) > 1 else tuple(strands)
    return Group(kind, share_of(ordered), ordered, anchor)


def share_of(strands: Iterable[Strand]) -> float:
    """The sum of the shares of strands."""
    return sum([one.share for one in strands])


def size_of(group: Group) -> float:
    """How large a group counts where the largest is sought: one that names no path for less than its share."""
    return group.share * (LEARNED_LESS if group.kind == LEARNED else 1.0)


def pooled(strands: Iterable[Strand], pool: Pool) -> Pool:
    """A pool with the cells of strands besides its own."""
    found = dict(pool)
    for one in strands:
        before = found.get(one.source.own)
        found[one.source.own] = one if before is None else Strand.of(one.source, {**before.anchors, **one.anchors})
    return found


def grounds_of(strands: list[Strand]) -> list[Strand]:
    """The two largest of those that lead to an item by one relation, and a third that the user said, or that is not
    small beside them."""
    if len(strands) < 2:
        return strands
    first, second, *others = sorted(strands, key=_minus)
    third = others[:1]
    if third and third[0].source.kind != DIRECT and third[0].share < THIRD * (first.share + second.share):
        third = []
    return [first, second, *third]


def shared_of(grounds: Iterable[Strand]) -> Strand | None:
    """The largest ground of which anchor and item are linked to the same."""
    for one in grounds:
        if one.source.kind == SHARED:
            return one
    return None


def _minus(one: Strand) -> float:
    return -one.share
