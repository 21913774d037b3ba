"""Only items that have to do with something: this brand, this category."""

from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import Field

from recommender.rules.rule import Ground, Removal, Rule, RuleOptions

ONLY = "only "


class OnlyOptions(RuleOptions):
    """What is asked for alone."""

    only: tuple[str, ...] = Field(
        default=(),
        description="Only items with this triple, e.g. made_by:Laneige; of one relation either, of several all.",
        json_schema_extra={"metavar": "relation:ID"},
    )


class Only(Rule):
    """Removes what has nothing to do with what is asked for: of one relation one of several is enough, of different
    relations each has to be there."""

    names = (ONLY.strip(),)

    def __init__(self, ground: Ground, asked: OnlyOptions) -> None:
        self.asked, self.size = asked, ground.catalogue.size
        self._groups: dict[str, list[str]] = {}
        for text in asked.only:
            self._groups.setdefault(text.partition(":")[0], []).append(text)
        self._read = {text: ground.avoidance.read(text, "only") for text in asked.only}

    def removed(self) -> Sequence[Removal]:
        """All other items, relation by relation."""
        found = []
        for texts in self._groups.values():
            left = np.ones(self.size, dtype=bool)
            for text in texts:
                left[self._read[text].items] = False
            found.append(Removal(ONLY + texts[0], np.flatnonzero(left)))
        return found

    def about(self, name: str) -> tuple[str, int] | None:
        """The first of what is asked for."""
        one = self._read.get(name.removeprefix(ONLY))
        return None if one is None else (one.entity_type, one.idx)

    def lifted(self, name: str) -> Mapping[str, object]:
        """Whatever a relation leads to."""
        relation = name.removeprefix(ONLY).partition(":")[0]
        return {"only": tuple(text for text in self.asked.only if text.partition(":")[0] != relation)}
