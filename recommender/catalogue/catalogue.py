"""The catalogue: the items of all domains on one axis."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kg.instant import NO_TIME
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.item_users import ItemUsers
from recommender.catalogue.properties import ItemProperties
from recommender.catalogue.variants import Variants
from recommender.profiles.weights import fading

NEWEST, POPULAR = 0.25, 0.1
"""Part of the dated items that is new: those first used last; and of all that anybody used, part that is popular."""


class Catalogue:
    """Items of all item types, one after the other in the order of the schema.

    A *position* is an index on this axis; entity indices count within a type.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.types = snapshot.schema.item_types
        counts = [snapshot.vocabulary.count(name) for name in self.types]
        ends = np.cumsum([0, *counts]).tolist()
        self.slices = {name: slice(ends[n], ends[n + 1]) for n, name in enumerate(self.types)}
        self._parts = [(ends[n + 1], ends[n], name) for n, name in enumerate(self.types)]
        self.size: int = ends[-1]

    def position(self, entity_type: str, idx: int) -> int:
        """Position of an item."""
        return int(self.slices[entity_type].start) + idx

    def item(self, position: int) -> tuple[str, int]:
        """Entity type and index of the item at a position."""
        for end, start, name in self._parts:
            if position < end:
                return name, position - start
        raise IndexError(f"position {position} in a catalogue of {self.size} items")

    def of_domain(self, domain: str) -> NDArray[np.bool_]:
        """Mask of the items of a domain: shape (size,), bool."""
        mask = np.zeros(self.size, dtype=bool)
        for name, part in self.slices.items():
            if self.snapshot.schema.entity[name].domain == domain:
                mask[part] = True
        return mask

    @cached_property
    def properties(self) -> ItemProperties:
        """The properties of the items, read when they are first asked for."""
        return ItemProperties(self.snapshot, self.slices, self.size)

    @cached_property
    def variants(self) -> Variants | None:
        """Which items are sizes and shades of one thing; ``None`` where none is."""
        return Variants.of(self.snapshot, self.slices, self.size)

    @cached_property
    def used(self) -> NDArray[np.float64]:
        """How many interactions each item has: shape (size,), float64."""
        schema, counts = self.snapshot.schema, np.zeros(self.size)
        for name in schema.interactions:
            indptr = self.snapshot.adjacency(f"~{name}").indptr
            counts[self.slices[schema.relation[name].tail]] += np.diff(indptr)
        return counts

    @cached_property
    def people(self) -> NDArray[np.int64]:
        """How many people used each item, whoever viewed and bought it once: shape (size,), int64."""
        counts = np.zeros(self.size, dtype=np.int64)
        for name, part in self.slices.items():
            counts[part] = ItemUsers(self.snapshot, name).counts
        return counts

    @cached_property
    def popular(self) -> NDArray[np.bool_]:
        """The items of each domain that the most people used, a tenth of those that anybody did: shape (size,)."""
        found = np.zeros(self.size, dtype=bool)
        for domain in self.snapshot.schema.domains:
            used = self.of_domain(domain) & (self.people > 0)
            if used.any():
                found |= used & (self.people >= np.quantile(self.people[used], 1 - POPULAR, method="higher"))
        return found

    @cached_property
    def first_used(self) -> NDArray[np.int64]:
        """When each item was first used, milliseconds since 1970 UTC; the largest integer where no use is dated."""
        first = np.full(self.size, np.iinfo(np.int64).max)
        for name in self.snapshot.schema.interactions:
            times = self.snapshot.timestamps(name)
            dated, start = times != NO_TIME, self.slices[self.snapshot.schema.relation[name].tail].start
            np.minimum.at(first, self.snapshot.adjacency(name).indices[dated].astype(np.int64) + start, times[dated])
        return first

    @cached_property
    def new(self) -> NDArray[np.bool_]:
        """Items that nobody used yet, and of each domain the quarter of the dated ones that was first used last: shape
        (size,)."""
        first, found = self.first_used, self.used == 0
        for domain in self.snapshot.schema.domains:
            dated = self.of_domain(domain) & (first < np.iinfo(np.int64).max)
            if dated.any():
                found |= dated & (first > np.quantile(first[dated], 1 - NEWEST))
        return np.asarray(found)

    @cached_property
    def popularity(self) -> NDArray[np.float64]:
        """Log-popularity, shape (size,), float64 in [0, 1].

        ``log(1 + n_i) / log(1 + max_j n_j)``, n_i the number of interactions of item i, or what is left of it where
        those of a relation fade (``trend_days``), the maximum taken over the items of the same domain, so that a domain
        with more traffic does not crowd out another.
        """
        schema, counts = self.snapshot.schema, self.used.copy()
        for name in schema.interactions:
            if (days := schema.relation[name].trend_days) is not None:
                matrix, part = self.snapshot.adjacency(name), self.slices[schema.relation[name].tail]
                gone = 1.0 - fading(self.snapshot, name, slice(None), days)
                counts[part] -= np.bincount(matrix.indices, weights=gone, minlength=matrix.shape[1])
        logs = np.log1p(np.maximum(counts, 0.0))
        for domain in self.snapshot.schema.domains:
            mask = self.of_domain(domain)
            highest = logs[mask].max(initial=0.0)
            if highest > 0:
                logs[mask] /= highest
        return logs
