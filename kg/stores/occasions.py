"""Occasions: on how many days something was done again, since when, and when last before the latest day.

A store keeps four numbers of a pair, no list of times: the first time, the last, how many days, and the latest time of
an earlier day than the last. Files overlap, and a load may be told again, so what counts must be new for sure: what is
outside of first and last is, what is between is taken for known, unless rows that come together say more. So parts of
a log that follow each other in time count right in either direction, overlapping or not; parts that interleave count
too little until the whole log is loaded, and never too much. First and last are right whatever the order, and so is the
time before the last day: the two largest days of all parts are among the two largest of each.
"""

import polars as pl

from kg.instant import DAY
from kg.stores.store import REPEATED_DTYPES, TRIPLE_DTYPES

_PAIR = ["head", "tail"]
_CLAIM = [*_PAIR, "timestamp", "first", "occasions", "previous"]


def occasions(rows: pl.DataFrame, stored: pl.DataFrame | None) -> pl.DataFrame:
    """One row per pair of which a time is known: ``first``, its earliest time, ``occasions``, on how many days (UTC) it
    was so, and ``previous``, its latest time on an earlier day than that of the latest; null where there is none, or
    what an earlier version stored hides it. Days, since two orders of an evening are one need, and a weight may be a
    quantity; returns are none.

    :param rows: ``head``, ``tail``, ``weight`` (null: 1), ``timestamp``; an export of what was counted already says
        ``first``, ``occasions`` and ``previous`` too.
    :param stored: what the store has, one row per pair; what an earlier version stored has a last time alone, and
        counts as one day. ``None`` where the rows are the whole truth.
    """
    timed = rows.filter(pl.col("timestamp").is_not_null() & (pl.col("weight").fill_null(1.0) > 0))
    timed = timed.with_columns(day=pl.col("timestamp") // DAY)
    counted = _counted(timed, stored)
    return counted.join(_previous(timed, stored), on=_PAIR, how="left")


def known_previous() -> pl.Expr:
    """``previous`` of triples where it lies on an earlier day than ``timestamp``; of what an earlier version stored,
    which has none, the first time where that is the only other day."""
    last = pl.col("timestamp") // DAY
    only_other = pl.when((pl.col("occasions") == 2) & (pl.col("first") // DAY < last)).then("first")
    return pl.when(pl.col("previous") // DAY < last).then("previous").otherwise(only_other).alias("previous")


def _counted(timed: pl.DataFrame, stored: pl.DataFrame | None) -> pl.DataFrame:
    """``first`` and ``occasions`` of each pair."""
    day = pl.col("day").n_unique().cast(pl.Int64)
    first, counted = pl.col("timestamp").min(), day
    if "occasions" in timed.columns:
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


def _previous(timed: pl.DataFrame, stored: pl.DataFrame | None) -> pl.DataFrame:
    """``previous`` of each pair of which it is known."""
    logged, claims = _last_two_days(timed), _claims(timed, stored)
    if claims.is_empty():
        return logged.select(*_PAIR, "previous")
    both = pl.concat([one.select(*_PAIR, "timestamp", "previous") for one in (logged, claims)])
    earlier = both.filter(pl.col("previous").is_not_null()).select(*_PAIR, timestamp="previous")
    found = _last_two_days(pl.concat([both.select(earlier.columns), earlier]))
    hidden = claims.filter(pl.col("previous").is_null() & (pl.col("occasions") > 1))
    if hidden.height:
        found = found.join(_hidden(hidden, claims, timed, found), on=_PAIR, how="anti")
    return found.select(*_PAIR, "previous")


def _last_two_days(times: pl.DataFrame) -> pl.DataFrame:
    """``timestamp``, the latest of each pair, and ``previous``, the latest of its earlier days.

    :param times: ``head``, ``tail``, ``timestamp``.
    """
    time = pl.col("timestamp")
    earlier = time.filter(time // DAY < time.max() // DAY)
    return times.group_by(_PAIR).agg(timestamp=time.max(), previous=earlier.max())


def _claims(timed: pl.DataFrame, stored: pl.DataFrame | None) -> pl.DataFrame:
    """What exports and the store say of the pairs, and not the rows of a log: ``_CLAIM``."""
    found = [pl.DataFrame(schema=TRIPLE_DTYPES | REPEATED_DTYPES).select(_CLAIM)]
    if "occasions" in timed.columns and timed.get_column("occasions").count():
        found.append(timed.filter(pl.col("occasions").is_not_null()).select(_CLAIM))
    if stored is not None and not stored.is_empty():
        known = stored.filter(pl.col("timestamp").is_not_null()).join(timed, on=_PAIR, how="semi")
        found.append(known.select(_CLAIM))
    return pl.concat(found).with_columns(known_previous())


def _hidden(hidden: pl.DataFrame, claims: pl.DataFrame, timed: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """The pairs whose latest day somebody claims who does not say which came before, where nobody who does knows as
    many days, since as long ago and as late: then there may be one that nobody tells of.

    :param hidden: the claims that do not say it, of several days each.
    :param found: the latest ``timestamp`` of each pair.
    """
    logged = timed.group_by(_PAIR).agg(
        days=pl.col("day").n_unique().cast(pl.Int64), since=pl.col("timestamp").min(), until=pl.col("timestamp").max()
    )
    telling = claims.filter(pl.col("previous").is_not_null()).select(
        *_PAIR, days="occasions", since="first", until="timestamp"
    )
    told = pl.concat([logged, telling]).group_by(_PAIR).agg(pl.max("days"), pl.min("since"), pl.max("until"))
    last = found.select(*_PAIR, last="timestamp")
    both = hidden.join(last, on=_PAIR).join(told, on=_PAIR)
    covered = (
        (pl.col("days") >= pl.col("occasions"))
        & (pl.col("since") <= pl.col("first"))
        & (pl.col("until") >= pl.col("timestamp"))
    )
    return both.filter((pl.col("timestamp") // DAY == pl.col("last") // DAY) & ~covered)
