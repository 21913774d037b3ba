"""Rejects of relation rows of which an end is no entity, neither in the load nor in the store, and what may help."""

from collections.abc import Callable

import polars as pl

from kg.notices import Notices
from kg.schema import Schema
from kg.values.cells import half_width

Known = Callable[[str, pl.Series], pl.Series]
"""Which of some ids are those of an entity type."""
_NUMBER = r"^[0-9]+$"


def unknown_ends(rows: pl.DataFrame, end: str, entity_type: str, schema: Schema, known: Known) -> pl.DataFrame:
    """Rejects for rows of which one end is not known as ``entity_type``: ``file`` and ``REJECT_DTYPES``.

    :param rows: ``head`` and ``tail``, ``file``, ``line``, ``lines``.
    :param end: ``head`` or ``tail``.
    """
    ids = rows.get_column(end)
    reason = pl.lit(f"unknown {entity_type}")
    hint = pl.lit("load it too, correct the id, or say create_ends = true in the mapping")
    if rows.height:
        whole = ids.str.strip_suffix(".0")
        stripped = (whole != ids) & known(entity_type, whole)
        hint = pl.when(stripped).then(pl.lit("the id without '.0' is known; export ids as text")).otherwise(hint)
        narrow = half_width(ids)
        wide = (narrow != ids) & known(entity_type, narrow)
        hint = pl.when(wide).then(pl.lit("the id without full-width characters is known")).otherwise(hint)
        for other in schema.entity:
            if other != entity_type:
                elsewhere = known(other, ids)
                text = pl.lit(f"this id is a {other}, no {entity_type}")
                elsewhere &= ~ids.str.contains(_NUMBER)  # numbers are ids of many types by chance
                reason = pl.when(elsewhere).then(text).otherwise(reason)
    return rows.select(
        "file",
        "line",
        "lines",
        pl.lit(end).alias("field"),
        pl.col(end).alias("value"),
        reason.alias("reason"),
        hint.alias("hint"),
    )


def tell_new_items(notices: Notices, relation: str, schema: Schema, rejects: pl.DataFrame) -> None:
    """Say what to do with rows of a log by itself that name items which came after those that are known.

    :param rejects: of rows of a relation, as of :func:`unknown_ends`.
    """
    count, tail = int((rejects["field"] == "tail").sum()), schema.relation[relation].tail
    sentence = f"a {tail} that is not known; events make none once some are: list new ones in {tail}.csv (id, label) "
    sentence += "and load it too, or say create_ends = true in a mapping"
    if count:
        notices.add(relation, f"{{n}} [row names|rows name] {sentence}", count)
