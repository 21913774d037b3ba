"""Item rules: which attributes of an item a rule keeps it out for, and which it must not get."""

import numpy as np

from recommender.catalogue.attributes import attribute_steps
from recommender.catalogue.steps import item_steps
from recommender.counterfactual.changes import Change
from recommender.profiles.anchors import Anchor
from recommender.profiles.profile import Profile
from recommender.rules.avoidance import AVOID, Avoidance
from recommender.rules.rule_set import Candidates, RuleSet


class ItemRules:
    """What the rules of a request say of the attributes of one item.

    :param position: of the item.
    """

    def __init__(self, rules: RuleSet, profile: Profile, position: int) -> None:
        self.rules, self.profile, self.position = rules, profile, position
        self.snapshot, self.schema = rules.snapshot, rules.snapshot.schema
        self.avoidance: Avoidance = rules.avoidance
        self.item_type, self.item = rules.catalogue.item(position)
        self._attributes = attribute_steps(self.schema, self.item_type)

    def behind(self, name: str) -> tuple[Anchor, ...]:
        """The links for which a rule, by its name in the audit, keeps the item out; none where it is no matter of
        attributes."""
        step, colon, entity_id = name.removeprefix(AVOID).partition(":")
        if name.startswith(AVOID):
            avoided = self.avoidance.read(name.removeprefix(AVOID))
            only = step in self.schema.relation or step.startswith("~")
            own = only and self.schema.ends(step)[0] == self.item_type
            return self._links([step] if own else item_steps(self.schema, avoided.entity_type), [avoided.idx])
        if step not in self.schema.rules:
            return ()
        tail = self.schema.ends(step)[1]
        known = [self.snapshot.vocabulary.idx(tail, entity_id)] if colon else self.profile.anchors[step].idx.tolist()
        return self._links(item_steps(self.schema, tail), known)

    def allow(self, chosen: Candidates, change: Change) -> bool:
        """Whether the item may be recommended once its attributes changed.

        :param chosen: what the rules say before that.
        """
        names = chosen.reasons(self.position)
        links = [self.behind(name) for name in names]
        added = {(self.schema.ends(step)[1], idx) for step, idx in change.item_add}
        return all(found and set(found) <= set(change.item_remove) for found in links) and not added & self.forbidden()

    def forbidden(self) -> set[Anchor]:
        """Type and index of what is avoided, by the request or by the user: not to be added to the item."""
        asked = [self.avoidance.read(text) for text in self.rules.asked.avoid]
        return {(one.entity_type, one.idx) for one in (*asked, *self.avoidance.of_user(self.profile))}

    def _links(self, steps: list[str], tails: list[int]) -> tuple[Anchor, ...]:
        found = [step for step in steps if self.schema.ends(step)[0] == self.item_type]
        if not set(found) <= set(self._attributes):
            return ()
        linked = {step: np.intersect1d(self.snapshot.neighbours(step, self.item)[0], tails) for step in found}
        return tuple((step, idx) for step in found for idx in linked[step].tolist())
