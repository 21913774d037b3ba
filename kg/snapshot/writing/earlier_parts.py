"""Earlier parts: what of a snapshot is still in the store, so that a load of one purchase need not read all of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from kg.mapped_array import map_array
from kg.snapshot.snapshot import Snapshot, part_of
from kg.snapshot.string_array import StringArray
from kg.stores.store import Store

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

    def still(self, store: Store) -> "EarlierParts":
        """Those that can be taken over: as many as there were, of no people, and of a relation with the places of its
        ends."""
        schema, manifest = self.snapshot.schema, self.snapshot.manifest
        counts, kept = store.count_entities(), set[str]()
        for name, entity in schema.entity.items():
            if not entity.sensitive and counts[name] == manifest.entities.get(name):
                kept.add(part_of("entity", name))
        kept &= self.unwritten
        counts = store.count_triples()
        for name in schema.relation:
            ends = {part_of("entity", end) for end in schema.ends(name)}
            if ends <= kept and counts[name] == manifest.triples.get(name):
                kept.add(part_of("relation", name))
        return EarlierParts(self.snapshot, self.unwritten & kept)

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
        for file in self._of_type(name) if kind == "entity" else _of_relation(name):
            yield file, map_array(str(self.snapshot.folder / f"{file}.npy"))

    def _of_type(self, name: str) -> list[str]:
        strings, found = [f"{name}.id", f"{name}.label"], list[str]()
        found += [f"{one}.{array}" for one in strings for array in STRING]
        for column, kind in sorted(self.snapshot.schema.entity[name].properties.items()):
            of = f"{name}.property.{column}"
            found += [f"{of}.{array}" for array in STRING] if kind == "str" else [of, f"{of}.valid"]
        return found


def _of_relation(name: str) -> list[str]:
    forward = [f"{name}.forward.{array}" for array in ("indptr", "indices", "weight", "degree", "timestamp")]
    return [*forward, *(f"{name}.inverse.{array}" for array in ("indptr", "indices", "weight", "degree"))]
