"""Baselines of the literature on the order of interactions: a Markov chain, and neighbouring histories."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from kg.instant import NO_TIME
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.interactions import Interactions, ScoreUsers, User
from recommender.kernels.learned.sequence import Histories
from recommender.linalg.sparse_matrix import damping, top_per_row, without_diagonal


def has_times(snapshot: Snapshot) -> bool:
    """Whether any interaction has a timestamp."""
    return any(bool((snapshot.timestamps(name) != NO_TIME).any()) for name in snapshot.schema.interactions)


class Places:
    """How late everybody used what: the timed interactions of all relations together.

    ``matrix``: users of all types × catalogue, entry n for what a user used n-th last; an item counts where she used it
    last, and those of one time have the same place.
    """

    def __init__(self, snapshot: Snapshot, interactions: Interactions) -> None:
        users, items, times = [], [], []
        for name in snapshot.schema.interactions:
            relation, matrix = snapshot.schema.relation[name], snapshot.adjacency(name)
            timed = snapshot.timestamps(name) != NO_TIME
            rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))[timed]
            users.append(rows + interactions.start(relation.head))
            items.append(matrix.indices[timed].astype(np.int64) + interactions.catalogue.slices[relation.tail].start)
            times.append(snapshot.timestamps(name)[timed])
        nothing = np.empty(0, dtype=np.int64)
        user, item, time = (np.concatenate([*parts, nothing]) for parts in (users, items, times))
        order = np.lexsort((-time, item, user))
        pairs = np.stack([user[order], item[order]])
        latest = np.ones(len(order), dtype=bool)
        latest[1:] = (pairs[:, 1:] != pairs[:, :-1]).any(axis=0)
        self.user, self.item, self.time = (one[order][latest] for one in (user, item, time))
        order = np.lexsort((-self.time, self.user))
        self.user, self.item, self.time = self.user[order], self.item[order], self.time[order]
        data = self._places().astype(np.float64)
        self.matrix = csr_array((data, (self.user, self.item)), shape=interactions.matrix.shape)

    def weighed(self, users: NDArray[np.int64], exponent: float) -> csr_array:
        """place^−exponent of what some users used: shape (users, items)."""
        rows = csr_array(self.matrix[users])
        return csr_array((rows.data**-exponent, rows.indices, rows.indptr), shape=rows.shape)

    def followed(self, window: int) -> csr_array:
        """``Σ_users Σ_{d ≤ window} [j came d steps after i] / d``: items × items; what a user used at one
        time has no order, and is one step."""
        number = len(self.user)
        new = np.ones(number, dtype=bool)
        new[1:] = (self.user[1:] != self.user[:-1]) | (self.time[1:] != self.time[:-1])
        moments = np.cumsum(new) - 1
        latest_first = csr_array((np.ones(number), (moments, self.item)), shape=(int(new.sum()), self.matrix.shape[1]))
        after = Histories(latest_first, latest_first, self.user[new]).after(window)  # rows are later than columns
        return csr_array(latest_first.T @ after.T @ latest_first)

    def _places(self) -> NDArray[np.int64]:
        number = np.arange(len(self.user))
        first = np.ones(len(number), dtype=bool)
        first[1:] = self.user[1:] != self.user[:-1]
        new = first.copy()
        new[1:] |= self.time[1:] != self.time[:-1]
        starts, same = (np.maximum.accumulate(np.where(one, number, 0)) for one in (first, new))
        return np.asarray(1 + same - starts)


def markov(
    interactions: Interactions, places: Places, window: float = 3, damped: float = 0.5, place: float = 1.0
) -> ScoreUsers:
    """Markov chain from the latest items, with a window (after Rendle et al., 2010)::

    r̂(u, i) = Σ_j place(u, j)^−p T[j, i],   T = D^−b (Σ_users Σ_{d ≤ window} [i came d after j] / d) D^−b
    """
    followed = places.followed(int(window))
    before, after = (damping(np.asarray(followed.sum(axis=axis), dtype=np.float64), damped) for axis in (1, 0))
    chain = without_diagonal(csr_array(diags_array(before) @ followed @ diags_array(after)))

    def score(users: Sequence[User]) -> NDArray[np.float64]:
        """Scores of all items: shape (users, catalogue.size), float64."""
        return np.asarray(csr_array(places.weighed(interactions.row_of(users), place) @ chain).toarray())

    return score


def vsknn(interactions: Interactions, places: Places, neighbours: float = 100, place: float = 1.0) -> ScoreUsers:
    """V-SKNN, nearest sessions (Ludewig & Jannach, 2018), with the history of a person as her session::

    sim(u, v) = Σ_{j of both} place(u, j)^−p / √n_v,   r̂(u, i) = Σ_{v among the nearest} sim(u, v) [v used i]
    """
    used = interactions.matrix
    histories = csr_array((diags_array(damping(np.diff(used.indptr).astype(np.float64), 0.5)) @ used).T)

    def score(users: Sequence[User]) -> NDArray[np.float64]:
        """Scores of all items: shape (users, catalogue.size), float64."""
        who = interactions.row_of(users)
        alike = csr_array(places.weighed(who, place) @ histories)
        rows = np.repeat(np.arange(len(who)), np.diff(alike.indptr))
        alike.data[alike.indices == who[rows]] = 0.0  # nobody is her own neighbour
        return np.asarray(csr_array(top_per_row(alike, int(neighbours)) @ used).toarray())

    return score
