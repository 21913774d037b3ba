"""Hard rules: which items may be recommended, how many each rule removed, what no shown path runs through."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kg.document import nearest
from kg.errors import UsageError
from kg.snapshot.snapshot import Snapshot
from kg.workspace.settings import RuleSettings
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.properties import UNKNOWN, item_properties
from recommender.profiles.profile import Profile, anchors_of, profile_of, user_steps
from recommender.rules.avoidance import Avoidance, Forbidden, Positions

PRICE, IN_STOCK, LANGUAGE, MIN_AGE, AGE = "price", "in_stock", "language", "min_age", "age"
"""Properties that rules read: of items, and ``age`` of people."""
NUMBER = ("float", "int")
Removal = tuple[str, Positions]


@dataclass(frozen=True)
class Rules:
    """What a caller asks for, on top of what each user avoids and of minimum ages, which always hold."""

    domain: str | None = None
    avoid: tuple[str, ...] = ()
    """``relation:ID`` or ``Type:ID`` texts."""
    max_price: float | None = None
    min_price: float | None = None
    in_stock: bool = False
    """Only items that are in stock; types without the property have no stock to run out of."""
    languages: tuple[str, ...] = ()
    """Only items in one of these; types without the property have no language."""
    age: float | None = None
    """Age of the user, in years; her property ``age`` where absent."""
    unknown: str | None = None
    """What becomes of an item whose price, stock or language is not known, or which has a minimum age while the age of
    the user is not known: ``drop`` (also where absent) or ``keep``."""

    def over(self, settings: RuleSettings) -> "Rules":
        """These rules on top of those of a workspace: lists of what to avoid add up, other values go before."""
        return Rules(
            domain=self.domain,
            avoid=tuple(dict.fromkeys((*settings.avoid, *self.avoid))),
            max_price=settings.max_price if self.max_price is None else self.max_price,
            min_price=settings.min_price if self.min_price is None else self.min_price,
            in_stock=self.in_stock or settings.in_stock,
            languages=self.languages or settings.language,
            age=self.age,
            unknown=self.unknown or settings.unknown,
        )


@dataclass(frozen=True)
class Candidates:
    """``allowed``: shape (catalogue.size,), bool. ``removals``: reason → positions, in the order of the rules."""

    allowed: NDArray[np.bool_]
    removals: tuple[Removal, ...]

    @cached_property
    def excluded(self) -> dict[str, int]:
        """Reason → number of items, each counted once, under the first rule that removes it."""
        left, counts = np.ones(len(self.allowed), dtype=bool), dict[str, int]()
        for name, positions in self.removals:
            if removed := int(np.count_nonzero(left[positions])):
                counts[name] = counts.get(name, 0) + removed
            left[positions] = False
        return counts

    def reason(self, position: int) -> str | None:
        """The first rule that removes an item, ``None`` where it is allowed."""
        if self.allowed[position]:
            return None
        return next(name for name, positions in self.removals if (positions == position).any())


class RuleSet:
    """Rules made ready for a catalogue, to be applied to many users.

    :raises UsageError: for an unknown domain, relation, type or language, a price or age that is none, or a property
        that no item has.
    :raises UnknownEntityError: for an unknown id to avoid.
    """

    def __init__(self, snapshot: Snapshot, catalogue: Catalogue, rules: Rules) -> None:
        self.snapshot, self.catalogue, self.rules = snapshot, catalogue, rules
        self.properties = item_properties(snapshot, catalogue)
        self.avoidance = Avoidance(snapshot, catalogue)
        if rules.unknown not in (None, "drop", "keep"):
            raise UsageError(f"unknown {rules.unknown!r}: expected drop or keep")
        if rules.age is not None and not rules.age >= 0:
            raise UsageError(f"--age {rules.age}: an age is 0 or more years")
        self._drop = rules.unknown != "keep"
        self._avoided = [self.avoidance.read(text) for text in rules.avoid]
        self._removals = self._for_everybody()
        self._everybody = np.ones(catalogue.size, dtype=bool)
        for _, positions in self._removals:
            self._everybody[positions] = False
        minimum = self.properties.numbers(MIN_AGE, *NUMBER)
        self._aged = np.flatnonzero(minimum > 0)
        self._minimum = minimum[self._aged]

    def candidates(self, profile: Profile) -> Candidates:
        """The items that may be recommended to a user; what she used already is left out first."""
        own = [*self._used(profile), *((one.name, one.items) for one in self.avoidance.of_user(profile))]
        young = self._too_young(profile)
        allowed = self._everybody.copy()
        for _, positions in (*own, *young):
            allowed[positions] = False
        return Candidates(allowed, (*own, *self._removals, *young))

    def forbidden(self, profile: Profile) -> Forbidden:
        """What no path that is shown to a user may run through: what is avoided, by whomever, and items too old for
        her, but for what she has herself."""
        young = [positions for _, positions in self._too_young(profile)]
        avoided = [*self._avoided, *self.avoidance.of_user(profile)]
        return self._nobody if not avoided and not young else self.avoidance.forbidden(avoided, young)

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
        for step, start, _ in self._used_steps(user_type):
            used = anchors_of(self.snapshot, step, users)
            counts = np.diff(used.indptr)
            allowed[np.repeat(np.arange(len(users)), counts), used.indices + start] = False
            own += counts
        if self.snapshot.schema.rules or len(self._aged):
            for row, idx in enumerate(users.tolist()):
                profile = profile_of(self.snapshot, user_type, idx)
                avoided = [one.items for one in self.avoidance.of_user(profile)]
                for positions in (*avoided, *(positions for _, positions in self._too_young(profile))):
                    allowed[row, positions] = False
                    own[row] += len(positions)
        return allowed, own

    def _used_steps(self, user_type: str) -> list[tuple[str, int, str]]:
        """Steps to items that are not for those who took them: step, position of its first item, name in the audit."""
        schema, found = self.snapshot.schema, []
        for step in user_steps(self.snapshot, user_type):
            item_type = schema.ends(step)[1]
            own = (step.startswith("~") and step[1:] not in schema.rules) or step in schema.interactions
            if (own or step in schema.negatives) and item_type in self.catalogue.slices:
                start = int(self.catalogue.slices[item_type].start)
                found.append((step, start, "interacted" if own else "disliked"))
        return sorted(found, key=lambda one: one[2] == "disliked")

    def _used(self, profile: Profile) -> list[Removal]:
        """Items that the user has an interaction with, disliked, or that belong to her (an instructor's course)."""
        return [
            (name, profile.anchors[step].idx.astype(np.int64) + start)
            for step, start, name in self._used_steps(profile.user_type)
            if step in profile.anchors
        ]

    def _too_young(self, profile: Profile) -> list[Removal]:
        if not len(self._aged):
            return []
        age = self.rules.age if self.rules.age is not None else self._age(profile)
        if np.isnan(age):
            return [("age_unknown", self._aged)] if self._drop else []
        return [("min_age", self._aged[self._minimum > age])]

    def _age(self, profile: Profile) -> float:
        known = self.snapshot.schema.entity[profile.user_type].properties.get(AGE) in NUMBER
        if profile.user_idx is None or not known:
            return float("nan")
        return float(self.snapshot.number(profile.user_type, AGE)[profile.user_idx])

    def _for_everybody(self) -> tuple[Removal, ...]:
        """What the rules remove whoever asks."""
        rules, found = self.rules, list[Removal]()
        if rules.domain is not None:
            domains = list(self.snapshot.schema.domains)
            if rules.domain not in domains:
                raise UsageError(f"unknown domain {rules.domain!r}; {nearest(rules.domain, domains)}")
            found.append(("other_domain", np.flatnonzero(~self.catalogue.of_domain(rules.domain))))
        found += [(one.name, one.items) for one in self._avoided]
        found += self._by_price()
        if rules.in_stock:
            found += self._by_stock()
        if rules.languages:
            found += self._by_language(rules.languages)
        return tuple(found)

    def _by_price(self) -> list[Removal]:
        least, most = self.rules.min_price, self.rules.max_price
        if least is None and most is None:
            return []
        for name, price in (("min", least), ("max", most)):
            if price is not None and not price >= 0:
                raise UsageError(f"--{name}-price {price}: a price is 0 or more")
        if least is not None and most is not None and least > most:
            raise UsageError(f"--min-price {least} is above --max-price {most}: no price is both")
        prices = self.properties.numbers(PRICE, *NUMBER)
        if np.isnan(prices).all():
            name = "min" if most is None else "max"
            raise UsageError(f"--{name}-price: {_missing(PRICE)}")
        found = self._unknown("price_unknown", np.isnan(prices))
        if most is not None:
            found.append(("max_price", np.flatnonzero(prices > most)))
        return found if least is None else [*found, ("min_price", np.flatnonzero(prices < least))]

    def _by_stock(self) -> list[Removal]:
        stock = self.properties.numbers(IN_STOCK, "bool")
        if np.isnan(stock).all():
            raise UsageError(f"--in-stock: {_missing(IN_STOCK)}")
        unknown = np.isnan(stock) & self.properties.declared(IN_STOCK, "bool")
        return [*self._unknown("stock_unknown", unknown), ("out_of_stock", np.flatnonzero(stock == 0))]

    def _by_language(self, languages: Sequence[str]) -> list[Removal]:
        found = self.properties.texts(LANGUAGE)
        if not found.values:
            raise UsageError(f"--language: {_missing(LANGUAGE)}")
        for one in languages:
            if one.casefold() not in found.values:
                raise UsageError(f"no item is in language {one!r}; {nearest(one.casefold(), list(found.values))}")
        wanted = [found.values.index(one.casefold()) for one in languages]
        unknown = (found.codes == UNKNOWN) & self.properties.declared(LANGUAGE, "str")
        other = (found.codes != UNKNOWN) & ~np.isin(found.codes, wanted)
        return [*self._unknown("language_unknown", unknown), ("other_language", np.flatnonzero(other))]

    def _unknown(self, name: str, mask: NDArray[np.bool_]) -> list[Removal]:
        return [(name, np.flatnonzero(mask))] if self._drop else []


def _missing(name: str) -> str:
    return f"no item has a {name!r}; map one in the mapping's properties and load again"
