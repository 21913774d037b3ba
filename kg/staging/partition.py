"""Hash partitioning: triples in parts that fit into memory, told apart by their heads, so that equal pairs meet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

BUCKETS = 16
"""Parts in which triples lie on disk; a partition is one or several of them."""
ROWS = 700_000
"""Triples that are looked at together, as long as ``BUCKETS`` partitions are enough for that."""
BUCKET = (pl.col("head").hash() % BUCKETS).cast(pl.UInt8)


@dataclass(frozen=True)
class Partition:
    """One of several parts of all triples."""

    number: int = 0
    of: int = 1

    @property
    def buckets(self) -> frozenset[int]:
        """The buckets that belong to it."""
        return frozenset(range(self.number, BUCKETS, self.of))

    def select(self, triples: pl.DataFrame) -> pl.DataFrame:
        """Those of the triples that belong to it; ``head`` is one of their columns."""
        return triples if self.of == 1 else triples.filter(BUCKET % self.of == self.number)


WHOLE = Partition()


def partitions_of(rows: int) -> list[Partition]:
    """The partitions for so many triples; every triple is in one of them."""
    of = min(BUCKETS, max(1, -(-rows // ROWS)))
    return [Partition(number, of) for number in range(of)]


def by_bucket(frames: Sequence[pl.DataFrame]) -> Iterator[tuple[int, pl.DataFrame]]:
    """The triples of each bucket that is not empty, one after the other, so that only one of them is copied."""
    buckets = [frame.select(BUCKET).to_series() for frame in frames]
    for number in range(BUCKETS):
        part = pl.concat([frame.filter(bucket == number) for frame, bucket in zip(frames, buckets, strict=True)])
        if part.height:
            yield number, part


def together(frames: Sequence[pl.DataFrame]) -> Iterator[tuple[None, pl.DataFrame]]:
    """All rows, of no bucket."""
    if frames:
        yield None, pl.concat(frames)
