"""Who used each item of a type, and how many people used two items both."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.snapshot.snapshot import Snapshot

Idxs = NDArray[np.integer]
PLACES = 2**16
"""Bits of a person's number by which most who are not among some others are told apart at once."""


class ItemUsers:
    """The users of each item of a type, as they lie in the snapshot where one relation tells them, so that all
    processes share them; several relations are made one in memory, 4 bytes for each use.

    Users of all types are numbered in the order of the schema, so that those of two types of items compare.
    """

    def __init__(self, snapshot: Snapshot, item_type: str) -> None:
        schema, starts, number = snapshot.schema, dict[str, int](), 0
        for user_type in schema.user_types:
            starts[user_type] = number
            number += snapshot.vocabulary.count(user_type)
        relations = [name for name in schema.interactions if schema.relation[name].tail == item_type]
        self._start = starts[schema.relation[relations[0]].head] if len(relations) == 1 else 0
        if len(relations) == 1:
            used = snapshot.adjacency(f"~{relations[0]}")
        else:
            used = csr_array((snapshot.vocabulary.count(item_type), number), dtype=np.int8)
            for name in relations:
                links, start = snapshot.adjacency(f"~{name}"), starts[schema.relation[name].head]
                ones = np.ones(links.nnz, dtype=np.int8)
                used = used + csr_array((ones, links.indices + start, links.indptr), shape=used.shape)
        self._indptr: Idxs = used.indptr
        self._users: Idxs = used.indices

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many people used each item, whoever did so in several ways once: shape (items,), int64."""
        return np.diff(self._indptr).astype(np.int64)

    def of(self, item: int) -> Idxs:
        """Who used an item, in ascending order."""
        found: Idxs = self._users[self._indptr[item] : self._indptr[item + 1]]
        return np.asarray(found + self._start) if self._start else found

    def of_each(self, items: Idxs) -> tuple[NDArray[np.int64], Idxs]:
        """Who used some items: which of them, and the user, for each pair."""
        found = [self.of(item) for item in items.tolist()]
        return np.arange(len(items)).repeat([len(one) for one in found]), np.concatenate(found or [self._users[:0]])

    def both(self, others: Idxs, users: Idxs) -> NDArray[np.int64]:
        """How many of some people used each of some items: shape (others,), int64.

        :param users: each once, ascending: those of another item.
        """
        return np.bincount(self._shared(others, users)[0], minlength=len(others))

    def any(self, others: Idxs, users: Idxs) -> set[int]:
        """Which of some people used at least one of some items."""
        found: set[int] = set(self._shared(others, users)[1].tolist())
        return found

    def pairs(self, others: Idxs, of_item: NDArray[np.int64], users: Idxs, items: int) -> NDArray[np.int64]:
        """How many people used each of some items and each of some others: shape (items, others), int64.

        :param others: items of this type.
        :param of_item: of pairs of an item and one of its users, which item it is; ``users``: the user.
        """
        of_other, theirs = self.of_each(others)
        perhaps = _near(users, theirs)  # few of them
        of_item, users = of_item[perhaps], users[perhaps]
        perhaps = _near(theirs, users)
        of_other, theirs = of_other[perhaps], theirs[perhaps]
        order = theirs.argsort(kind="stable")
        of_other, theirs = of_other[order], theirs[order]
        starts, ends = theirs.searchsorted(users), theirs.searchsorted(users, side="right")
        counts = ends - starts
        last = counts.cumsum()
        hits = (starts - last + counts).repeat(counts) + np.arange(last[-1] if len(last) else 0)
        places = of_item.repeat(counts) * len(others) + of_other[hits]
        return np.bincount(places, minlength=items * len(others)).reshape(items, len(others))

    def _shared(self, others: Idxs, users: Idxs) -> tuple[NDArray[np.int64], Idxs]:
        """Which of some people used some items: the item and the user, for each pair.

        Slices of the few rows: a sparse product takes ten times as long.
        """
        of_other, theirs = self.of_each(others)
        if not len(users):
            return of_other[:0], theirs[:0]
        hits = (users.take(users.searchsorted(theirs), mode="clip") == theirs).nonzero()[0]
        return of_other[hits], theirs[hits]


def _near(some: Idxs, others: Idxs) -> NDArray[np.int64]:
    """The places of those that may be among some others, and of few that are not: shape (found,)."""
    known = np.zeros(PLACES, dtype=bool)
    known[others & (PLACES - 1)] = True
    return np.asarray(known[some & (PLACES - 1)].nonzero()[0])
