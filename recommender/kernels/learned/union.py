"""Union kernel: what two items share over any relation, summed before it is damped."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array, diags_array, hstack, vstack

from kg.schema import Schema, inverse_of
from kg.snapshot.snapshot import Snapshot
from recommender.kernels.kernel import Idxs, ItemColumn, ItemDegree, LearnedKernel, Values
from recommender.linalg.pruned_product import kernel_product
from recommender.linalg.sparse_matrix import binary, damping, times_columns, times_rows

PEOPLE, ATTRIBUTES = 4.0, 3.0
START, END = 0.5, 0.2
MOST_WORK = 2e10
"""Multiplications beyond which the kernel stays empty: hours, in a graph where everything shares something."""


class Union(LearnedKernel):
    """What the items of two types share over any relation."""

    name, symbol = "union", "∪"

    def matrix(self) -> csr_array:
        """K, see :func:`union_kernel`."""
        return union_kernel(self.inputs.snapshot, self.anchor_type, self.item_type, self.inputs.top)

    def column(self, anchors: Idxs, item: int, steps: Sequence[str]) -> ItemColumn:
        """The weights w_r stay as they are."""
        snapshot, same = self.inputs.snapshot, self.anchor_type == self.item_type
        own, fixed, degree, weights = np.zeros(len(anchors)), np.zeros(len(anchors)), 0.0, dict[str, float]()
        ways, added = dict[str, csr_array](), dict[str, csr_array]()
        for there, back in union_pairs(snapshot.schema, self.anchor_type, self.item_type):
            one, other = union_weight(snapshot, there), union_weight(snapshot, back)
            links = binary(csr_array(snapshot.adjacency(there)[anchors]))
            own += one * np.diff(links.indptr)
            degrees = _degrees(snapshot, back)
            known = np.where(degrees > 0, damping(degrees, 0.25), 1.0)
            before = damping(_degrees(snapshot, there), 0.25) * np.sqrt(one * other)
            grown = np.divide(degrees + 1, degrees, out=np.ones(len(degrees)), where=degrees > 0)
            if back in steps:
                ways[back] = ways.get(back, 0) + times_columns(links, before * known)
                more = grown ** -(0.5 if same else 0.25)
                added[back] = added.get(back, 0) + times_columns(links, before * known * more)
                weights[back] = weights.get(back, 0.0) + other
            else:
                idx = snapshot.neighbours(back, item)[0]
                fixed += np.asarray(times_columns(links, before * known)[:, idx].sum(axis=1)).ravel()
                degree += other * len(idx)
        start = damping(own, START) * (1.0 if not same else anchors != item)
        return ItemColumn(
            {step: csc_array(times_rows(matrix, start)) for step, matrix in ways.items()},
            {step: csc_array(times_rows(matrix, start)) for step, matrix in added.items()},
            fixed * start,
            np.full(len(anchors), -np.inf),
            ItemDegree(END, 0, tuple(weights.items()), degree),
        )


def union_kernel(snapshot: Snapshot, anchor_type: str, item_type: str, top: int, *, people: bool = True) -> csr_array:
    """Kernel between two item types: shape (anchors, items), float64, ≥ 0, ``top`` entries per row::

        K = D_a^-½ (Σ_r w_r A_r D_t^-½ A_r'ᵀ) D_i^-0.2

    over all relations r, r' that lead from both types to the same nodes (from one type: r = r'). A: 1 where there is a
    triple; D_t: degrees of the nodes; w_r: 4 for what people used, 3 / √(mean number of tails) for attributes;
    D_a, D_i: Σ_r w_r times the degrees of anchors and items. Evidence of several relations adds up before it is damped,
    where separate kernels damp each of its own. Own recipe, after RP3β (Paudel et al., 2017).

    :param people: whether what people did counts too, or attributes alone.
    """
    left, right = [], []
    anchors, items = np.zeros(snapshot.vocabulary.count(anchor_type)), np.zeros(snapshot.vocabulary.count(item_type))
    for there, back in union_pairs(snapshot.schema, anchor_type, item_type):
        node = snapshot.schema.ends(there)[1]
        if not people and (node in snapshot.schema.user_types or snapshot.schema.entity[node].sensitive):
            continue
        one, other = union_weight(snapshot, there), union_weight(snapshot, back)
        first, second = _half(snapshot, there), _half(snapshot, back)
        left.append(first * np.sqrt(one * other))
        right.append(csr_array(second.T))
        anchors += one * np.diff(first.indptr)
        items += other * np.diff(second.indptr)
    if not left or _work(left, right) > MOST_WORK:
        return csr_array((len(anchors), len(items)))
    start, end = diags_array(damping(anchors, START)), diags_array(damping(items, END))
    factors = [(csr_array(start @ hstack(left, format="csr")),), (csr_array(vstack(right, format="csr") @ end),)]
    return kernel_product(factors, top, closed=anchor_type == item_type)


def union_pairs(schema: Schema, anchor_type: str, item_type: str) -> list[tuple[str, str]]:
    """Steps from the two types that lead to the same type of node, no item; from one type, each with itself."""
    steps = [step for name in schema.relation for step in (name, inverse_of(name)) if name not in schema.rules]
    ends = {step: schema.ends(step) for step in steps}
    first = [step for step in steps if ends[step][0] == anchor_type and ends[step][1] not in schema.item_types]
    second = [step for step in steps if ends[step][0] == item_type and ends[step][1] not in schema.item_types]
    if anchor_type == item_type:
        return [(step, step) for step in first]
    return [(one, other) for one in first for other in second if ends[one][1] == ends[other][1]]


def union_weight(snapshot: Snapshot, step: str) -> float:
    """w_r of a step."""
    if snapshot.schema.ends(step)[1] in snapshot.schema.user_types:
        return PEOPLE
    matrix = snapshot.adjacency(step)
    mean = matrix.nnz / max(np.count_nonzero(np.diff(matrix.indptr)), 1)
    return float(ATTRIBUTES / np.sqrt(max(mean, 1.0)))


def _half(snapshot: Snapshot, step: str) -> csr_array:
    """A D_t^-¼ of a step."""
    matrix = snapshot.adjacency(step)
    degrees: NDArray[np.float64] = np.bincount(matrix.indices, minlength=matrix.shape[1]).astype(np.float64)
    return csr_array(binary(matrix) @ diags_array(damping(degrees, 0.25)))


def _degrees(snapshot: Snapshot, step: str) -> Values:
    """How many links each node has that a step leads to."""
    return np.asarray(np.diff(snapshot.adjacency(inverse_of(step)).indptr), dtype=np.float64)


def _work(left: list[csr_array], right: list[csr_array]) -> float:
    parts = zip(left, right, strict=True)
    return sum(float(np.bincount(a.indices, minlength=a.shape[1]) @ np.diff(b.indptr)) for a, b in parts)
