"""What answers have in common."""

from typing import Any

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer


class Result(BaseModel):
    """Base of the documents; frozen, built by keyword."""

    model_config = ConfigDict(frozen=True)


class Sparse(Result):
    """Base of the documents that leave out what does not apply instead of printing null."""

    @model_serializer(mode="wrap")
    def _present(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in handler(self).items() if value is not None}


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


class ModelInfo(Result):
    """Which model answered."""

    name: str
    snapshot: str
    trained: bool
