"""Nothing for older people, by the items' property ``min_age`` and the person's ``age``."""

from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import Field

from recommender.catalogue.properties import NUMBER
from recommender.profiles.profile import Profile
from recommender.rules.avoidance import Positions
from recommender.rules.rule import Ground, Removal, Rule, RuleOptions

MIN_AGE, AGE = "min_age", "age"
UNKNOWN = "age_unknown"


class AgeOptions(RuleOptions):
    """What is told of the age."""

    age: float | None = Field(
        default=None,
        ge=0,
        allow_inf_nan=False,
        description="Age of the user; nothing with a higher min_age.",
        json_schema_extra={"metavar": "YEARS"},
    )
    """In years; the person's property ``age`` where absent."""


class Age(Rule):
    """Removes what is for older people; no path shown to somebody runs through it either."""

    names = (UNKNOWN, MIN_AGE)

    def __init__(self, ground: Ground, asked: AgeOptions) -> None:
        self.asked, self.snapshot = asked, ground.snapshot
        minimum = ground.properties.numbers(MIN_AGE, *NUMBER)
        self._aged = np.flatnonzero(minimum > 0)
        self._minimum = minimum[self._aged]

    @property
    def personal(self) -> bool:
        """Where any item has a minimum age."""
        return bool(len(self._aged))

    def removed_for(self, profile: Profile) -> Sequence[Removal]:
        """What she is too young for, or may be."""
        if not len(self._aged):
            return ()
        age = self.asked.age if self.asked.age is not None else self._age(profile)
        if np.isnan(age):
            return [Removal(UNKNOWN, self._aged)] if self.asked.unknown != "keep" else ()
        return [Removal(MIN_AGE, self._aged[self._minimum > age])]

    def hidden(self, profile: Profile) -> Sequence[Positions]:
        """The same items."""
        return [one.items for one in self.removed_for(profile)]

    def lifted(self, name: str) -> Mapping[str, object] | None:
        """Items with a minimum age too, where nobody knows her age; a known age stands."""
        return {"unknown": "keep"} if name == UNKNOWN else None

    def _age(self, profile: Profile) -> float:
        known = self.snapshot.schema.entity[profile.user_type].properties.get(AGE) in NUMBER
        if profile.user_idx is None or not known:
            return float("nan")
        return float(self.snapshot.number(profile.user_type, AGE)[profile.user_idx])
