"""Hard rules: which items may be recommended at all, and how many each rule removed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kg.document import nearest
from kg.errors import UsageError
from kg.schema import inverse_of
from kg.snapshot import Snapshot
from recommender.catalogue import Catalogue
from recommender.profile import Profile, user_steps

PRICE = "price"


@dataclass(frozen=True)
class Rules:
    """What a caller asks for; ``avoid`` holds ``relation:ID`` texts."""

    domain: str | None = None
    avoid: tuple[str, ...] = ()
    max_price: float | None = None


@dataclass(frozen=True)
class Candidates:
    """``allowed``: shape (catalogue.size,), bool. ``excluded``: reason → number of items, each counted once, under
    the first rule that removes it."""

    allowed: NDArray[np.bool_]
    excluded: dict[str, int]
    _masks: tuple[tuple[str, NDArray[np.bool_]], ...]

    def reason(self, position: int) -> str | None:
        """The first rule that removes an item, ``None`` where it is allowed."""
        return next((name for name, mask in self._masks if mask[position]), None)


class RuleSet:
    """Rules made ready for a catalogue, to be applied to many users.

    :raises UsageError: for an unknown domain or relation, a negative price, or a price no item has.
    :raises UnknownEntityError: for an unknown id to avoid.
    """

    def __init__(self, snapshot: Snapshot, catalogue: Catalogue, rules: Rules) -> None:
        self.snapshot, self.catalogue = snapshot, catalogue
        self.masks: list[tuple[str, NDArray[np.bool_]]] = []
        if rules.domain is not None:
            if rules.domain not in snapshot.schema.domains:
                hint = nearest(rules.domain, list(snapshot.schema.domains))
                raise UsageError(f"unknown domain {rules.domain!r}; {hint}")
            self.masks.append(("other_domain", ~catalogue.of_domain(rules.domain)))
        self.masks += [(f"avoid {text}", _linked(snapshot, catalogue, text)) for text in rules.avoid]
        if rules.max_price is not None:
            prices = _prices(snapshot, catalogue, rules.max_price)
            self.masks += [("price_unknown", np.isnan(prices)), ("max_price", prices > rules.max_price)]

    def candidates(self, profile: Profile) -> Candidates:
        """The items that may be recommended to a user; what she used already is left out first."""
        masks = (("interacted", _interacted(self.snapshot, self.catalogue, profile)), *self.masks)
        allowed = np.ones(self.catalogue.size, dtype=bool)
        excluded = {}
        for name, mask in masks:
            before = int(allowed.sum())
            allowed &= ~mask
            if removed := before - int(allowed.sum()):
                excluded[name] = removed
        return Candidates(allowed, excluded, masks)


def _interacted(snapshot: Snapshot, catalogue: Catalogue, profile: Profile) -> NDArray[np.bool_]:
    """Items that the user has an interaction with, or that belong to her (an instructor's own course)."""
    mask = np.zeros(catalogue.size, dtype=bool)
    for step in user_steps(snapshot, profile.user_type):
        item_type = snapshot.schema.ends(step)[1]
        own = step.startswith("~") or step in snapshot.schema.interactions
        if own and item_type in catalogue.slices and step in profile.anchors:
            mask[catalogue.slices[item_type]][profile.anchors[step].idx] = True
    return mask


def _linked(snapshot: Snapshot, catalogue: Catalogue, text: str) -> NDArray[np.bool_]:
    """Items with a triple ``relation`` to the entity of ``relation:ID``."""
    name, colon, entity_id = text.partition(":")
    usable = [step for step in _all_steps(snapshot) if snapshot.schema.ends(step)[0] in catalogue.slices]
    if not colon or name not in usable:
        raise UsageError(f"avoid {text!r}: expected relation:ID with a relation of an item; {nearest(name, usable)}")
    item_type, tail_type = snapshot.schema.ends(name)
    idx = snapshot.vocabulary.idx(tail_type, entity_id)
    mask = np.zeros(catalogue.size, dtype=bool)
    mask[catalogue.slices[item_type]][snapshot.neighbours(inverse_of(name), idx)[0]] = True
    return mask


def _all_steps(snapshot: Snapshot) -> list[str]:
    names = list(snapshot.schema.relation)
    return names + [inverse_of(name) for name in names]


def _prices(snapshot: Snapshot, catalogue: Catalogue, max_price: float) -> NDArray[np.float64]:
    """Prices on the axis of items, NaN where unknown: shape (catalogue.size,), float64."""
    if not max_price >= 0:
        raise UsageError(f"--max-price {max_price}: a price is 0 or more")
    prices = np.full(catalogue.size, np.nan)
    for item_type, part in catalogue.slices.items():
        if snapshot.schema.entity[item_type].properties.get(PRICE) in ("float", "int"):
            prices[part] = snapshot.number(item_type, PRICE)
    if np.isnan(prices).all():
        raise UsageError(f"--max-price: no item has a {PRICE!r}; map one in the mapping's properties and load again")
    return prices
