"""RecBole's atomic files: tab-separated, with a header such as ``user_id:token<TAB>item_id:token<TAB>rating:float``.

==========  =================================================================================================
``.inter``  interactions: the relation that the file is named after, or the only interaction whose ends fit
``.user``   users and their features; ``.item``: items and theirs; ``token_seq`` columns hold several values
``.kg``     triples ``head_id``, ``relation_id``, ``tail_id``; the relations are those of the schema
``.link``   which item is which entity of the ``.kg`` file beside it: there, the item's id is taken
==========  =================================================================================================
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kg.errors import MappingError, ReadError
from kg.formats.typed_header import Column, HeadedSource, chosen, features, named, read_header
from kg.mapping.file_format import COMPRESSIONS
from kg.mapping.row_filter import RowFilter
from kg.mapping.source import Source
from kg.notices import Notices
from kg.readers.opening import open_reader
from kg.schema import Schema

SUFFIXES = (".inter", ".user", ".item", ".kg", ".link")
_SEPARATORS = {"token_seq": " ", "float_seq": " "}


def atomic_suffix(path: Path) -> str | None:
    """The suffix that makes a file an atomic one, compression aside."""
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() not in COMPRESSIONS]
    return suffixes[-1] if suffixes and suffixes[-1] in SUFFIXES else None


def recbole_source(path: Path, schema: Schema) -> Source:
    """The source that an atomic file stands for.

    :raises MappingError: where the header is not that of such a file, or the schema leaves open what it means.
    """
    columns = [_column(text) for text in read_header(path)]
    suffix = atomic_suffix(path)
    if len(columns) < (3 if suffix == ".kg" else 1) or any(not column.kind for column in columns):
        raise MappingError(
            f"{path}: no header of a RecBole file; expected names with types, parted by tabs, such as "
            "user_id:token, item_id:token, rating:float, timestamp:float"
        )
    if suffix == ".inter":
        return _interactions(path, columns, schema)
    if suffix == ".kg":
        return _triples(path, columns)
    return _entities(path, columns, schema, suffix or "")


def _interactions(path: Path, columns: list[Column], schema: Schema) -> Source:
    if len(columns) < 2:
        raise MappingError(f"{path}: an .inter file needs a user and an item column")
    head, tail = columns[:2]
    stem = named(_stem(path), schema.relation)
    fitting = [stem] if stem else _fitting(schema, head, tail)
    relation = chosen(path, "relation", f"{head.name} and {tail.name}", fitting, schema.interactions)
    others = {column.name.casefold(): column.text for column in columns[2:]}
    made = LabelledSource if "label" in others else HeadedSource
    labels: dict[str, Any] = {"label_of_row": others["label"]} if "label" in others else {}
    return made(
        file=str(path.absolute()),
        format="tsv",
        relation=relation,
        head=head.text,
        tail=tail.text,
        weight=others.get("rating") or others.get("weight"),
        timestamp=others.get("timestamp"),
        create_ends=True,
        **labels,
    )


class LabelledSource(HeadedSource):
    """An ``.inter`` file in which a label says what was shown and what was taken: 0 is no interaction."""

    label_of_row: str

    def row_filter(self, schema: Schema) -> RowFilter | None:
        """Keeps the rows with another label than 0."""
        return RowFilter(f'"{self.label_of_row}" > 0', {})

    @property
    def optional_columns(self) -> frozenset[str]:
        """All but the ends and the label."""
        return super().optional_columns - {self.label_of_row}


def _fitting(schema: Schema, head: Column, tail: Column) -> list[str]:
    """The interactions whose ends are named by the columns; ``user_id`` and ``item_id`` name any user and item."""

    def fits(column: Column, entity_type: str, general: str) -> bool:
        """Whether a column names entities of this type."""
        name = _without_id(column.name)
        return name in (entity_type.casefold(), general)

    return [
        name
        for name in schema.interactions
        if fits(head, schema.relation[name].head, "user") and fits(tail, schema.relation[name].tail, "item")
    ]


def _triples(path: Path, columns: list[Column]) -> Source:
    head, relation, tail = columns[:3]
    return KnowledgeSource(
        file=str(path.absolute()),
        format="tsv",
        relation_column=relation.text,
        head=head.text,
        tail=tail.text,
        create_ends=True,
        items=_links(path.with_name(f"{_stem(path)}.link")),
    )


class KnowledgeSource(HeadedSource):
    """A ``.kg`` file, with the items that its entities are."""

    items: dict[str, str]
    """Entity id → item id."""

    @property
    def renames(self) -> dict[str, str]:
        """Entities that are items."""
        return self.items


def _entities(path: Path, columns: list[Column], schema: Schema, suffix: str) -> Source:
    key = columns[0]
    known = schema.user_types if suffix == ".user" else schema.item_types
    told = named(_stem(path), known) or named(_without_id(key.name), known)
    entity_type = chosen(path, "entity", key.name, [told] if told else known, known)
    found = features(schema, entity_type, columns[1:] if suffix != ".link" else [], _SEPARATORS)
    return HeadedSource(file=str(path.absolute()), format="tsv", entity=entity_type, id=key.text, **found.keys())


def _links(path: Path) -> dict[str, str]:
    """Entity id → item id of a ``.link`` file, empty where there is none."""
    if not path.is_file():
        return {}
    columns = read_header(path)
    if len(columns) < 2:
        raise MappingError(f"{path}: a .link file needs an item and an entity column")
    return {entity: item for item, entity in _pairs(path, columns[:2]) if item and entity}


def _pairs(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, str]]:
    source = Source(file=str(path), format="tsv", relation="link", head=columns[0], tail=columns[1])
    try:
        for batch in open_reader(path, path.name, source, tuple(columns), Notices()).batches():
            yield from batch.frame.select(columns).iter_rows()
    except (ReadError, csv.Error) as problem:
        raise MappingError(f"{path}: {problem}") from None


def _column(text: str) -> Column:
    name, _, kind = text.rpartition(":")
    return Column(text, name, kind if name else "")


def _without_id(name: str) -> str:
    return name.casefold().removesuffix("id").rstrip("_")


def _stem(path: Path) -> str:
    name, suffix = path.name, atomic_suffix(path) or ""
    return name[: name.lower().rindex(suffix)]
