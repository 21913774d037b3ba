"""Earlier parts: what of a snapshot is still in the store, so that a load of one purchase need not read all of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from kg.instant import NO_TIME
from kg.mapped_array import map_array
from kg.snapshot.snapshot import Snapshot, part_of
from kg.snapshot.string_array import StringArray
from kg.snapshot.writing.external_sort import RECORD, Records
from kg.stores.batches import positions_of
from kg.stores.store import REPEATED_DTYPES, Store

STRING = ("blob", "offsets", "valid")
"""The arrays of a column of strings."""


@dataclass(frozen=True)
class EarlierParts:
    """A snapshot, and the names (:func:`kg.snapshot.snapshot.part_of`) of the parts that a load wrote nothing of since.

    Types of people, and relations with an end among them, are read from the store whatever a load says: who was
    forgotten or flagged meanwhile decides them too.
    """

    snapshot: Snapshot
    unwritten: frozenset[str]
    created: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    """Relation → all that the load wrote of it, new triples alone: columns of ``triple_dtypes``."""

    def still(self, store: Store) -> "EarlierParts":
        """Those that can be taken over: as many as there were, of no people, and of a relation with the places of its
        ends."""
        schema, manifest = self.snapshot.schema, self.snapshot.manifest
        counts, kept = store.count_entities(), set[str]()
        for name, entity in schema.entity.items():
            if not entity.sensitive and counts[name] == manifest.entities.get(name):
                kept.add(part_of("entity", name))
        kept &= self.unwritten
        counts, grown = store.count_triples(), dict[str, pl.DataFrame]()
        for name in schema.relation:
            ends, before = {part_of("entity", end) for end in schema.ends(name)}, manifest.triples.get(name, 0)
            alike = name not in manifest.repeated or (
                schema.relation[name].repeat and manifest.repeated_parts == tuple(REPEATED_DTYPES)
            )
            if ends <= kept and counts[name] == before and alike:
                kept.add(part_of("relation", name))
            created, people = self.created.get(name), any(schema.entity[end].sensitive for end in schema.ends(name))
            if created is not None and not people and counts[name] == before + created.height:
                grown[name] = created
        return EarlierParts(self.snapshot, self.unwritten & kept, grown)

    def records(self, name: str, ids: Mapping[str, pl.Series]) -> Records | None:
        """The triples of a relation that only grew; ``None`` for another one.

        :param ids: entity type → the ids that it has now.
        """
        relation = self.snapshot.schema.relation[name]
        if name not in self.created or name not in self.snapshot.manifest.triples or relation.repeat:
            return None
        head, tail = self.snapshot.schema.ends(name)
        new = positions_of(self.created[name], ids[head], ids[tail])
        rows, columns = self._move(head, ids), self._move(tail, ids)
        if rows is None or columns is None or new["head"].null_count() or new["tail"].null_count():
            return None
        indptr, indices, weight, time = (
            map_array(str(self.snapshot.folder / f"{name}.forward.{array}.npy"))
            for array in ("indptr", "indices", "weight", "timestamp")
        )
        found = np.empty(len(indices) + new.height, dtype=RECORD)
        parts = {
            "row": (np.repeat(rows, np.diff(indptr)), new["head"]),
            "column": (columns[indices], new["tail"]),
            "weight": (weight, new["weight"] + 0.0),
            "time": (time, new["timestamp"].fill_null(NO_TIME)),
        }
        for part, (before, since) in parts.items():
            found[part][: len(indices)], found[part][len(indices) :] = before, since.to_numpy()
        return found

    def _move(self, entity_type: str, ids: Mapping[str, pl.Series]) -> NDArray[np.uint32] | None:
        """For each entity of a type its place now; ``None`` where one is no more."""
        before, now = self.ids(entity_type), ids[entity_type].alias("id")
        if before.equals(now):
            return np.arange(before.len(), dtype=np.uint32)
        places = before.to_frame().join(
            now.to_frame().with_row_index("place"), on="id", how="left", maintain_order="left"
        )
        return None if places["place"].null_count() else places["place"].to_numpy()

    def ids(self, name: str) -> pl.Series:
        """The ids of a type."""
        strings = StringArray.load(self.snapshot.folder, f"{name}.id")
        offsets, blob = (pa.py_buffer(np.ascontiguousarray(one)) for one in (strings.offsets, strings.blob))
        found = pl.from_arrow(pa.LargeStringArray.from_buffers(len(strings), offsets, blob))
        assert isinstance(found, pl.Series), "one column"
        return found.alias("id")

    def arrays(self, part: str) -> Iterator[tuple[str, NDArray[Any]]]:
        """The arrays of a part with the names of their files, in the order in which a snapshot is hashed."""
        kind, _, name = part.partition(".")
        repeated = name in self.snapshot.manifest.repeated
        for file in self._of_type(name) if kind == "entity" else _of_relation(name, repeated=repeated):
            yield file, map_array(str(self.snapshot.folder / f"{file}.npy"))

    def _of_type(self, name: str) -> list[str]:
        strings, found = [f"{name}.id", f"{name}.label"], list[str]()
        found += [f"{one}.{array}" for one in strings for array in STRING]
        for column, kind in sorted(self.snapshot.schema.entity[name].properties.items()):
            of = f"{name}.property.{column}"
            found += [f"{of}.{array}" for array in STRING] if kind == "str" else [of, f"{of}.valid"]
        return found


def _of_relation(name: str, *, repeated: bool) -> list[str]:
    arrays = ("indptr", "indices", "weight", "degree", "timestamp", *(REPEATED_DTYPES if repeated else ()))
    forward = [f"{name}.forward.{array}" for array in arrays]
    return [*forward, *(f"{name}.inverse.{array}" for array in ("indptr", "indices", "weight", "degree"))]
