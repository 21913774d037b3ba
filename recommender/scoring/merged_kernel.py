"""Merged kernels: the weighted sum of all metapath kernels of one start and item type, for serving."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.kernels.metapaths import Metapath
from recommender.kernels.path_kernels import Kernels
from recommender.linalg.csr_file import has_csr, open_csr, save_blocks
from recommender.linalg.moved_rows import changed_rows, with_rows
from recommender.linalg.sparse_matrix import stacked
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
        name = _name(kernels, (start, item_type), paths, blend)
        if not has_csr(kernels.folder, name) and not kernels.take_over(name):
            found = _updated(kernels, (start, item_type), paths, blend)
            save_blocks(_sums(kernels, paths, blend) if found is None else [found], kernels.folder, name, 1.0)
        merged.append(MergedKernel(start, item_type, open_csr(kernels.folder, name)[0]))
    return merged


def _name(kernels: Kernels, ends: tuple[str, str], paths: Sequence[Metapath], blend: Blend) -> str:
    weights = {kernels.file(path.tail): blend.weight(path) for path in paths}
    key = hashlib.blake2b(json.dumps(weights, sort_keys=True).encode(), digest_size=8).hexdigest()
    return f"merged+{ends[0]}+{ends[1]}+{key}"


def _updated(kernels: Kernels, ends: tuple[str, str], paths: Sequence[Metapath], blend: Blend) -> csr_array | None:
    """What it was before a change, with the rows in which a kernel changed summed anew; ``None`` where that is not
    known."""
    if (then := kernels.then()) is None:
        return None
    before, change = then
    name, parts = _name(before, ends, paths, blend), [before.file(path.tail) for path in paths]
    if not all(has_csr(before.folder, one) for one in (name, *parts)):
        return None
    changed = np.zeros(kernels.kernel(paths[0].tail).shape[0], dtype=bool)
    for path, part in zip(paths, parts, strict=True):
        earlier = change.moved(open_csr(before.folder, part)[0], *kernels.ends(path.tail))
        changed |= changed_rows(kernels.kernel(path.tail), earlier)
    rows = np.flatnonzero(changed)
    merged = change.moved(open_csr(before.folder, name)[0], *kernels.ends(paths[0].tail))
    return with_rows(merged, rows, stacked(_sums(kernels, paths, blend, rows)))


def _sums(
    kernels: Kernels, paths: Sequence[Metapath], blend: Blend, rows: NDArray[np.integer] | None = None
) -> Iterator[csr_array]:
    """The weighted sum, a block of rows at a time, so that it is never held whole, nor any that is not merged.

    :param rows: those that are wanted, all where absent.
    """
    parts = [(kernels.kernel(path.tail), blend.weight(path)) for path in paths]
    size = parts[0][0].shape[0] if rows is None else len(rows)
    for start in range(0, max(size, 1), ROWS):
        some = slice(start, start + ROWS)
        total = None
        for kernel, weight in parts:
            part = kernel[some if rows is None else rows[some]]
            part = csr_array((part.data * weight, part.indices, part.indptr), shape=part.shape)
            total = part if total is None else total + part
        block = csr_array(total)
        block.sort_indices()
        yield block
