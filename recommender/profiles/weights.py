"""What anchors weigh before they get length 1: the weights of triples, faded by age and by place, negative for what is
disliked."""

import copy
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from kg.counting import by_number
from kg.document import Document
from kg.instant import DAY, NO_TIME
from kg.snapshot.snapshot import Snapshot

OLDEST = 500.0
"""Half-lives after which nothing fades any more: its square is still a number."""


class Recency(Document):
    """How much less an earlier triple of a user counts than a later one."""

    half_life_days: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """After how many days a triple counts half; ``None``: age does not count."""
    place_exponent: float = Field(default=0.0, ge=0, le=4)
    """p: the n-th latest triple counts n^−p."""
    trend_days: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """After how many days a triple counts half for what is popular; ``None``: age does not count."""

    def anchors(self) -> "Recency":
        """What of it is about the anchors of a person."""
        return self.model_copy(update={"trend_days": None})

    def __str__(self) -> str:
        days = [] if self.half_life_days is None else [by_number(f"half after {self.half_life_days:g} [day|days]")]
        place = [f"place^-{self.place_exponent:g}"] if self.place_exponent else []
        trend = (
            [] if self.trend_days is None else [by_number(f"what is popular half after {self.trend_days:g} [day|days]")]
        )
        return ", ".join([*place, *days, *trend]) or "all alike"


Edges = NDArray[np.int64] | slice


def with_recency(snapshot: Snapshot, learned: Mapping[str, Recency]) -> Snapshot:
    """The same snapshot, in which the anchors of some relations fade as was learned; nothing is copied."""
    if not learned:
        return snapshot
    relations = dict(snapshot.schema.relation)
    for name, recency in learned.items():
        if name in relations:
            relations[name] = relations[name].model_copy(update=recency.model_dump())
    found = copy.copy(snapshot)
    found.schema = snapshot.schema.model_copy(update={"relation": relations})
    return found


def anchor_weights(snapshot: Snapshot, step: str, edges: Edges) -> NDArray[np.float64]:
    """Weights of all triples of some heads of a step, in the order of ``adjacency(step).data``::

        x = ± w · 2^(−(now − t) / half-life) · place^−p

    with the sign − for relations with ``negative = true``, and the other factors only for those with a half-life or a
    place exponent; now is the latest timestamp of the snapshot, never the clock; the latest triple of a head has place
    1, those of one time have the same. A triple without a timestamp is as old as the oldest of its relation.

    :param edges: places in the data of the adjacency, n of them, whole rows.
    :returns: shape (n,), float64.
    """
    weights: NDArray[np.float64] = snapshot.adjacency(step).data[edges]
    relation = snapshot.schema.relation.get(step)
    if relation is None:  # an inverse: fading and dislikes are of the heads of their relations
        return weights
    if relation.half_life_days is not None:
        weights = weights * fading(snapshot, step, edges, relation.half_life_days)
    if relation.place_exponent:
        weights = weights * _places(snapshot, step, edges) ** -relation.place_exponent
    return -np.abs(weights) if relation.negative else weights


def weighted_neighbours(snapshot: Snapshot, step: str, idx: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Tail indices of one head and what they weigh as anchors: two arrays of shape (degree,)."""
    matrix = snapshot.adjacency(step)
    edges = slice(matrix.indptr[idx], matrix.indptr[idx + 1])
    return matrix.indices[edges], anchor_weights(snapshot, step, edges)


def _places(snapshot: Snapshot, relation: str, edges: Edges) -> NDArray[np.float64]:
    """1 for the latest triples of each head, else 1 + how many are later: shape (n,)."""
    times = snapshot.timestamps(relation)[edges]
    rows = np.zeros(len(times), dtype=np.int64)
    if not isinstance(edges, slice):
        rows = np.searchsorted(snapshot.adjacency(relation).indptr, edges, side="right")
    order = np.lexsort((~times, rows))  # ~t falls as t rises, for the smallest of numbers too
    row, time, number = rows[order], times[order], np.arange(len(order))
    first_of_row, first_of_time = np.ones(len(order), dtype=bool), np.ones(len(order), dtype=bool)
    first_of_row[1:] = row[1:] != row[:-1]
    first_of_time[1:] = first_of_row[1:] | (time[1:] != time[:-1])
    start, same = (np.maximum.accumulate(np.where(one, number, 0)) for one in (first_of_row, first_of_time))
    places = np.empty(len(order))
    places[order] = 1 + same - start
    return places


def fading(snapshot: Snapshot, relation: str, edges: Edges, half_life: float) -> NDArray[np.float64]:
    """``2^(−(now − t) / half-life)`` of some triples of a relation: shape (n,), float64, in [0, 1].

    :param half_life: days.
    """
    times = snapshot.timestamps(relation)[edges]
    times = np.where(times == NO_TIME, snapshot.oldest(relation), times)
    return np.exp2(-np.minimum((snapshot.newest - times) / (DAY * half_life), OLDEST))
