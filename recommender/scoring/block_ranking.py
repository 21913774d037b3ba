"""Ranking a block of users from sparse scores: the lists of ``ranking.top_n``, without a score for every item."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from recommender.scoring.ranking import top_n

CHUNK = 32
"""Entries of a row whose maximum stands for them when a bound is sought."""
FEW = 8
"""Users who are looked at first for whether anybody may have all items: as a rule these may."""


class PathRows(Protocol):
    """What paths contribute, users × catalogue, as a ``csr_array`` has it."""

    @property
    def data(self) -> NDArray[np.float64]:
        """The contributions."""

    @property
    def indices(self) -> NDArray[np.integer]:
        """The positions of their items."""

    @property
    def indptr(self) -> NDArray[np.integer]:
        """Where those of each user begin and end."""

    @property
    def shape(self) -> tuple[int, int]:
        """Users and items."""


@dataclass(frozen=True)
class RankedBlock:
    """The lists of a block of users, one after the other, best first.

    ``indptr``: shape (users + 1,): user u has the rows ``indptr[u]:indptr[u + 1]``; ``positions``: int64; ``totals``
    and ``paths``: float64, the scores and what paths contribute to them.
    """

    indptr: NDArray[np.int64]
    positions: NDArray[np.int64]
    totals: NDArray[np.float64]
    paths: NDArray[np.float64]

    def only(self, entries: NDArray[np.bool_]) -> Self:
        """The same lists with some of their entries: shape (entries,), bool."""
        before = np.concatenate([[0], np.cumsum(entries)])
        return type(self)(before[self.indptr], self.positions[entries], self.totals[entries], self.paths[entries])

    def cut(self, n: int) -> Self:
        """The first n entries of each list."""
        position = np.arange(len(self.positions)) - np.repeat(self.indptr[:-1], np.diff(self.indptr))
        return self.only(position < n)


@dataclass(frozen=True)
class Popular:
    """What every item scores whoever asks: ``values``, shape (catalogue.size,), float64, and ``order``, the positions
    from the highest value to the lowest, ties by position."""

    values: NDArray[np.float64]
    order: NDArray[np.int64]

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Self:
        """With the order that follows from the values."""
        return cls(values, np.lexsort((np.arange(len(values)), -values)))

    @cached_property
    def counts(self) -> bool:
        """Whether any value is not 0."""
        return bool(self.values.any())


@dataclass(frozen=True)
class _Entries:
    """Candidates of all users: parallel arrays, of users, positions, totals, paths."""

    user: NDArray[np.int64]
    position: NDArray[np.int64]
    total: NDArray[np.float64]
    path: NDArray[np.float64]


def rank_sparse(
    paths: PathRows, popular: Popular, allowed: NDArray[np.bool_], own: NDArray[np.int64], n: int
) -> RankedBlock:
    """The n best allowed items of each user by ``paths + popular.values``, ties by position.

    Candidates are the items that paths reach, and as many of the most popular ones as could still be better.

    :param paths: users × catalogue; entries in any order, each once.
    :param allowed: users × catalogue, bool.
    :param own: shape (users,): at most how many items each user may not have that others may.
    """
    totals = paths.data + popular.values[paths.indices] if popular.counts else paths.data
    everybody = np.asarray(allowed[:FEW].any(axis=0))
    if not everybody.all():
        everybody = np.asarray(allowed.any(axis=0))
    if not everybody.all():
        totals = np.where(everybody[paths.indices], totals, -np.inf)
    bounds = _lower_bounds(totals, paths.indptr, n + own)
    keep = _reaching(totals, paths.indptr, bounds)
    negatives = np.zeros(paths.shape[0], dtype=np.int64)
    if paths.data.min(initial=0.0) < 0:  # they must not come back as popular items that no path reaches
        disliked = paths.data < 0
        keep |= disliked
        negatives = np.diff(np.concatenate([[0], np.cumsum(disliked)])[paths.indptr])
    position = np.flatnonzero(keep)
    user = np.searchsorted(paths.indptr, position, side="right") - 1
    reached = _Entries(user, paths.indices[position].astype(np.int64), totals[position], paths.data[position])
    return _lists(reached, _unreached(popular, allowed, bounds, n + negatives), allowed, n)


def interleaved(blocks: Sequence[RankedBlock], rows: Sequence[NDArray[np.int64]]) -> RankedBlock:
    """One block from the lists of several, ``rows`` the places of each block's users in it."""
    lengths = np.concatenate([np.diff(block.indptr) for block in blocks])
    order = np.argsort(np.concatenate(rows), kind="stable")
    starts = np.cumsum(lengths) - lengths
    indptr = np.concatenate([[0], np.cumsum(lengths[order])])
    row = np.arange(indptr[-1]) + np.repeat(starts[order] - indptr[:-1], lengths[order])
    positions, totals, paths = (
        np.concatenate([getattr(block, name) for block in blocks])[row] for name in ("positions", "totals", "paths")
    )
    return RankedBlock(indptr, positions, totals, paths)


def rank_dense(
    totals: NDArray[np.float64], paths: NDArray[np.float64], allowed: NDArray[np.bool_], n: int
) -> RankedBlock:
    """The same from a score for every item: all arrays of shape (users, catalogue.size)."""
    if len(totals) == 1:
        position = top_n(totals[0], allowed[0], n)
        return RankedBlock(np.array([0, len(position)]), position, totals[0, position], paths[0, position])
    found = [top_n(scores, may, n) for scores, may in zip(totals, allowed, strict=True)]
    lengths = np.array([len(one) for one in found], dtype=np.int64)
    user, position = np.repeat(np.arange(len(found)), lengths), np.concatenate(found)
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    return RankedBlock(indptr, position, totals[user, position], paths[user, position])


def _lower_bounds(
    totals: NDArray[np.float64], indptr: NDArray[np.integer], wanted: NDArray[np.int64]
) -> NDArray[np.float64]:
    """For each row a bound that at least ``wanted`` entries reach, −inf where there is none: shape (rows,).

    The k-th largest of the maxima of parts of a row is no more than its k-th largest entry.
    """
    counts = np.diff(indptr)
    rows = len(counts)
    size = int(np.clip(len(totals) // max(1, 3 * int(wanted.sum())), 1, CHUNK))
    chunks = -(-counts // size)
    ends = np.cumsum(chunks)
    if not len(totals):
        return np.full(rows, -np.inf)
    of_row = np.repeat(np.arange(rows), chunks)
    within = np.arange(ends[-1]) - np.repeat(ends - chunks, chunks)
    maxima = np.full((rows, int(chunks.max())), -np.inf)
    maxima[of_row, within] = np.maximum.reduceat(totals, indptr[of_row] + within * size)
    maxima.sort(axis=1)
    found = maxima[np.arange(rows), np.maximum(maxima.shape[1] - wanted, 0)]
    return np.where(wanted <= maxima.shape[1], found, -np.inf)


def _reaching(
    totals: NDArray[np.float64], indptr: NDArray[np.integer], bounds: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which entries reach the bound of their row: shape (entries,), bool.

    Row by row: writing the bound of each entry down first takes four times as long.
    """
    keep = np.empty(len(totals), dtype=bool)
    for start, end, bound in zip(indptr[:-1].tolist(), indptr[1:].tolist(), bounds.tolist(), strict=True):
        np.greater_equal(totals[start:end], bound, out=keep[start:end])
    return keep


def _unreached(
    popular: Popular, allowed: NDArray[np.bool_], bounds: NDArray[np.float64], wanted: NDArray[np.int64]
) -> _Entries:
    """The ``wanted`` most popular allowed items of each user that reach her bound.

    Whatever no path reaches and is not among them is behind them all.
    """
    users = np.flatnonzero(bounds <= popular.values[popular.order[:1]].max(initial=-np.inf))
    most, size = int(wanted[users].max(initial=0)), len(popular.order)
    length = min(2 * most, size) if len(users) else 0
    while length:
        open_ = allowed[users[:, None], popular.order[None, :length]]
        nth = np.cumsum(open_, axis=1)
        if length == size or (nth[:, -1] >= wanted[users]).all():
            break
        length = min(4 * length, size)
    if not length:
        nothing = np.empty(0, dtype=np.int64)
        return _Entries(nothing, nothing, np.empty(0), np.empty(0))
    row, column = np.nonzero(open_ & (nth <= wanted[users][:, None]))
    position = popular.order[column]
    values = popular.values[position]
    near = values >= bounds[users[row]]
    return _Entries(users[row][near], position[near], values[near], np.zeros(int(near.sum())))


def _lists(reached: _Entries, unreached: _Entries, allowed: NDArray[np.bool_], n: int) -> RankedBlock:
    """Sort candidates of both kinds; an item that paths reach counts once, with what they contribute."""
    user = np.concatenate([reached.user, unreached.user])
    position = np.concatenate([reached.position, unreached.position])
    total = np.concatenate([reached.total, unreached.total])
    path = np.concatenate([reached.path, unreached.path])
    fit = allowed[user, position]
    if len(unreached.user):
        key = user * allowed.shape[1] + position
        fit[len(reached.user) :] &= ~_among(key[len(reached.user) :], key[: len(reached.user)])
    user, position, total, path = user[fit], position[fit], total[fit], path[fit]
    order = np.lexsort((_narrow(position, allowed.shape[1]), -total, _narrow(user, allowed.shape[0])))
    counts = np.bincount(user, minlength=allowed.shape[0])
    rank = np.arange(len(user)) - np.repeat(np.cumsum(counts) - counts, counts)
    chosen = order[rank < n] if n > 0 else order
    lengths = np.minimum(counts, n) if n > 0 else counts
    return RankedBlock(np.concatenate([[0], np.cumsum(lengths)]), position[chosen], total[chosen], path[chosen])


def _among(few: NDArray[np.int64], many: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of a few keys, each once, are among many, which are searched in the few and need no order."""
    order = np.argsort(few)
    place = np.searchsorted(few, many, sorter=order)
    place[place == len(few)] = 0
    found = np.zeros(len(few), dtype=bool)
    where = order[place]
    found[where[few[where] == many]] = True
    return found


def _narrow(values: NDArray[np.int64], below: int) -> NDArray[np.integer]:
    """The same numbers, in [0, below), in 16 bits where these hold them: such are sorted digit by digit."""
    return values.astype(np.uint16) if below <= np.iinfo(np.uint16).max else values
