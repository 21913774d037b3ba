"""Changes: what somebody might have had or not had, rules that might be lifted, and the profile that follows."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recommender.profiles.anchors import Anchor, anchor_text, own_anchors
from recommender.profiles.profile import Profile, find_anchor, profile_from, profile_of, user_steps
from recommender.profiles.weights import weighted_neighbours
from recommender.rules.rule_set import Rules
from recommender.serving.recommender import Recommender, Request


@dataclass(frozen=True)
class Change:
    """Anchors to have and not to have, rules to lift, by their names in the audit, and attributes that the item is to
    have and not to have: a step that leaves it, and the index of the entity it leads to."""

    add: tuple[Anchor, ...] = ()
    remove: tuple[Anchor, ...] = ()
    lift: tuple[str, ...] = ()
    item_add: tuple[Anchor, ...] = ()
    item_remove: tuple[Anchor, ...] = ()

    @property
    def size(self) -> int:
        """How many things change."""
        return sum(len(part) for part in (self.add, self.remove, self.lift, self.item_add, self.item_remove))

    @property
    def of_item(self) -> bool:
        """Whether the item changes."""
        return bool(self.item_add or self.item_remove)

    def parts(self) -> list["Change"]:
        """Every single change in it."""
        return [
            *(Change(add=(one,)) for one in self.add),
            *(Change(remove=(one,)) for one in self.remove),
            *(Change(lift=(one,)) for one in self.lift),
            *(Change(item_add=(one,)) for one in self.item_add),
            *(Change(item_remove=(one,)) for one in self.item_remove),
        ]


def joined(changes: Iterable[Change]) -> Change:
    """All changes together."""
    found = list(changes)
    return Change(
        tuple(one for change in found for one in change.add),
        tuple(one for change in found for one in change.remove),
        tuple(one for change in found for one in change.lift),
        tuple(one for change in found for one in change.item_add),
        tuple(one for change in found for one in change.item_remove),
    )


class Changed:
    """What a request becomes under a change."""

    def __init__(self, recommender: Recommender, request: Request) -> None:
        self.recommender, self.snapshot, self.request = recommender, recommender.snapshot, request
        self.whom = recommender.profile(request)
        self._extra = [(step, idx) for _, step, idx in (find_anchor(self.snapshot, one) for one in request.anchors)]
        self._without = list[Anchor]()
        if self.whom.user_idx is None:
            gone = {find_anchor(self.snapshot, one)[1:] for one in request.without}
            self._extra = [one for one in self._extra if one not in gone]
        else:
            self._without = own_anchors(self.snapshot, self.whom.user_type, self.whom.user_idx, request.without)

    def request_with(self, change: Change, n: int) -> Request:
        """The request that asks for the list after a change."""
        gone = {anchor_text(self.snapshot, one) for one in change.remove}
        added = [anchor_text(self.snapshot, one) for one in change.add]
        kept = list(self.request.anchors)  # of somebody who is not in the graph: they say what kind of user she is
        if self.whom.user_idx is not None:
            pairs = zip(self.request.anchors, self._extra, strict=True)
            kept = [text for text, one in pairs if one not in change.remove]
            gone -= set(self.request.anchors)
        without = (*self.request.without, *sorted(gone))
        return replace(self.request, anchors=(*kept, *added), without=without, rules=self.rules(change), n=n)

    def rules(self, change: Change) -> Rules:
        """The rules that are left."""
        rules = self.request.rules
        for name in change.lift:
            rules = self.recommender.rule_set(rules).lifted(name) or rules
        return rules

    def profile(self, change: Change) -> Profile:
        """The profile with what is added and without what is removed."""
        extra = [*(one for one in self._extra if one not in change.remove), *change.add]
        user_type, idx = self.whom.user_type, self.whom.user_idx
        if idx is None:
            return profile_from(user_type, extra, self.snapshot.schema.negatives)
        return profile_of(self.snapshot, user_type, idx, extra, self.removed(change))

    def removed(self, change: Change) -> list[Anchor]:
        """Anchors that do not count."""
        return [*self._without, *change.remove]

    def raw(self, change: Change) -> dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """Anchors of each step, with their weights before they got length 1."""
        found = dict[str, dict[int, float]]()
        if self.whom.user_idx is not None:
            for step in user_steps(self.snapshot, self.whom.user_type):
                idx, weight = weighted_neighbours(self.snapshot, step, self.whom.user_idx)
                found[step] = dict(zip(idx.tolist(), weight.tolist(), strict=True))
        for step, one in self.removed(change):
            found.get(step, {}).pop(one, None)
        for step, one in (*self._extra, *change.add):
            if (step, one) not in change.remove:
                found.setdefault(step, {}).setdefault(one, -1.0 if step in self.snapshot.schema.negatives else 1.0)
        return {
            step: (np.array(list(one), dtype=np.int64), np.array(list(one.values()), dtype=np.float64))
            for step, one in found.items()
            if one
        }
