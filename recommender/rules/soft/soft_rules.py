"""Soft rules made ready: what they add to the scores of one person, rule by rule.

::

    score(u, i) = r(u, i) + pinned(u, i),   r(u, i) = s(u, i) + Σ_boost p · |s(u, i)| − Σ_bury p · |s(u, i)|

s(u, i) is what model and person give. A part of the score is added or taken away, so that a rule counts alike for
everybody and does not lift what nothing leads to. What is pinned gets twice the largest |r(u, ·)|, once more for each
that is pinned behind it: enough to stand before everything else, in the order in which it was asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from kg.errors import UsageError
from recommender.rules.rule import Ground, RuleOptions
from recommender.rules.soft.expression import PERCENT, Mask, items_of

BOOST, BURY, PIN, OBJECTIVE = "boost", "bury", "pin", "objective"
USUAL = 20.0
"""Percent of the score where a rule names none."""
MOST = {BOOST: 1000.0, OBJECTIVE: 1000.0, BURY: 100.0, "quota": 100.0}
Values = NDArray[np.float64]


class SoftOptions(RuleOptions):
    """What is put forward, held back and placed."""

    boost: tuple[str, ...] = Field(
        default=(),
        description="Raise the score of such items by a part of it, e.g. 'made_by:Laneige' or '50% price < 20 and "
        "in_stock'; 20% unless told.",
        json_schema_extra={"metavar": "EXPR", "adds": True},
    )
    bury: tuple[str, ...] = Field(
        default=(),
        description="Lower the score of items by a part of it, likewise.",
        json_schema_extra={"metavar": "EXPR", "adds": True},
    )
    pin: tuple[str, ...] = Field(
        default=(),
        description="An item that stands first, if it may be recommended at all; several stand in their order.",
        json_schema_extra={"metavar": "ITEM", "adds": True},
    )
    quota: tuple[str, ...] = Field(
        default=(),
        description="At least so much of the list, as far as there is any, e.g. '30% made_by:Laneige'.",
        json_schema_extra={"metavar": "N% EXPR", "adds": True},
    )


@dataclass(frozen=True)
class SoftShare:
    """What one rule adds to the score of an item: ``kind`` is boost, bury, objective or pin, ``percent`` of the score,
    0 for what is pinned, ``about`` the expression or the id."""

    kind: str
    about: str
    percent: float
    share: float


@dataclass(frozen=True)
class Quota:
    """At least ``part`` of a list, in (0, 1], is to be of ``items``, a mask over the catalogue."""

    about: str
    part: float
    items: Mask


@dataclass(frozen=True)
class _Factor:
    kind: str
    about: str
    percent: float
    items: Mask

    @property
    def signed(self) -> float:
        """By what part scores change: below 0 for a bury, above for a boost and an objective."""
        return self.percent / 100 * (-1 if self.kind == BURY else 1)


class SoftRules:
    """The soft rules that were asked for, and what the shop's objectives add, as if they were boosts.

    :param objectives: ``12.5% made_by:Laneige``, see :mod:`recommender.reranking.exposure_prices`.
    :raises UsageError: for what is no expression, or a percentage outside of its bounds.
    :raises UnknownEntityError: for an unknown id.
    """

    def __init__(self, ground: Ground, asked: SoftOptions, objectives: Sequence[str] = ()) -> None:
        size = ground.catalogue.size
        self.factors = [_factor(ground, kind, text) for kind in (BOOST, BURY) for text in getattr(asked, kind)]
        self.factors += [_factor(ground, OBJECTIVE, text) for text in objectives]
        self.quotas = [Quota(one.about, one.percent / 100, one.items) for one in _quotas(ground, asked.quota)]
        self.pinned = {_position(ground, text): text for text in asked.pin}
        self._factor = np.zeros(size)
        for one in self.factors:
            self._factor[one.items] += one.signed
        self._pins = np.zeros(size)
        for height, position in enumerate(reversed(self.pinned), start=1):
            self._pins[position] = height

    @property
    def adds(self) -> bool:
        """Whether any score is other than what model and person give."""
        return bool(self.factors or self.pinned)

    def total(self, scores: Values) -> Values:
        """Scores with what the rules add: shape (users, catalogue.size), or (catalogue.size,), as given."""
        if not self.adds:
            return scores
        ruled = self._ruled(scores)
        return np.asarray(ruled + _largest(ruled) * self._pins if self.pinned else ruled)

    def _ruled(self, scores: Values) -> Values:
        """Scores with what is put forward and held back."""
        return np.asarray(scores + np.abs(scores) * self._factor)

    def shares(self, scores: Values, position: int) -> list[SoftShare]:
        """What each rule adds to the score of an item; with the score itself they sum to ``total``.

        :param scores: of one person, without rules: shape (catalogue.size,).
        """
        size = abs(float(scores[position]))
        found = [
            SoftShare(one.kind, one.about, one.percent, one.signed * size)
            for one in self.factors
            if one.items[position] and size
        ]
        if height := float(self._pins[position]):
            found.append(SoftShare(PIN, self.pinned[position], 0.0, height * float(_largest(self._ruled(scores))[0])))
        return found


def _largest(scores: Values) -> Values:
    """Twice the largest size of a score, of each person; 1 where all are 0."""
    largest = 2 * np.abs(scores).max(axis=-1, keepdims=True, initial=0.0)
    return np.where(largest > 0, largest, 1.0)


def _factor(ground: Ground, kind: str, text: str) -> _Factor:
    found = PERCENT.match(text)
    percent, about = (float(found[1]), text[found.end() :].strip()) if found else (USUAL, text.strip())
    if not 0 < percent <= MOST[kind]:
        raise UsageError(f"`{kind}` {text!r}: expected more than 0% and at most {MOST[kind]:g}%")
    return _Factor(kind, about, percent, items_of(ground, about, kind))


def _quotas(ground: Ground, texts: Sequence[str]) -> list[_Factor]:
    for text in texts:
        if PERCENT.match(text) is None:
            raise UsageError(f"`quota` {text!r}: expected a part of the list and an expression, as in 30% in_stock")
    return [_factor(ground, "quota", text) for text in texts]


def _position(ground: Ground, text: str) -> int:
    snapshot = ground.snapshot
    return ground.catalogue.position(*snapshot.vocabulary.find(text, snapshot.schema.item_types))
