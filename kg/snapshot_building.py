"""Take a snapshot of a store: read, sort, hash, write, switch over in one step."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from kg.errors import SnapshotError
from kg.schema import Schema
from kg.snapshot import FORMAT, Manifest, Snapshot
from kg.stores.store import Store
from kg.string_array import StringArray

NO_TIMESTAMP = np.iinfo(np.int64).min
Progress = Callable[[str, int], None]


def take_snapshot(store: Store, schema: Schema, parent: Path, progress: Progress | None = None) -> Snapshot:
    """Write the content of ``store`` as ``parent/<hash>`` and make it the current one.

    :param progress: called with a type or relation and its number of rows, as each is done.
    :raises SnapshotError: where the store was written to meanwhile, or a triple has an end that is no entity.
    """
    parent.mkdir(parents=True, exist_ok=True)
    building = parent / f".building-{os.getpid()}"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir()
    try:
        manifest = _Builder(store, schema, building, progress or (lambda _name, _rows: None)).build()
        folder = parent / manifest.hash[:16]
        shutil.rmtree(folder, ignore_errors=True)
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    _make_current(parent, folder)
    return Snapshot.open(folder, schema)


def _make_current(parent: Path, folder: Path) -> None:
    pending = parent / ".current"
    pending.write_text(folder.name + "\n", encoding="ascii")
    pending.replace(parent / "current")
    for other in parent.iterdir():
        if other.is_dir() and other != folder and not other.name.startswith("."):
            shutil.rmtree(other, ignore_errors=True)


class _Builder:
    """Writes the arrays of one snapshot and feeds the hash, both in the order of sorted names."""

    def __init__(self, store: Store, schema: Schema, folder: Path, progress: Progress) -> None:
        self.store, self.schema, self.folder, self.progress = store, schema, folder, progress
        self.digest = hashlib.blake2b(digest_size=32)
        self.index: dict[str, pl.DataFrame] = {}

    def build(self) -> Manifest:
        revision = self.store.revision() or ""
        canonical = self.schema.canonical()
        self.digest.update(json.dumps(canonical, sort_keys=True).encode())
        entities = {name: self._entities(name) for name in sorted(self.schema.entity)}
        triples = {name: self._triples(name) for name in sorted(self.schema.relation)}
        if (self.store.revision() or "") != revision:
            raise SnapshotError(f"{self.store.url}: somebody else wrote while the snapshot was taken; run it again")
        manifest = Manifest(
            format=FORMAT,
            hash=self.digest.hexdigest(),
            revision=revision,
            canonical=canonical,
            entities=entities,
            triples=triples,
        )
        (self.folder / "manifest.json").write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
        return manifest

    def _entities(self, name: str) -> int:
        frame = self.store.read_entities(name).sort("id")
        self._save_strings(f"{name}.id", frame["id"])
        self._save_strings(f"{name}.label", frame["label"])
        for column, kind in sorted(self.schema.entity[name].properties.items()):
            if kind == "str":
                self._save_strings(f"{name}.property.{column}", frame[column])
            else:
                self._save_numbers(f"{name}.property.{column}", frame[column])
        self.index[name] = frame.select("id", pl.int_range(pl.len(), dtype=pl.Int32).alias("idx"))
        self.progress(name, frame.height)
        return frame.height

    def _triples(self, name: str) -> int:
        relation = self.schema.relation[name]
        heads, tails = self.index[relation.head], self.index[relation.tail]
        raw = self.store.read_triples(name)
        frame = (
            raw.join(heads, left_on="head", right_on="id")
            .join(tails, left_on="tail", right_on="id", suffix="_tail")
            .select("idx", "idx_tail", "weight", "timestamp")
        )
        if frame.height != raw.height:
            raise SnapshotError(
                f"{self.store.url}: {raw.height - frame.height} {name} triples have an end that is no entity"
            )
        for direction, keys in (("forward", ("idx", "idx_tail")), ("inverse", ("idx_tail", "idx"))):
            ordered = frame.sort(keys)
            rows = heads.height if direction == "forward" else tails.height
            counts = np.bincount(ordered[keys[0]].to_numpy(), minlength=rows)
            self._save(f"{name}.{direction}.indptr", np.concatenate([[0], np.cumsum(counts)]).astype(np.int32))
            self._save(f"{name}.{direction}.indices", ordered[keys[1]].to_numpy())
            weights = ordered["weight"].to_numpy() + 0.0
            self._save(f"{name}.{direction}.weight", weights)
            degrees = np.bincount(ordered[keys[0]].to_numpy(), weights=np.abs(weights), minlength=rows)
            self._save(f"{name}.{direction}.degree", degrees.astype(np.float64))
            if direction == "forward":
                times = ordered["timestamp"].fill_null(int(NO_TIMESTAMP)).to_numpy()
                self._save(f"{name}.forward.timestamp", times)
        self.progress(name, frame.height)
        return frame.height

    def _save_strings(self, name: str, series: pl.Series) -> None:
        array = string_array(series)
        for part in (array.blob, array.offsets, array.valid):
            self.digest.update(np.ascontiguousarray(part).data)
        array.save(self.folder, name)

    def _save_numbers(self, name: str, series: pl.Series) -> None:
        filled = series.fill_null(False if series.dtype == pl.Boolean else 0)
        values = filled.cast(pl.Int8).to_numpy() if series.dtype == pl.Boolean else filled.to_numpy()
        self._save(name, values + values.dtype.type(0))
        self._save(f"{name}.valid", series.is_not_null().to_numpy())

    def _save(self, name: str, array: NDArray[Any]) -> None:
        contiguous = np.ascontiguousarray(array)
        self.digest.update(contiguous.data)
        np.save(self.folder / f"{name}.npy", contiguous, allow_pickle=False)


def string_array(series: pl.Series) -> StringArray:
    """The strings of a series, shape (n,): Arrow buffers taken over, validity apart, null strings empty."""
    array = series.fill_null("").rechunk().to_arrow()
    array = (array if isinstance(array, pa.Array) else array.combine_chunks()).cast(pa.large_string())
    _, offset_buffer, blob_buffer = array.buffers()
    offsets = np.frombuffer(offset_buffer, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    blob = np.frombuffer(blob_buffer or b"", dtype=np.uint8)[offsets[0] : offsets[-1]]
    return StringArray(blob, offsets - offsets[0], series.is_not_null().to_numpy())
