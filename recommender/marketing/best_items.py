"""The best items of each person of a crowd, deeper than a list: what re-ranking starts from."""

import numpy as np
from numpy.typing import NDArray

from recommender.marketing.crowd import BLOCK, Crowd

DEEP = 200
"""Items of each person."""


def best_items(crowd: Crowd, deep: int = DEEP) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Positions and scores, best first: shape (people, deep) each, −1 and −inf where there are fewer."""
    people = len(crowd.sample)
    positions, totals = np.full((people, deep), -1, dtype=np.int64), np.full((people, deep), -np.inf)
    for start in range(0, people, BLOCK):
        users = crowd.sample[start : start + BLOCK]
        ranked = crowd.recommender.rank_block(crowd.user_type, users, crowd.rules, deep)
        lengths = np.diff(ranked.indptr)
        rows = start + np.repeat(np.arange(len(users)), lengths)
        ranks = np.arange(len(ranked.positions)) - np.repeat(ranked.indptr[:-1], lengths)
        positions[rows, ranks], totals[rows, ranks] = ranked.positions, ranked.totals
    return positions, totals
