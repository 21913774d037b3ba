"""Merged kernels: the weighted sum of all metapath kernels of one start and item type, for serving."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.sparse import csr_array, vstack

from recommender.kernels.metapaths import Metapath
from recommender.kernels.path_kernels import Kernels
from recommender.linalg.csr_file import has_csr, open_csr, save_csr
from recommender.scoring.blend import Blend

ROWS = 8192


@dataclass(frozen=True)
class MergedKernel:
    """``Σ_m w_m K_m`` over the metapaths with this start and item type: shape (anchors, items), float64."""

    start: str
    item_type: str
    matrix: csr_array


def merged_kernels(kernels: Kernels, metapaths: Sequence[Metapath], blend: Blend) -> list[MergedKernel]:
    """The merged kernels of a blend, read from the kernels' folder, or made and kept there."""
    groups: dict[tuple[str, str], list[Metapath]] = {}
    for path in metapaths:
        if blend.weight(path) > 0:
            groups.setdefault((path.start, path.item_type(kernels.snapshot.schema)), []).append(path)
    merged = []
    for (start, item_type), paths in sorted(groups.items()):
        weights = {kernels.file(path.tail): blend.weight(path) for path in paths}
        key = hashlib.blake2b(json.dumps(weights, sort_keys=True).encode(), digest_size=8).hexdigest()
        name = f"merged+{start}+{item_type}+{key}"
        if not has_csr(kernels.folder, name):
            save_csr(_sum(kernels, paths, blend), kernels.folder, name, 1.0)
        merged.append(MergedKernel(start, item_type, open_csr(kernels.folder, name)[0]))
    return merged


def _sum(kernels: Kernels, paths: Sequence[Metapath], blend: Blend) -> csr_array:
    """The weighted sum, a block of rows at a time, so that no unmerged sum is held whole."""
    parts = [(kernels.kernel(path.tail), blend.weight(path)) for path in paths]
    rows, blocks = parts[0][0].shape[0], []
    for start in range(0, max(rows, 1), ROWS):
        total = None
        for kernel, weight in parts:
            part = csr_array(kernel[start : start + ROWS]) * weight
            total = part if total is None else total + part
        block = csr_array(total)
        block.sort_indices()
        blocks.append(block)
    return csr_array(vstack(blocks, format="csr"))
