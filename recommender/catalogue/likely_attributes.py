"""Likely attributes: what an item may have to do with, by how many others of its kind do."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array, diags_array, hstack

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
BELIEVED = 0.5
"""Least part of those named that have the attribute indeed: more likely than not."""
LEAST_RIGHT = 2
"""Items that have it and would be named without their own link, below which nobody else is."""
CELLS = 1 << 24
"""Items times attributes that are looked at together."""
Values = NDArray[np.float64]
Told = tuple[csr_array, csc_array, csc_array]
"""A kind of items: its members, items × kinds; what they say of an item that is not asked, and of one of themselves."""


def linked_attributes(snapshot: Snapshot, step: str) -> csr_array:
    """A: 1 where a step leads from an item to an attribute that people come back to; shape (items, attributes)."""
    found = csr_array(binary(snapshot.adjacency(step)) @ diags_array(carries(snapshot, step).astype(np.float64)))
    found.eliminate_zeros()
    return found


def likely_attributes(snapshot: Snapshot, step: str, other: str) -> csr_array:
    """One step of label propagation (Zhu & Ghahramani, 2002) from the items that have an attribute to the others of
    their kind, of the same category, brand, ingredient …::

        P[c, t] = n_ct / (n_c + κ)   where n_ct / n_c ≥ 2 n_t / n
        R[i, t] = ‖P[c, t] over the kinds c of i‖₄,   0 where i has t itself, or below θ_t

    n_c: items of kind c; n_ct: those with attribute t. How much has to speak for an attribute is learned: every item
    that has t is asked as if its own link were not there, and θ_t is the least value at which at least half of all
    items from there on are such. A kind is believed as far as it finds again what is known. No person is behind it.

    :param step: from items to attributes.
    :param other: the type of the items of the other domain that have the same attributes; what those have is no kind.
    :returns: R, shape (items, attributes), in [0, 1].
    """
    links = linked_attributes(snapshot, step)
    having = np.bincount(links.indices, minlength=links.shape[1])
    told = list[Told]()
    for kind in kinds(snapshot.schema, snapshot.schema.ends(step)[0], other):
        members = binary(snapshot.adjacency(kind))
        sizes = np.bincount(members.indices, minlength=members.shape[1])
        counts = csr_array(csr_array(members.T) @ links)
        size = np.repeat(sizes, np.diff(counts.indptr)).astype(np.float64)
        others, without = (_part(counts, size, (having, links.shape[0]), own=own).tocsc() for own in (0, 1))
        told.append((members, others, without))
    columns, width = links.tocsc(), max(CELLS // max(links.shape[0], 1), 1)
    some = [slice(start, start + width) for start in range(0, max(links.shape[1], 1), width)]
    found = csr_array(hstack([_of_some(told, csr_array(columns[:, one]), one) for one in some]))
    found.sort_indices()
    return found


def _of_some(told: Sequence[Told], links: csr_array, some: slice) -> csr_array:
    """R of some attributes: of all at once it is gigabytes before θ.

    :param links: of items to those attributes.
    """
    again, found = csr_array(links.shape), csr_array(links.shape)
    for members, others, without in told:
        again = again + (members @ csr_array(without[:, some])).multiply(links)
        found = found + members @ csr_array(others[:, some])
    again, found = _normed(csr_array(again)), _normed(csr_array(found - found.multiply(links)))
    least = _believed(found, again)
    found.data[found.data < least[found.indices]] = 0.0
    found.eliminate_zeros()
    return found


def _normed(summed: csr_array) -> csr_array:
    """The norm over kinds, from the sum of its terms; at most 1."""
    summed.data = np.minimum(np.clip(summed.data, 0.0, None) ** (1 / SHARPNESS), 1.0)
    return summed


def _part(counts: csr_array, size: Values, everywhere: tuple[NDArray[np.int64], int], *, own: int) -> csr_array:
    """P⁴ of each kind, where so many items are left out that have the attribute themselves.

    :param everywhere: how many items have each attribute, and how many there are.
    """
    having, of = counts.data - own, size - own
    chance = (everywhere[0][counts.indices] - own) / max(everywhere[1] - own, 1)
    told = np.where(having >= LIFT * chance * of, having / (of + DOUBT), 0.0)
    found = csr_array((told**SHARPNESS, counts.indices, counts.indptr), shape=counts.shape, copy=True)
    found.eliminate_zeros()
    return found


def _believed(found: csr_array, again: csr_array) -> Values:
    """θ of each attribute, infinite where no value is right often enough: shape (attributes,).

    :param found: R of items that do not have it.
    :param again: R of those that do, without their own link.
    """
    least = np.full(found.shape[1], np.inf)
    others, known = found.tocsc(), again.tocsc()
    for attribute in np.flatnonzero(np.diff(known.indptr) >= LEAST_RIGHT).tolist():
        right = np.sort(known.data[known.indptr[attribute] : known.indptr[attribute + 1]])
        wrong = np.sort(others.data[others.indptr[attribute] : others.indptr[attribute + 1]])
        rights = len(right) - np.arange(len(right))
        wrongs = len(wrong) - np.searchsorted(wrong, right)
        enough = (right > 0) & (rights >= LEAST_RIGHT) & (rights >= BELIEVED * (rights + wrongs))
        if enough.any():
            least[attribute] = right[np.argmax(enough)]
    return least


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
