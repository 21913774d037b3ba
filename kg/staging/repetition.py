"""Rows about the same pair that add up: how often somebody did the same again, and what returns leave of it.

Files overlap, and a load may be told again, so what is counted must be known to be new: see :mod:`kg.stores.occasions`.
"""

import polars as pl

_PAIR = ["head", "tail"]


def repeated(rows: pl.DataFrame, stored: pl.DataFrame | None) -> pl.DataFrame:
    """One row per pair: the weights of its rows together, and the time of the latest.

    Rows of the same pair and time are one, the largest: files overlap. A file may hold the whole log or a part of it:
    what is later or earlier than all that the store knows is added to what it has, and a sum never falls.

    :param rows: ``head``, ``tail``, ``weight`` (null: 1), ``timestamp`` (null: not said; each such row counts).
    :param stored: what the store has, one row per pair, ``first`` too; ``None`` where the rows are the whole truth.
    """
    rows = rows.with_columns(pl.col("weight").fill_null(1.0))
    timed = rows.filter(pl.col("timestamp").is_not_null()).group_by(*_PAIR, "timestamp").agg(pl.col("weight").max())
    events = pl.concat([timed.select(rows.columns), rows.filter(pl.col("timestamp").is_null())])
    whole = events.group_by(_PAIR).agg(pl.col("weight").sum(), pl.col("timestamp").max())
    if stored is None or stored.is_empty():
        return whole
    known = stored.select(*_PAIR, had=pl.col("weight").fill_null(1.0), since="first", until="timestamp")
    outside = (pl.col("timestamp") > pl.col("until")) | (pl.col("timestamp") < pl.col("since"))
    more = events.join(known, on=_PAIR).filter(outside).group_by(_PAIR).agg(more=pl.col("weight").sum())
    both = whole.join(known, on=_PAIR, how="left").join(more, on=_PAIR, how="left")
    total = pl.max_horizontal("weight", pl.col("had") + pl.col("more").fill_null(0.0))
    return both.select(*_PAIR, total.alias("weight"), pl.max_horizontal("timestamp", "until").alias("timestamp"))


def without_restated(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows without those that only say a pair of which another row says how often: RDF states a triple bare beside
    the statement that has its weight, and that is not once more.

    :param rows: as :func:`kg.stores.occasions.occasions` takes them, of exports with ``occasions``.
    """
    bare = pl.all_horizontal(pl.col("weight", "timestamp").is_null())
    counted = pl.col("occasions").is_not_null().any().over(_PAIR)
    return rows.filter(~(bare & counted)) if rows.get_column("occasions").count() else rows


def net(frame: pl.DataFrame) -> pl.DataFrame:
    """One row per pair with the sum of its weights, where that is above 0, and the time of its latest purchase."""
    weight = pl.col("weight").fill_null(1.0)
    latest = pl.col("timestamp").filter(weight > 0).max()
    found = frame.group_by("head", "tail", maintain_order=True).agg(weight.sum().alias("weight"), latest)
    return found.filter(pl.col("weight") > 0)


def told_once(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """The rows without those that tell an order or event again: a page of thanks that was opened twice.

    Of one head and one ``once`` cell the rows of the earliest time stay, since an order has many; so does each row
    without such a cell.

    :param rows: ``head``, ``timestamp``, ``once``, ``file`` and others.
    :returns: those that stay, without ``once``, and the ``file`` of each other one.
    """
    first = pl.col("timestamp").eq_missing(pl.col("timestamp").min().over("head", "once"))
    stays = rows.select(pl.col("once").is_null() | first).to_series()
    return rows.filter(stays).drop("once"), rows.filter(~stays).get_column("file")
