"""Path instances: the ways behind one entry of a kernel, enumerated on the snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.schema import inverse_of
from kg.snapshot.snapshot import Snapshot
from recommender.kernels.kernel import Tail
from recommender.kernels.path_kernels import Kernels
from recommender.kernels.transition import Transition
from recommender.profiles.profile import Anchors

Idxs = NDArray[np.int32]
Places = NDArray[np.int64]
FEW = 16
"""_Partial paths up to which each is met with the item by itself, over the shorter of the two lists."""


@dataclass(frozen=True)
class Instances:
    """All paths of one kernel from some anchors to one item.

    ``nodes``: shape (paths, steps + 1), int32, from the anchor to the item; ``product``: shape (paths,), float64,
    the anchor's weight × the kernel's scale × the damped weights along the path. They sum to
    ``Σ_a x[a] · K[a, item]``.
    """

    nodes: Idxs
    product: NDArray[np.float64]

    def part(self, chosen: NDArray[np.bool_]) -> "Instances":
        """Some of them: ``chosen`` has shape (paths,), bool."""
        return Instances(self.nodes[chosen], self.product[chosen])


@dataclass(frozen=True)
class _Partial:
    """Paths on their way: ``nodes``, shape (paths, nodes so far), and ``product``, shape (paths,)."""

    nodes: Idxs
    product: NDArray[np.float64]


def paths_between(kernels: Kernels, tail: Tail, anchors: Anchors, item: int) -> Instances:
    """Enumerate the paths from anchors, each of which has an entry for the item with index ``item``, to that item.

    Ways that the kernel leaves out (back at once, or back to the anchor) are left out here too; an anchor whose entry
    was pruned must not be among the anchors.
    """
    snapshot, steps = kernels.snapshot, kernels.transitions.of(tail)
    back, weights = snapshot.neighbours(inverse_of(tail[-1]), item)
    partial = _Partial(anchors.idx[:, None], anchors.weight * kernels.scale(tail))
    for step, reach in zip(steps, _reach(snapshot, tail, back), strict=False):
        which, ends, edges = _neighbours(step.edges, partial.nodes[:, -1])
        keep = reach[ends]
        partial, _ = _lengthened(step, partial, which[keep], ends[keep], edges[keep])
    partial, last = _meet(steps, partial, back)
    ends, (*_, step) = partial.nodes[:, -1], steps
    product = step.lengthened(partial.product, ends, weights[last], item)
    nodes = np.empty((len(ends), len(tail) + 1), dtype=np.int32)
    nodes[:, :-1], nodes[:, -1] = partial.nodes, item
    keep = np.ones(len(ends), dtype=bool)
    if step.undoes:
        keep &= nodes[:, -3] != item
    if snapshot.schema.ends(tail[0])[0] == snapshot.schema.ends(tail[-1])[1]:
        keep &= nodes[:, 0] != item
    return Instances(nodes, product) if keep.all() else Instances(nodes[keep], product[keep])


def _reach(snapshot: Snapshot, tail: Tail, nodes: Idxs) -> list[NDArray[np.bool_]]:
    """For the ends of all steps but the last two, masks of the nodes from which the last but one, ``nodes``, can be
    reached."""
    masks: list[NDArray[np.bool_]] = []
    for step in reversed(tail[1:-1]):
        mask = np.zeros(snapshot.vocabulary.count(snapshot.schema.ends(step)[0]), dtype=bool)
        mask[_neighbours(snapshot.adjacency(inverse_of(step)), nodes)[1]] = True
        masks.insert(0, mask)
        nodes = np.flatnonzero(mask).astype(np.int32)
    return masks


def _meet(steps: Sequence[Transition], partial: _Partial, back: Idxs) -> tuple[_Partial, Places]:
    """Lengthen partial paths by the last step but one to those nodes that the last step leads on from.

    :param back: the nodes next to the item, sorted.
    :returns: the paths up to those nodes, and the place of each node in ``back``.
    """
    heads = partial.nodes[:, -1]
    if len(steps) == 1:
        which, last = _common(heads, back)
        return _Partial(partial.nodes[which], partial.product[which]), last
    step = steps[-2]
    if len(heads) > FEW:
        which, ends, edges = _neighbours(step.edges, heads)
        found, last = _common(ends, back)
        which, edges = which[found], edges[found]
    else:
        which, edges, last = _met(step.edges, heads, back)
    longer, kept = _lengthened(step, partial, which, back[last], edges)
    return longer, last if kept is None else last[kept]


def _met(matrix: csr_array, heads: Idxs, back: Idxs) -> tuple[Places, Places, Places]:
    """Edges from heads to nodes of ``back``: position of the head, position in the data, position in ``back``."""
    starts, stops = matrix.indptr[heads].tolist(), matrix.indptr[heads + 1].tolist()
    pairs = [_shared(matrix.indices[start:stop], back) for start, stop in zip(starts, stops, strict=True)]
    if len(pairs) == 1:
        (edges, last) = pairs[0]
        return np.zeros(len(edges), dtype=np.int64), edges + starts[0], last
    which = np.repeat(np.arange(len(heads)), [len(edges) for edges, _ in pairs])
    edges = np.concatenate([start + edges for start, (edges, _) in zip(starts, pairs, strict=True)] or [_NONE])
    return which, edges, np.concatenate([last for _, last in pairs] or [_NONE])


_NONE = np.empty(0, dtype=np.int64)


def _lengthened(
    step: Transition, partial: _Partial, which: Places, ends: Idxs, edges: Places
) -> tuple[_Partial, NDArray[np.bool_] | None]:
    """_Partial paths with one step more, but for those that turn back at once; which were kept, if not all.

    :param which: place of the partial path of each step; ``ends``, ``edges``: where it leads, its place in the data.
    """
    keep = None
    if step.undoes:
        keep = ends != partial.nodes[which, -2]
        which, ends, edges = which[keep], ends[keep], edges[keep]
    nodes = np.empty((len(which), partial.nodes.shape[1] + 1), dtype=np.int32)
    nodes[:, :-1], nodes[:, -1] = partial.nodes[which], ends
    product = step.lengthened(partial.product[which], nodes[:, -2], step.edges.data[edges], ends)
    return _Partial(nodes, product), keep


def _common(values: Idxs, ordered: Idxs) -> tuple[Places, Places]:
    """Places in ``values`` that are in ``ordered``, and where there; ``ordered`` is sorted, unique."""
    if not len(ordered):
        return _NONE, _NONE
    position = ordered.searchsorted(values)
    position[position == len(ordered)] = 0
    found = (ordered[position] == values).nonzero()[0]
    return found, position[found]


def _shared(first: Idxs, second: Idxs) -> tuple[Places, Places]:
    """Places of the common values of two sorted arrays, in each; searches for the fewer in the more."""
    if len(first) <= len(second):
        return _common(first, second)
    there, here = _common(second, first)
    return here, there


def _neighbours(matrix: csr_array, heads: Idxs) -> tuple[Places, Idxs, Places]:
    """All neighbours of many heads: position in ``heads``, tail index, position in the data, each of shape (edges,)."""
    starts, counts = matrix.indptr[heads], matrix.indptr[heads + 1] - matrix.indptr[heads]
    which = np.repeat(np.arange(len(heads)), counts)
    edges = np.arange(counts.sum()) + np.repeat(starts - np.cumsum(counts) + counts, counts)
    return which, matrix.indices[edges], edges
