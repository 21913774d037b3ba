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


def own_part(snapshot: Snapshot) -> float:
    """Which part of all people that kernels rest on are our own, and not a partner's: in [0, 1], 1 without partners."""
    if not snapshot.manifest.partners_people:
        return 1.0
    own = int(np.count_nonzero(np.diff(Interactions(snapshot).matrix.indptr)))
    return own / (own + snapshot.manifest.partners_people)
