"""Segments: what a group of people has more often than everybody, counted so that no single person shows."""

import math
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.k_anonymity import step_end, step_middle
from recommender.evaluation.significance import NORMAL
from recommender.marketing.crowd import Crowd
from recommender.results.marketing import Segment
from recommender.texts.languages import language

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
        matrix = crowd.links(step)
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
    (step, tail, idx), schema = attribute, crowd.snapshot.schema
    told, size, whole = counts
    share, base = part_of(told, size, crowd.k), part_of(whole, crowd.told_count(crowd.people) or crowd.people, crowd.k)
    spread = ratio_spread(((told, share), (whole, base)), crowd.k)
    return Segment(
        step=step,
        phrase=language(lang).bare(schema.phrase(step, lang)),
        kind="interaction" if step in schema.interactions else "attribute",
        entity=crowd.snapshot.vocabulary.id(tail, idx),
        label=crowd.snapshot.label(tail, idx, lang),
        count=told,
        share=share,
        lift=share / base,
        low=share / base / spread,
        high=share / base * spread,
    )


def part_of(part: int, whole: int, k: int) -> float:
    """A share of two told numbers, by the middles of their steps."""
    return min(step_middle(part, k) / step_middle(whole, k), 1.0)


def ratio_spread(shares: Sequence[tuple[int, float]], k: int) -> float:
    """By what factor the ratio of two shares is uncertain, at 95 % (Katz, 1978), what the steps hide included: a number
    is anywhere in its step, as likely here as there.

    :param shares: each with the told number of people that it is of.
    """
    variance = 0.0
    for people, share in shares:
        middle, step = step_middle(people, k), step_end(people, k) - people + 1
        variance += (1 - share) / middle + ((step**2 - 1) / 12) / middle**2
    return math.exp(NORMAL * math.sqrt(variance))
