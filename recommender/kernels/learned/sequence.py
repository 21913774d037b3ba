"""Sequence kernel: what people use soon after what, from timestamps; directed, and nothing where there are none.

Not to be confused with :mod:`recommender.kernels.transition`, one step of a path.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_array, diags_array

from kg.document import Document
from kg.index_type import compressed
from kg.instant import NO_TIME
from kg.schema import inverse_of
from kg.snapshot.snapshot import Snapshot
from recommender.kernels.kernel import CountedKernel, Idxs
from recommender.linalg.pruned_product import kernel_product
from recommender.linalg.sparse_matrix import damping, few_rows_product, stacked, times_columns

MOMENTS = 500_000
"""Moments that are worked on together."""
FIRST = 1_000
"""Triples that are looked at first for a timestamp: where there are any, most have one."""


class SequenceConfig(Document):
    """How what comes after what is counted; ``train`` chooses it on a validation part."""

    start: float = Field(default=0.5, ge=0, le=1)
    """a: exponent of the number of people who used the anchor."""
    end: float = Field(default=0.3, ge=0, le=1)
    """b: the same of the item."""
    window: int = Field(default=8, ge=0)
    """How many steps after the anchor an item still counts; with 0 the kernel is empty."""
    reverse: float = Field(default=0.0, ge=0, le=1)
    """r: what it counts that an item came before the anchor."""


@dataclass(frozen=True)
class Histories:
    """What people used, in the order of its timestamps. A *moment* is a person and a time; what she used at the same
    time has no order.

    ``anchors``, ``items``: moments × entities of two types, 1 where used; ``person``: of each moment, shape (moments,).
    Moments are sorted by person, then by time.
    """

    anchors: csr_array
    items: csr_array
    person: NDArray[np.int64]

    def after(self, window: int, some: slice = slice(None)) -> csr_array:
        """1/d where a moment is d steps, at most ``window``, after another of the same person: some moments × all."""
        return self._steps(window, some, 1)

    def before(self, window: int, some: slice) -> csr_array:
        """The same where it is d steps before."""
        return self._steps(window, some, -1)

    def _steps(self, window: int, some: slice, direction: int) -> csr_array:
        """Made row by row as it is kept: of a million people a list of its entries would fill the memory."""
        size = len(self.person)
        moments = np.arange(size)[some]
        first, last = self._ends
        there = last[moments] - moments if direction > 0 else moments - first[moments]
        counts = np.minimum(there, window)
        indptr = np.concatenate([[0], np.cumsum(counts)])
        place = np.arange(indptr[-1]) - np.repeat(indptr[:-1], counts)
        steps = place + 1 if direction > 0 else np.repeat(counts, counts) - place
        indptr, indices = compressed(indptr, np.repeat(moments, counts) + direction * steps)
        return csr_array((1.0 / steps, indices, indptr), shape=(len(moments), size))

    @cached_property
    def _ends(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The first and the last moment of the person of each moment, shape (moments,)."""
        new = np.flatnonzero(np.diff(self.person)) + 1
        starts = np.concatenate([[0], new]).astype(np.int64)
        lengths = np.diff(np.append(starts, len(self.person)))
        return np.repeat(starts, lengths), np.repeat(starts + lengths - 1, lengths)


class SequenceKernel(CountedKernel):
    """What people used soon after the anchor, within a domain or across::

        T[i, j] = n_i^-a · (Σ_people Σ_{d ≤ window} [j came d steps after i] / d + r · the reverse) · n_j^-b

    n: how many people used it. A step is a moment of the person's history with the two item types; interactions
    without a timestamp do not count, and the order of rows is never taken for time. After the first-order Markov chains
    of next-item recommendation (Rendle et al., 2010), with a window.
    """

    name, symbol, text = "sequence", "→", "sequence"
    grid: ClassVar[Mapping[str, tuple[float, ...]]] = {
        "start": (0.3, 0.5, 0.8),
        "end": (0.0, 0.3, 0.5, 0.8),
        "reverse": (0.0, 0.5),
        "window": (1, 3, 8, 20),
    }
    silent: ClassVar[tuple[Mapping[str, float], Mapping[str, float]]] = ({"reverse": 1.0, "window": 20}, {"window": 0})

    @classmethod
    def exists(cls, snapshot: Snapshot, anchor_type: str, item_type: str) -> bool:
        """Where interactions with both types have timestamps."""
        return all(any(_timed(snapshot, name) for name in _to(snapshot, end)) for end in (anchor_type, item_type))

    @property
    def decided_by(self) -> str:
        """The configuration."""
        return self._config.model_dump_json()

    def matrix(self) -> csr_array:
        """T, pruned."""
        return self._rows(None)

    def with_rows_of(self, anchors: Idxs) -> csr_array:
        """T with the rows of some anchors alone."""
        found = self._rows(anchors)
        lengths = np.zeros(self._shape[0], dtype=np.int64)
        lengths[anchors] = np.diff(found.indptr)
        indptr, indices = compressed(np.concatenate([[0], np.cumsum(lengths)]), found.indices)
        return csr_array((found.data, indices, indptr), shape=self._shape)

    def _rows(self, anchors: Idxs | None) -> csr_array:
        """T of some anchors, of all where absent."""
        config = self._config
        if not config.window:
            return csr_array(self._shape if anchors is None else (len(anchors), self._shape[1]))
        histories = self.inputs.once(self._shared, self._histories)
        used = [np.bincount(one.indices, minlength=one.shape[1]) for one in (histories.anchors, histories.items)]
        start, end = (damping(n.astype(np.float64), x) for n, x in zip(used, (config.start, config.end), strict=True))
        left = csr_array(diags_array(start) @ histories.anchors.T)
        factors = [(left,), (self._soon(histories, end),)]
        return kernel_product(factors, self.inputs.top, closed=self.anchor_type == self.item_type, rows=anchors)

    def _soon(self, histories: Histories, end: NDArray[np.float64]) -> csr_array:
        """What is used soon after each moment: moments × items."""
        config, blocks = self._config, []
        for start in range(0, max(len(histories.person), 1), MOMENTS):
            some = slice(start, start + MOMENTS)
            near = histories.after(config.window, some)
            if config.reverse > 0:
                near = csr_array(near + config.reverse * histories.before(config.window, some))
            blocks.append(times_columns(few_rows_product(near, histories.items), end))
        return stacked(blocks)

    def people(self, anchors: Idxs, item: int) -> NDArray[np.int64]:
        """How many people used the item within the window after the anchor."""
        counts = np.zeros(len(anchors), dtype=np.int64)
        for user_type in self.inputs.snapshot.schema.user_types:
            users = _users(self.inputs.snapshot, user_type, self.item_type, [item])
            users = users[np.isin(users, _users(self.inputs.snapshot, user_type, self.anchor_type, anchors.tolist()))]
            idx, _ = self._before(user_type, users, item)
            counts += np.array([np.count_nonzero(idx == anchor) for anchor in anchors], dtype=np.int64)
        return counts

    def _before(
        self, user_type: str, users: NDArray[np.int64], item: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """What people used within the window before an item: the index of the anchor, and which of the people; each
        pair once."""
        found = _events(self.inputs.snapshot, user_type, (self.anchor_type, self.item_type), users)
        moment, _ = _moments(found)
        anchor, wanted_kind = self._kinds
        wanted = (found.kind == wanted_kind) & (found.idx == item)
        pairs = [np.empty((0, 2), dtype=np.int64)]
        while wanted.any():  # each person's uses of the item in turn: one, unless several relations hold it
            position = np.full(len(users), -1)
            position[found.user[wanted]] = moment[wanted]
            ahead = position[found.user] - moment
            near = (found.kind == anchor) & (ahead > 0) & (ahead <= self._config.window)
            pairs.append(np.column_stack([found.idx[near], found.user[near]]))
            wanted &= moment != position[found.user]
        idx, user = np.unique(np.concatenate(pairs), axis=0).T
        return idx, user

    def _histories(self) -> Histories:
        snapshot, ends = self.inputs.snapshot, (self.anchor_type, self.item_type)
        parts, start = [], 0
        for user_type in snapshot.schema.user_types:
            found = _events(snapshot, user_type, ends, None)
            parts.append(_Events(found.user + start, found.time, found.kind, found.idx))
            start += snapshot.vocabulary.count(user_type)
        events = _joined(parts)
        moment, person = _moments(events)
        matrices = []
        for end, kind in zip(ends, self._kinds, strict=True):
            chosen, width = events.kind == kind, snapshot.vocabulary.count(end)
            where = moment[chosen], events.idx[chosen]
            used = csr_array((np.ones(len(where[0])), where), shape=(len(person), width))
            matrices.append(csr_array(used.sign()))
        return Histories(matrices[0], matrices[1], person)

    @property
    def _kinds(self) -> tuple[int, int]:
        """The numbers of the anchor's and the item's type, as events have them."""
        return 0, int(self.anchor_type != self.item_type)

    @property
    def _config(self) -> SequenceConfig:
        return self.inputs.config(self.name, SequenceConfig)

    @property
    def _shape(self) -> tuple[int, int]:
        count = self.inputs.snapshot.vocabulary.count
        return count(self.anchor_type), count(self.item_type)

    @property
    def _shared(self) -> str:
        return f"{self.name}.{self.anchor_type}.{self.item_type}"


@dataclass(frozen=True)
class _Events:
    """Timed interactions, parallel arrays: the person, the time, the number of the item's type among those that were
    asked for, each counted once, and its index."""

    user: NDArray[np.int64]
    time: NDArray[np.int64]
    kind: NDArray[np.int8]
    idx: NDArray[np.int64]


_FIELDS = ("user", "time", "kind", "idx")


def _joined(parts: Sequence[_Events]) -> _Events:
    return _Events(*(np.concatenate([getattr(one, name) for one in parts]) for name in _FIELDS))


def _moments(events: _Events) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which moment each event belongs to, and the person of each moment; moments by person, then by time."""
    order = np.lexsort((events.time, events.user))
    user, time = events.user[order], events.time[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (user[1:] != user[:-1]) | (time[1:] != time[:-1])
    moment = np.empty(len(order), dtype=np.int64)
    moment[order] = np.cumsum(new) - 1
    return moment, user[new]


def _events(snapshot: Snapshot, user_type: str, item_types: Sequence[str], users: NDArray[np.int64] | None) -> _Events:
    """The timed interactions of people with items of some types.

    :param users: of the type, sorted, and counted from the first in what comes back; all where absent.
    """
    nobody = np.empty(0, dtype=np.int64)
    parts = [_Events(nobody, nobody, nobody.astype(np.int8), nobody)]
    for kind, item_type in enumerate(dict.fromkeys(item_types)):
        for name in _to(snapshot, item_type):
            if snapshot.schema.relation[name].head == user_type:
                matrix, whole = snapshot.adjacency(name), users is None
                chosen = np.arange(matrix.shape[0]) if users is None else users
                counts = matrix.indptr[chosen + 1] - matrix.indptr[chosen]
                ends = np.cumsum(counts)
                edges = np.arange(int(counts.sum())) + np.repeat(matrix.indptr[chosen] - ends + counts, counts)
                time = snapshot.timestamps(name)[slice(None) if whole else edges]
                timed = time != NO_TIME
                user = np.repeat(np.arange(len(chosen)), counts)[timed]
                idx = matrix.indices[edges[timed]].astype(np.int64)
                parts.append(_Events(user, time[timed], np.full(len(idx), kind, dtype=np.int8), idx))
    return _joined(parts)


def _to(snapshot: Snapshot, item_type: str) -> list[str]:
    """The interactions with an item type."""
    return [name for name in snapshot.schema.interactions if snapshot.schema.relation[name].tail == item_type]


def _users(snapshot: Snapshot, user_type: str, item_type: str, items: Sequence[int]) -> NDArray[np.int64]:
    """Who of a type used any of some items."""
    names = [name for name in _to(snapshot, item_type) if snapshot.schema.relation[name].head == user_type]
    found = [snapshot.neighbours(inverse_of(name), item)[0] for name in names for item in items]
    return np.unique(np.concatenate([*found, np.empty(0, dtype=np.int64)])).astype(np.int64)


def _timed(snapshot: Snapshot, name: str) -> bool:
    times = snapshot.timestamps(name)
    return bool((times[:FIRST] != NO_TIME).any() or (times != NO_TIME).any())
