"""Rows that are the whole truth about their links: of which of them a cell says anything. An empty one says nothing."""

from collections.abc import Mapping, Sequence

import polars as pl

from kg.mapping.link import Link
from kg.mapping.source import Source
from kg.validation.row_set import RowSet

Found = tuple[Sequence[tuple[Link, pl.DataFrame]], Mapping[str, pl.Series]]
"""The tails of each link, by ``row``; name of a table of texts or likeness → the text of each row."""


def spoken_tables(of: tuple[Source, int], rows: RowSet, ids: pl.Series, found: Found) -> list[tuple[str, pl.DataFrame]]:
    """``spoken.RELATION.SOURCE``: the ``id`` of each good row that says something of the tails of a relation.

    :param of: the source, and its number in the load; ``ids``: those of the rows.
    """
    (source, index), (tails, texts) = of, found
    numbers = pl.int_range(rows.bad.len(), dtype=pl.UInt32, eager=True)
    said: list[tuple[str, pl.Series]] = []
    for link, named in tails:
        one = numbers.is_in(named.get_column("row").implode())
        if link.tail_is_column:  # 0 says that there is no such link
            one = rows.single(link.tail).is_not_null() & ~rows.unread(link.tail)
        said.append((link.relation, one))
    read = [(text.relation, f"text.{index}.{n}") for n, text in enumerate(source.text)]
    read += [(similar.relation, f"similar.{index}.{n}") for n, similar in enumerate(source.similar)]
    said += [(relation, texts[table].is_not_null()) for relation, table in read]
    frame = pl.DataFrame([ids.alias("id")])
    return [(f"spoken.{name}.{index}", frame.filter(one & ~rows.bad)) for name, one in said]
