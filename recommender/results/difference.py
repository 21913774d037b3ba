"""The answer of ``difference``."""

from typing import Literal

from recommender.results.document import Item, Person, Result


class Cause(Result):
    """Why a score changed.

    ``kind``: ``event``, what the person did or said since, or no longer has; ``others``, what other people did since,
    popularity with it; ``knowledge``, what became known of items; ``learned`` and ``embedding``, what was learned of
    the new graph; ``new_item``, the item was not there; ``weights``, the model was trained anew; ``rule``, which
    changes no score but who may have it.
    """

    kind: Literal["event", "others", "knowledge", "learned", "embedding", "new_item", "weights", "rule"]
    share: float
    text: str


class ItemDifference(Item):
    """What became of one item; the causes' shares sum to ``score_after − score_before``, of a missing score 0."""

    rank_before: int | None
    rank_after: int | None
    score_before: float | None
    """``None`` where the item was not there."""
    score_after: float | None
    causes: list[Cause]


class ListDifference(Result):
    """The answer of ``difference``: the items of the list then and of the list now, those of now first."""

    user: Person
    since: str
    """When that list was in force at the latest known: the moment its snapshot or model was taken."""
    snapshot_before: str
    snapshot_after: str
    items: list[ItemDifference]
    notices: list[str]
    text: str
