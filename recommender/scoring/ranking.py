"""Ranking: the best candidates in order, ties broken by position so that a list can be repeated."""

import numpy as np
from numpy.typing import NDArray

PART = 32
"""Items whose highest score stands for them: the n-th largest of those is no more than the n-th largest of all."""


def top_n(scores: NDArray[np.float64], allowed: NDArray[np.bool_], n: int) -> NDArray[np.int64]:
    """Positions of the n best allowed items, best first; equal scores by position.

    :param scores: shape (items,), float64, no NaN; higher is better.
    :param allowed: shape (items,), bool.
    :returns: shape (min(n, allowed.sum()),), int64.
    """
    many = len(scores) > 2 * n * PART > 0 and np.count_nonzero(allowed) * PART > len(scores)
    positions = np.flatnonzero(_near_best(scores, allowed, n) if many else allowed)
    if len(positions) > n > 0:
        values = scores[positions]
        threshold = np.partition(values, len(values) - n)[len(values) - n]
        positions = positions[values >= threshold]
    order = np.lexsort((positions, -scores[positions]))
    return positions[order][:n]


def _near_best(scores: NDArray[np.float64], allowed: NDArray[np.bool_], n: int) -> NDArray[np.bool_]:
    """The allowed items without most of those that n others are better than: shape (items,), bool.

    Of parts as many more are looked at as there are items that are not allowed, where these are few: each may be the
    highest of one. Many are written over rather than left out: numbers side by side are read several times as fast.
    The items of a part stand far apart for the same reason: neighbours of many parts are compared at once.
    """
    parts, others = len(scores) // PART, len(scores) - int(np.count_nonzero(allowed))
    if n + others > parts // 2:
        scores, others = np.where(allowed, scores, -np.inf), 0
    highest = scores[: parts * PART].reshape(PART, parts).max(axis=0)
    place = parts - n - others
    bound = np.partition(highest, place)[place]
    return np.asarray((scores >= bound) & allowed) if bound > -np.inf else allowed


def rank_of(scores: NDArray[np.float64], allowed: NDArray[np.bool_], position: int) -> int | None:
    """1-based rank of an item among the allowed ones, by the order of ``top_n``; ``None`` where it is not allowed."""
    if not allowed[position]:
        return None
    better = allowed & (scores > scores[position])
    tied = allowed & (scores == scores[position])
    return int(np.count_nonzero(better) + np.count_nonzero(tied[:position])) + 1
