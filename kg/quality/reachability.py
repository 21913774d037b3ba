"""Items that no path over attributes leads to; what fewer than k people used, or said of themselves, leads nowhere."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from kg.snapshot.snapshot import Snapshot


class Reachability:
    """What leads to the items: attributes (nothing that people did, dislike or avoid), interactions, or nothing."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        schema, vocabulary = snapshot.schema, snapshot.vocabulary
        self._people = {*schema.user_types, *(name for name, entity in schema.entity.items() if entity.sensitive)}
        others = (*schema.interactions, *schema.negatives, *schema.rules)
        self._attributes = [name for name in schema.relation if name not in others]
        self._component = self._components()
        self._used = np.zeros(vocabulary.size, dtype=bool)
        for name in schema.interactions:
            self._used[self._part(schema.relation[name].tail)] |= self._used_by_enough(name)
        self._anchors = np.bincount(self._component[self._used], minlength=vocabulary.size)
        for name in schema.user_types:
            self._anchors += np.bincount(self._component[self._part(name)], minlength=vocabulary.size)

    def without_path(self, item_type: str) -> NDArray[np.bool_]:
        """Items that attribute triples join neither to a user nor to another item that anybody used.

        Shape (count,), bool. Only other people's interactions with the item itself, and its popularity, can bring it
        into a list.
        """
        part = self._part(item_type)
        others = self._anchors[self._component[part]] - self._used[part]
        return np.asarray(others == 0)

    def unused(self, item_type: str) -> NDArray[np.bool_]:
        """Items that fewer than k people used: shape (count,), bool."""
        return ~self._used[self._part(item_type)]

    def _components(self) -> NDArray[np.int32]:
        """Connected components over attribute triples, whatever their direction: shape (all entities,), int32."""
        vocabulary, size = self.snapshot.vocabulary, self.snapshot.vocabulary.size
        rows, columns = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        for name in self._attributes:
            head, tail = self.snapshot.schema.ends(name)
            matrix = self.snapshot.adjacency(name)
            heads = np.repeat(np.arange(vocabulary.count(head)), np.diff(matrix.indptr))
            tails = matrix.indices.astype(np.int64)
            enough = self._of_enough(name)[heads] & self._of_enough(f"~{name}")[tails]
            rows.append(heads[enough] + vocabulary.start(head))
            columns.append(tails[enough] + vocabulary.start(tail))
        ends = np.concatenate(rows), np.concatenate(columns)
        graph = coo_array((np.ones(len(ends[0]), dtype=np.int8), ends), shape=(size, size))
        labels: NDArray[np.int32] = connected_components(graph.tocsr(), directed=False)[1]
        return labels

    def _part(self, entity_type: str) -> slice:
        start = self.snapshot.vocabulary.start(entity_type)
        return slice(start, start + self.snapshot.vocabulary.count(entity_type))

    def _of_enough(self, step: str) -> NDArray[np.bool_]:
        """Which heads of a step over attributes may be told of: all, or where people are its tails those of k of them.

        Shape (heads,), bool.
        """
        head, tail = self.snapshot.schema.ends(step)
        people = {name for name in (head, tail) if name in self._people}
        fewest = self.snapshot.k if tail in people and head not in people else 0
        return np.asarray(np.diff(self.snapshot.adjacency(step).indptr) >= fewest)

    def _used_by_enough(self, interaction: str) -> NDArray[np.bool_]:
        return np.asarray(np.diff(self.snapshot.adjacency(f"~{interaction}").indptr) >= self.snapshot.k)
