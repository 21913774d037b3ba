"""The answer of ``similar``."""

from recommender.results.document import Item, Result, Sparse


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
