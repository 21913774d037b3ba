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
    score: float
    shares: Shares
    reason: str


class ModelInfo(Result):
    """Which model answered."""

    name: str
    snapshot: str
    trained: bool


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
    score: float
    excluded: str | None
    """The rule that keeps the item from being recommended, where one does."""
    parts: list[Part]
    model: ModelInfo
    text: str
    notices: list[str] = Field(default_factory=list)
