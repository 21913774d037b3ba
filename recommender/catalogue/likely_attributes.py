"""Likely attributes: what an item may have to do with, by how many others of its kind do."""

from typing import Any

import numpy as np
from scipy.sparse import csr_array, diags_array

from kg.schema import Schema
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.attribute_lift import carries
from recommender.catalogue.attributes import attribute_steps
from recommender.linalg.sparse_matrix import binary

DOUBT = 5.0
"""κ: items without the attribute that are added to each kind, so that two of two do not say much."""
LIFT = 2.0
"""How much more often than elsewhere the items of a kind have an attribute."""
SHARPNESS = 4
"""p of the norm over the kinds of an item: nearly the largest."""
Sureness = tuple[float, int]
"""Least part of a kind that has an attribute, and least number of its items."""
SURE: Sureness = (0.2, 2)
"""Of what is told of an item that somebody used."""
LIKELY: Sureness = (0.02, 1)
"""Of what is offered for it."""


def linked_attributes(snapshot: Snapshot, step: str) -> csr_array:
    """A: 1 where a step leads from an item to an attribute that people come back to; shape (items, attributes)."""
    found = csr_array(binary(snapshot.adjacency(step)) @ diags_array(carries(snapshot, step).astype(np.float64)))
    found.eliminate_zeros()
    return found


def likely_attributes(snapshot: Snapshot, step: str, other: str, least: Sureness) -> csr_array:
    """One step of label propagation (Zhu & Ghahramani, 2002) from the items that have an attribute to the others of
    their kind, of the same category, brand, ingredient …::

        P[c, t] = n_ct / (n_c + κ)   where P and n_ct are at least ``least`` and n_ct / n_c ≥ 2 n_t / n
        R[i, t] = ‖P[c, t] over the kinds c of i‖₄,   0 where i has t itself

    n_c: items of kind c; n_ct: those with attribute t. No person is behind it.

    :param step: from items to attributes.
    :param other: the type of the items of the other domain that have the same attributes; what those have is no kind.
    :returns: R, shape (items, attributes), in [0, 1].
    """
    links = linked_attributes(snapshot, step)
    everywhere = np.bincount(links.indices, minlength=links.shape[1]) / max(links.shape[0], 1)
    found: Any = csr_array(links.shape)
    for kind in kinds(snapshot.schema, snapshot.schema.ends(step)[0], other):
        members = binary(snapshot.adjacency(kind))
        sizes = np.bincount(members.indices, minlength=members.shape[1])
        counts = csr_array(csr_array(members.T) @ links)
        size = np.repeat(sizes, np.diff(counts.indptr))
        part = counts.data / (size + DOUBT)
        often = counts.data >= LIFT * everywhere[counts.indices] * size
        told = np.where(often & (part >= least[0]) & (counts.data >= least[1]), part, 0.0)
        found = found + members @ csr_array((told**SHARPNESS, counts.indices, counts.indptr), shape=counts.shape)
    found = csr_array(found - found.multiply(links))
    found.data = np.clip(found.data, 0.0, None) ** (1 / SHARPNESS)
    np.minimum(found.data, 1.0, out=found.data)
    found.eliminate_zeros()
    return found


def kinds(schema: Schema, item_type: str, other: str) -> list[str]:
    """Steps of an item type to attributes that the other type does not have: what makes its items of a kind."""
    theirs = {schema.ends(step)[1] for step in attribute_steps(schema, other)}
    return [step for step in attribute_steps(schema, item_type) if schema.ends(step)[1] not in theirs]


def shared_steps(schema: Schema, anchor_type: str, item_type: str) -> list[tuple[str, str]]:
    """Steps from both types to the same type of attribute."""
    first, second = (attribute_steps(schema, one) for one in (anchor_type, item_type))
    return [(a, b) for a in first for b in second if schema.ends(a)[1] == schema.ends(b)[1]]


def further_steps(schema: Schema, item_type: str, end: str) -> list[tuple[str, str]]:
    """Pairs of steps from an item type over its attributes to an attribute of another type."""
    both = [one for name in schema.relation for one in (name, f"~{name}")]
    return [
        (first, second)
        for first in attribute_steps(schema, item_type)
        for second in both
        if schema.ends(second) == (schema.ends(first)[1], end) and schema.ends(first)[1] != end
    ]
