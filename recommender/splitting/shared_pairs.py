"""Pairs of a person and an item that several interactions hold, such as what was viewed and bought: held out once."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kg.snapshot.snapshot import Snapshot

Masks = dict[str, NDArray[np.bool_]]


@dataclass(frozen=True)
class SharedPairs:
    """The interactions between the same two types, and the pairs that each holds.

    ``keys``: interaction → a number for each of its triples, in their order, the same for the same pair; ``items``: how
    many items there are.
    """

    keys: dict[str, NDArray[np.int64]]
    items: int

    @property
    def unique(self) -> NDArray[np.int64]:
        """Every pair once, by person and item: shape (pairs,), int64."""
        return np.unique(np.concatenate([*self.keys.values()]))

    def people(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Whose pairs these are: shape (pairs,), int64."""
        return keys // max(self.items, 1)

    def spread(self, held_out: NDArray[np.int64]) -> Masks:
        """The triples of the given pairs in each interaction."""
        return {name: np.isin(keys, held_out) for name, keys in self.keys.items()}


def shared_pairs(snapshot: Snapshot) -> Iterator[SharedPairs]:
    """The pairs of all interactions, those between the same two types together, in the order of the schema."""
    schema = snapshot.schema
    ends = {name: (schema.relation[name].head, schema.relation[name].tail) for name in schema.interactions}
    for both in dict.fromkeys(ends.values()):
        items = snapshot.vocabulary.count(both[1])
        yield SharedPairs({name: _keys(snapshot, name, items) for name in ends if ends[name] == both}, items)


def in_all_interactions(snapshot: Snapshot, masks: Masks) -> Masks:
    """The masks with every held-out pair marked in each interaction between the same two types."""
    spread = dict(masks)
    for pairs in shared_pairs(snapshot):
        told = [pairs.keys[name][masks[name]] for name in pairs.keys if name in masks]
        if len(pairs.keys) > 1 and told:
            spread |= pairs.spread(np.unique(np.concatenate(told)))
    return spread


def leaving_some(snapshot: Snapshot, masks: Masks) -> Masks:
    """The masks without what would take from somebody all that they did with items of a type.

    Each interaction leaves something of its own, and two together may not: of one item viewed and another bought, the
    one that comes later in the schema is not held out.
    """
    found = dict(masks)
    for pairs in (one for one in shared_pairs(snapshot) if len(one.keys) > 1):
        held, every = np.empty(0, dtype=np.int64), np.bincount(pairs.people(pairs.unique))
        for name, keys in pairs.keys.items():
            more = np.union1d(held, keys[found[name]])
            people, counts = np.unique(pairs.people(more), return_counts=True)
            bare = people[counts == every[people]]
            found[name] = found[name] & ~np.isin(pairs.people(keys), bare)
            held = np.union1d(held, keys[found[name]])
    return found


def _keys(snapshot: Snapshot, name: str, items: int) -> NDArray[np.int64]:
    matrix = snapshot.adjacency(name)
    rows = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
    return np.asarray(rows * items + matrix.indices, dtype=np.int64)
