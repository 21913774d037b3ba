"""Headers that carry a type, ``price:float``: those of RecBole and of neo4j-admin import; and what their columns mean.

Both formats name columns freely, so the schema decides: a column named like a property of the entity type is that
property; one named like a relation that starts from it, or like the type that only one such relation leads to, holds
tails; and one named ``label``, ``name`` or ``title`` is the label. Names are compared without case, those of types
without ``_`` too. A column that is none of these is not used, and a notice says so.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kg.document import nearest
from kg.errors import MappingError, ReadError
from kg.mapping.file_format import format_of_name
from kg.mapping.link import Link
from kg.mapping.source import Source
from kg.notices import Notices
from kg.readers.physical_lines import PhysicalLines
from kg.schema import Schema

LABELS = ("label", "name", "title")


class HeadedSource(Source):
    """A source that the header of its file has made."""

    @property
    def optional_columns(self) -> frozenset[str]:
        """Label, properties, weight and timestamp."""
        return frozenset(self.used_columns()) - frozenset(self.key_columns)

    @property
    def reports_unused(self) -> bool:
        """A column that the schema has no place for, or a misspelt one, is worth a notice."""
        return True


@dataclass(frozen=True)
class Column:
    """One column: ``text`` as the header has it, ``name`` and ``kind`` as the format means them."""

    text: str
    name: str
    kind: str


@dataclass
class Features:
    """What the columns of an entity file mean; the keys of a :class:`~kg.mapping.source.Source`."""

    label: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    link: list[Link] = field(default_factory=list)

    def keys(self) -> dict[str, Any]:
        """As arguments of ``Source``."""
        return {"label": self.label, "properties": self.properties, "link": tuple(self.link)}


def read_header(path: Path) -> list[str]:
    """The cells of the first line that is not empty; none where the file is empty.

    :raises MappingError: where the file cannot be read as text.
    """
    try:
        text = PhysicalLines(path, path.name, None, Notices())
        block = next(iter(text.blocks()))
        line = next((line for line in block.data.splitlines() if line.strip()), b"").decode(text.codec)
        delimiter = "," if format_of_name(path) == "csv" else "\t"
        return next(csv.reader([line], delimiter=delimiter), [])
    except (ReadError, UnicodeDecodeError, csv.Error) as problem:
        raise MappingError(f"{path}: the header cannot be read: {problem}") from None


def features(schema: Schema, entity_type: str, columns: Sequence[Column], separators: dict[str, str]) -> Features:
    """What the columns of an entity file mean.

    :param separators: kind of a column that holds several values → what stands between them.
    """
    found, properties = Features(), schema.entity[entity_type].properties
    for column in columns:
        name, relation = named(column.name, properties), _relation(schema, entity_type, column.name)
        if name is not None:
            found.properties[name] = column.text
        elif relation is not None:
            found.link.append(Link(relation=relation, tail=column.text, split=separators.get(column.kind)))
        elif column.name.casefold() in LABELS and found.label is None:
            found.label = column.text
    return found


def _relation(schema: Schema, entity_type: str, name: str) -> str | None:
    """The relation from an entity type that a column means by its own name or that of the type it leads to."""
    starts = {one: relation.tail for one, relation in schema.relation.items() if relation.head == entity_type}
    leading = [one for one, tail in starts.items() if tail.casefold() == name.replace("_", "").casefold()]
    return named(name, starts) or (leading[0] if len(leading) == 1 else None)


def named(name: str, known: Iterable[str]) -> str | None:
    """The name itself, or the one that differs from it only by case (there is at most one)."""
    return next((word for word in known if word.casefold() == name.casefold()), None)


def chosen(path: Path, what: str, told: str, fitting: Sequence[str], known: Sequence[str]) -> str:
    """The one that fits.

    :param told: what the file says, for the message.
    :raises MappingError: where none or several fit, saying how to write a mapping.
    """
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise MappingError(
            f"{path}: {told} may be any of {', '.join(fitting)}; name the file after the one it is, such as "
            f"{fitting[0]}{path.suffix}, or write a mapping: [[source]] with file, format and {what}"
        )
    hint = nearest(told, list(known)) if known else "the schema has none"
    raise MappingError(
        f"{path}: no {what} of the schema fits {told}; {hint}; rename it, or write a mapping: [[source]] with file, "
        f"format and {what}"
    )
