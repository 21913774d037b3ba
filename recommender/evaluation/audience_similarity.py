"""Pairs of items with nearly the same audience, found without comparing all pairs."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

HASHES = 10
"""A pair of Jaccard similarity J is missed with probability ``(1 − J)^HASHES``: 1e-7 at 0.8."""
CHUNK = 10_000
Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]


def alike_columns(matrix: csr_array, alike: float) -> Pairs:
    """Pairs of columns whose sets of rows have a Jaccard similarity ``|A ∩ B| / |A ∪ B|`` of at least ``alike``.

    Candidates are columns with the same minimum of their rows under one of ``HASHES`` random orders (MinHash, Broder,
    1997) and sizes that allow it; each is then counted exactly. The same pairs every time.

    :param matrix: binary, rows × columns.
    :returns: two arrays of shape (pairs,), int64, the first below the second, sorted.
    """
    columns = csc_array(matrix.tocsc())
    columns.sort_indices()
    counts, size = np.diff(columns.indptr), columns.shape[1]
    found = [_of_one_order(columns, alike, seed) for seed in range(HASHES)]
    codes = np.unique(np.concatenate([low * size + high for low, high in found]))
    first, second = codes // max(size, 1), codes % max(size, 1)
    shared = np.zeros(len(codes))
    for start in range(0, len(codes), CHUNK):
        part = slice(start, start + CHUNK)
        both = columns[:, first[part]].multiply(columns[:, second[part]])
        shared[part] = np.asarray(both.sum(axis=0)).reshape(-1)
    keep = shared >= alike * (counts[first] + counts[second] - shared)
    return first[keep], second[keep]


def _of_one_order(columns: csc_array, alike: float, seed: int) -> Pairs:
    """Pairs of columns that share the first of their rows in a random order, the smaller being large enough."""
    counts = np.diff(columns.indptr)
    used = np.flatnonzero(counts)
    if not len(used):
        return used, used
    order = np.random.default_rng(seed).permutation(columns.shape[0])
    minima = np.minimum.reduceat(order[columns.indices], columns.indptr[used])
    position = np.lexsort((counts[used], minima))
    items, minima, sizes = used[position], minima[position], counts[used][position]
    pairs, offset = [], 0
    left = np.arange(len(items))
    while len(left):
        offset += 1
        left = left[left + offset < len(items)]
        # sizes ascend within a bucket: a neighbour too large has only larger ones behind it
        left = left[(minima[left + offset] == minima[left]) & (sizes[left] >= alike * sizes[left + offset])]
        pairs.append(np.stack([items[left], items[left + offset]]))
    low_high = np.sort(np.concatenate(pairs, axis=1), axis=0).astype(np.int64)
    return low_high[0], low_high[1]
