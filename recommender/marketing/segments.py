"""Segments: what a group of people has more often than everybody, counted so that no single person shows."""

import math
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.marketing.crowd import Crowd
from recommender.results.marketing import Segment

NORMAL = 1.96
MOST = 12
"""Segments of each kind that are told, those whose lift is surest first."""


def segments(
    crowd: Crowd,
    group: NDArray[np.bool_],
    lang: str,
    *,
    above: bool = True,
    without: Collection[tuple[str, int]] = (),
) -> list[Segment]:
    """What people of a group have; a segment that lacks fewer than k of the group is hidden too.

    What they did, learnt or bought, and what they said of themselves are told alike: ``MOST`` of each.

    :param group: shape (crowd.size,): who belongs to it.
    :param above: only what is surely more frequent than among everybody.
    :param without: entities that are not told: what the group was chosen by.
    """
    size = crowd.told_count(int(group.sum()))
    if size is None:
        return []
    found = []
    for step in crowd.steps():
        matrix = crowd.snapshot.adjacency(step)
        ones = csr_array((np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape)
        everybody = np.asarray(ones.sum(axis=0)).ravel()
        inside = np.asarray(ones[np.flatnonzero(group)].sum(axis=0)).ravel()
        tail = crowd.snapshot.schema.ends(step)[1]
        for idx in np.flatnonzero(_safe(inside, int(group.sum()), crowd.k)).tolist():
            told, whole = crowd.told_count(int(inside[idx])), crowd.told_count(int(everybody[idx]))
            if told is not None and whole is not None and (tail, idx) not in without:
                found.append(_segment(crowd, (step, tail, idx), (told, size, whole), lang))
    sure = [one for one in found if one.low > 1 or not above]
    found = sorted(sure, key=lambda one: (-one.low, one.step, one.entity))
    kinds = [[one for one in found if one.kind == kind] for kind in ("attribute", "interaction")]
    told_of = {(one.step, one.entity) for kind in kinds for one in kind[:MOST]}
    return [one for one in found if (one.step, one.entity) in told_of]


def _safe(inside: NDArray[np.float64], size: int, k: int) -> NDArray[np.bool_]:
    """Where neither those who have something nor those who lack it are fewer than k, unless nobody lacks it."""
    without = size - inside
    return np.asarray((inside >= k) & ((without >= k) | (without == 0)))


def _segment(crowd: Crowd, attribute: tuple[str, str, int], counts: tuple[int, int, int], lang: str) -> Segment:
    """:param counts: people of the group who have it, of the group, and of everybody who have it, all rounded."""
    (step, tail, idx), (told, size, whole) = attribute, counts
    share, base = min(told / size, 1.0), min(whole / crowd.size, 1.0)
    lift = share / base
    spread = math.sqrt(max((1 - share) / told + (1 - base) / whole, 0.0))
    return Segment(
        step=step,
        kind="interaction" if step in crowd.snapshot.schema.interactions else "attribute",
        entity=crowd.snapshot.vocabulary.id(tail, idx),
        label=crowd.snapshot.label(tail, idx, lang),
        count=told,
        share=share,
        lift=lift,
        low=lift * math.exp(-NORMAL * spread),
        high=lift * math.exp(NORMAL * spread),
    )
