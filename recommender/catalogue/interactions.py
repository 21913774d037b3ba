"""What everybody used: the interactions of a snapshot as one matrix."""

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.catalogue import Catalogue

User = tuple[str, int]
"""Entity type and index of a person."""
ScoreUsers = Callable[[Sequence[User]], NDArray[np.float64]]
"""Scores of all items of the catalogue for some people: shape (users, catalogue.size), float64, higher is better."""


class Interactions:
    """All interactions of a snapshot as one binary matrix, users of all types × catalogue.

    :param relations: which relations from users to items count; the interactions where absent.
    """

    def __init__(self, snapshot: Snapshot, relations: Sequence[str] | None = None) -> None:
        self.catalogue = Catalogue(snapshot)
        self._relations = snapshot.schema.interactions if relations is None else relations
        self._starts: dict[str, int] = {}
        blocks, start = [], 0
        for user_type in snapshot.schema.user_types:
            self._starts[user_type] = start
            blocks.append(self._of_type(snapshot, user_type))
            start += snapshot.vocabulary.count(user_type)
        self.matrix = csr_array(vstack(blocks, format="csr"))

    @cached_property
    def counts(self) -> NDArray[np.float64]:
        """How many people used each item: shape (catalogue.size,)."""
        return np.asarray(self.matrix.sum(axis=0), dtype=np.float64)

    def start(self, user_type: str) -> int:
        """The row of the first user of a type."""
        return self._starts[user_type]

    def row_of(self, users: Sequence[User]) -> NDArray[np.int64]:
        """Which rows are theirs: shape (users,)."""
        return np.array([self._starts[name] + idx for name, idx in users], dtype=np.int64)

    def rows(self, users: Sequence[User]) -> csr_array:
        """The rows of some users: shape (users, catalogue.size), 1.0 where the item was used."""
        return csr_array(self.matrix[self.row_of(users)])

    def both(self, anchors: NDArray[np.integer], item: int) -> NDArray[np.int64]:
        """How many people used an item and each of some others: shape (anchors,).

        :param anchors: positions of the others.
        """
        which, _ = self._shared(anchors, item)
        return np.bincount(which, minlength=len(anchors))

    def pairs(self, anchors: NDArray[np.integer], items: NDArray[np.integer]) -> NDArray[np.int64]:
        """How many people used each of some items and each of some others, by their positions: shape (items, anchors).

        :param anchors: positions of the others.
        """
        if len(items) == 1:
            return self.both(anchors, int(items[0]))[None]
        (of_anchor, theirs), (of_item, users) = (self._users_of(one) for one in (anchors, items))
        order = theirs.argsort(kind="stable")
        of_anchor, theirs = of_anchor[order], theirs[order]
        if not len(theirs):
            return np.zeros((len(items), len(anchors)), dtype=np.int64)
        starts = theirs.searchsorted(users)
        both = (theirs.take(starts, mode="clip") == users).nonzero()[0]  # few of them
        starts, of_item = starts[both], of_item[both]
        counts = theirs.searchsorted(users[both], side="right") - starts
        ends = counts.cumsum()
        hits = (starts - ends + counts).repeat(counts) + np.arange(ends[-1] if len(ends) else 0)
        found = np.bincount(
            of_item.repeat(counts) * len(anchors) + of_anchor[hits], minlength=len(items) * len(anchors)
        )
        return found.reshape(len(items), len(anchors))

    def _users_of(self, positions: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Who used some items: which of them, and the user, for each pair."""
        indptr, users = self._by_item.indptr, self._by_item.indices
        starts, ends = indptr[positions], indptr[positions + 1]
        parts = [users[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
        return np.arange(len(positions)).repeat(ends - starts), np.concatenate(parts or [users[:0]])

    def any(self, anchors: NDArray[np.integer], item: int) -> int:
        """How many people used an item and at least one of some others, by their positions."""
        return len(set(self._shared(anchors, item)[1].tolist()))

    def _shared(self, anchors: NDArray[np.integer], item: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Who used an item and one of some others: which of the others, and the user, for each pair.

        Slices of the few rows: a sparse product takes ten times as long.
        """
        indptr, users = self._by_item.indptr, self._by_item.indices
        theirs = users[indptr[item] : indptr[item + 1]]
        starts, ends = indptr[anchors], indptr[anchors + 1]
        if not len(theirs) or not len(anchors):
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int32)
        found = np.concatenate([users[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)])
        position = theirs.searchsorted(found)
        position[position == len(theirs)] = 0
        hits = (theirs[position] == found).nonzero()[0]
        return np.cumsum(ends - starts).searchsorted(hits, side="right"), found[hits]

    @cached_property
    def _by_item(self) -> csr_array:
        """Catalogue × users, indices sorted."""
        found = csr_array(self.matrix.T)
        found.sort_indices()
        return found

    def _of_type(self, snapshot: Snapshot, user_type: str) -> csr_array:
        shape = (snapshot.vocabulary.count(user_type), self.catalogue.size)
        total = csr_array(shape)
        for name in self._relations:
            relation = snapshot.schema.relation[name]
            if relation.head == user_type and relation.tail in self.catalogue.slices:
                matrix = snapshot.adjacency(name)
                columns = matrix.indices.astype(np.int64) + self.catalogue.slices[relation.tail].start
                total = total + csr_array((np.ones(matrix.nnz), columns, matrix.indptr), shape=shape)
        return csr_array(total.sign())
