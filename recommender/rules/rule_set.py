"""Hard rules: which items may be recommended, how many each rule removed, what no shown path runs through.

A rule is a class in a file of its own; it is registered here, by its options and by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from kg.document import nearest, reason_of
from kg.errors import UsageError
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.catalogue import Catalogue
from recommender.profiles.profile import Profile, profile_of
from recommender.rules.age import Age, AgeOptions
from recommender.rules.avoid import Avoid, AvoidOptions, OwnAvoidance
from recommender.rules.avoidance import Avoidance, Avoided, Forbidden, Positions
from recommender.rules.domain import Domain, DomainOptions
from recommender.rules.language import Language, LanguageOptions
from recommender.rules.only import Only, OnlyOptions
from recommender.rules.price import Price, PriceOptions
from recommender.rules.rule import Ground, Removal, Rule
from recommender.rules.soft.soft_rules import SoftOptions, SoftRules
from recommender.rules.stock import Stock, StockOptions
from recommender.rules.unwanted import Unwanted
from recommender.rules.used import Used

RULES: tuple[type[Rule], ...] = (Used, OwnAvoidance, Domain, Avoid, Price, Stock, Language, Only, Age)
"""All rules. An item counts under the first that removes it."""


class Rules(
    SoftOptions, AgeOptions, OnlyOptions, LanguageOptions, StockOptions, PriceOptions, AvoidOptions, DomainOptions
):
    """What a caller asks for, on top of what each user avoids and of minimum ages, which always hold."""

    @classmethod
    def asked(cls, values: Mapping[str, Any]) -> "Rules":
        """Rules from values by name; ``None`` stands for a value that is absent.

        :raises UsageError: one line per problem, with the name, what came, and what is allowed.
        """
        try:
            return cls(**{name: value for name, value in values.items() if value is not None})
        except ValidationError as problem:
            raise UsageError("\n".join(_problem(dict(one)) for one in problem.errors())) from None

    def over(self, base: "Rules") -> "Rules":
        """These rules on top of others, those of a workspace: lists of what to avoid add up, other values go before."""
        update: dict[str, object] = {}
        for name, field in type(self).model_fields.items():
            value, extra = getattr(self, name), field.json_schema_extra
            if isinstance(extra, dict) and extra.get("adds"):
                update[name] = tuple(dict.fromkeys((*getattr(base, name), *value)))
            elif value != field.default:
                update[name] = value
        return base.model_copy(update=update)


def _problem(item: dict[str, Any]) -> str:
    name = str(item["loc"][0])
    if item["type"] == "extra_forbidden":
        return f"unknown rule `{name}`; {nearest(name, list(Rules.model_fields))}"
    return f"`{name}` {item['input']!r}: {reason_of(item)}"


@dataclass(frozen=True)
class Candidates:
    """``allowed``: shape (catalogue.size,), bool. ``removals``: what each rule removes, in the order of the rules."""

    allowed: NDArray[np.bool_]
    removals: tuple[Removal, ...]

    @cached_property
    def excluded(self) -> dict[str, int]:
        """Reason → number of items, each counted once, under the first rule that removes it."""
        left, counts = np.ones(len(self.allowed), dtype=bool), dict[str, int]()
        for one in self.removals:
            if removed := int(np.count_nonzero(left[one.items])):
                counts[one.name] = counts.get(one.name, 0) + removed
            left[one.items] = False
        return counts

    def reason(self, position: int) -> str | None:
        """The first rule that removes an item, ``None`` where it is allowed."""
        return None if self.allowed[position] else self.reasons(position)[0]

    def reasons(self, position: int) -> list[str]:
        """Every rule that removes an item, by its name in the audit."""
        return list(dict.fromkeys(one.name for one in self.removals if (one.items == position).any()))


class RuleSet:
    """Rules made ready for a catalogue, to be applied to many users.

    :param objectives: what the shop's objectives add to scores, see :class:`SoftRules`.
    :param unwanted: items that the shop's certificate filters, ``Type:id``.
    :raises UsageError: for an unknown domain, relation, type or language, a price or age that is none, or a property
        that no item has.
    :raises UnknownEntityError: for an unknown id to avoid.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        catalogue: Catalogue,
        asked: Rules,
        *,
        objectives: Sequence[str] = (),
        unwanted: Sequence[str] = (),
    ) -> None:
        self.snapshot, self.catalogue, self.asked = snapshot, catalogue, asked
        self.avoidance = Avoidance(snapshot, catalogue)
        self.ground = Ground(snapshot, catalogue, catalogue.properties, self.avoidance)
        self.rules = [rule(self.ground, asked) for rule in RULES]
        self.rules += [Unwanted(catalogue, unwanted)] if unwanted else []
        self.soft = SoftRules(self.ground, asked, objectives)
        self._removed = [tuple(rule.removed()) for rule in self.rules]
        self._everybody = np.ones(catalogue.size, dtype=bool)
        for removals in self._removed:
            for one in removals:
                self._everybody[one.items] = False

    def candidates(self, profile: Profile) -> Candidates:
        """The items that may be recommended to a user; what she used already is left out first."""
        found, allowed = list[Removal](), self._everybody.copy()
        for rule, everybody in zip(self.rules, self._removed, strict=True):
            own = rule.removed_for(profile)
            for one in own:
                allowed[one.items] = False
            found += [*own, *everybody]
        return Candidates(allowed, tuple(found))

    def forbidden(self, profile: Profile) -> Forbidden:
        """What no path that is shown to a user may run through: what is avoided, by whomever, and items too old for
        her, but for what she has herself."""
        avoided: list[Avoided] = [one for rule in self.rules for one in rule.avoided(profile)]
        hidden: list[Positions] = [items for rule in self.rules for items in rule.hidden(profile)]
        return self._nobody if not avoided and not hidden else self.avoidance.forbidden(avoided, hidden)

    @cached_property
    def _nobody(self) -> Forbidden:
        return self.avoidance.forbidden([])

    def block(self, user_type: str, users: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """``candidates`` of many users of the graph, of one type.

        :returns: ``allowed``, shape (users, catalogue.size), bool, and at most how many items each user may not have
            that others may, shape (users,).
        """
        allowed = np.tile(self._everybody, (len(users), 1))
        own = np.zeros(len(users), dtype=np.int64)
        alone = list[Rule]()
        for rule in (one for one in self.rules if one.personal):
            together = rule.rows_removed(user_type, users)
            if together is None:
                alone.append(rule)
            for rows, items in together or ():
                allowed[rows, items] = False
                own += np.bincount(rows, minlength=len(users))
        for row, idx in enumerate(users.tolist() if alone else ()):
            profile = profile_of(self.snapshot, user_type, idx)
            for one in (removal for rule in alone for removal in rule.removed_for(profile)):
                allowed[row, one.items] = False
                own[row] += len(one.items)
        return allowed, own

    def rule(self, name: str) -> Rule:
        """The rule that a name in the audit is of."""
        return next(rule for rule in self.rules if rule.owns(name))

    def lifted(self, name: str) -> Rules | None:
        """What was asked without the rule that has a name in the audit, ``None`` where it always holds."""
        update = self.rule(name).lifted(name)
        return None if update is None else self.asked.model_copy(update=dict(update))
