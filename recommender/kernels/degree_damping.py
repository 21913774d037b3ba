"""Degree damping: how much less nodes of high degree count in path kernels; the transitions take it from here."""

from typing import Literal

from pydantic import Field

from kg.document import Document


class DampingConfig(Document):
    """How much nodes of high degree count for less."""

    start: float = Field(default=0.5, ge=0, le=1)
    """Exponent of the degree of the anchor."""
    middle: float = Field(default=0.25, ge=0, le=1)
    """Exponent of the degree of a node between two steps, once for each of the two steps."""
    end: float = Field(default=0.2, ge=0, le=1)
    """Exponent of the degree of the item: 0 favours popular items, 1 rare ones."""
    crossing: float = Field(default=-0.4, ge=-1, le=1)
    """The same exponent where people lead from an item of one domain to one of another: below 0 it favours what is
    popular there, which such thin evidence needs."""
    degree: Literal["sum", "length"] = "sum"
    """What a degree is: the sum of the weights, or their Euclidean length, with which metapaths of two steps are the
    collaborative filtering of the literature."""
