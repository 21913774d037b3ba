"""Filter bubble: whether what people use grows more alike over time, and how alike the lists are that they are shown.

Of everybody who used enough of a domain on dated occasions, the first half is compared with the last: diversity is 1
minus the mean cosine of the attributes of two things (Nguyen et al., 2014, measure content likewise).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.instant import NO_TIME
from kg.k_anonymity import told_interval, told_step, told_sum
from recommender.catalogue.attributes import item_attributes
from recommender.evaluation.significance import interval
from recommender.marketing.crowd import Crowd
from recommender.results.responsibility.audit import LEAST, Bubble

USED = 6
"""Dated uses of a domain from which a person is looked at: three early ones, and three late ones."""
Positions = NDArray[np.int64]


def bubble(crowd: Crowd, domain: str) -> Bubble | None:
    """Diversity of what people used early and late, and of their lists; ``None`` for too few people, or no dates.

    :param crowd: with the lists of the domain.
    """
    attributes = item_attributes(crowd.snapshot, crowd.recommender.catalogue)
    histories = {row: own for row, own in enumerate(_histories(crowd, domain)) if len(own) >= USED}
    if len(histories) < max(LEAST, crowd.k) or not attributes.nnz:
        return None
    halves = [(own[: len(own) // 2], own[-(len(own) // 2) :]) for own in histories.values()]
    early, late = (np.array([_diversity(attributes, one) for one in part]) for part in zip(*halves, strict=True))
    listed = crowd.lists.positions[list(histories)]
    lists = [_diversity(attributes, one[one >= 0]) for one in listed]
    step, change = told_step(1 / len(histories), crowd.k), interval(late - early)
    low, high = told_interval(change.low, change.high, step)
    return Bubble(
        people=crowd.shown(len(histories)),
        early=told_sum(float(early.mean()), step),
        late=told_sum(float(late.mean()), step),
        change=told_sum(change.mean, step),
        low=low,
        high=high,
        lists=told_sum(float(np.mean(lists)), step),
    )


def _histories(crowd: Crowd, domain: str) -> list[Positions]:
    """What each person of the sample used of a domain, the oldest first, each thing once; only what is dated."""
    schema, slices = crowd.snapshot.schema, crowd.recommender.catalogue.slices
    found: list[list[tuple[int, int]]] = [[] for _ in crowd.sample]
    for name in schema.interactions:
        head, tail = schema.ends(name)
        if head != crowd.user_type or tail not in slices or schema.entity[tail].domain != domain:
            continue
        matrix, times = crowd.snapshot.adjacency(name), crowd.snapshot.timestamps(name)
        for row, idx in enumerate(crowd.sample.tolist()):
            own = slice(matrix.indptr[idx], matrix.indptr[idx + 1])
            places = matrix.indices[own].astype(np.int64) + slices[tail].start
            found[row] += [one for one in zip(times[own].tolist(), places.tolist(), strict=True) if one[0] != NO_TIME]
    return [np.array(_once([place for _, place in sorted(one)]), dtype=np.int64) for one in found]


def _once(places: Sequence[int]) -> list[int]:
    return list(dict.fromkeys(places))


def _diversity(attributes: csr_array, positions: Positions) -> float:
    """1 − mean cosine of two different ones; 0 for fewer than two."""
    count = len(positions)
    if count < 2:
        return 0.0
    part = csr_array(attributes[positions])
    total = np.asarray(part.sum(axis=0)).ravel()
    pairs = float(total @ total) - float((part.data**2).sum())
    return 1 - pairs / (count * (count - 1))
