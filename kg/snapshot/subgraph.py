"""A part of a snapshot that looks like a snapshot: chosen entities, and the triples between them."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from kg.snapshot.snapshot import Snapshot
from kg.snapshot.string_array import StringArray

Chosen = Mapping[str, NDArray[np.bool_]]


class Subgraph(Snapshot):
    """The subgraph induced by some entities of a snapshot; its ``hash`` is that of the whole.

    :param keep: entity type → mask, shape (count,), bool; every type of the schema.
    """

    def __init__(self, whole: Snapshot, keep: Chosen) -> None:
        self.whole, self.keep = whole, keep
        super().__init__(whole.folder, whole.manifest, whole.schema, whole.k)
        self._parts = {
            f"{name}.{direction}": part
            for name in whole.schema.relation
            for direction, part in (("forward", self._selected(name)), ("inverse", self._selected(f"~{name}")))
        }
        counts = {name: len(self._parts[f"{name}.forward"]["indices"]) for name in whole.schema.relation}
        sizes = {name: int(mask.sum()) for name, mask in keep.items()}
        self.manifest = whole.manifest.model_copy(
            update={"entities": sizes, "triples": counts, "contents": {}, "partners": ()}
        )

    def _string(self, name: str) -> StringArray:
        if name not in self._strings:
            self._strings[name] = _rows(self.whole._string(name), self.keep[name.partition(".")[0]])
        return self._strings[name]

    def _array(self, name: str) -> NDArray[np.generic]:
        first = name.partition(".")[0]
        if first in self.keep:
            return self.whole._array(name)[self.keep[first]]
        folder, _, part = name.rpartition(".")
        return self._parts[folder][part]

    def _selected(self, step: str) -> dict[str, NDArray[np.generic]]:
        """The arrays of a step with the triples between kept entities, in the format of a snapshot."""
        matrix = self.whole.adjacency(step)
        heads, tails = (self.keep[end] for end in self.schema.ends(step))
        rows = np.repeat(np.arange(len(heads)), np.diff(matrix.indptr))
        kept = heads[rows] & tails[matrix.indices]
        weight = matrix.data[kept]
        rows = (np.cumsum(heads) - 1)[rows[kept]]
        size = int(heads.sum())
        part: dict[str, NDArray[np.generic]] = {
            "indptr": np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=size))]).astype(np.int32),
            "indices": (np.cumsum(tails) - 1)[matrix.indices[kept]].astype(np.int32),
            "weight": weight,
            "degree": np.bincount(rows, weights=np.abs(weight), minlength=size).astype(np.float64),
        }
        if not step.startswith("~"):
            part["timestamp"] = self.whole.timestamps(step)[kept]
            part |= {name: array[kept] for name, array in self.whole.occasions(step).items()}
        return part


def without_people(snapshot: Snapshot) -> Subgraph:
    """All entities but those of sensitive types."""
    entity = snapshot.schema.entity
    return Subgraph(
        snapshot, {name: np.full(snapshot.vocabulary.count(name), not entity[name].sensitive) for name in entity}
    )


def around(snapshot: Snapshot, entity_type: str, idx: int, depth: int) -> Subgraph:
    """One entity and all that is at most ``depth`` triples away, whatever their direction."""
    keep = {name: np.zeros(snapshot.vocabulary.count(name), dtype=bool) for name in snapshot.schema.entity}
    keep[entity_type][idx] = True
    border = {name: np.flatnonzero(mask) for name, mask in keep.items()}
    for _ in range(depth):
        before = {name: mask.copy() for name, mask in keep.items()}
        for name in snapshot.schema.relation:
            for step in (name, f"~{name}"):
                head, tail = snapshot.schema.ends(step)
                if len(border[head]):
                    keep[tail][snapshot.adjacency(step)[border[head]].indices] = True
        border = {name: np.flatnonzero(mask & ~before[name]) for name, mask in keep.items()}
    return Subgraph(snapshot, keep)


def _rows(strings: StringArray, mask: NDArray[np.bool_]) -> StringArray:
    lengths = np.diff(strings.offsets)
    offsets = np.concatenate([[0], np.cumsum(lengths[mask])]).astype(np.int64)
    return StringArray(strings.blob[np.repeat(mask, lengths)], offsets, strings.valid[mask])
