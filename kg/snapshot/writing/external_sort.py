"""External sorting: triples of a relation, more than memory holds, into the arrays of a CSR matrix in both directions.

The triples are written to parts on disk by their head, each part is sorted by itself, and its triples go on to parts
by their tail: bucket sort (Knuth, The Art of Computer Programming, vol. 3, 5.2.5 and 5.4). Memory holds one part.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from kg.index_type import index_type
from kg.snapshot.writing.npy_writer import NpyWriter

PARTS = 128
PART_ROWS = 16_000_000
"""Triples of one part; a part of more is divided again where it has several rows."""
BLOCK = 1 << 20
RECORD = np.dtype([("row", "<u4"), ("column", "<u4"), ("weight", "<f8"), ("time", "<i8")])
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

    def __init__(self, folder: Path, shape: tuple[int, int], first: int = 0) -> None:
        self.folder, self.shape, self.first = folder, shape, first
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
                yield first, rows, np.empty(0, dtype=RECORD)
            elif path.stat().st_size > PART_ROWS * RECORD.itemsize and rows > 1:
                smaller = Parts(self.folder / f"{number}.parts", (rows, self.shape[1]), first)
                for block in _blocks(path):
                    smaller.add(block)
                path.unlink()
                yield from smaller.sorted(sort)
            else:
                records = np.fromfile(path, dtype=RECORD)
                path.unlink()
                records["row"] -= np.uint32(first)
                yield first, rows, sort(records, (rows, self.shape[1]))
        self.folder.rmdir()


def write_directions(parts: Parts, target: Path, name: str, sort: Sort) -> dict[str, Columns]:
    """Write indices, weights and timestamps of a relation as ``target/name.….npy``: direction → what its rows have."""
    inverse = Parts(parts.folder.with_name("inverse"), parts.shape[::-1])

    def backwards(records: Records, first: int) -> None:
        """What the other direction has of some sorted records."""
        turned = np.empty(len(records), dtype=RECORD)
        turned["row"], turned["column"] = records["column"], records["row"] + np.uint32(first)
        turned["weight"], turned["time"] = records["weight"], 0
        inverse.add(turned)

    forward = _write(parts, target, f"{name}.forward", sort, backwards)
    return {"forward": forward, "inverse": _write(inverse, target, f"{name}.inverse", by_row)}


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
    passed_on: Callable[[Records, int], None] | None = None,
) -> Columns:
    counts, degrees = np.zeros(parts.shape[0], dtype=np.int64), np.zeros(parts.shape[0])
    fields: dict[str, tuple[str, type[Any]]] = {"indices": ("column", np.int32), "weight": ("weight", np.float64)}
    if passed_on:
        fields["timestamp"] = ("time", np.int64)
    writers = {part: NpyWriter(target / f"{name}.{part}.npy", kind) for part, (_, kind) in fields.items()}
    for first, rows, records in parts.sorted(sort):
        within = slice(first, first + rows)
        counts[within] = np.bincount(records["row"], minlength=rows)
        degrees[within] = np.bincount(records["row"], weights=np.abs(records["weight"]), minlength=rows)
        for part, writer in writers.items():
            writer.add(records[fields[part][0]])
        if passed_on and len(records):
            passed_on(records, first)
    for writer in writers.values():
        writer.close()
    if index_type(int(counts.sum())) is np.int64:
        writers["indices"].retype(np.int64)
    return Columns(counts, degrees)


def _blocks(path: Path) -> Iterator[Records]:
    with path.open("rb") as file:
        while len(block := np.fromfile(file, dtype=RECORD, count=BLOCK)):
            yield block
