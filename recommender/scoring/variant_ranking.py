"""Lists in which no size or shade stands beside its twin: of the variants of a thing, the best-scored one stays."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue.variants import Variants
from recommender.scoring.block_ranking import RankedBlock

Rank = Callable[[NDArray[np.bool_], NDArray[np.int64], int], RankedBlock]
"""The n best of the allowed items of each user, as ``block_ranking.rank_sparse`` does it: allowed, own, n."""
MORE = 4
"""How many times longer lists are made where merging leaves one too short."""


def merging(rank: Rank, variants: Variants | None) -> Rank:
    """The same lists with variants merged, filled up with what comes next; ``rank`` itself where there are none."""
    if variants is None:
        return rank

    def merged(allowed: NDArray[np.bool_], own: NDArray[np.int64], n: int) -> RankedBlock:
        """Lists of n different things, or all there are."""
        size, length = allowed.shape[1], n
        while True:
            block = rank(allowed, own, length)
            found = block.only(variants.first(block.indptr, block.positions))
            short = (np.diff(found.indptr) < n) & (np.diff(block.indptr) >= length)
            if length >= size or not short.any():
                return found.cut(n)
            length = min(MORE * length, size)

    return merged
