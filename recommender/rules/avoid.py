"""What is to be avoided: by whoever asks, or by a person herself, as the graph says."""

from collections.abc import Mapping, Sequence

from pydantic import Field

from recommender.profiles.anchors import Anchor
from recommender.profiles.profile import Profile
from recommender.rules.avoidance import AVOID, Avoided
from recommender.rules.rule import Ground, Removal, Rule, RuleOptions


class AvoidOptions(RuleOptions):
    """What is asked to be avoided."""

    avoid: tuple[str, ...] = Field(
        default=(),
        description="No item with this triple, e.g. contains:PARFUM, or with any to it: Ingredient:PARFUM; repeatable.",
        json_schema_extra={"metavar": "relation:ID", "adds": True},
    )
    """``relation:ID`` or ``Type:ID`` texts: items with such a triple, or with any triple to such an entity, are never
    recommended, and no path that is shown runs through the entity."""


class Avoid(Rule):
    """Removes items that have to do with what is asked to be avoided."""

    names = (AVOID.strip(),)

    def __init__(self, ground: Ground, asked: AvoidOptions) -> None:
        self.asked = asked
        self._avoided = [ground.avoidance.read(text) for text in asked.avoid]
        self._about = {one.name: (one.entity_type, one.idx) for one in self._avoided}

    def removed(self) -> Sequence[Removal]:
        """The items, by what they have to do with."""
        return [Removal(one.name, one.items) for one in self._avoided]

    def avoided(self, profile: Profile) -> Sequence[Avoided]:
        """What was asked."""
        return self._avoided

    def about(self, name: str) -> tuple[str, int] | None:
        """What is to be avoided."""
        return self._about.get(name)

    def lifted(self, name: str) -> Mapping[str, object]:
        """Everything else that is avoided."""
        return {"avoid": tuple(text for text in self.asked.avoid if text != name.removeprefix(AVOID))}


class OwnAvoidance(Rule):
    """Removes items that have to do with what somebody avoids herself: relations with ``rule = "avoid"``. The names in
    the audit are those of the relations, with ``:ID`` where that is no person."""

    names = ()

    def __init__(self, ground: Ground, asked: RuleOptions) -> None:
        self.avoidance, self.schema, self.vocabulary = (
            ground.avoidance,
            ground.snapshot.schema,
            ground.snapshot.vocabulary,
        )

    @property
    def personal(self) -> bool:
        """Where the schema has such relations."""
        return bool(self.schema.rules)

    def removed_for(self, profile: Profile) -> Sequence[Removal]:
        """The items, by what she avoids."""
        return [Removal(one.name, one.items) for one in self.avoidance.of_user(profile)]

    def avoided(self, profile: Profile) -> Sequence[Avoided]:
        """What she avoids."""
        return self.avoidance.of_user(profile)

    def owns(self, name: str) -> bool:
        """The name of a relation, with what it leads to."""
        return name.partition(":")[0] in self.schema.rules

    def about(self, name: str) -> tuple[str, int] | None:
        """What she avoids, where that is no person."""
        step, colon, entity_id = name.partition(":")
        tail = self.schema.ends(step)[1]
        return (tail, self.vocabulary.idx(tail, entity_id)) if colon else None

    def behind(self, name: str, profile: Profile, position: int) -> Sequence[Anchor]:
        """What of a relation forbids the item to her."""
        step = name.partition(":")[0]
        tail = self.schema.ends(step)[1]
        found = profile.anchors[step].idx.tolist()
        return [(step, idx) for idx in found if (self.avoidance.items(tail, idx) == position).any()]
