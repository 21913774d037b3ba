"""Attribute lift: how much more often people come back to an attribute than chance would have them, within a domain."""

from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.snapshot.snapshot import Snapshot
from recommender.linalg.sparse_matrix import binary

LEAST = 4 / 3
"""Lift that an attribute needs to say anything of what somebody likes in another domain: a third above chance."""
DOUBT = 1.64
"""Standard deviations of the count of pairs that speak for an attribute: what is too rare to judge is believed."""
_JUDGED: WeakKeyDictionary[Snapshot, dict[str, NDArray[np.bool_]]] = WeakKeyDictionary()
"""What of the steps of a snapshot carries: several kernels ask for it, and counts of a million people take seconds."""
PEOPLE = 50_000
"""People whose counts are held at once."""
Values = NDArray[np.float64]


def attribute_lift(snapshot: Snapshot, step: str) -> tuple[Values, Values]:
    """For a step from an item type to attributes, over what each person used of that type::

        O_t = Σ_u c (c − 1),   E_t = Σ_u c (n − 1) p_t,   lift = O_t / E_t

    n: items that u used; c: those with attribute t; p_t: part of all interactions that are with such items. What is on
    three quarters of all that people use has a lift of 1.33 at most: it is too broad to be a taste.

    :returns: O and E, each of shape (attributes,).
    """
    schema, (item_type, _) = snapshot.schema, snapshot.schema.ends(step)
    links = binary(snapshot.adjacency(step))
    pairs, chances, used = (np.zeros(links.shape[1]) for _ in range(3))
    everything = 0.0
    for name in schema.interactions:
        if schema.relation[name].tail != item_type:
            continue
        matrix = binary(snapshot.adjacency(name))
        everything += matrix.nnz
        for start in range(0, matrix.shape[0], PEOPLE):
            for total, found in zip((pairs, chances, used), _sums(matrix[start : start + PEOPLE], links), strict=True):
                total += found
    return pairs, chances * used / max(everything, 1.0)


def _sums(matrix: csr_array, links: csr_array) -> tuple[Values, Values, Values]:
    """Σ_u c (c − 1), Σ_u c (n − 1) and Σ_u c of some people: whole numbers, so that blocks add up to the same."""
    counts, lengths = csr_array(matrix @ links), np.diff(matrix.indptr)
    others = np.repeat(lengths - 1, np.diff(counts.indptr))
    weights = (counts.data * (counts.data - 1), counts.data * others, counts.data)
    first, second, third = (np.bincount(counts.indices, one, links.shape[1]).astype(np.float64) for one in weights)
    return first, second, third


def carries(snapshot: Snapshot, step: str) -> NDArray[np.bool_]:
    """Which attributes may lead into another domain: those that people come back to, and those too rare to judge.

    :param step: from an item type to attributes.
    :returns: shape (attributes,), bool.
    """
    judged = _JUDGED.setdefault(snapshot, {})
    if step not in judged:
        pairs, expected = attribute_lift(snapshot, step)
        several = np.bincount(snapshot.adjacency(step).indices, minlength=len(pairs)) > 1  # else nobody can come back
        judged[step] = np.asarray(~several | (pairs + DOUBT * np.sqrt(pairs + 1) >= LEAST * expected))
    return judged[step]
