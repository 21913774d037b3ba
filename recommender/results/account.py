"""The answer of ``why``."""

from typing import Any, Literal

from pydantic import Field

from recommender.results.document import Item, ModelInfo, Person, Result, Shown, Sparse, WithHabit


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
    """An anchor that is near the item in the embedding, or goes with it by a learned kernel."""

    id: str
    type: str
    label: str
    cosine: float | None = None
    """Of an embedding part only."""
    share: float


class Part(Sparse):
    """A part of a score."""

    kind: Literal["path", "association", "embedding", "popularity", "rule"]
    share: float
    kernel: str | None = None
    """Which learned kernel, where the kind is ``association``: the regression of that name, ``union`` …"""
    rule: str | None = None
    """What a soft rule is about, where the kind is ``rule``: ``boost made_by:Laneige``, ``pin p0001``."""
    metapath: str | None = None
    paths: list[Path] | None = None
    other_paths: OtherPaths | None = None
    nearest: list[NearAnchor] | None = None
    text: str


class ReasonGroup(Sparse):
    """A part of a score as a person would part it: exactly what its text tells."""

    share: float
    percent: float
    """Of all that speaks for the item, which is its score where nothing speaks against it: those above 0 sum to 100."""
    kind: Literal["shared", "anchor", "people", "learned", "popularity", "smaller", "untold", "against", "rule"]
    text: str
    people: int | None = None
    """How many people it is told of, in steps of k."""
    paths: int
    """How many paths it is made of, in steps of k where they run through people; 0 where it is no path."""
    example: str | None = None
    """One of the paths in words."""


class Proof(Result):
    """How many paths and named nodes were looked at once more, and how many entities none of them is."""

    paths: int
    nodes: int
    forbidden: int
    text: str


class Account(Shown, WithHabit):
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
    groups: list[ReasonGroup]
    """The same score in groups, the largest first; their shares sum to it too."""
    model: ModelInfo
    proof: Proof
    """That no path that is shown meets what is forbidden."""
    text: str
    notices: list[str] = Field(default_factory=list)


class CypherQuery(Result):
    """The answer of ``why --cypher``."""

    query: str
    parameters: dict[str, Any]
