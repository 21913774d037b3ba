"""Arrow's types as those that polars has: what it lacks, panics at or reads otherwise is told apart here.

Times of day are told as text, since databases keep more than 24 hours in them; a zone written as an offset, ``+05:30``,
becomes UTC, which changes no instant; a map is a list of its pairs, ``attributes[].key`` and ``attributes[].value``.
"""

from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from kg.instant import DAY
from kg.readers.tables.calendar import times_as_text

DType = Any  # what polars takes for a data type: a class or an instance
_SECONDS = 2**63 // 1000 - 1
"""As many fit into Int64 once they are milliseconds."""


def dtypes_of(schema: pa.Schema) -> list[tuple[str, DType]]:
    """The columns of an Arrow schema as polars has them; ``Object`` where it has no such type.

    :raises UnicodeDecodeError: for a name that is no UTF-8, that of an element or a zone included: polars panics.
    """
    found: list[tuple[str, DType]] = []
    check_names(schema)
    for name, field in zip(schema.names, schema, strict=True):
        try:
            found.append((name, pl.Series(plain(pa.nulls(0, field.type))).dtype))
        except (pa.ArrowException, pl.exceptions.PolarsError, ValueError, TypeError, NotImplementedError):
            found.append((name, pl.Object()))
    return found


def check_names(schema: pa.Schema) -> None:
    """Decode all names, those of elements and zones included: at one that is no UTF-8 polars panics.

    :raises UnicodeDecodeError: for one that is none.
    """
    _ = schema.names
    for field in schema:
        _check_inner_names(field.type)


def _check_inner_names(kind: pa.DataType) -> None:
    _ = kind.tz if pa.types.is_timestamp(kind) else None
    for field in (kind.field(place) for place in range(kind.num_fields)):
        _ = field.name
        _check_inner_names(field.type)


def polars_frame(table: pa.RecordBatch | pa.Table) -> pl.DataFrame:
    """An Arrow table as a frame; text that is not UTF-8, which makes polars panic, is found before.

    :raises pyarrow.ArrowException: for damaged data.
    """
    for column in table.columns:
        validate(column)
    names = table.schema.names
    return pl.DataFrame([pl.Series(name, plain(column)) for name, column in zip(names, table.columns, strict=True)])


def validate(column: pa.Array | pa.ChunkedArray) -> None:
    """Look at all of a column but what its times, days and largest numbers count: no damage, a habit of databases.

    :raises pyarrow.ArrowException: for damaged data.
    """
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    for chunk in chunks:
        kind = _counting(chunk.type)
        (chunk if kind == chunk.type else chunk.view(kind)).validate(full=True)


def plain(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """A column of a type that polars reads as it is.

    :raises pyarrow.ArrowException: where there is none.
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return _of_extension(column)
    if pa.types.is_map(kind):
        pair = pa.struct([("key", kind.key_type), ("value", kind.item_type)])
        return plain(column.cast(pa.list_(pair)))
    if _is_list(kind):
        return _of_lists(column)
    if pa.types.is_struct(kind):
        parts = [plain(part) for part in column.flatten()]
        names = [kind.field(i).name for i in range(kind.num_fields)]
        return pa.StructArray.from_arrays(parts, names, mask=column.is_null()) if parts else column
    return _of_scalars(column)


def _of_extension(column: pa.Array) -> pa.Array:
    if column.type.extension_name == "arrow.uuid":
        return pa.array([None if one is None else str(one) for one in column.to_pylist()], pa.string())
    storage = plain(column.storage)
    return storage.cast(pa.bool_()) if column.type.extension_name == "arrow.bool8" else storage


def _is_view(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind))


def _is_list(kind: pa.DataType) -> bool:
    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return bool(lists or _is_view(kind))


def _of_lists(column: pa.Array) -> pa.Array:
    if _is_view(column.type):  # Arrow's own cast of one that was read from a file loses its elements
        column = pa.array(column.to_pylist(), pa.large_list(column.type.value_type))
    elif pa.types.is_fixed_size_list(column.type):
        column = column.cast(pa.large_list(column.type.value_type))
    whole = pa.concat_arrays([column])  # from the first offset on, as a mask needs it
    inner = plain(whole.values)
    if inner.type == whole.type.value_type:
        return column
    kind = pa.LargeListArray if pa.types.is_large_list(whole.type) else pa.ListArray
    return kind.from_arrays(whole.offsets, inner, mask=whole.is_null())


def _of_scalars(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_time(kind):
        return times_as_text(pl.Series(column.view(_counting(kind))), kind.unit).to_arrow()
    if pa.types.is_run_end_encoded(kind):
        return plain(pc.run_end_decode(column))
    if _as_text(kind):
        return column.cast(pa.string())
    if pa.types.is_date64(kind):
        days = np.floor_divide(column.view(pa.int64()).fill_null(0).to_numpy(), DAY)
        bounded = np.clip(days, -(2**31), 2**31 - 1).astype(np.int32)
        return pa.array(bounded, mask=column.is_null().to_numpy(zero_copy_only=False)).view(pa.date32())
    if pa.types.is_timestamp(kind):
        return _of_instants(column)
    return column


def _as_text(kind: pa.DataType) -> bool:
    """Whether a number is told as text: polars has no such type, or it is a whole one of 39 digits, which DuckDB calls
    one of 38."""
    if not pa.types.is_decimal(kind):
        return False
    return bool(pa.types.is_decimal256(kind) or kind.scale < 0 or (kind.precision, kind.scale) == (38, 0))


def _of_instants(column: pa.Array) -> pa.Array:
    kind = column.type
    if kind.unit == "s":  # beyond what milliseconds can count lies no calendar
        seconds = pc.max_element_wise(pc.min_element_wise(column.view(pa.int64()), _SECONDS), -_SECONDS)
        seconds = pc.if_else(column.is_null(), pa.scalar(None, pa.int64()), seconds)
        column = pc.multiply(seconds, 1000).view(pa.timestamp("ms", kind.tz))
    if kind.tz is None:
        return column
    try:
        pl.Series(pa.nulls(0, column.type))
    except pl.exceptions.PolarsError:
        return column.cast(pa.timestamp(column.type.unit, "UTC"))
    return column


def _counting(kind: pa.DataType) -> pa.DataType:
    """The type with whole numbers in place of times of day and days counted in milliseconds, wherever they are."""
    if pa.types.is_time32(kind):
        return pa.int32()
    if pa.types.is_time64(kind) or pa.types.is_date64(kind):
        return pa.int64()
    if pa.types.is_decimal128(kind) and (kind.precision, kind.scale) == (38, 0):
        return pa.binary(16)
    if pa.types.is_struct(kind):
        return pa.struct([kind.field(i).with_type(_counting(kind.field(i).type)) for i in range(kind.num_fields)])
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_counting(kind.value_type)))
    if pa.types.is_large_list(kind):
        return pa.large_list(kind.value_field.with_type(_counting(kind.value_type)))
    return kind
