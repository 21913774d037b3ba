"""The answer of ``recommend``."""

from typing import Self

from pydantic import Field, PrivateAttr

from recommender.results.document import Item, ModelInfo, Person, Result, Shares, Shown, WithHabit


class RankedItem(Item, WithHabit):
    """One row of a list."""

    rank: int
    rank_by_score: int
    """Where the item stands by score alone; the rank, but in a list that was arranged."""
    score: float
    shares: Shares
    reason: str
    personal: bool = True
    """Whether anything known of the person leads to it; else it fills the list up."""
    variants: int = 0
    """How many other sizes and shades the graph has of it; they are merged into this row."""


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


class Recommendation(Shown):
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
    _grounds: list[tuple[str, str]] = PrivateAttr(default_factory=list)

    @property
    def grounds(self) -> list[tuple[str, str]]:
        """By what each item is there, as its reason says: kind and metapath; empty where none was told."""
        return self._grounds

    def on_grounds(self, grounds: list[tuple[str, str]]) -> Self:
        """The same document, with the grounds of its items, which are no part of it."""
        self._grounds = grounds
        return self
