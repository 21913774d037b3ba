"""Complementary suppression: sums over groups, lowered until no difference tells of fewer than k people.

Who reads that at least ten people used A and something of a group, that five to nine used A and B of it, and that A and
its only other item C are not told, knows that one to four people used A and C. So a sum is told no higher than what the
others leave open: for every part that is not told they might explain it without that part.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.k_anonymity import TINY, told_counts

ROWS = 256
Counts = NDArray[np.int64]
Values = NDArray[np.float64]


def lowered(members: csr_array, told: csr_array, cells: Counts, k: int) -> Counts:
    """What may be told of each sum: shape (cells,), 0 where nothing.

    A sum of people over a group is at most the sum over any parts that cover it: a pair or a group that is not told has
    at most k − 1, one that is told at most the end of its step. The cheapest cover but for one part that is not told,
    members split among parts as in the fractional knapsack problem (Dantzig, 1957), is never more than the real one.

    :param members: groups × things, 1 where a thing that anybody used is of a group.
    :param told: things × things, symmetric: how many people used both, where that is told.
    :param cells: group, thing, and how many people used the thing and a member of the group, told, shape (3, cells).
    """
    group, thing, people = cells
    if k == 1:
        return np.array(people)
    most = np.full(len(people), np.inf)
    shape = (members.shape[0], told.shape[0])
    by_thing = _step_ends(csr_array((people, (group, thing)), shape=shape), k)
    overlaps, pairs = csr_array(members @ members.T), csr_array(members @ told.sign())
    ends = csr_array(members @ _step_ends(told, k))
    for one, part in _blocks(group):
        columns, own = thing[part], members[[one]]
        known, high = (_dense(csr_array(matrix[[one]]), columns).ravel() for matrix in (pairs, ends))
        low = own.nnz - _dense(own, columns).ravel() - known
        start, end = overlaps.indptr[one], overlaps.indptr[one + 1]
        near, shared = overlaps.indices[start:end], overlaps.data[start:end]
        near, shared = (values[(near != one) & (shared > 1)] for values in (near, shared))
        cost = _dense(csr_array(by_thing[near]), columns).T
        unknown = cost == 0
        cost[unknown] = k - 1
        theirs = _dense(csr_array(members[near]), columns).T > 0
        cost[theirs] = np.inf
        covers = np.broadcast_to(shared, cost.shape)
        most[part] = _cheapest(covers, cost, unknown & ~theirs, (low, known, high), k)
    return told_counts(np.minimum(people, np.floor(most + TINY)).astype(np.int64), k)


def _cheapest(
    shared: Values, cost: Values, unknown: NDArray[np.bool_], pairs: tuple[Values, Values, Values], k: int
) -> Values:
    """At least what the parts of a sum make together without the largest that is not told: shape (cells,).

    :param shared: how many members each other group covers, shape (cells, groups); ``cost``: at most how many people
        its sum is of; ``unknown``: where it is not told.
    :param pairs: of each cell how many pairs are not told, how many are, and at most how many people the latter are of.
    """
    low, known, high = pairs
    rows = np.arange(len(low))
    alone = np.ones(len(low))
    if shared.shape[1]:
        hidden = np.where(unknown, shared, 0.0)
        largest = hidden.argmax(axis=1)
        out = hidden[rows, largest] > 1
        alone[out] = hidden[rows, largest][out]
        cost[rows[out], largest[out]] = np.inf
    need = low + known - alone
    covers = np.column_stack([shared, low - 1, known])
    costs = np.column_stack([cost, (low - 1) * (k - 1), high])
    each = np.divide(costs, covers, out=np.full(covers.shape, np.inf), where=covers > 0)
    order = np.argsort(each, axis=1, kind="stable")
    covers, each = (np.take_along_axis(one, order, axis=1) for one in (covers, each))
    before = np.cumsum(covers, axis=1) - covers
    taken = np.clip(need[:, None] - before, 0, covers)
    total = np.where(taken > 0, taken * np.where(np.isfinite(each), each, 0.0), 0.0).sum(axis=1)
    result: Values = np.where(low > 0, total, np.inf)
    return result


def _blocks(group: Counts) -> Iterator[tuple[int, Counts]]:
    """Each group with its cells, not too many at a time."""
    order = np.argsort(group, kind="stable")
    for part in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        for start in range(0, len(part), ROWS):
            yield int(group[part[0]]), part[start : start + ROWS]


def _dense(matrix: csr_array, columns: Counts) -> Values:
    found: Values = csr_array(matrix[:, columns]).toarray().astype(np.float64)
    return found


def _step_ends(told: csr_array, k: int) -> csr_array:
    """At most how many people each told number is of."""
    people = told.data.astype(np.int64)
    data = people + k * (1 + (people >= 10 * k)) - 1
    return csr_array((data.astype(np.float64), told.indices, told.indptr), shape=told.shape)
