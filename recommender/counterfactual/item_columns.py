"""Item columns: what the entries of one item in a path kernel would be, had it other attributes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from kg.schema import inverse_of
from recommender.kernels.path_kernels import Kernels
from recommender.kernels.transition import Tail
from recommender.linalg.sparse_matrix import damping, times_columns

Values = NDArray[np.float64]
TINY = 1e-12
"""A degree that is 0 but for rounding."""
SAME = 1e-9
"""An entry that is smaller than the least kept one by no more than this part of it is as large."""


@dataclass(frozen=True)
class ItemColumn:
    """The entries of some anchors for one item, as a function of the item's links to attributes::

        K[a, i] = (fixed[a] + Σ_v ways[a, v] · A[v, i]) · D_i^-β

    It is the column that the kernel would have in the changed graph, the degrees of both ends of a changed link
    included. All else stays as it is: the other columns, the kernel's scale, ways that pass through the item to lead
    elsewhere.

    ``ways``: step from the item → shape (anchors, attributes), all of a way but its last link and the damping of the
    item, scaled; ``added``: the same where the last link is a new one, of weight 1, that the degree of the attribute
    counts too; ``fixed``: what other ways give, shape (anchors,); ``least``: shape (anchors,), the least entry that a
    row keeps, −inf where it has room.
    """

    ways: Mapping[str, csc_array]
    added: Mapping[str, csc_array]
    fixed: Values
    least: Values
    degree: "ItemDegree"


@dataclass(frozen=True)
class ItemDegree:
    """D_i^-β of an item: ``D_i = (fixed + Σ_r weight_r Σ_v |A_r[i, v]|^power)^(1/power)``.

    ``weights``: step from the item → weight_r, 0 where it is missing; with power 0 each link counts 1.
    """

    exponent: float
    power: int
    weights: tuple[tuple[str, float], ...]
    fixed: float = 0.0

    def size(self, step: str, weight: float) -> float:
        """What a link counts for."""
        return dict(self.weights).get(step, 0.0) * abs(weight) ** self.power

    def damping(self, totals: Values) -> Values:
        """D_i^-β of sums of sizes: the shape of ``totals``."""
        degrees = np.maximum(totals + self.fixed, 0.0) ** (1 / max(self.power, 1))
        return damping(np.where(degrees > TINY, degrees, 0.0), self.exponent)


def item_column(kernels: Kernels, tail: Tail, anchors: NDArray[np.integer], item: int) -> ItemColumn:
    """The column of the item with index ``item`` in the kernel of a tail that ends at its attributes' inverse step.

    :param anchors: indices of the anchors whose entries are wanted, shape (anchors,).
    """
    head, target = kernels.snapshot.schema.ends(tail[0])[0], kernels.snapshot.schema.ends(tail[-1])[1]
    rows = _identity(anchors, kernels.snapshot.vocabulary.count(head))
    if head == target:  # ways that end at their own anchor are left out
        rows = _without_column(rows, item)
    place, last = 0, len(tail) - 1
    while place < last:
        turns = tail[place + 1] == inverse_of(tail[place])
        if turns and place + 1 == last:  # the last link would lead back to where the way came from
            rows = _without_column(rows, item)
        onward = _through(kernels, rows, tail, place)
        if turns and place + 1 < last:
            onward = csr_array(_through(kernels, onward, tail, place + 1) - _turned(kernels, rows, tail, place))
            place += 1
        rows, place = onward, place + 1
    alpha, beta = kernels.transitions.exponents(tail, last)
    before = kernels.transitions.of(tail)[last].before
    ways = times_columns(rows, np.where(before > 0, before, 1.0) * kernels.scale(tail))
    if last > 0 and tail[last - 1] == inverse_of(tail[last]):
        alpha += kernels.transitions.exponents(tail, last - 1)[1]
    added = times_columns(ways, _with_one_more(kernels, tail[last]) ** -alpha)
    step = inverse_of(tail[last])
    degree = ItemDegree(beta, 1 if kernels.config.degree == "sum" else 2, ((step, 1.0),))
    least = least_kept(kernels, tail, anchors)
    return ItemColumn({step: csc_array(ways)}, {step: csc_array(added)}, np.zeros(len(anchors)), least, degree)


def _with_one_more(kernels: Kernels, step: str) -> Values:
    """By how much the degree of each head grows with one more link of weight 1; that of one without any is 1 anyway."""
    degrees = kernels.transitions.degrees(step)
    grown = degrees + 1 if kernels.config.degree == "sum" else np.sqrt(degrees**2 + 1)
    return np.divide(grown, degrees, out=np.ones(len(degrees)), where=degrees > 0)


def _identity(rows: NDArray[np.integer], columns: int) -> csr_array:
    """One row for each of ``rows``, 1 at its own column."""
    indptr = np.arange(len(rows) + 1)
    return csr_array((np.ones(len(rows)), rows.astype(np.int64), indptr), shape=(len(rows), columns))


def _without_column(rows: csr_array, column: int) -> csr_array:
    return csr_array((np.where(rows.indices == column, 0.0, rows.data), rows.indices, rows.indptr), shape=rows.shape)


def _through(kernels: Kernels, rows: csr_array, tail: Tail, place: int) -> csr_array:
    """``rows`` times the transition of the step at a place; only the nodes that are reached are looked at."""
    nodes, which = np.unique(rows.indices, return_inverse=True)
    reached = csr_array((rows.data, which, rows.indptr), shape=(rows.shape[0], len(nodes)))
    return csr_array(reached @ kernels.transitions.of(tail)[place].rows(nodes))


def _turned(kernels: Kernels, rows: csr_array, tail: Tail, place: int) -> csr_array:
    """What of two steps, the second the inverse of the first, would lead back to where it came from."""
    nodes, which = np.unique(rows.indices, return_inverse=True)
    there = kernels.transitions.of(tail)[place].rows(nodes)
    tails, column = np.unique(there.indices, return_inverse=True)
    narrow = csr_array((there.data, column, there.indptr), shape=(len(nodes), len(tails)))
    back = csr_array(kernels.transitions.of(tail)[place + 1].rows(tails)[:, nodes])
    own = np.asarray(narrow.multiply(back.T).sum(axis=1)).ravel()
    return csr_array((rows.data * own[which], rows.indices, rows.indptr), shape=rows.shape)


def least_kept(kernels: Kernels, tail: Tail, anchors: NDArray[np.integer]) -> Values:
    """The least entry that the row of each anchor keeps, −inf where it has room for more: shape (anchors,)."""
    kernel, least = kernels.kernel(tail), np.full(len(anchors), -np.inf)
    for row, anchor in enumerate(anchors.tolist()):
        start, end = kernel.indptr[anchor], kernel.indptr[anchor + 1]
        if end - start >= kernels.config.top:
            least[row] = kernel.data[start:end].min() * (1 - SAME)
    return least
