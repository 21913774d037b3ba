"""What a load changes in a store: rows to create, to update and to delete, and how many stay as they are.

What no row says, and what a triple does not say beside its ends, is left as the store has it. Values are
compared with null equal to null.
"""

from dataclasses import dataclass, replace

import polars as pl

from kg.schema import Schema
from kg.staging.resolution import TAIL_LABEL, said
from kg.stores.store import DEFAULT_WEIGHT, entity_dtypes


@dataclass(frozen=True)
class Difference:
    """Frames with the columns of the store."""

    created: pl.DataFrame
    updated: pl.DataFrame
    unchanged: int
    deleted: pl.DataFrame
    """Only the keys: ``id``, or ``head`` and ``tail``."""
    changed: tuple[str, ...]
    """The columns of ``updated`` of which some value differs."""

    def deleting(self, gone: pl.DataFrame) -> "Difference":
        """The same, and besides the rows with the keys of ``gone`` to delete."""
        keys = self.deleted.columns
        return replace(self, deleted=gone.select(keys))


def entity_difference(schema: Schema, entity_type: str, new: pl.DataFrame, stored: pl.DataFrame) -> Difference:
    """Compare the entities of a load with those of the store.

    :param new: as in :class:`kg.staging.resolution.Entities`.
    :param stored: as :meth:`~kg.stores.store.Store.read_entities` gives it.
    """
    columns = [name for name in entity_dtypes(schema, entity_type) if name != "id"]
    wanted = []
    for name in columns:
        value = pl.when(pl.col(said(name))).then(name).otherwise(f"{name} stored")
        wanted.append((pl.coalesce(value, TAIL_LABEL) if name == "label" else value).alias(name))
    return _split(new, stored, ["id"], columns, wanted)


def triple_difference(new: pl.DataFrame, stored: pl.DataFrame) -> Difference:
    """Compare the triples of a load with those of the store.

    :param new: as :meth:`kg.staging.resolution.Graph.triples` gives it.
    :param stored: as :meth:`~kg.stores.store.Store.read_triples` gives it.
    """
    columns = [name for name in stored.columns if name not in ("head", "tail")]
    wanted = [pl.coalesce(name, f"{name} stored").alias(name) for name in columns]
    wanted[columns.index("weight")] = wanted[columns.index("weight")].fill_null(DEFAULT_WEIGHT)
    if "previous" in columns:  # who knows the days knows whether there was one before, and null says that there was not
        known = pl.when(pl.col("occasions").is_not_null()).then("previous").otherwise("previous stored")
        wanted[columns.index("previous")] = known.alias("previous")
    return _split(new, stored, ["head", "tail"], columns, wanted)


def _split(
    new: pl.DataFrame, stored: pl.DataFrame, keys: list[str], columns: list[str], wanted: list[pl.Expr]
) -> Difference:
    """Join on the keys and tell the rows apart by what became of them; they are in no particular order."""
    gone = stored.select(keys).clear()
    if stored.is_empty():
        dtypes = stored.schema
        nothing = [pl.lit(None, dtype=dtypes[name]).alias(f"{name} stored") for name in columns]
        created = new.with_columns(nothing).select(*keys, *wanted)
        return Difference(created, created.clear(), 0, gone, ())
    old = stored.select(*keys, *(pl.col(name).alias(f"{name} stored") for name in columns), there=pl.lit(True))
    both = new.join(old, on=keys, how="left")
    result = both.with_columns(wanted)
    differs = {name: pl.col(name).ne_missing(pl.col(f"{name} stored")) for name in columns}
    there = pl.col("there").fill_null(False)
    created = result.filter(~there).select(*keys, *columns)
    different = result.filter(there & pl.any_horizontal(differs.values()))
    changed = tuple(name for name in columns if different.select(differs[name].any()).item())
    updated = different.select(*keys, *columns)
    unchanged = result.height - created.height - updated.height
    return Difference(created, updated, unchanged, gone, changed)
