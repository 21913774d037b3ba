"""Take a snapshot of a store: read, sort, hash, write, switch over in one step."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kg.checksums import NAME as CHECKSUMS
from kg.checksums import Checksums
from kg.errors import SnapshotError
from kg.file_link import link_file
from kg.file_lock import FileLock
from kg.index_type import compressed, index_type
from kg.k_anonymity import K_ANONYMITY
from kg.progress import Progress, no_progress
from kg.schema import Schema
from kg.snapshot.partner_sums import Beside, PlacedSums
from kg.snapshot.snapshot import FORMAT, PARTNERS, Manifest, Snapshot, part_of
from kg.snapshot.writing.columns import Columns, string_array
from kg.snapshot.writing.earlier_parts import EarlierParts
from kg.snapshot.writing.external_sort import Parts, Records, as_records, by_head, in_order, record_of, write_directions
from kg.snapshot.writing.npy_writer import pieces
from kg.stores.store import REPEATED_DTYPES, Store, entity_dtypes

IN_MEMORY = 4_000_000
"""Triples of a relation up to which all are sorted at once; of more, parts are sorted on disk."""


def take_snapshot(
    store: Store,
    schema: Schema,
    parent: Path,
    progress: Progress = no_progress,
    k: int = K_ANONYMITY,
    beside: Beside | None = None,
    earlier: EarlierParts | None = None,
) -> Snapshot:
    """Write the content of ``store`` as ``parent/<hash>`` and make it the current one.

    :param k: of the snapshot that is opened; what partners tell of fewer people is left out.
    :param beside: what else decides it.
    :param earlier: what of it there is already; all is read from the store where absent.
    :raises SnapshotError: where the store was written to meanwhile, or a triple has an end that is no entity.
    """
    parent.mkdir(parents=True, exist_ok=True)
    building = parent / f".building-{os.getpid()}"
    lock = FileLock.try_acquire(parent / ".lock")
    if lock:  # nobody else is at it: what lies about is of processes that were killed
        for leftover in parent.glob(".building-*"):
            shutil.rmtree(leftover, ignore_errors=True)
    building.mkdir()
    try:
        builder = _Builder(store, schema, building, progress, beside or Beside(), k)
        manifest = builder.build(earlier)
        folder = parent / manifest.hash[:16]
        shutil.rmtree(folder, ignore_errors=True)
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
        if lock:
            lock.release()
    _make_current(parent, folder)
    return Snapshot.open(folder, schema, k)


def _make_current(parent: Path, folder: Path) -> None:
    pending = parent / ".current"
    pending.write_text(folder.name + "\n", encoding="ascii")
    pending.replace(parent / "current")
    for other in parent.iterdir():
        if other.is_dir() and other != folder and not other.name.startswith("."):
            shutil.rmtree(other, ignore_errors=True)


class _Builder:
    """Writes the arrays of one snapshot and feeds the hash, both in the order of sorted names."""

    def __init__(self, store: Store, schema: Schema, folder: Path, progress: Progress, beside: Beside, k: int) -> None:
        self.store, self.schema, self.folder, self.progress, self.k = store, schema, folder, progress, k
        self.forgotten, self.flagged, self.partners = beside.forgotten, beside.flagged, beside.partners
        self.digest, self.part = hashlib.blake2b(digest_size=32), hashlib.blake2b(digest_size=16)
        self.contents, self.repeated = dict[str, str](), list[str]()
        self.ids, self.gone = dict[str, pl.Series](), dict[str, pl.Series]()
        self.done, self.total = 0, len(schema.entity) + len(schema.relation)

    def build(self, earlier: EarlierParts | None = None) -> Manifest:
        """Write all arrays; the manifest holds their hash.

        :param earlier: what there is already and is linked.
        :raises SnapshotError: where somebody else wrote meanwhile.
        """
        self.earlier = None if earlier is None else earlier.still(self.store)
        revision, fingerprint = self.store.revision() or "", self.store.fingerprint()
        canonical = self.schema.canonical()
        self.digest.update(json.dumps(canonical, sort_keys=True).encode())
        entities = {name: self._entities(name) for name in sorted(self.schema.entity)}
        triples = {name: self._triples(name) for name in sorted(self.schema.relation)}
        if self.partners:
            self._sums()
        if (self.store.revision() or "") != revision:
            raise SnapshotError(f"{self.store.url}: somebody else wrote while the snapshot was taken; run it again")
        manifest = Manifest(
            format=FORMAT,
            hash=self.digest.hexdigest(),
            revision=revision,
            fingerprint=fingerprint,
            canonical=canonical,
            entities=entities,
            triples=triples,
            contents=self.contents,
            repeated=tuple(self.repeated),
            repeated_parts=tuple(REPEATED_DTYPES),
            partners=tuple(one.name for one in self.partners),
            partners_people=sum(one.everybody for one in self.partners),
        )
        (self.folder / "manifest.json").write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
        Checksums.write(self.folder / CHECKSUMS, self.folder.iterdir())
        return manifest

    def _entities(self, name: str) -> int:
        if self.earlier is not None and part_of("entity", name) in self.earlier.unwritten:
            self.ids[name] = self.earlier.ids(name)
            return self._linked(self.earlier, part_of("entity", name), self.ids[name].len())
        columns = Columns(self.store.entity_pieces(name), entity_dtypes(self.schema, name))
        ids = columns.by_id()
        if self.forgotten is not None and (gone := self.forgotten(name, ids)).any():
            self.gone[name] = ids.filter(gone)
            ids = columns.without(gone)
        self._save_strings(f"{name}.id", ids)
        self._save_strings(f"{name}.label", columns.take("label"))
        for column, kind in sorted(self.schema.entity[name].properties.items()):
            save = self._save_strings if kind == "str" else self._save_numbers
            save(f"{name}.property.{column}", columns.take(column))
        self.ids[name] = ids
        self._end_part(part_of("entity", name))
        self._tell(name, ids.len())
        return ids.len()

    def _triples(self, name: str) -> int:
        if self.earlier is not None and part_of("relation", name) in self.earlier.unwritten:
            count = self.earlier.snapshot.manifest.triples[name]
            return self._linked(self.earlier, part_of("relation", name), count)
        relation, pieces, rows = self.schema.relation[name], list[Records](), 0
        shape = (self.ids[relation.head].len(), self.ids[relation.tail].len())
        record = record_of(repeated=relation.repeat)
        parts: Parts | None = None
        for piece in self._grown(name) or self._kept(name, record):
            pieces.append(piece)
            rows += len(piece)
            if relation.repeat and name not in self.repeated and piece["occasions"].any():
                self.repeated.append(name)
            if rows > IN_MEMORY and parts is None:
                parts = Parts(self.folder / "parts", shape, record=record)
            if parts is not None:
                for one in pieces:
                    parts.add(one)
                pieces.clear()
        if parts is None:
            count = self._written_at_once(name, shape, np.concatenate([np.empty(0, record), *pieces]))
        else:
            count = self._written_in_parts(name, parts)
        self._end_part(part_of("relation", name))
        self._tell(name, count)
        return count

    def _linked(self, earlier: EarlierParts, part: str, rows: int) -> int:
        """A part that is as it was: a second name for its files."""
        self.repeated += [one for one in earlier.snapshot.manifest.repeated if part_of("relation", one) == part]
        for name, array in earlier.arrays(part):
            self._feed(np.ascontiguousarray(array))
            link_file(earlier.snapshot.folder / f"{name}.npy", self.folder / f"{name}.npy")
        self._end_part(part)
        self._tell(part.partition(".")[2], rows)
        return rows

    def _grown(self, name: str) -> list[Records]:
        """The triples of a relation that only grew, from the snapshot before; none where that is not known."""
        if self.earlier is None or self.earlier.snapshot.manifest.triples.get(name, 0) > IN_MEMORY:
            return []
        found = self.earlier.records(name, self.ids)
        return [] if found is None else [found]

    def _kept(self, name: str, record: np.dtype[np.void]) -> Iterator[Records]:
        """The triples of a relation, piece by piece, without those of people who were forgotten or are flagged.

        :raises SnapshotError: where a triple has an end that is no entity.
        """
        relation, dangling = self.schema.relation[name], 0
        ends = {"head": relation.head, "tail": relation.tail}
        ids = {
            end: pl.concat([self.ids[of], self.gone[of]]) if of in self.gone else self.ids[of]
            for end, of in ends.items()
        }
        out = {end: np.arange(all_ids.len()) >= self.ids[ends[end]].len() for end, all_ids in ids.items()}
        if relation.head in self.flagged and (relation.interaction or relation.negative):
            out["head"] |= ids["head"].is_in(pl.Series(list(self.flagged[relation.head])).implode()).to_numpy()
        for frame in self.store.read_positions(name, ids["head"], ids["tail"]):
            left_out, missing = np.zeros(frame.height, dtype=bool), np.zeros(frame.height, dtype=bool)
            for end in ends:
                missing |= frame[end].is_null().to_numpy()
                found = frame[end].fill_null(0).to_numpy()
                left_out |= out[end][found] & frame[end].is_not_null().to_numpy() if len(out[end]) else False
            dangling += int((missing & ~left_out).sum())
            kept = frame.filter(~(missing | left_out)) if (missing | left_out).any() else frame
            yield as_records(kept, record)
        if dangling:
            raise SnapshotError(f"{self.store.url}: {dangling} {name} triples have an end that is no entity")

    def _written_at_once(self, name: str, shape: tuple[int, int], records: Records) -> int:
        forward, records = by_head(records, shape)
        weights, times = records["weight"], records["time"]
        for direction, matrix in (("forward", forward), ("inverse", forward.tocsc())):
            ordered = weights[matrix.data]
            keys = np.repeat(np.arange(len(matrix.indptr) - 1), np.diff(matrix.indptr))
            indptr, indices = compressed(matrix.indptr, matrix.indices)
            self._save(f"{name}.{direction}.indptr", indptr)
            self._save(f"{name}.{direction}.indices", indices)
            self._save(f"{name}.{direction}.weight", ordered)
            degrees = np.bincount(keys, weights=np.abs(ordered), minlength=len(matrix.indptr) - 1)
            self._save(f"{name}.{direction}.degree", degrees.astype(np.float64))
            if direction == "forward":
                self._save(f"{name}.forward.timestamp", times[matrix.data])
                for part in self._more(name):
                    self._save(f"{name}.forward.{part}", records[part][matrix.data])
        return len(records)

    def _sums(self) -> None:
        """The sums of the partners, of whom there are some."""
        placed = PlacedSums.of(self.partners, self.ids, self.schema, self.k)
        self.digest.update(json.dumps([(one.name, one.everybody) for one in self.partners]).encode())
        for part in ("first", "second", "people", "idx", "used"):
            self._save(f"{PARTNERS}.{part}", getattr(placed, part))
        self._end_part(part_of(PARTNERS, "sums"))

    def _written_in_parts(self, name: str, parts: Parts) -> int:
        """The same arrays, and the same hash, of more triples than memory is used for."""
        directions, count = write_directions(parts, self.folder, name, in_order, self._more(name)), 0
        for direction, found in directions.items():
            indptr = np.concatenate([[0], np.cumsum(found.counts)])
            count = int(indptr[-1])
            self._save(f"{name}.{direction}.indptr", indptr.astype(index_type(count)))
            self._feed_file(f"{name}.{direction}.indices")
            self._feed_file(f"{name}.{direction}.weight")
            self._save(f"{name}.{direction}.degree", found.degrees)
            if direction == "forward":
                self._feed_file(f"{name}.forward.timestamp")
                for part in self._more(name):
                    self._feed_file(f"{name}.forward.{part}")
        return count

    def _more(self, name: str) -> Sequence[str]:
        """What is told of the triples of a relation besides."""
        return [*REPEATED_DTYPES] if name in self.repeated else []

    def _feed_file(self, name: str) -> None:
        for piece in pieces(self.folder / f"{name}.npy"):
            self._feed(piece)

    def _tell(self, name: str, rows: int) -> None:
        self.done += 1
        self.progress("Snapshot", self.done, self.total, f"{name}: {rows:,}")

    def _save_strings(self, name: str, series: pl.Series) -> None:
        array = string_array(series)
        for part in (array.blob, array.offsets, array.valid):
            self._feed(np.ascontiguousarray(part))
        array.save(self.folder, name)

    def _save_numbers(self, name: str, series: pl.Series) -> None:
        filled = series.fill_null(False if series.dtype == pl.Boolean else 0)
        values = filled.cast(pl.Int8).to_numpy() if series.dtype == pl.Boolean else filled.to_numpy()
        self._save(name, values + values.dtype.type(0))
        self._save(f"{name}.valid", series.is_not_null().to_numpy())

    def _feed(self, contiguous: NDArray[Any]) -> None:
        self.digest.update(contiguous.data)
        self.part.update(contiguous.data)

    def _end_part(self, part: str) -> None:
        self.contents[part] = self.part.hexdigest()
        self.part = hashlib.blake2b(digest_size=16)

    def _save(self, name: str, array: NDArray[Any]) -> None:
        contiguous = np.ascontiguousarray(array)
        self._feed(contiguous)
        np.save(self.folder / f"{name}.npy", contiguous, allow_pickle=False)
