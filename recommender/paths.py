"""Path instances: the ways behind one entry of a kernel, enumerated on the snapshot."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kg.schema import inverse_of
from kg.snapshot import Snapshot
from recommender.kernels import Kernels, Tail
from recommender.profile import Anchors
from recommender.sparse_matrix import damping

Idxs = NDArray[np.int32]


@dataclass(frozen=True)
class Instances:
    """All paths of one kernel from some anchors to one item.

    ``nodes``: shape (paths, steps + 1), int32, from the anchor to the item; ``product``: shape (paths,), float64,
    the anchor's weight × the kernel's scale × the damped weights along the path. They sum to
    ``Σ_a x[a] · K[a, item]``.
    """

    nodes: Idxs
    product: NDArray[np.float64]


def path_instances(kernels: Kernels, tail: Tail, anchors: Anchors, item: int) -> Instances:
    """Enumerate the paths from ``anchors`` to the item with index ``item``.

    Only anchors whose entry for the item survived pruning count, and ways that the kernel leaves out (back at once,
    or back to the anchor) are left out here too.
    """
    snapshot = kernels.snapshot
    kept = _kept(kernels, tail, anchors, item)
    reach = _reach(snapshot, tail, item)
    nodes, product = anchors.idx[kept][:, None], anchors.weight[kept] * kernels.scale(tail)
    for place in range(len(tail)):
        nodes, product = _extend(kernels, tail, place, nodes, product, reach[place + 1])
    head, end = snapshot.schema.ends(tail[0])[0], snapshot.schema.ends(tail[-1])[1]
    if head == end:
        away = nodes[:, 0] != nodes[:, -1]
        nodes, product = nodes[away], product[away]
    return Instances(nodes, product)


def _kept(kernels: Kernels, tail: Tail, anchors: Anchors, item: int) -> NDArray[np.bool_]:
    kernel, kept = kernels.kernel(tail), np.zeros(len(anchors.idx), dtype=bool)
    for n, anchor in enumerate(anchors.idx):
        row = kernel.indices[kernel.indptr[anchor] : kernel.indptr[anchor + 1]]
        place = np.searchsorted(row, item)
        kept[n] = place < len(row) and row[place] == item
    return kept


def _reach(snapshot: Snapshot, tail: Tail, item: int) -> list[NDArray[np.bool_]]:
    """For each place on the way, a mask of the nodes from which the item can be reached."""
    masks = []
    nodes = np.array([item], dtype=np.int32)
    for step in reversed(tail):
        head, end = snapshot.schema.ends(step)
        mask = np.zeros(snapshot.vocabulary.count(end), dtype=bool)
        mask[nodes] = True
        masks.append(mask)
        nodes = np.unique(_neighbours(snapshot, inverse_of(step), nodes)[1])
    masks.append(np.ones(snapshot.vocabulary.count(head), dtype=bool))
    return masks[::-1]


def _extend(
    kernels: Kernels,
    tail: Tail,
    place: int,
    nodes: Idxs,
    product: NDArray[np.float64],
    reach: NDArray[np.bool_],
) -> tuple[Idxs, NDArray[np.float64]]:
    """Lengthen every partial path by the step at ``place``, keeping those that can still arrive."""
    snapshot, step = kernels.snapshot, tail[place]
    alpha, beta = kernels.exponents(tail, place)
    which, ends, weights = _neighbours(snapshot, step, nodes[:, -1])
    keep = reach[ends]
    if place > 0 and step == inverse_of(tail[place - 1]):
        keep &= ends != nodes[which, -2]
    which, ends, weights = which[keep], ends[keep], weights[keep]
    before = damping(snapshot.degrees(step)[nodes[which, -1]], alpha)
    after = damping(snapshot.degrees(inverse_of(step))[ends], beta)
    return np.column_stack([nodes[which], ends]), product[which] * before * weights * after


def _neighbours(snapshot: Snapshot, step: str, heads: Idxs) -> tuple[NDArray[np.int64], Idxs, NDArray[np.float64]]:
    """All neighbours of many heads: place in ``heads``, tail index, weight, each of shape (edges,)."""
    matrix = snapshot.adjacency(step)
    starts, counts = matrix.indptr[heads], matrix.indptr[heads + 1] - matrix.indptr[heads]
    which = np.repeat(np.arange(len(heads)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    edges = starts[which] + within
    return which, matrix.indices[edges], matrix.data[edges]
