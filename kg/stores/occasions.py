"""Occasions: on how many days something was done again, and since when.

A store keeps three numbers of a pair, no list of times: the first time, the last, how many days. Files overlap, and a
load may be told again, so what counts must be new for sure: what is outside of first and last is, what is between is
taken for known, unless rows that come together say more. So parts of a log that follow each other in time count right
in either direction, overlapping or not; parts that interleave count too little until the whole log is loaded, and never
too much. First and last are right whatever the order.
"""

import polars as pl

_PAIR = ["head", "tail"]
DAY = 86_400_000
"""Milliseconds."""


def occasions(rows: pl.DataFrame, stored: pl.DataFrame | None) -> pl.DataFrame:
    """One row per pair of which a time is known: ``first``, its earliest time, and ``occasions``, on how many days
    (UTC) it was so. Days, since two orders of an evening are one need, and a weight may be a quantity; returns are
    none.

    :param rows: ``head``, ``tail``, ``weight`` (null: 1), ``timestamp``; an export of what was counted already says
        ``first`` and ``occasions`` too.
    :param stored: what the store has, one row per pair; what an earlier version stored has a last time alone, and
        counts as one day. ``None`` where the rows are the whole truth.
    """
    timed = rows.filter(pl.col("timestamp").is_not_null() & (pl.col("weight").fill_null(1.0) > 0))
    timed = timed.with_columns(day=pl.col("timestamp") // DAY)
    day = pl.col("day").n_unique().cast(pl.Int64)
    first, counted = pl.col("timestamp").min(), day
    if "occasions" in rows.columns:
        first, counted = (
            pl.min_horizontal(first, pl.col("first").min()),
            pl.max_horizontal(day, pl.col("occasions").max()),
        )
    whole = timed.group_by(_PAIR).agg(first=first, occasions=counted)
    if stored is None or stored.is_empty():
        return whole
    since = pl.coalesce("first", "timestamp")
    had = pl.coalesce("occasions", since.is_not_null().cast(pl.Int64))
    known = stored.select(*_PAIR, since=since, until="timestamp", had=had)
    outside = (pl.col("day") > pl.col("until") // DAY) | (pl.col("day") < pl.col("since") // DAY)
    more = timed.join(known, on=_PAIR).filter(outside).group_by(_PAIR).agg(more=day)
    both = whole.join(known, on=_PAIR, how="left").join(more, on=_PAIR, how="left")
    total = pl.max_horizontal("occasions", pl.col("had") + pl.col("more").fill_null(0))
    return both.select(*_PAIR, pl.min_horizontal("first", "since").alias("first"), total.alias("occasions"))
