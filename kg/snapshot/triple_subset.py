"""A snapshot without some of its triples: what a model may learn from when the others are held out."""

import hashlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from kg.index_type import compressed
from kg.snapshot.snapshot import Snapshot
from kg.snapshot.string_array import StringArray


class TripleSubset(Snapshot):
    """All entities of a snapshot, and those triples that are not held out; the hash tells which.

    :param held_out: relation → mask in the order of ``adjacency(relation).data``, shape (triples,), bool. The
        inverse direction loses the same triples: nothing leaks through ``~relation``.
    """

    def __init__(self, whole: Snapshot, held_out: Mapping[str, NDArray[np.bool_]]) -> None:
        self.whole = whole
        digest = hashlib.blake2b(whole.hash.encode(), digest_size=32)
        counts = dict(whole.manifest.triples)
        self._parts: dict[str, dict[str, NDArray[np.generic]]] = {}
        for name, mask in sorted(held_out.items()):
            digest.update(name.encode())
            digest.update(np.packbits(mask).data)
            counts[name] = int((~mask).sum())
            self._parts |= _without(whole, name, mask)
        manifest = whole.manifest.model_copy(update={"hash": digest.hexdigest(), "triples": counts, "contents": {}})
        super().__init__(whole.folder, manifest, whole.schema, whole.k)

    def _string(self, name: str) -> StringArray:
        return self.whole._string(name)

    def _array(self, name: str) -> NDArray[np.generic]:
        folder, _, part = name.rpartition(".")
        return self._parts[folder][part] if folder in self._parts else self.whole._array(name)


def _without(whole: Snapshot, name: str, mask: NDArray[np.bool_]) -> dict[str, dict[str, NDArray[np.generic]]]:
    matrix = whole.adjacency(name)
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))[~mask]
    columns, weights = matrix.indices[~mask], matrix.data[~mask]
    forward = csr_array(coo_array((weights, (rows, columns)), shape=matrix.shape))
    inverse = csr_array(coo_array((weights, (columns, rows)), shape=matrix.shape[::-1]))
    parts = {f"{name}.forward": step_arrays(forward), f"{name}.inverse": step_arrays(inverse)}
    parts[f"{name}.forward"]["timestamp"] = whole.timestamps(name)[~mask]
    parts[f"{name}.forward"] |= {part: array[~mask] for part, array in whole.occasions(name).items()}
    return parts


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
