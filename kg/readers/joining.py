"""Lookups in other files: a reader whose rows have the columns of another file besides their own."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from kg.counting import by_number
from kg.errors import ReadError
from kg.mapping.file_pattern import files_of
from kg.mapping.join import Join
from kg.mapping.row_filter import RowFilter
from kg.mapping.source import Source
from kg.notices import Notices
from kg.readers.batch import Batch
from kg.readers.opening import Reader, open_reader
from kg.values.cells import trimmed
from kg.values.number import parse_numbers, parse_truth_values
from kg.values.whole_ids import WholeIds

_KEY = "key of the lookup"


class _Lookup(Source):
    """The other file: its rows unfold along the lists that its ``where`` looks into."""

    unfolded: tuple[str, ...] = ()

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The key, and those lists."""
        return (*super().key_columns, *self.unfolded)


def open_joined(
    path: Path, place: str, source: Source, wanted: Sequence[str], notices: Notices, *around: Any
) -> Reader:
    """The reader of a file, with its lookups.

    :param around: the folder that names of files are relative to, whether they may lie elsewhere, and where; see
        :func:`kg.mapping.file_pattern.files_of`.
    :raises MappingError: for a file that is not there or not allowed.
    """
    if not source.join:
        return open_reader(path, place, source, wanted, notices)
    looked_up = {name for join in source.join for name in join.names}
    own = tuple(dict.fromkeys([*(w for w in wanted if w not in looked_up), *(join.here for join in source.join)]))
    tables = [(join, _table(join, source, around, notices)) for join in source.join]
    return _JoinedReader(open_reader(path, place, source, own, notices), wanted, tables, place, notices)


def _table(join: Join, source: Source, around: tuple[Any, ...], notices: Notices) -> pl.DataFrame:
    """The rows of the other file, one per key.

    :raises ReadError: where two rows with one key differ, so that none is the right one.
    """
    filtered = None if join.where is None else RowFilter(join.where, {})
    read = () if filtered is None else filtered.columns
    asked = _Lookup(
        file=join.file,
        format=join.format,
        entity="any",
        id=join.there,
        delimiter=join.delimiter,
        encoding=join.encoding,
        columns=join.header,
    ).model_copy(update={"optional": join.optional, "unfolded": tuple(name for name in read if "[]" in name)})
    names = tuple(dict.fromkeys([join.there, *join.columns, *read]))
    frames = []
    for path in files_of(join.file, *around):
        whole = WholeIds()
        for batch in open_reader(path, path.name, asked, names, notices).batches():
            notices.add(path.name, "{n} [row|rows] that cannot be read [is|are] not looked up", batch.rejects.height)
            if any(name in batch.lists for name in (join.there, *join.columns)):
                raise ReadError(f"{path.name}: lists cannot be looked up ({', '.join(batch.lists)})")
            key = whole.cells(join.there, batch.frame.get_column(join.there), source.id_nulls).alias(_KEY)
            missing = pl.Series([None], dtype=pl.String).new_from_index(0, key.len())
            cells = [batch.frame.get_column(n) if n in batch.frame.columns else missing for n in join.columns]
            named = [cell.alias(here) for cell, here in zip(cells, join.names, strict=True)]
            found = pl.DataFrame([key, *named])
            if filtered is not None:
                found = found.filter(_kept(filtered, batch.frame, source.null))
            frames.append(found.drop_nulls(_KEY).unique())
    table = (
        _telling(pl.concat(frames).unique(), list(join.names))
        if frames
        else pl.DataFrame(schema=dict.fromkeys([_KEY, *join.names], pl.String))
    )
    twice = table.filter(pl.col(_KEY).is_duplicated())
    if twice.height:
        count = twice.get_column(_KEY).n_unique()
        keys = by_number(f"{count:,} [key stands|keys stand]")
        raise ReadError(
            f"{join.file}: {keys} in {join.there!r} in several rows that differ; a lookup needs one row per key: turn "
            "it round, so that this file is the source, or make its rows unique"
        )
    return table


def _kept(filtered: RowFilter, frame: pl.DataFrame, nulls: tuple[str, ...]) -> pl.Series:
    """Which rows the ``where`` of a lookup is true for; a cell that cannot be read as what it needs is missing."""
    columns = []
    for name, kind in filtered.kinds.items():
        cells = trimmed(frame.get_column(name), nulls)
        if kind == "number":
            cells = parse_numbers(cells, None, semicolons=False).values
        elif kind == "truth":
            cells = parse_truth_values(cells).values
        columns.append(cells.alias(name))
    return filtered.keeps(pl.DataFrame(columns))[0]


def _telling(table: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """The table without rows whose cells are all empty, where another row of the key says something: what is said of an
    order stands in its first line only."""
    blank = pl.all_horizontal(pl.col(names).cast(pl.String).fill_null("").str.strip_chars() == "")
    return table.filter(~blank | blank.all().over(_KEY))


class _JoinedReader:
    """Rows of one file with the columns of others."""

    def __init__(
        self,
        reader: Reader,
        wanted: Sequence[str],
        tables: list[tuple[Join, pl.DataFrame]],
        place: str,
        notices: Notices,
    ) -> None:
        self._reader, self._wanted, self._tables = reader, wanted, tables
        self._place, self._notices = place, notices

    @property
    def size(self) -> int:
        """Bytes of the file as it lies there."""
        return self._reader.size

    @property
    def position(self) -> int:
        """How many of them have been read."""
        return self._reader.position

    def columns(self) -> list[str]:
        """Those of the file, then those that are looked up."""
        return [*self._reader.columns(), *(name for join, _ in self._tables for name in join.names)]

    def batches(self) -> Iterator[Batch]:
        """All rows of the file; where nothing is found the cells are missing."""
        whole = WholeIds()
        for batch in self._reader.batches():
            frame = batch.frame
            for join, table in self._tables:
                key = whole.cells(join.here, frame.get_column(join.here), ("",)).alias(_KEY)
                keyed = frame.drop([n for n in join.names if n in frame.columns]).with_columns(key)
                found = keyed.join(table.with_columns(found=True), on=_KEY, how="left", maintain_order="left")
                lost = int((found.get_column("found").is_null() & key.is_not_null()).sum())
                sentence = f"{{n}} [row|rows] found nothing in {join.file} by {join.here!r}"
                self._notices.add(self._place, sentence, lost if join.where is None else 0)
                sentence = f"{{n}} [row has|rows have] no {join.here!r}, by which {Path(join.file).name} is looked up"
                sentence += "; fill it in where it comes from"
                self._notices.add(self._place, sentence, key.null_count() if join.where is None else 0)
                frame = found.drop(_KEY, "found")
            yield replace(batch, frame=frame.select(self._wanted), tidy=False)

    def copy_rows(self, target: Path, rows: Sequence[tuple[int, int]], keeps: Callable[[str], bool]) -> None:
        """Write rows of the file itself."""
        self._reader.copy_rows(target, rows, keeps)
