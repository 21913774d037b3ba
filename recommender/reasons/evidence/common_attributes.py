"""Common attributes: what an item has in common with an anchor that goes with it."""

from typing import TYPE_CHECKING

from recommender.reasons.cells import TOGETHER, Sources
from recommender.reasons.evidence.attribute_ranks import AttributeRanks
from recommender.rules.avoidance import Forbidden

if TYPE_CHECKING:
    from recommender.reasons.groups import Group

Entity = tuple[str, int]
InCommon = tuple[int, str, list[Entity]]
"""An anchor, the step to what it has in common with an item, and that, what says most first."""
LOOKED_AT = 3
"""Anchors that are asked what they have in common with an item."""
NAMED = 2
"""Attributes that are named."""


class CommonAttributes:
    """What items have in common with what is known of one profile, of the same type.

    :param forbidden: what may not be named.
    """

    def __init__(self, sources: Sources, forbidden: Forbidden) -> None:
        self._scorer, self._forbidden = sources.scorer, forbidden
        self._found: dict[tuple[int, int], tuple[str, list[Entity]] | None] = {}
        self._having: dict[tuple[str, int], frozenset[int]] = {}

    def of(self, position: int, group: "Group") -> InCommon | None:
        """What an anchor of a learned group has in common with an item, where the group says no more than that the two
        go together: of the largest anchors the first that has anything that may be named."""
        source = group.strands[0].source
        item_type, item = self._scorer.catalogue.item(position)
        if source.text != TOGETHER or source.anchor_type != item_type:
            return None
        for anchor in group.anchors[:LOOKED_AT]:
            if (position, anchor) not in self._found:
                self._found[position, anchor] = self._rarest(item_type, item, anchor)
            if (found := self._found[position, anchor]) is not None:
                return anchor, *found
        return None

    def _rarest(self, item_type: str, item: int, anchor: int) -> tuple[str, list[Entity]] | None:
        """The step and the attributes that the fewest items have; ``None`` where none may be named."""
        ranks, rarest, told = self._ranks(item_type), "", list[Entity]()
        if (having := self._having.get((item_type, anchor))) is None:
            self._having[item_type, anchor] = having = frozenset(ranks.of(anchor))
        for rank in filter(having.__contains__, ranks.of(item)):
            step, tail, idx = ranks.attribute(rank)
            if rarest in ("", step) and self._forbidden.names(tail, idx):
                rarest = step
                told.append((tail, idx))
                if len(told) == NAMED:
                    break
        return (rarest, told) if told else None

    def _ranks(self, item_type: str) -> AttributeRanks:
        kept, key = self._scorer.kept, ("attribute ranks", item_type)
        if key not in kept:
            kept[key] = AttributeRanks(self._scorer.snapshot, item_type)
        found: AttributeRanks = kept[key]
        return found
