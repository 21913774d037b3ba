"""Union kernel: what two items share over any relation, summed before it is damped."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array, hstack, vstack

from kg.schema import Schema, inverse_of
from kg.snapshot.snapshot import Snapshot
from recommender.linalg.pruned_product import kernel_product
from recommender.linalg.sparse_matrix import binary, damping

PEOPLE, ATTRIBUTES = 4.0, 3.0
START, END = 0.5, 0.2
MOST_WORK = 2e10
"""Multiplications beyond which the kernel stays empty: hours, in a graph where everything shares something."""


def union_kernel(snapshot: Snapshot, anchor_type: str, item_type: str, top: int) -> csr_array:
    """Kernel between two item types: shape (anchors, items), float64, ≥ 0, ``top`` entries per row::

        K = D_a^-½ (Σ_r w_r A_r D_t^-½ A_r'ᵀ) D_i^-0.2

    over all relations r, r' that lead from both types to the same nodes (from one type: r = r'). A: 1 where there is a
    triple; D_t: degrees of the nodes; w_r: 4 for what people used, 3 / √(mean number of tails) for attributes;
    D_a, D_i: Σ_r w_r times the degrees of anchors and items. Evidence of several relations adds up before it is damped,
    where separate kernels damp each of its own. Own recipe, after RP3β (Paudel et al., 2017).
    """
    left, right = [], []
    anchors, items = np.zeros(snapshot.vocabulary.count(anchor_type)), np.zeros(snapshot.vocabulary.count(item_type))
    for there, back in union_pairs(snapshot.schema, anchor_type, item_type):
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


def _work(left: list[csr_array], right: list[csr_array]) -> float:
    parts = zip(left, right, strict=True)
    return sum(float(np.bincount(a.indices, minlength=a.shape[1]) @ np.diff(b.indptr)) for a, b in parts)
