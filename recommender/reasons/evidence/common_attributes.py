"""Common attributes: what an item has in common with an anchor that goes with it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kg.schema import inverse_of
from recommender.catalogue.attributes import attribute_steps
from recommender.reasons.cells import TOGETHER, Sources, Strand, largest_anchors
from recommender.reasons.evidence.neighbourhoods import Neighbourhoods
from recommender.reasons.evidence.shown_paths import ShownPaths

Entity = tuple[str, int]
InCommon = tuple[int, str, list[Entity]]
"""An anchor, the step to what it has in common with an item, and that, what says most first."""
NEARLY_ALL = 0.5
"""Part of the items of a type from which an attribute says nothing of any of them, like water."""
LOOKED_AT = 3
"""Anchors that are asked what they have in common with an item."""
NAMED = 2
"""Attributes that are named."""


class CommonAttributes:
    """What items have in common with what is known of one profile, of the same type.

    :param paths: knows what may be named.
    """

    def __init__(self, sources: Sources, near: Neighbourhoods, paths: ShownPaths) -> None:
        self._scorer, self._near, self._paths = sources.scorer, near, paths
        self._found: dict[tuple[int, int], tuple[str, list[Entity]] | None] = {}

    def of(self, position: int, strands: Sequence[Strand]) -> InCommon | None:
        """What an anchor of learned strands that say no more than that things go together has in common with an item:
        of the largest ones the first that has anything that may be named."""
        source = strands[0].source
        item_type, item = self._scorer.catalogue.item(position)
        if source.text != TOGETHER or source.anchor_type != item_type:
            return None
        for anchor in largest_anchors(strands)[:LOOKED_AT]:
            if (position, anchor) not in self._found:
                self._found[position, anchor] = self._rarest(item_type, item, anchor)
            if (found := self._found[position, anchor]) is not None:
                return anchor, *found
        return None

    def _rarest(self, item_type: str, item: int, anchor: int) -> tuple[str, list[Entity]] | None:
        """The step and the attributes that the fewest items have; ``None`` where none may be named."""
        best: tuple[str, str, NDArray[np.int64], NDArray[np.int64]] | None = None
        too_many = int(NEARLY_ALL * self._scorer.snapshot.vocabulary.count(item_type)) + 1
        fewest = too_many
        for step, tail, counts in self._steps(item_type):
            both = self._near.of(step, anchor).intersection(self._scorer.snapshot.neighbours(step, item)[0].tolist())
            if not both:
                continue
            shared = np.fromiter(both, dtype=np.int64, count=len(both))
            if self._paths.forbidden.named or self._paths.forbidden.beyond:
                shared = shared[self._paths.may_name(tail, shared)]
            degrees = counts[shared]
            if (least := int(degrees.min(initial=too_many))) < fewest:
                fewest, best = least, (step, tail, shared, degrees)
                if least == 2:  # the two have it alone
                    break
        if best is None:
            return None
        step, tail, shared, degrees = best
        rare = np.lexsort((shared, degrees))[:NAMED]
        return step, [(tail, idx) for idx in shared[rare[degrees[rare] < too_many]].tolist()]

    def _steps(self, item_type: str) -> list[tuple[str, str, NDArray[np.int64]]]:
        """The steps from a type of items to attributes, their types, and how many items have each."""
        kept, snapshot = self._scorer.kept, self._scorer.snapshot
        key = "attribute steps", item_type
        if key not in kept:
            steps = attribute_steps(snapshot.schema, item_type)
            kept[key] = [(one, snapshot.schema.ends(one)[1], snapshot.link_counts(inverse_of(one))) for one in steps]
        found: list[tuple[str, str, NDArray[np.int64]]] = kept[key]
        return found
