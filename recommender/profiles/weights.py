"""What anchors weigh before they get length 1: the weights of triples, faded by age, negative for what is disliked."""

import numpy as np
from numpy.typing import NDArray

from kg.snapshot.snapshot import NO_TIME, Snapshot

DAY = 86_400_000
"""Milliseconds."""
OLDEST = 500.0
"""Half-lives after which nothing fades any more: its square is still a number."""


Edges = NDArray[np.int64] | slice


def anchor_weights(snapshot: Snapshot, step: str, edges: Edges) -> NDArray[np.float64]:
    """Weights of some triples of a step, in the order of ``adjacency(step).data``::

        x = ± w · 2^(−(now − t) / half-life)

    with the sign − for relations with ``negative = true``, and the second factor only for those with a half-life; now
    is the latest timestamp of the snapshot, never the clock. A triple without a timestamp is as old as the oldest of
    its relation.

    :param edges: places in the data of the adjacency, n of them.
    :returns: shape (n,), float64.
    """
    weights: NDArray[np.float64] = snapshot.adjacency(step).data[edges]
    relation = snapshot.schema.relation.get(step)
    if relation is None:  # an inverse: half-lives and dislikes are of the heads of their relations
        return weights
    if relation.half_life_days is not None:
        weights = weights * _fading(snapshot, step, edges, relation.half_life_days)
    return -np.abs(weights) if relation.negative else weights


def weighted_neighbours(snapshot: Snapshot, step: str, idx: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Tail indices of one head and what they weigh as anchors: two arrays of shape (degree,)."""
    matrix = snapshot.adjacency(step)
    edges = slice(matrix.indptr[idx], matrix.indptr[idx + 1])
    return matrix.indices[edges], anchor_weights(snapshot, step, edges)


def _fading(snapshot: Snapshot, relation: str, edges: Edges, half_life: float) -> NDArray[np.float64]:
    times = snapshot.timestamps(relation)[edges]
    times = np.where(times == NO_TIME, snapshot.oldest(relation), times)
    return np.exp2(-np.minimum((snapshot.newest - times) / (DAY * half_life), OLDEST))
