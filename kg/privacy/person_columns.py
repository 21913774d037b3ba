"""Which columns of rejected rows hold the ids of people: noted for each load, so that one can be found there later.

The notes lie in ``.rejects-people`` beside the folder of rejects; they name columns, and nobody.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from kg.document import parsed_json
from kg.mapping.mapping import RdfSource
from kg.mapping.source import Source
from kg.privacy.person_ids import People, person_types
from kg.schema import Schema

FOLDER = ".rejects-people"
_BETWEEN = re.compile(r"[\s,;|\"'{}\[\]]+")


@dataclass(frozen=True)
class PersonColumns:
    """Of one file of a load.

    ``columns``: column → the type of the people in it, ``None`` where the relation in ``relation_column`` decides;
    ``names``: of all columns where the file has no header.
    """

    place: str
    columns: Mapping[str, str | None]
    relation_column: str | None = None
    ends: Mapping[str, str] | None = None
    """Column → ``head`` or ``tail``, where the relation decides."""
    delimiter: str | None = None
    names: Sequence[str] | None = None
    format: str | None = None
    """Where the mapping told it, for the name says nothing then."""

    def holds(self, row: Mapping[str, object], schema: Schema, types: Sequence[str], entity_id: str) -> bool:
        """Whether a row names a person in a column of hers, alone or in a list."""
        return any(
            self._type(row, column, schema) in types and entity_id in tokens(row.get(column)) for column in self.columns
        )

    def _type(self, row: Mapping[str, object], column: str, schema: Schema) -> str | None:
        told = self.columns[column]
        relation = schema.relation.get(str(row.get(self.relation_column or "", "")).strip())
        if told is not None or relation is None or self.ends is None:
            return told
        return str(getattr(relation, self.ends[column]))


def tokens(value: object) -> set[str]:
    """What a cell may name: itself, and each part of a list."""
    if value is None:
        return set()
    if isinstance(value, list | tuple):
        return {one for part in value for one in tokens(part)}
    text = str(value).strip()
    return {text, *_BETWEEN.split(text)}


def person_columns(people: People, source: Source, place: str) -> PersonColumns | None:
    """The columns of a source; ``None`` of RDF, where any statement may name anybody."""
    if isinstance(source, RdfSource):
        return None
    ends = {source.head or "": "head", source.tail or "": "tail"} if source.relation_column else None
    columns = people.columns(source, person_types(people.schema))
    names = None if source.columns is None else list(source.columns)
    return PersonColumns(place, columns, source.relation_column, ends, source.delimiter, names, source.format)


def save_person_columns(rejects: Path, files: Mapping[str, PersonColumns | None]) -> None:
    """Note the columns of the files of one load.

    :param rejects: the folder of its rejects.
    :param files: name of a file → its columns.
    """
    known = {name: asdict(found) for name, found in files.items() if found is not None}
    path = _notes(rejects)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_person_columns(rejects: Path) -> dict[str, PersonColumns]:
    """What was noted of a folder of rejects; nothing where that is missing or damaged: then nobody can tell."""
    try:
        return {name: PersonColumns(**found) for name, found in parsed_json(_notes(rejects).read_bytes()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _notes(rejects: Path) -> Path:
    return rejects.parent.with_name(FOLDER) / f"{rejects.name}.json"


def of_place(found: Iterable[PersonColumns], place: str) -> list[PersonColumns]:
    """Those of a file as a report names it."""
    return [one for one in found if one.place == place]
