"""Attribute lift: how much more often people come back to an attribute than chance would have them, within a domain."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from kg.snapshot.snapshot import Snapshot
from recommender.linalg.sparse_matrix import binary

LEAST = 4 / 3
"""Lift that an attribute needs to say anything of what somebody likes in another domain: a third above chance."""
DOUBT = 1.64
"""Standard deviations of the count of pairs that speak for an attribute: what is too rare to judge is believed."""


def attribute_lift(snapshot: Snapshot, step: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
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
        lengths = np.diff(matrix.indptr).astype(np.float64)
        counts = csr_array(matrix @ links)
        pairs += np.asarray((counts.multiply(counts) - counts).sum(axis=0)).ravel()
        chances += np.asarray((diags_array(np.maximum(lengths - 1, 0.0)) @ counts).sum(axis=0)).ravel()
        used += np.asarray(counts.sum(axis=0)).ravel()
        everything += float(lengths.sum())
    return pairs, chances * used / max(everything, 1.0)


def carries(snapshot: Snapshot, step: str) -> NDArray[np.bool_]:
    """Which attributes may lead into another domain: those that people come back to, and those too rare to judge.

    :param step: from an item type to attributes.
    :returns: shape (attributes,), bool.
    """
    pairs, expected = attribute_lift(snapshot, step)
    several = np.bincount(snapshot.adjacency(step).indices, minlength=len(pairs)) > 1  # else nobody can come back to it
    return np.asarray(~several | (pairs + DOUBT * np.sqrt(pairs + 1) >= LEAST * expected))
