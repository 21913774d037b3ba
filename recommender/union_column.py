"""Union column: what the entries of one item in the union kernel would be, had it other attributes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from kg.schema import Schema, inverse_of
from kg.snapshot import Snapshot
from recommender.item_columns import ItemColumn, ItemDegree, Values, least_kept
from recommender.kernels import Kernels
from recommender.metapaths import UNION, learned_step
from recommender.sparse_matrix import binary, damping
from recommender.union_kernel import ATTRIBUTES, END, PEOPLE, START


def union_column(
    kernels: Kernels, ends: tuple[str, str], anchors: NDArray[np.integer], item: int, steps: Sequence[str]
) -> ItemColumn | None:
    """The column of the item with index ``item`` in the union kernel between two types; the weights w_r stay.

    :param ends: type of the anchors, type of the item.
    :param anchors: indices of the anchors whose entries are wanted, shape (anchors,).
    :param steps: from the item, by which its links may change.
    :returns: ``None`` where the kernel was left empty.
    """
    tail = (learned_step(UNION, *ends),)
    if not kernels.kernel(tail).nnz:
        return None
    snapshot, same = kernels.snapshot, ends[0] == ends[1]
    own, fixed, degree, weights = np.zeros(len(anchors)), np.zeros(len(anchors)), 0.0, dict[str, float]()
    ways, added = dict[str, csr_array](), dict[str, csr_array]()
    for there, back in _pairs(snapshot.schema, *ends):
        one, other = _weight(snapshot, there), _weight(snapshot, back)
        links = binary(csr_array(snapshot.adjacency(there)[anchors]))
        own += one * np.diff(links.indptr)
        degrees = _degrees(snapshot, back)
        known = np.where(degrees > 0, damping(degrees, 0.25), 1.0)
        before = damping(_degrees(snapshot, there), 0.25) * np.sqrt(one * other)
        grown = np.divide(degrees + 1, degrees, out=np.ones(len(degrees)), where=degrees > 0)
        if back in steps:
            ways[back] = ways.get(back, 0) + _times(links, before * known)
            added[back] = added.get(back, 0) + _times(links, before * known * grown ** -(0.5 if same else 0.25))
            weights[back] = weights.get(back, 0.0) + other
        else:
            idx = snapshot.neighbours(back, item)[0]
            fixed += np.asarray(_times(links, before * known)[:, idx].sum(axis=1)).ravel()
            degree += other * len(idx)
    start = damping(own, START) * kernels.scale(tail) * (1.0 if not same else anchors != item)
    return ItemColumn(
        {step: csc_array(_rows(matrix, start)) for step, matrix in ways.items()},
        {step: csc_array(_rows(matrix, start)) for step, matrix in added.items()},
        fixed * start,
        least_kept(kernels, tail, anchors),
        ItemDegree(END, 0, tuple(weights.items()), degree),
    )


def _pairs(schema: Schema, anchor_type: str, item_type: str) -> list[tuple[str, str]]:
    """Steps from the two types that lead to the same type of node, no item; from one type, each with itself."""
    steps = [step for name in schema.relation for step in (name, inverse_of(name)) if name not in schema.rules]
    there, back = (
        [step for step in steps if schema.ends(step)[0] == one and schema.ends(step)[1] not in schema.item_types]
        for one in (anchor_type, item_type)
    )
    if anchor_type == item_type:
        return [(step, step) for step in there]
    return [(one, other) for one in there for other in back if schema.ends(one)[1] == schema.ends(other)[1]]


def _weight(snapshot: Snapshot, step: str) -> float:
    """w_r of a step."""
    matrix = snapshot.adjacency(step)
    if snapshot.schema.ends(step)[1] in snapshot.schema.user_types:
        return PEOPLE
    mean = matrix.nnz / max(int(np.count_nonzero(np.diff(matrix.indptr))), 1)
    return ATTRIBUTES / float(np.sqrt(max(mean, 1.0)))


def _degrees(snapshot: Snapshot, step: str) -> Values:
    """How many links each node has that a step leads to."""
    return np.asarray(np.diff(snapshot.adjacency(inverse_of(step)).indptr), dtype=np.float64)


def _times(links: csr_array, factors: Values) -> csr_array:
    return csr_array((links.data * factors[links.indices], links.indices, links.indptr), shape=links.shape)


def _rows(matrix: csr_array, factors: Values) -> csr_array:
    data = matrix.data * np.repeat(factors, np.diff(matrix.indptr))
    return csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)
