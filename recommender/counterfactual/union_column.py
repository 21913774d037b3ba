"""Union column: what the entries of one item in the union kernel would be, had it other attributes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from kg.schema import inverse_of
from kg.snapshot.snapshot import Snapshot
from recommender.counterfactual.item_columns import ItemColumn, ItemDegree, Values, least_kept
from recommender.kernels.metapaths import UNION, learned_step
from recommender.kernels.path_kernels import Kernels
from recommender.kernels.union import END, START, union_pairs, union_weight
from recommender.linalg.sparse_matrix import binary, damping, times_columns, times_rows


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
    for there, back in union_pairs(snapshot.schema, *ends):
        one, other = union_weight(snapshot, there), union_weight(snapshot, back)
        links = binary(csr_array(snapshot.adjacency(there)[anchors]))
        own += one * np.diff(links.indptr)
        degrees = _degrees(snapshot, back)
        known = np.where(degrees > 0, damping(degrees, 0.25), 1.0)
        before = damping(_degrees(snapshot, there), 0.25) * np.sqrt(one * other)
        grown = np.divide(degrees + 1, degrees, out=np.ones(len(degrees)), where=degrees > 0)
        if back in steps:
            ways[back] = ways.get(back, 0) + times_columns(links, before * known)
            added[back] = added.get(back, 0) + times_columns(links, before * known * grown ** -(0.5 if same else 0.25))
            weights[back] = weights.get(back, 0.0) + other
        else:
            idx = snapshot.neighbours(back, item)[0]
            fixed += np.asarray(times_columns(links, before * known)[:, idx].sum(axis=1)).ravel()
            degree += other * len(idx)
    start = damping(own, START) * kernels.scale(tail) * (1.0 if not same else anchors != item)
    return ItemColumn(
        {step: csc_array(times_rows(matrix, start)) for step, matrix in ways.items()},
        {step: csc_array(times_rows(matrix, start)) for step, matrix in added.items()},
        fixed * start,
        least_kept(kernels, tail, anchors),
        ItemDegree(END, 0, tuple(weights.items()), degree),
    )


def _degrees(snapshot: Snapshot, step: str) -> Values:
    """How many links each node has that a step leads to."""
    return np.asarray(np.diff(snapshot.adjacency(inverse_of(step)).indptr), dtype=np.float64)
