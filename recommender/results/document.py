"""What answers have in common."""

from collections.abc import Callable
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, PrivateAttr, SerializerFunctionWrapHandler, model_serializer


class Result(BaseModel):
    """Base of the documents; frozen, built by keyword."""

    model_config = ConfigDict(frozen=True)


class Shown(Result):
    """Base of the documents that show themselves in a notebook, once somebody has said how."""

    _html: Callable[[Any], str] | None = PrivateAttr(default=None)

    def shown_by(self, html: Callable[[Any], str]) -> Self:
        """The same document, shown by a function of it; how a document looks is no part of it."""
        self._html = html
        return self

    def _repr_html_(self) -> str | None:
        return None if self._html is None else self._html(self)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__


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


class Habit(Result):
    """That somebody does the same again with an item: of her own history, and told of nobody else."""

    relation: str
    occasions: int
    """Days (UTC) on which it was done, as far as is known; from one to the next there are as many less one."""
    first: str
    last: str
    """ISO 8601, UTC."""
    days: float
    """Mean number of days from one to the next, to a tenth; the text rounds it as a person would."""
    text: str


class WithHabit(Result):
    """Base of the documents that end in ``habit``, or leave it out where there is none."""

    habit: Habit | None = None

    def habit_beside(self, *said: str) -> str:
        """The habit in words; empty where there is none, or one of some sentences says it already."""
        if self.habit is None or any(self.habit.text.rstrip(".。") in one for one in said):
            return ""
        return self.habit.text

    @model_serializer(mode="wrap")
    def _with_habit(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        found: dict[str, Any] = handler(self)
        habit = found.pop("habit", None)
        return found if habit is None else found | {"habit": habit}


class Shares(Sparse):
    """The parts of a score; they sum to it."""

    paths: float
    embedding: float
    popularity: float
    rules: float | None = None
    """What the shop's soft rules add, where there are any."""


class ModelInfo(Result):
    """Which model answered."""

    name: str
    snapshot: str
    trained: bool
