"""What the shop's certificate filters: items that too many people who know them do not want."""

from collections.abc import Sequence

import numpy as np

from recommender.catalogue.catalogue import Catalogue
from recommender.rules.rule import Removal, Rule


class Unwanted(Rule):
    """Removes the items of a certificate, for everybody; those that are no longer there are passed over.

    :param items: ``Type:id`` texts.
    """

    names = ("unwanted",)

    def __init__(self, catalogue: Catalogue, items: Sequence[str]) -> None:
        split = [one.partition(":") for one in items]
        known = [(name, catalogue.snapshot.vocabulary.get(name, entity_id)) for name, _, entity_id in split]
        there = [catalogue.position(name, idx) for name, idx in known if idx is not None and name in catalogue.slices]
        self._items = np.unique(np.array(there, dtype=np.int64))

    def removed(self) -> Sequence[Removal]:
        """The items."""
        return [Removal("unwanted", self._items)] if len(self._items) else []
