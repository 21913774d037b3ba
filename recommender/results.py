"""What commands answer: the documents that ``--json`` prints."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer


class Result(BaseModel):
    """Base of the documents; frozen, built by keyword."""

    model_config = ConfigDict(frozen=True)


class Person(Result):
    """The user asked about; ``id`` is ``None`` for somebody described by anchors only."""

    id: str | None
    label: str | None


class Item(Result):
    """An item."""

    id: str
    label: str
    type: str
    domain: str


class Shares(Result):
    """The parts of a score; they sum to it."""

    paths: float
    embedding: float
    popularity: float


class RankedItem(Item):
    """One row of a list."""

    rank: int
    rank_by_score: int
    """Where the item stands by score alone; the rank, but in a list that was arranged."""
    score: float
    shares: Shares
    reason: str


class ModelInfo(Result):
    """Which model answered."""

    name: str
    snapshot: str
    trained: bool


class ArrangementReport(Result):
    """What was done to a list after scoring; no score changes."""

    diversity: float
    max_per: list[str]
    reasons: str
    path_quality: float
    moved: int
    """Items that stand elsewhere than by score."""
    alike_before: float
    """Mean share of attributes that two items of the list by score have in common, in [0, 1]."""
    alike_after: float
    text: str


class Recommendation(Result):
    """The answer of ``recommend``."""

    user: Person
    domain: str | None
    n: int
    items: list[RankedItem]
    excluded: dict[str, int]
    model: ModelInfo
    personal: bool
    """Whether anything about the user is known; without it the list is popularity and nothing else."""
    arrangement: ArrangementReport | None = None
    notices: list[str] = Field(default_factory=list)


class Sparse(Result):
    """Base of the documents that leave out what does not apply instead of printing null."""

    @model_serializer(mode="wrap")
    def _present(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in handler(self).items() if value is not None}


class Node(Result):
    """An entity on a path. People on the way have no id, only their number in the label."""

    id: str | None
    type: str
    label: str


class Path(Sparse):
    """A path from the user to the item; ``people`` is the number of people it stands for, where it goes through any."""

    share: float
    nodes: list[Node]
    relations: list[str]
    people: int | None = None
    text: str


class OtherPaths(Result):
    """Paths that are not shown: too many, or through fewer people than may be counted."""

    count: int
    share: float


class NearAnchor(Sparse):
    """An anchor that is near the item in the embedding, or goes with it by association."""

    id: str
    type: str
    label: str
    cosine: float | None = None
    """Of an embedding part only."""
    share: float


class Part(Sparse):
    """A part of a score."""

    kind: Literal["path", "association", "embedding", "popularity"]
    share: float
    metapath: str | None = None
    paths: list[Path] | None = None
    other_paths: OtherPaths | None = None
    nearest: list[NearAnchor] | None = None
    text: str


class Account(Result):
    """The answer of ``why``: the parts' shares sum to the score, a part's paths and other paths to the part."""

    user: Person
    item: Item
    rank: int | None
    domain_rank: int | None
    """Where it stands among all that may be recommended, and among those of its domain; ``None`` where it may not."""
    score: float
    excluded: str | None
    """The rule that keeps the item from being recommended, where one does."""
    parts: list[Part]
    model: ModelInfo
    text: str
    notices: list[str] = Field(default_factory=list)


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


class SharedAttribute(Result):
    """An attribute that two items share, and its part of their similarity."""

    id: str
    type: str
    label: str
    share: float


class SimilarShares(Result):
    """The parts of a similarity; they sum to it."""

    attributes: float
    people: float


class SimilarItem(Sparse, Item):
    """An item near another: ``rank`` counts within its domain."""

    rank: int
    score: float
    shares: SimilarShares
    shared: list[SharedAttribute]
    """The attributes that say most."""
    other_shared: int
    """Number of other shared attributes."""
    people: int | None = None
    """How many people used both, where they are enough to be counted."""
    text: str


class Similar(Result):
    """The answer of ``similar``: the nearest items of each domain, domain by domain, the item's own first."""

    item: Item
    n: int
    domain: str | None
    items: list[SimilarItem]
    text: str


class CypherQuery(Result):
    """The answer of ``why --cypher``."""

    query: str
    parameters: dict[str, Any]
