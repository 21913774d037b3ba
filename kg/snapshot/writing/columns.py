"""The entities of a type column by column, in the order of their ids: memory holds them once, and one column twice."""

from collections.abc import Iterable

import numpy as np
import polars as pl
import pyarrow as pa

from kg.snapshot.string_array import StringArray


class Columns:
    """The columns of frames that come in pieces; each is let go when it is taken."""

    def __init__(self, pieces: Iterable[pl.DataFrame], dtypes: dict[str, pl.DataType]) -> None:
        """Take the pieces apart.

        :param dtypes: of each column; ``id`` is one of them.
        """
        self._parts: dict[str, list[pl.Series]] = {name: [] for name in dtypes}
        self._dtypes = dtypes
        for piece in pieces:
            for name in dtypes:
                self._parts[name].append(piece[name])
        self._order = pl.Series(dtype=pl.UInt32)

    def by_id(self) -> pl.Series:
        """The ids, sorted, by which the other columns are put in order."""
        ids = self._whole("id")
        self._order = ids.arg_sort()
        return ids.gather(self._order).alias("id")

    def without(self, gone: pl.Series) -> pl.Series:
        """The ids, sorted, without some of them, which the other columns leave out, too.

        :param gone: Boolean, of the sorted ids.
        """
        self._order = self._order.filter(~gone)
        return self._whole("id").gather(self._order)

    def take(self, name: str) -> pl.Series:
        """A column, which is let go."""
        whole = self._whole(name)
        del self._parts[name]
        return whole.gather(self._order)

    def _whole(self, name: str) -> pl.Series:
        return pl.concat([pl.Series(name, [], dtype=self._dtypes[name]), *self._parts[name]])


def string_array(series: pl.Series) -> StringArray:
    """The strings of a series, shape (n,): Arrow buffers taken over, validity apart, null strings empty."""
    array = series.fill_null("").rechunk().to_arrow()
    array = (array if isinstance(array, pa.Array) else array.combine_chunks()).cast(pa.large_string())
    _, offset_buffer, blob_buffer = array.buffers()
    offsets = np.frombuffer(offset_buffer, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    blob = np.frombuffer(blob_buffer or b"", dtype=np.uint8)[offsets[0] : offsets[-1]]
    return StringArray(blob, offsets - offsets[0], series.is_not_null().to_numpy())
