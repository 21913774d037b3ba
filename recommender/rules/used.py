"""What somebody used, dislikes, or made herself is not recommended to her."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recommender.profiles.anchors import Anchor
from recommender.profiles.profile import Profile, anchors_of, user_steps
from recommender.rules.avoidance import Positions
from recommender.rules.rule import Ground, Removal, Rows, Rule, RuleOptions

INTERACTED, DISLIKED = "interacted", "disliked"


class Used(Rule):
    """Removes items that somebody has an interaction with, unless it is repeated, or dislikes, and those that belong to
    her: an instructor's own course."""

    names = (INTERACTED, DISLIKED)

    def __init__(self, ground: Ground, asked: RuleOptions) -> None:
        self.snapshot, self.catalogue = ground.snapshot, ground.catalogue
        self._known: dict[str, list[tuple[str, int, str]]] = {}

    @property
    def personal(self) -> bool:
        """Always."""
        return True

    def removed_for(self, profile: Profile) -> Sequence[Removal]:
        """What is hers: what she used first, then what she dislikes."""
        return [
            Removal(name, profile.anchors[step].idx.astype(np.int64) + start)
            for step, start, name in self._steps(profile.user_type)
            if step in profile.anchors
        ]

    def rows_removed(self, user_type: str, users: NDArray[np.int64]) -> Sequence[tuple[Rows, Positions]]:
        """The same of many, read off the triples."""
        found = []
        for step, start, _ in self._steps(user_type):
            used = anchors_of(self.snapshot, step, users)
            rows = np.repeat(np.arange(len(users)), np.diff(used.indptr))
            found.append((rows, used.indices.astype(np.int64) + start))
        return found

    def behind(self, name: str, profile: Profile, position: int) -> Sequence[Anchor]:
        """Her anchors that are the item itself, whatever she did with it."""
        item_type, item = self.catalogue.item(position)
        ends, anchors = self.snapshot.schema.ends, profile.anchors
        return [(step, item) for step in anchors if ends(step)[1] == item_type and (anchors[step].idx == item).any()]

    def _steps(self, user_type: str) -> list[tuple[str, int, str]]:
        """Steps to items that are not for those who took them: step, position of its first item, name in the audit."""
        if user_type in self._known:
            return self._known[user_type]
        schema, found = self.snapshot.schema, []
        for step in user_steps(self.snapshot, user_type):
            item_type = schema.ends(step)[1]
            own = (step.startswith("~") and step[1:] not in schema.rules) or step in schema.used_once
            if (own or step in schema.negatives) and item_type in self.catalogue.slices:
                start = int(self.catalogue.slices[item_type].start)
                found.append((step, start, INTERACTED if own else DISLIKED))
        self._known[user_type] = sorted(found, key=lambda one: one[2] == DISLIKED)
        return self._known[user_type]
