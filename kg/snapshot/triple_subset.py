"""A snapshot without some of its triples: what a model may learn from when the others are held out."""

import hashlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from kg.index_type import compressed
from kg.snapshot.repeated_days import before_last_day, can_lose_a_day
from kg.snapshot.snapshot import Snapshot
from kg.snapshot.string_array import StringArray

Masks = Mapping[str, NDArray[np.bool_]]
"""Relation → which of its triples, in the order of ``adjacency(relation).data``: shape (triples,)."""


class TripleSubset(Snapshot):
    """All entities of a snapshot, and those triples that are not held out; the hash tells which.

    :param held_out: the inverse direction loses the same triples: nothing leaks through ``~relation``.
    :param shortened: triples that stay as they were before their last day (UTC), in both directions: ``timestamp`` is
        their ``previous``, ``occasions`` one less, the weight multiplied by (occasions − 1) / occasions, ``first`` as
        it was, and ``previous`` is ``first`` where two days are left, else ``NO_TIME``.
    :raises ValueError: where a triple is shortened of which fewer than two days are known, or not when it was so before
        the last, where it is held out too, and for a mask of another shape or dtype.
    """

    def __init__(self, whole: Snapshot, held_out: Masks, shortened: Masks | None = None) -> None:
        self.whole, shortened = whole, shortened or {}
        digest = hashlib.blake2b(whole.hash.encode(), digest_size=32)
        for prefix, masks in (("", held_out), ("shortened ", shortened)):
            for name, mask in sorted(masks.items()):
                digest.update(f"{prefix}{name}".encode())
                digest.update(np.packbits(mask).data)
        counts = dict(whole.manifest.triples)
        self._parts: dict[str, dict[str, NDArray[np.generic]]] = {}
        for name in sorted({*held_out, *shortened}):
            gone = held_out.get(name, np.zeros(whole.manifest.triples[name], dtype=bool))
            counts[name] = int((~gone).sum())
            self._parts |= _remaining(whole, name, gone, shortened.get(name))
        manifest = whole.manifest.model_copy(update={"hash": digest.hexdigest(), "triples": counts, "contents": {}})
        super().__init__(whole.folder, manifest, whole.schema, whole.k)

    def _string(self, name: str) -> StringArray:
        return self.whole._string(name)

    def _array(self, name: str) -> NDArray[np.generic]:
        folder, _, part = name.rpartition(".")
        return self._parts[folder][part] if folder in self._parts else self.whole._array(name)


def _remaining(
    whole: Snapshot, name: str, gone: NDArray[np.bool_], shortened: NDArray[np.bool_] | None
) -> dict[str, dict[str, NDArray[np.generic]]]:
    """The arrays of both directions of a relation."""
    matrix, days = whole.adjacency(name), {"timestamp": whole.timestamps(name), **whole.occasions(name)}
    weights = matrix.data
    if shortened is not None:
        _check(name, gone, shortened, can_lose_a_day(days))
    if shortened is not None and shortened.any():
        count = days["occasions"][shortened]
        weights = weights.copy()
        weights[shortened] = weights[shortened] * (count - 1) / count
        days = before_last_day(days, shortened)
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))[~gone]
    columns, weights = matrix.indices[~gone], weights[~gone]
    forward = csr_array(coo_array((weights, (rows, columns)), shape=matrix.shape))
    inverse = csr_array(coo_array((weights, (columns, rows)), shape=matrix.shape[::-1]))
    parts = {f"{name}.forward": step_arrays(forward), f"{name}.inverse": step_arrays(inverse)}
    parts[f"{name}.forward"] |= {part: array[~gone] for part, array in days.items()}
    return parts


def _check(name: str, gone: NDArray[np.bool_], shortened: NDArray[np.bool_], able: NDArray[np.bool_]) -> None:
    if shortened.dtype != np.bool_ or shortened.shape != able.shape:
        came = f"{shortened.dtype} of shape {shortened.shape}"
        raise ValueError(f"shortened.{name}: expected a mask, bool of shape {able.shape}; got {came}")
    if (shortened & gone).any():
        raise ValueError(f"shortened.{name}: a triple that is held out has no days to lose")
    if (shortened & ~able).any():
        known = "occasions are 2 or more and the time before the last day is known"
        raise ValueError(f"shortened.{name}: only a triple of which {known} can lose its last day")


def step_arrays(matrix: csr_array) -> dict[str, NDArray[np.generic]]:
    """The arrays that a snapshot keeps of one direction of a relation, but for timestamps."""
    matrix.sort_indices()
    indptr, indices = compressed(matrix.indptr, matrix.indices)
    return {
        "indptr": indptr,
        "indices": indices,
        "weight": matrix.data,
        "degree": np.asarray(abs(matrix).sum(axis=1), dtype=np.float64),
    }
