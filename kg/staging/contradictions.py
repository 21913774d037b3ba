"""Rows that contradict each other: which they are, and what was taken.

Two rows about one entity contradict each other where both say a value of the same property and the values differ; two
rows of one triple where they have the same timestamp, or none, and different weights. Such rows count as loaded, since
a rule that does not depend on their order decides: the largest value is taken. The rows that it passed over are
written to ``contradictions.csv``, beside the rejects, each with the line that it lost against.
"""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from kg.values.formula import escaped_formulas

DTYPES: dict[str, pl.DataType] = {
    "file": pl.Int64(),
    "line": pl.Int64(),
    "type": pl.String(),
    "id": pl.String(),
    "tail": pl.String(),
    "field": pl.String(),
    "kept": pl.String(),
    "other": pl.String(),
    "kept_file": pl.Int64(),
    "kept_line": pl.Int64(),
}
"""``file``: the number of the file in the load; ``type``: entity type or relation; ``id``: of the entity or the head;
``tail``: of a triple, else empty; ``kept``: the value taken; ``other``: that of this row; ``kept_file`` and
``kept_line``: where the value taken stands first, null for what the store had."""

ORIGIN = ("_file", "_line")
"""Columns of staged entity rows: number of the file and line. No property can be called so."""
NAME = "contradictions.csv"
_KEPT = "kept value"


def entity_contradictions(entity_type: str, rows: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """The rows that were passed over, one line per value, columns of ``DTYPES``.

    :param rows: ``ORIGIN``, ``id`` and those of ``columns`` that some source maps.
    """
    found = [pl.DataFrame(schema=DTYPES)]
    for name in columns:
        if name in rows.columns:
            said = rows.filter(pl.col(name).is_not_null())
            found.append(_passed_over(said, ORIGIN, entity_type, name, ["id"]))
    return pl.concat(found)


def triple_contradictions(relation: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows that were passed over, columns of ``DTYPES``; only among those with the timestamp that won.

    :param rows: ``file``, ``line``, ``head``, ``tail``, ``weight``, ``timestamp``; null: not said.
    """
    pair = ["head", "tail"]
    if rows.is_empty() or not rows.select(pl.struct(pair).is_duplicated().any()).item():
        return pl.DataFrame(schema=DTYPES)
    twice = rows.filter(pl.struct(pair).is_duplicated())
    latest = twice.filter(pl.col("timestamp").eq_missing(pl.col("timestamp").max().over(pair)))
    said = latest.filter(pl.col("weight").is_not_null())
    return _passed_over(said, ("file", "line"), relation, "weight", pair)


def write_contradictions(folder: Path, found: pl.DataFrame, places: Sequence[str]) -> Path:
    """Write ``contradictions.csv`` into a folder, sorted by file and line; returns its path.

    :param places: the name of each file, by its number.
    """
    names = pl.DataFrame({"file": range(len(places)), "place": places}, schema={"file": pl.Int64, "place": pl.String})
    kept = names.select(kept_file="file", kept_place="place")
    table = found.join(names, on="file", how="left").join(kept, on="kept_file", how="left")
    target = folder / NAME
    texts = [name for name, dtype in DTYPES.items() if dtype == pl.String]
    shown = table.sort("file", "line", "field", "kept", "other", "id", "tail").select(
        pl.col("place").alias("file"),
        "line",
        *(pl.col(name).str.replace_all("\0", r"\x00", literal=True) for name in texts),
        pl.col("kept_place").alias("kept_file"),
        "kept_line",
    )
    escaped_formulas(shown).write_csv(target)
    return target


def _passed_over(
    said: pl.DataFrame, origin: tuple[str, str], name: str, field: str, keys: Sequence[str]
) -> pl.DataFrame:
    """The rows of which others say a larger value.

    :param said: the rows that say one.
    :param keys: what the rows are about: an id, or head and tail.
    """
    largest = said.with_columns(pl.col(field).max().over(keys).alias(_KEPT))
    wins = pl.col(field) == pl.col(_KEPT)
    first = largest.filter(wins).sort(origin).unique(keys, keep="first", maintain_order=True)
    stands = first.select(*keys, *(pl.col(one).alias(f"{_KEPT} {one}") for one in origin))
    chosen = largest.filter(~wins).join(stands, on=keys, how="left", maintain_order="left")
    ends = [pl.col(keys[0]), pl.col(keys[1]) if len(keys) > 1 else pl.lit("")]
    values = [*map(pl.col, origin), pl.lit(name), *ends, pl.lit(field), pl.col(_KEPT), pl.col(field)]
    values += [pl.col(f"{_KEPT} {one}") for one in origin]
    pairs = zip(DTYPES.items(), values, strict=True)
    return chosen.select(value.cast(dtype).alias(column) for (column, dtype), value in pairs)
