"""The answer of ``objectives``."""

from recommender.results.document import Result


class FloorReport(Result):
    """One group with a floor: shares of the exposure of its domain, discounted by 1 / log2(rank + 1)."""

    about: str
    """As ``whyrec.toml`` would say it."""
    text: str
    """The same in words."""
    target: float
    before: float
    after: float
    percent: float
    """By how much the scores of its items are raised."""


class CurvePoint(Result):
    """What a part of the prices wins and loses: ``loss`` of the lists' summed scores, ``gap`` to all floors."""

    strength: float
    loss: float
    gap: float


class DomainObjectives(Result):
    """The floors of one domain."""

    domain: str
    floors: list[FloorReport]
    pooled: int
    """Floors for what fewer than k people used, left out."""
    strength: float
    loss: float
    gap_before: float
    gap_after: float
    step: float
    """Losses and gaps are told to the nearest multiple of this."""
    curve: list[CurvePoint]


class Objectives(Result):
    """What everybody's lists together shall keep, and what it takes."""

    people: int | str
    domains: list[DomainObjectives]
    without_items: list[str]
    """Floors, as ``whyrec.toml`` has them, of what no item is: nothing can keep them."""
    written: bool
    text: str
