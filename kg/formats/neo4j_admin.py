"""CSV files for ``neo4j-admin database import``: what they are is said by their headers.

Nodes: ``productId:ID(Product),name,price:float,tags:string[],:LABEL``. Relationships:
``:START_ID(User),:END_ID(Product),:TYPE,weight:float``. Labels and types of the rows are names of the schema, in any
case; where a file has no ``:LABEL`` or ``:TYPE``, the ID space or the name of the file says it. Arrays are parted by
``;``. Ids are unique per entity type here, so ID spaces need no further care.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from kg.document import nearest
from kg.errors import MappingError, ReadError
from kg.formats.typed_header import Column, HeadedSource, chosen, features, named, read_header
from kg.mapping.file_format import format_of_name
from kg.mapping.row_filter import RowFilter
from kg.mapping.source import DEFAULT_NULLS, Source
from kg.notices import Notices
from kg.readers.opening import open_reader
from kg.schema import Schema
from kg.values.cells import trimmed

_FIELD = re.compile(r"^(?P<name>[^:]*)(?::(?P<kind>[^(){}]*)(?:\((?P<space>[^)]*)\))?(?:\{.*\})?)?$")
_HEADER_NAME = re.compile(r"(?P<stem>.+?)[_-]?header(?:\.csv)", re.IGNORECASE)
_PART = re.compile(r"(?:[_-]?(?:part|data)?[_-]?[0-9]*)(?:\.csv)", re.IGNORECASE)
ARRAY = ";"
_WEIGHTS, _TIMES = ("weight", "rating"), ("timestamp", "time")


class LabelFilter(RowFilter):
    """Keeps the rows whose label cell is one of some texts; no expression, so that data stays data."""

    def __init__(self, column: str, cells: Sequence[str]) -> None:
        self.kinds = {column: "text"}
        self._cells = pl.Series(list(cells), dtype=pl.String)

    def keeps(self, frame: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
        """Which rows are kept; there is always an answer."""
        keep = frame.to_series().is_in(self._cells.implode()).fill_null(False)
        return keep, pl.Series([None], dtype=pl.String).new_from_index(0, keep.len())


class NodeSource(HeadedSource):
    """The rows of a node file that have one of some labels."""

    label_column: str
    label_cells: tuple[str, ...]

    def row_filter(self, schema: Schema) -> RowFilter | None:
        """The filter for the labels."""
        return LabelFilter(self.label_column, self.label_cells)

    @property
    def optional_columns(self) -> frozenset[str]:
        """All but id and label column."""
        return super().optional_columns - {self.label_column}


def is_admin_header(header: Sequence[str]) -> bool:
    """Whether a header is that of such a file."""
    kinds = {column.kind.split("(")[0] for column in map(_column, header)}
    return "ID" in kinds or {"START_ID", "END_ID"} <= kinds


def parsed_header(header: Sequence[str]) -> list[Column]:
    """Name and kind of each column; the kind of an id has its ID space in brackets."""
    return [_column(text) for text in header]


def separate_headers(paths: Sequence[Path]) -> dict[Path, Path]:
    """File of rows → the file with its header, ``movies_header.csv`` for ``movies.csv`` and ``movies-part2.csv``."""
    found: dict[Path, Path] = {}
    for header in paths:
        stem = _HEADER_NAME.match(header.name)
        if stem is None or format_of_name(header) != "csv" or not is_admin_header(read_header(header)):
            continue
        for path in paths:
            rest = path.name.removeprefix(stem["stem"]) if path != header else ""
            if path.parent == header.parent and rest != path.name and _PART.match(rest):
                found[path] = header
    return found


def admin_sources(path: Path, schema: Schema, header: Sequence[str] | None = None) -> list[Source]:
    """The sources that a file stands for, one per entity type in it.

    :param header: where it stands in a file of its own.

    :raises MappingError: for labels and types that the schema does not have, naming the nearest.
    """
    columns = parsed_header(read_header(path) if header is None else header)
    if any(column.kind.startswith("ID") for column in columns):
        found = _nodes(path, columns, schema, header)
    else:
        found = [_relationships(path, columns, schema)]
    names = None if header is None else tuple(name or f"unnamed {i}" for i, name in enumerate(header))
    return [source.model_copy(update={"columns": names}) for source in found]


def _nodes(path: Path, columns: list[Column], schema: Schema, header: Sequence[str] | None) -> list[Source]:
    key, label = _of_kind(columns, "ID"), _of_kind(columns, "LABEL")
    assert key is not None
    types = list(schema.entity)
    if label is None:
        space = _space(key)
        told = named(space, types) or named(path.name.split(".", 1)[0], types)
        entity_type = chosen(path, "entity", space or path.name, [told] if told else [], types)
        return [_node_source(path, key, columns, schema, entity_type)]
    cells: dict[str, list[str]] = {}
    for cell in _distinct(path, label.text, header):
        cells.setdefault(_type_of(path, cell, types), []).append(cell)
    return [
        NodeSource(
            **_node_source(path, key, columns, schema, entity_type).model_dump(exclude_unset=True),
            label_column=label.text,
            label_cells=tuple(found),
        )
        for entity_type, found in cells.items()
    ]


def _node_source(path: Path, key: Column, columns: list[Column], schema: Schema, entity_type: str) -> Source:
    plain = [column for column in columns if column.kind.split("(")[0] not in ("ID", "LABEL", "IGNORE")]
    arrays = {column.kind: ARRAY for column in plain if column.kind.endswith("[]")}
    found = features(schema, entity_type, plain, arrays)
    return HeadedSource(
        file=str(path.absolute()), format=format_of_name(path), entity=entity_type, id=key.text, **found.keys()
    )


def _relationships(path: Path, columns: list[Column], schema: Schema) -> Source:
    head, tail, kind = (_of_kind(columns, name) for name in ("START_ID", "END_ID", "TYPE"))
    if head is None or tail is None:
        raise MappingError(f"{path}: a file of relationships needs :START_ID and :END_ID")
    named_columns = {column.name.casefold(): column.text for column in columns if column.name}
    return HeadedSource(
        file=str(path.absolute()),
        format=format_of_name(path),
        head=head.text,
        tail=tail.text,
        weight=next((named_columns[name] for name in _WEIGHTS if name in named_columns), None),
        timestamp=next((named_columns[name] for name in _TIMES if name in named_columns), None),
        relation=None if kind else _relation(path, head, tail, schema),
        relation_column=kind.text if kind else None,
    )


def _relation(path: Path, head: Column, tail: Column, schema: Schema) -> str:
    """The relation of a file that does not name it: that of its name, or the only one between its ID spaces."""
    stem = named(path.name.split(".", 1)[0], schema.relation)
    ends = (_space(head).casefold(), _space(tail).casefold())
    fitting = [n for n, one in schema.relation.items() if (one.head.casefold(), one.tail.casefold()) == ends]
    told = f"{_space(head) or 'START_ID'} and {_space(tail) or 'END_ID'}"
    return chosen(path, "relation", told, [stem] if stem else fitting, list(schema.relation))


def _distinct(path: Path, column: str, header: Sequence[str] | None) -> list[str]:
    """The different texts of the label column; a row without one is refused, since nothing says what it is."""
    columns = None if header is None else tuple(header)
    source = Source(file=str(path), format=format_of_name(path), entity="any", id=column, columns=columns)
    found: set[str] = set()
    try:
        for batch in open_reader(path, path.name, source, (column,), Notices()).batches():
            cells = trimmed(batch.frame.get_column(column), DEFAULT_NULLS)
            if cells.has_nulls():
                line = batch.lines.filter(cells.is_null())[0]
                raise MappingError(f"{path}: line {line}: no label; each row needs {column!r}")
            found.update(cells)
    except ReadError as problem:
        raise MappingError(str(problem)) from None
    return sorted(found)


def _type_of(path: Path, cell: str, types: Sequence[str]) -> str:
    labels = [text.strip() for text in cell.split(ARRAY) if text.strip()]
    fitting = [found for label in labels if (found := named(label, types)) is not None]
    if len(fitting) == 1:
        return fitting[0]
    problem = f"labels {cell!r} are several entity types of the schema" if fitting else f"unknown label {cell!r}"
    raise MappingError(f"{path}: {problem}; {nearest((labels or [cell])[0], list(types))}; correct it, or the schema")


def _of_kind(columns: Sequence[Column], kind: str) -> Column | None:
    return next((column for column in columns if column.kind.split("(")[0] == kind), None)


def _space(column: Column) -> str:
    return column.kind.partition("(")[2].rstrip(")")


def _column(text: str) -> Column:
    """``kind`` is as the header has it, with the ID space in brackets."""
    found = _FIELD.match(text.strip())
    if found is None:
        return Column(text, text, "")
    space = f"({found['space']})" if found["space"] else ""
    return Column(text, found["name"], f"{found['kind'] or ''}{space}")
