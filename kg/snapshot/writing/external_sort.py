"""External sorting: triples of a relation, more than memory holds, into the arrays of a CSR matrix in both directions.

The triples are written to parts on disk by their head, each part is sorted by itself, and its triples go on to parts
by their tail: bucket sort (Knuth, The Art of Computer Programming, vol. 3, 5.2.5 and 5.4). Memory holds one part.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from kg.index_type import index_type
from kg.instant import NO_TIME
from kg.snapshot.writing.npy_writer import NpyWriter
from kg.stores.occasions import known_previous
from kg.stores.store import REPEATED_DTYPES

PARTS = 128
PART_ROWS = 16_000_000
"""Triples of one part; a part of more is divided again where it has several rows."""
BLOCK = 1 << 20
RECORD = np.dtype([("row", "<u4"), ("column", "<u4"), ("weight", "<f8"), ("time", "<i8")])
REPEATED_RECORD = np.dtype([*RECORD.descr, *((name, "<i8") for name in REPEATED_DTYPES)])
"""Of relations with ``repeat``: see :data:`kg.stores.store.REPEATED_DTYPES`."""
Records = NDArray[np.void]
Sort = Callable[[Records, tuple[int, int]], Records]
"""Sorts records by row and column and leaves one of each pair; the shape is that of the matrix they are in."""


@dataclass(frozen=True)
class Columns:
    """One direction of a relation, written: how many triples each row has, and the sum of their absolute weights."""

    counts: NDArray[np.int64]
    degrees: NDArray[np.float64]


class Parts:
    """Triples on disk, told apart by their row: shape (rows, columns)."""

    def __init__(
        self, folder: Path, shape: tuple[int, int], first: int = 0, record: np.dtype[np.void] = RECORD
    ) -> None:
        self.folder, self.shape, self.first, self.record = folder, shape, first, record
        self.width = max(-(-shape[0] // PARTS), 1)
        folder.mkdir()

    def add(self, records: Records) -> None:
        """Write records to their parts, in the order in which they come."""
        numbers = ((records["row"] - np.uint32(self.first)) // np.uint32(self.width)).astype(np.uint8)
        order = np.argsort(numbers, kind="stable")
        ends = np.cumsum(np.bincount(numbers, minlength=PARTS))
        for number in np.unique(numbers).tolist():
            start = ends[number - 1] if number else 0
            with (self.folder / str(number)).open("ab") as part:
                records[order[start : ends[number]]].tofile(part)

    def sorted(self, sort: Sort) -> Iterator[tuple[int, int, Records]]:
        """First row, number of rows, and the sorted records of each part, the rows counted from the first; the part
        is removed."""
        for number in range(-(-self.shape[0] // self.width)):
            first = self.first + number * self.width
            rows = min(self.width, self.first + self.shape[0] - first)
            path = self.folder / str(number)
            if not path.exists():
                yield first, rows, np.empty(0, dtype=self.record)
            elif path.stat().st_size > PART_ROWS * self.record.itemsize and rows > 1:
                smaller = Parts(self.folder / f"{number}.parts", (rows, self.shape[1]), first, self.record)
                for block in _blocks(path, self.record):
                    smaller.add(block)
                path.unlink()
                yield from smaller.sorted(sort)
            else:
                records = np.fromfile(path, dtype=self.record)
                path.unlink()
                records["row"] -= np.uint32(first)
                yield first, rows, sort(records, (rows, self.shape[1]))
        self.folder.rmdir()


def write_directions(parts: Parts, target: Path, name: str, sort: Sort, more: Sequence[str] = ()) -> dict[str, Columns]:
    """Write indices, weights and timestamps of a relation as ``target/name.….npy``: direction → what its rows have.

    :param more: further fields of the records to write beside the timestamps.
    """
    inverse = Parts(parts.folder.with_name("inverse"), parts.shape[::-1])

    def backwards(records: Records, first: int) -> None:
        """What the other direction has of some sorted records."""
        turned = np.empty(len(records), dtype=RECORD)
        turned["row"], turned["column"] = records["column"], records["row"] + np.uint32(first)
        turned["weight"], turned["time"] = records["weight"], 0
        inverse.add(turned)

    fields = {"timestamp": "time", **dict(zip(more, more, strict=True))}
    forward = _write(parts, target, f"{name}.forward", sort, (fields, backwards))
    return {"forward": forward, "inverse": _write(inverse, target, f"{name}.inverse", by_row)}


def record_of(*, repeated: bool) -> np.dtype[np.void]:
    """What is held of a triple, of a relation with ``repeat`` or of another."""
    return REPEATED_RECORD if repeated else RECORD


def as_records(triples: pl.DataFrame, record: np.dtype[np.void]) -> Records:
    """Triples whose ends are positions as records of a kind.

    :param triples: as :meth:`kg.stores.store.Store.read_positions` gives them, no end null.
    """
    records = np.empty(triples.height, dtype=record)
    records["row"], records["column"] = triples["head"].to_numpy(), triples["tail"].to_numpy()
    records["weight"] = triples["weight"].to_numpy() + 0.0
    records["time"] = triples["timestamp"].fill_null(NO_TIME).to_numpy()
    if record is REPEATED_RECORD:
        told = triples.with_columns(known_previous())
        for name in REPEATED_DTYPES:
            records[name] = told[name].fill_null(0 if name == "occasions" else NO_TIME).to_numpy()
    return records


def by_head(records: Records, shape: tuple[int, int]) -> tuple[csr_array, Records]:
    """Positions of the triples as a matrix, sorted by head and tail, and the records that they are positions in.

    Counting is several times as fast as sorting. Where a store holds a pair several times, one triple of it is kept:
    the latest, then the one of the largest weight, as when loading.
    """
    ends = records["row"].astype(np.int32), records["column"].astype(np.int32)
    positions = coo_array((np.arange(len(records), dtype=index_type(len(records))), ends), shape=shape).tocsc()
    if positions.nnz == len(records):
        return positions.tocsr(), records
    ordered = records[np.lexsort((-records["weight"], ~records["time"], *reversed(ends)))]
    pairs = ordered[["row", "column"]]
    return by_head(ordered[np.append(True, pairs[1:] != pairs[:-1])], shape)


def in_order(records: Records, shape: tuple[int, int]) -> Records:
    """Records sorted by head and tail, each pair once."""
    positions, records = by_head(records, shape)
    ordered: Records = records[positions.data]
    return ordered


def by_row(records: Records, shape: tuple[int, int]) -> Records:
    """Records sorted by row, those of a row in the order in which they come."""
    positions = np.arange(len(records), dtype=index_type(len(records)))
    # columns are left out: counting by rows alone is all that the order of a row needs
    matrix = coo_array((positions, (records["row"].astype(np.int64), positions)), shape=(shape[0], len(records)))
    ordered: Records = records[matrix.tocsr().data]
    return ordered


def _write(
    parts: Parts,
    target: Path,
    name: str,
    sort: Sort,
    once: tuple[Mapping[str, str], Callable[[Records, int], None]] | None = None,
) -> Columns:
    """Write one direction.

    :param once: of the first: array → field of the records that it alone has, and to whom they are passed on.
    """
    counts, degrees = np.zeros(parts.shape[0], dtype=np.int64), np.zeros(parts.shape[0])
    fields: dict[str, tuple[str, type[Any]]] = {"indices": ("column", np.int32), "weight": ("weight", np.float64)}
    fields |= {array: (field, np.int64) for array, field in (once[0] if once else {}).items()}
    writers = {part: NpyWriter(target / f"{name}.{part}.npy", kind) for part, (_, kind) in fields.items()}
    for first, rows, records in parts.sorted(sort):
        within = slice(first, first + rows)
        counts[within] = np.bincount(records["row"], minlength=rows)
        degrees[within] = np.bincount(records["row"], weights=np.abs(records["weight"]), minlength=rows)
        for part, writer in writers.items():
            writer.add(records[fields[part][0]])
        if once and len(records):
            once[1](records, first)
    for writer in writers.values():
        writer.close()
    if index_type(int(counts.sum())) is np.int64:
        writers["indices"].retype(np.int64)
    return Columns(counts, degrees)


def _blocks(path: Path, record: np.dtype[np.void]) -> Iterator[Records]:
    with path.open("rb") as file:
        while len(block := np.fromfile(file, dtype=record, count=BLOCK)):
            yield block
