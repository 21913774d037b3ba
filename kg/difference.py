"""What a load changes in a store: rows to create, rows to update, and how many stay as they are.

What no source maps, and the weight or timestamp that a triple does not say, is left as the store has it. Values are
compared with null equal to null.
"""

from dataclasses import dataclass

import polars as pl

from kg.resolution import TAIL_LABEL, said
from kg.schema import Schema
from kg.stores.store import TRIPLE_DTYPES, entity_dtypes

DEFAULT_WEIGHT = 1.0


@dataclass(frozen=True)
class Difference:
    """Frames with the columns of the store."""

    created: pl.DataFrame
    updated: pl.DataFrame
    unchanged: int

    @property
    def counts(self) -> dict[str, int]:
        """``created``, ``updated``, ``unchanged`` as numbers."""
        return {"created": self.created.height, "updated": self.updated.height, "unchanged": self.unchanged}


def entity_difference(schema: Schema, entity_type: str, new: pl.DataFrame, stored: pl.DataFrame) -> Difference:
    """Compare the entities of a load with those of the store.

    :param new: as in :class:`kg.resolution.Entities`.
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

    :param new: as :meth:`kg.resolution.Graph.triples` gives it.
    :param stored: as :meth:`~kg.stores.store.Store.read_triples` gives it.
    """
    columns = [name for name in TRIPLE_DTYPES if name not in ("head", "tail")]
    wanted = [pl.coalesce(name, f"{name} stored").alias(name) for name in columns]
    wanted[columns.index("weight")] = wanted[columns.index("weight")].fill_null(DEFAULT_WEIGHT)
    return _split(new, stored, ["head", "tail"], columns, wanted)


def _split(
    new: pl.DataFrame, stored: pl.DataFrame, keys: list[str], columns: list[str], wanted: list[pl.Expr]
) -> Difference:
    """Join on the keys and sort the rows by what became of them, in the order of the keys."""
    old = stored.select(*keys, *(pl.col(name).alias(f"{name} stored") for name in columns), there=pl.lit(True))
    both = new.join(old, on=keys, how="left")
    result = both.with_columns(wanted)
    changed = pl.any_horizontal([pl.col(name).ne_missing(pl.col(f"{name} stored")) for name in columns])
    there = pl.col("there").fill_null(False)
    created = result.filter(~there).select(*keys, *columns).sort(keys)
    updated = result.filter(there & changed).select(*keys, *columns).sort(keys)
    return Difference(created, updated, result.height - created.height - updated.height)
