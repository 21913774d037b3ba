"""Metapath kernel: the product of the transitions of a tail, without the ways back, pruned per row."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from kg.schema import inverse_of
from recommender.catalogue.change import Change
from recommender.kernels.item_column import ItemColumn, ItemDegree
from recommender.kernels.kernel import Idxs, Kept, Kernel, Tail, Values, relation_parts
from recommender.kernels.transition import Transitions
from recommender.linalg.pruned_product import Factor, kernel_product
from recommender.linalg.sparse_matrix import times_columns
from recommender.linalg.updated_product import updated_product


class MetapathKernel(Kernel):
    """The kernel of a tail of steps r1 … rk from an anchor to an item: ``K = T_r1 · … · T_rk``."""

    name = "path"

    def __init__(self, transitions: Transitions, tail: Tail, top: int) -> None:
        self.transitions, self.tail, self.top = transitions, tail, top
        self.snapshot = transitions.snapshot

    @property
    def key(self) -> str:
        """The steps."""
        return "+".join(self.tail)

    @property
    def reads(self) -> tuple[str, ...]:
        """The relations of the steps; where attributes lead to another domain, also what decides which of them may,
        unless a training decided it."""
        decided = self.transitions.trained.graph is not None
        told_by = self.snapshot.schema.interactions if self.carriers and not decided else ()
        return relation_parts((*self.tail, *told_by))

    @property
    def carriers(self) -> list[str]:
        """The steps to attributes of which some may not lead into another domain."""
        return [one for position in range(len(self.tail)) for one in self.transitions.carriers(self.tail, position)]

    @property
    def closed(self) -> bool:
        """Whether anchors and items are of one type, so that ways that end at their own anchor are left out."""
        ends = self.snapshot.schema.ends
        return ends(self.tail[0])[0] == ends(self.tail[-1])[1]

    def matrix(self) -> csr_array:
        """The pruned product."""
        return kernel_product(self._factors(), self.top, closed=self.closed)

    def updated(self, before: "MetapathKernel", change: Change, kept: Kept) -> csr_array:
        """Rows that reach nothing that changed are taken over."""
        ends = [self.snapshot.schema.ends(step) for step in self.tail]
        then, place = list[Factor](), 0
        for factor in before._factors():
            then.append(tuple(change.moved(matrix, *ends[place + n]) for n, matrix in enumerate(factor)))
            place += len(factor)
        return updated_product(self._factors(), self.top, kept.earlier(then), closed=self.closed)

    def column(self, anchors: Idxs, item: int, steps: Sequence[str]) -> ItemColumn | None:
        """Where the last step leads from an attribute to the item, all of its entries are by its links."""
        step = inverse_of(self.tail[-1])
        if step not in steps:
            return None
        rows = _identity(anchors, self.snapshot.vocabulary.count(self.snapshot.schema.ends(self.tail[0])[0]))
        if self.closed:  # ways that end at their own anchor are left out
            rows = _without_column(rows, item)
        position, last = 0, len(self.tail) - 1
        while position < last:
            turns = self.tail[position + 1] == inverse_of(self.tail[position])
            if turns and position + 1 == last:  # the last link would lead back to where the way came from
                rows = _without_column(rows, item)
            onward = self._through(rows, position)
            if turns and position + 1 < last:
                onward = csr_array(self._through(onward, position + 1) - self._turned(rows, position))
                position += 1
            rows, position = onward, position + 1
        alpha, beta = self.transitions.exponents(self.tail, last)
        before = self.transitions.of(self.tail)[last].before
        ways = times_columns(rows, np.where(before > 0, before, 1.0))
        if last > 0 and self.tail[last - 1] == inverse_of(self.tail[last]):
            alpha += self.transitions.exponents(self.tail, last - 1)[1]
        added = times_columns(ways, self._with_one_more() ** -alpha)
        power = 1 if self.transitions.config.degree == "sum" else 2
        since = self.transitions.degrees(step)[item] - self.transitions.degrees_now(step)[item]
        degree = ItemDegree(beta, power, ((step, 1.0),), float(since))
        nothing, room = np.zeros(len(anchors)), np.full(len(anchors), -np.inf)
        return ItemColumn({step: csc_array(ways)}, {step: csc_array(added)}, nothing, room, degree)

    def _factors(self) -> list[Factor]:
        """The matrices to multiply; a step and its inverse are one factor, without the ways back to their start."""
        factors: list[Factor] = []
        position = 0
        while position < len(self.tail):
            turns = position + 1 < len(self.tail) and self.tail[position + 1] == inverse_of(self.tail[position])
            factors.append(tuple(self.transitions.matrix(self.tail, position + n) for n in range(2 if turns else 1)))
            position += len(factors[-1])
        return factors

    def _with_one_more(self) -> Values:
        """By how much the degree of each head of the last step grows with one more link of weight 1; that of a head
        without any is 1 anyway."""
        degrees = self.transitions.degrees(self.tail[-1])
        grown = degrees + 1 if self.transitions.config.degree == "sum" else np.sqrt(degrees**2 + 1)
        return np.divide(grown, degrees, out=np.ones(len(degrees)), where=degrees > 0)

    def _through(self, rows: csr_array, position: int) -> csr_array:
        """``rows`` times the transition of the step at a place; only the nodes that are reached are looked at."""
        nodes, which = np.unique(rows.indices, return_inverse=True)
        reached = csr_array((rows.data, which, rows.indptr), shape=(rows.shape[0], len(nodes)))
        return csr_array(reached @ self.transitions.of(self.tail)[position].rows(nodes))

    def _turned(self, rows: csr_array, position: int) -> csr_array:
        """What of two steps, the second the inverse of the first, would lead back to where it came from."""
        nodes, which = np.unique(rows.indices, return_inverse=True)
        there = self.transitions.of(self.tail)[position].rows(nodes)
        tails, column = np.unique(there.indices, return_inverse=True)
        narrow = csr_array((there.data, column, there.indptr), shape=(len(nodes), len(tails)))
        back = csr_array(self.transitions.of(self.tail)[position + 1].rows(tails)[:, nodes])
        own = np.asarray(narrow.multiply(back.T).sum(axis=1)).ravel()
        return csr_array((rows.data * own[which], rows.indices, rows.indptr), shape=rows.shape)


def _identity(rows: NDArray[np.integer], columns: int) -> csr_array:
    """One row for each of ``rows``, 1 at its own column."""
    indptr = np.arange(len(rows) + 1)
    return csr_array((np.ones(len(rows)), rows.astype(np.int64), indptr), shape=(len(rows), columns))


def _without_column(rows: csr_array, column: int) -> csr_array:
    return csr_array((np.where(rows.indices == column, 0.0, rows.data), rows.indices, rows.indptr), shape=rows.shape)
