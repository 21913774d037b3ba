"""Item column: the column that a kernel would have, had an item other attributes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from recommender.linalg.sparse_matrix import damping

Values = NDArray[np.float64]
Idxs = NDArray[np.integer]
TINY = 1e-12
"""A degree that is 0 but for rounding."""


@dataclass(frozen=True)
class ItemDegree:
    """D_i^-β of an item: ``D_i = (fixed + Σ_r weight_r Σ_v |A_r[i, v]|^power)^(1/power)``.

    ``weights``: step from the item → weight_r; with power 0 each link counts 1.
    """

    exponent: float
    power: int
    weights: tuple[tuple[str, float], ...]
    fixed: float = 0.0

    def size(self, step: str, weight: float) -> float:
        """What a link counts for."""
        return dict(self.weights)[step] * abs(weight) ** self.power

    def damping(self, totals: Values) -> Values:
        """D_i^-β of sums of sizes: the shape of ``totals``."""
        degrees = np.maximum(totals + self.fixed, 0.0) ** (1 / max(self.power, 1))
        return damping(np.where(degrees > TINY, degrees, 0.0), self.exponent)


@dataclass(frozen=True)
class ItemColumn:
    """The entries of some anchors for one item, as a function of the item's links to attributes::

        K[a, i] = (fixed[a] + Σ_v ways[a, v] · A[v, i]) · D_i^-β

    It is the column that the kernel would have in the changed graph, the degrees of both ends of a changed link
    included. All else stays as it is: the other columns, the kernel's scale, ways that pass through the item to lead
    elsewhere, and which attributes lead into another domain at all.

    ``ways``: step from the item → shape (anchors, attributes), all of a way but its last link and the damping of the
    item; ``added``: the same where the last link is a new one, of weight 1, that the degree of the attribute counts
    too; ``fixed``: what other ways give, shape (anchors,); ``least``: shape (anchors,), the least entry that a row
    keeps, −inf where it has room.
    """

    ways: Mapping[str, csc_array]
    added: Mapping[str, csc_array]
    fixed: Values
    least: Values
    degree: ItemDegree

    def scaled(self, scale: float, least: Values) -> "ItemColumn":
        """The column of the kernel times a factor, whose rows keep what is no less than ``least``."""
        ways, added = ({step: csc_array(one * scale) for step, one in some.items()} for some in (self.ways, self.added))
        return replace(self, ways=ways, added=added, fixed=self.fixed * scale, least=least)
