"""A snapshot in which some entities stand for others, and some are left out: what duplicates call for."""

import hashlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.snapshot.snapshot import Snapshot
from kg.snapshot.string_array import StringArray
from kg.snapshot.triple_subset import step_arrays

LEFT_OUT = -1


class MergedEntities(Snapshot):
    """All entities of a snapshot under their indices, but the triples of some belong to others; the hash tells which.

    An entity that another stands for, or that is left out, keeps its id and has no triples. Where two triples become
    one, the later one stays, then the heavier; a triple from an entity to itself that comes of it is dropped.

    :param becomes: entity type → for each entity the index of the one that takes over its triples, itself where
        nothing changes, ``LEFT_OUT`` where they are dropped; shape (count,), int.
    """

    def __init__(self, whole: Snapshot, becomes: Mapping[str, NDArray[np.int64]]) -> None:
        self.whole, self.becomes = whole, dict(becomes)
        digest = hashlib.blake2b(whole.hash.encode(), digest_size=32)
        for name, target in sorted(becomes.items()):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(target, dtype=np.int64).data)
        counts = dict(whole.manifest.triples)
        self._parts: dict[str, dict[str, NDArray[np.generic]]] = {}
        for name, relation in whole.schema.relation.items():
            if relation.head in becomes or relation.tail in becomes:
                parts = self._merged(name)
                counts[name] = len(parts[f"{name}.forward"]["indices"])
                self._parts |= parts
        manifest = whole.manifest.model_copy(update={"hash": digest.hexdigest(), "triples": counts, "contents": {}})
        super().__init__(whole.folder, manifest, whole.schema, whole.k)

    def _merged(self, name: str) -> dict[str, dict[str, NDArray[np.generic]]]:
        relation, matrix = self.whole.schema.relation[name], self.whole.adjacency(name)
        old = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)), matrix.indices.astype(np.int64)
        rows, columns = self._target(relation.head, old[0]), self._target(relation.tail, old[1])
        keep = (rows != LEFT_OUT) & (columns != LEFT_OUT)
        if relation.head == relation.tail:
            keep &= (rows != columns) | (old[0] == old[1])
        times, weights = self.whole.timestamps(name), matrix.data
        order = np.flatnonzero(keep)[np.lexsort((weights[keep], times[keep], columns[keep], rows[keep]))]
        rows, columns = rows[order], columns[order]
        last = np.ones(len(order), dtype=bool)
        last[:-1] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
        rows, columns, order = rows[last], columns[last], order[last]
        forward = csr_array((weights[order], (rows, columns)), shape=matrix.shape)
        inverse = csr_array((weights[order], (columns, rows)), shape=matrix.shape[::-1])
        parts = {f"{name}.forward": step_arrays(forward), f"{name}.inverse": step_arrays(inverse)}
        parts[f"{name}.forward"]["timestamp"] = np.asarray(times)[order]
        parts[f"{name}.forward"] |= {part: array[order] for part, array in self.whole.occasions(name).items()}
        return parts

    def _target(self, entity_type: str, idx: NDArray[np.int64]) -> NDArray[np.int64]:
        return self.becomes[entity_type][idx] if entity_type in self.becomes else idx

    def _string(self, name: str) -> StringArray:
        return self.whole._string(name)

    def _array(self, name: str) -> NDArray[np.generic]:
        folder, _, part = name.rpartition(".")
        return self._parts[folder][part] if folder in self._parts else self.whole._array(name)
