"""Batches: frames checked on their way into a store, and values on their way out."""

from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any

import numpy as np
import polars as pl

from kg.counting import by_number
from kg.document import nearest
from kg.errors import StoreError
from kg.schema import Relation, Schema
from kg.stores.store import REPEATED_DTYPES, entity_dtypes, triple_dtypes

_PYTHON_TYPES: dict[pl.DataType, set[type]] = {
    pl.String(): {str, NoneType},
    pl.Float64(): {float, int, NoneType},
    pl.Int64(): {int, NoneType},
    pl.Boolean(): {bool, NoneType},
}


def entity_batch(schema: Schema, entity_type: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with the columns of ``entity_dtypes``, in that order.

    :raises StoreError: unknown type, missing column, wrong dtype, an id that is null or there twice.
    """
    check_entity_type(schema, entity_type)
    batch = _conform(frame, entity_dtypes(schema, entity_type), entity_type)
    return _unique(batch, ["id"], entity_type)


def triple_batch(schema: Schema, relation: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with the columns of ``triple_dtypes``, in that order; what it lacks of ``REPEATED_DTYPES`` is null.

    :raises StoreError: unknown relation, missing column, wrong dtype, an end or a weight that is null, a triple
        that is there twice.
    """
    relation_of(schema, relation)
    dtypes = triple_dtypes(schema, relation)
    unsaid = [pl.lit(None).alias(name) for name in REPEATED_DTYPES if name in dtypes and name not in frame.columns]
    batch = _conform(frame.with_columns(unsaid) if unsaid else frame, dtypes, relation)
    if batch["weight"].null_count():
        count = by_number(f"{batch['weight'].null_count()} [triple has|triples have]")
        raise StoreError(f"{relation}: {count} no weight; 1.0 is the usual one")
    return _unique(batch, ["head", "tail"], relation)


def id_batch(schema: Schema, entity_type: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The distinct ids of a frame: column ``id``.

    :raises StoreError: unknown type, missing column, wrong dtype.
    """
    check_entity_type(schema, entity_type)
    return _conform(frame, {"id": pl.String()}, entity_type).unique(maintain_order=True)


def pair_batch(schema: Schema, relation: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The distinct pairs of a frame: columns ``head`` and ``tail``.

    :raises StoreError: unknown relation, missing column, wrong dtype.
    """
    relation_of(schema, relation)
    return _conform(frame, {"head": pl.String(), "tail": pl.String()}, relation).unique(maintain_order=True)


def pairs_frame(pairs: Sequence[tuple[str, str]]) -> pl.DataFrame:
    """(head, tail) pairs as a frame."""
    columns = {"head": [head for head, _ in pairs], "tail": [tail for _, tail in pairs]}
    return pl.DataFrame(columns, schema={"head": pl.String(), "tail": pl.String()})


def positions_of(triples: pl.DataFrame, heads: pl.Series, tails: pl.Series) -> pl.DataFrame:
    """Triples with ``head`` and ``tail`` as positions in series of different ids, UInt32, null where they are not."""
    found = triples
    for end, ids in (("head", heads), ("tail", tails)):
        numbered = ids.alias(end).to_frame().with_row_index("position")
        positions = found.select(end).join(numbered, on=end, how="left", maintain_order="left")["position"]
        found = found.with_columns(positions.alias(end))
    return found


def check_entity_type(schema: Schema, entity_type: str) -> None:
    """Refuse a type that the schema does not have.

    :raises StoreError: naming the nearest.
    """
    if entity_type not in schema.entity:
        raise StoreError(f"unknown entity type {entity_type!r}; {nearest(entity_type, list(schema.entity))}")


def relation_of(schema: Schema, relation: str) -> Relation:
    """The relation of that name.

    :raises StoreError: where the schema has none, naming the nearest.
    """
    if relation not in schema.relation:
        raise StoreError(f"unknown relation {relation!r}; {nearest(relation, list(schema.relation))}")
    return schema.relation[relation]


def stored_frame(columns: Mapping[str, Sequence[Any]], dtypes: Mapping[str, pl.DataType], origin: str) -> pl.DataFrame:
    """A frame of values that come from a store.

    :param origin: the type or relation, for the message.
    :raises StoreError: for a value of another type than the schema says, and for an id that is null.
    """
    for name, dtype in dtypes.items():
        kinds = {type(value) for value in columns[name]}
        if not kinds <= _PYTHON_TYPES[dtype]:
            raise StoreError(
                f"{origin}.{name}: the store holds a value that is no {dtype}; "
                "correct the value there, or the type in the schema"
            )
        if name in ("id", "head", "tail") and NoneType in kinds:
            raise StoreError(f"{origin}.{name}: entities in the store have no id; give them one")
    return pl.DataFrame([pl.Series(name, columns[name], dtype=dtype) for name, dtype in dtypes.items()])


def _conform(frame: pl.DataFrame, dtypes: Mapping[str, pl.DataType], origin: str) -> pl.DataFrame:
    missing = [name for name in dtypes if name not in frame.columns]
    if missing:
        raise StoreError(f"{origin}: the rows have no column {', '.join(missing)}")
    chosen = frame.select(list(dtypes))
    for (name, dtype), found in zip(dtypes.items(), chosen.dtypes, strict=True):
        if found not in (dtype, pl.Null()):
            raise StoreError(f"{origin}.{name}: the column is {found}, not {dtype}")
    return chosen.cast(pl.Schema(dtypes))


def all_differ(hashes: pl.Series) -> bool:
    """Whether no hash is there twice: sorted by NumPy, which takes a fourth of the time of counting different ones."""
    found = np.sort(hashes.to_numpy())
    return bool((found[1:] != found[:-1]).all())


def one_per_pair(frame: pl.DataFrame) -> pl.DataFrame:
    """The triples with each pair once: the latest of several, then the one of the largest weight.

    :param frame: columns of ``triple_dtypes``; several triples of a pair come from rows, or from a store that others
        write to.
    """
    pair = frame.select("head", "tail")
    if all_differ(pair.hash_rows()):  # equal pairs have equal hashes; a third of the time
        return frame
    twice = pair.is_duplicated()
    ordered = frame.filter(twice).sort("timestamp", "weight", descending=True, nulls_last=True, maintain_order=True)
    return pl.concat([frame.filter(~twice), ordered.unique(["head", "tail"], keep="first", maintain_order=True)])


def _unique(batch: pl.DataFrame, keys: list[str], origin: str) -> pl.DataFrame:
    for key in keys:
        if batch[key].null_count():
            raise StoreError(by_number(f"{origin}.{key}: {batch[key].null_count()} [row has|rows have] none"))
    if all_differ(batch.select(keys).hash_rows()):  # equal rows have equal hashes; a third of the time
        return batch
    repeated = batch.height - batch.select(keys).n_unique()
    if repeated:
        rows = by_number(f"{repeated} [row repeats|rows repeat]")
        raise StoreError(f"{origin}: {rows} the {' and '.join(keys)} of another row of the batch")
    return batch
