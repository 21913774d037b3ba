"""The answers of ``why-not`` and ``what-if``."""

from typing import Literal

from pydantic import Field

from recommender.results.document import Item, ModelInfo, Person, Result, Sparse
from recommender.results.recommendation import RankedItem


class ItemAhead(Item):
    """An item of the list that an item is not in: ``by`` how much it is ahead."""

    rank: int
    score: float
    by: float


class MissingLink(Result):
    """An anchor that would lead to an item."""

    anchor: str
    """``relation:ID``."""
    type: str
    label: str
    text: str


class WhyNotReason(Sparse):
    """One reason why an item is not in the list."""

    kind: Literal["rule", "interacted", "no_path", "outscored", "other_domain"]
    text: str
    rule: str | None = None
    """Of a rule: its name in the audit of ``recommend``."""
    missing: list[MissingLink] | None = None
    """Where no path leads to the item: anchors from which one would, the best first."""
    ahead: int | None = None
    """Number of items ahead."""
    gap: float | None = None
    """How much the item is behind the last of the list."""
    items: list[ItemAhead] | None = None
    """The items of the list, best first."""


class ListChange(Result):
    """A change that brings an item into a list, verified by ranking anew: of what the user has, of rules, or of the
    item."""

    add: list[str]
    """Anchors to have, ``relation:ID``."""
    remove: list[str]
    """Anchors not to have."""
    lift: list[str]
    """Rules that would have to go."""
    item_add: list[str]
    """Attributes for the item to have, ``relation:ID``."""
    item_remove: list[str]
    """Attributes for the item not to have."""
    rank_before: int | None
    rank_after: int
    text: str
    lines: list[str]
    """Each thing that changes, in a line of its own."""


class WhyNot(Result):
    """The answer of ``why-not``."""

    user: Person
    item: Item
    n: int
    rank: int | None
    score: float
    reasons: list[WhyNotReason]
    change: ListChange | None
    model: ModelInfo
    text: str
    closing: str
    """The last sentence of the text: what would change it, or that nothing does."""
    notices: list[str] = Field(default_factory=list)


class Move(Item):
    """An item that is elsewhere after a change; a rank is ``None`` where a rule keeps the item out."""

    rank_before: int | None
    rank_after: int | None
    score_before: float
    score_after: float
    text: str
    """Why."""


class WhatIf(Result):
    """The answer of ``what-if``."""

    user: Person
    n: int
    add: list[str]
    remove: list[str]
    before: list[RankedItem]
    after: list[RankedItem]
    moved: list[Move]
    model: ModelInfo
    text: str
    notices: list[str] = Field(default_factory=list)
