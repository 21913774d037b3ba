"""The mapping: a TOML file that says how somebody's files become entities and triples."""

import codecs
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from kg.document import Document, nearest, parse, read_toml
from kg.errors import MappingError
from kg.mapping.file_pattern import files_of
from kg.mapping.link import Link, Normalisation, Similar, Text
from kg.mapping.row_filter import Kind, RowFilter
from kg.ontology.plan import vocabulary_problems
from kg.ontology.rdf_mapping import RdfMapping
from kg.ontology.schema_org import default_vocabulary
from kg.schema import RESERVED_PROPERTIES, Schema

Format = Literal["csv", "tsv", "jsonl", "ndjson", "parquet", "turtle", "ntriples", "jsonld"]
Mode = Literal["merge", "replace"]

DEFAULT_NULLS = ("", "NA", "N/A", "NULL", "null", "NaN", "nan", "\\N")
SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "ndjson",
    ".parquet": "parquet",
    ".ttl": "turtle",
    ".nt": "ntriples",
    ".jsonld": "jsonld",
}
RDF_FORMATS = ("turtle", "ntriples", "jsonld")
COMPRESSIONS = (".gz", ".zst")
_ENTITY_KEYS = ("id", "label", "properties", "normalise", "link", "text", "similar", "null_erases")
_TRIPLE_KEYS = ("head", "tail", "weight", "timestamp", "create_ends")


class Source(Document):
    """A ``[[source]]`` table: one kind of file, each row of which is one entity or one triple."""

    file: str = Field(min_length=1)
    format: Format | None = None
    columns: tuple[str, ...] | None = Field(default=None, min_length=1)
    encoding: str | None = None
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    null: tuple[str, ...] = DEFAULT_NULLS
    decimal: Literal[".", ","] | None = None
    """The decimal mark. Where told, currency signs and grouping are understood; else only plain ``1234.5``."""
    where: str | None = Field(default=None, min_length=1)
    mode: Mode | None = None
    """``replace``: what vanished from the file is deleted from the store; ``merge``, as by default: it stays."""

    entity: str | None = None
    id: str | None = None
    label: str | None = None
    properties: dict[str, str] = Field(default_factory=dict)
    normalise: Normalisation = "none"
    """How the ids of entity rows are written; as in the links that lead to them."""
    link: tuple[Link, ...] = ()
    text: tuple[Text, ...] = ()
    similar: tuple[Similar, ...] = ()

    relation: str | None = None
    relation_column: str | None = None
    """Column that names the relation of each row, in place of ``relation``."""
    head: str | None = None
    tail: str | None = None
    weight: str | None = None
    timestamp: str | None = None
    optional: tuple[str, ...] = ()
    """Columns or keys that a file may lack; what it does not name is left as the store has it."""
    required: tuple[str, ...] = ()
    """``label``, properties, ``weight``, ``timestamp`` without which a row is rejected."""
    null_erases: bool = False
    """Whether a cell without a value takes label or property away from the entity; else it says nothing."""
    create_ends: bool = False
    """Whether heads and tails that are not there are created; else their rows are rejected."""

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str | None) -> str | None:
        try:
            "a".encode(value or "utf-8")
        except LookupError:
            raise ValueError(f"unknown encoding {value!r}; for example utf-8, gb18030, utf-16, cp1252") from None
        return codecs.lookup(value).name if value else None

    @field_validator("delimiter")
    @classmethod
    def _usable_delimiter(cls, value: str | None) -> str | None:
        if value is not None and value in '"\r\n\0':
            raise ValueError(f"delimiter {value!r} cannot separate cells")
        return value

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.is_rdf:
            for key in sorted(
                self.model_fields_set - {"file", "format", *RdfSource.model_fields.keys() - Source.model_fields}
            ):
                raise ValueError(f"{self.file}: the key {key!r} does not go with RDF; [rdf] says what becomes what")
            return self
        kinds = [key for key in ("entity", "relation", "relation_column") if getattr(self, key) is not None]
        if len(kinds) != 1:
            found = " and ".join(kinds) or "neither"
            raise ValueError(f"{self.file}: a source has either entity or relation (got {found})")
        is_entity = self.entity is not None
        needed = ("id",) if is_entity else ("head", "tail")
        foreign = _TRIPLE_KEYS if is_entity else _ENTITY_KEYS
        for key in needed:
            if getattr(self, key) is None:
                raise ValueError(f"{self.file}: a source with {kinds[0]} needs the key {key!r}")
        for key in foreign:
            if key in self.model_fields_set:
                raise ValueError(f"{self.file}: the key {key!r} does not go with {kinds[0]}")
        self._check_told()
        return self

    def _check_told(self) -> None:
        """What ``optional`` and ``required`` name must be mapped."""
        fields = [name for name in ("label", "weight", "timestamp") if getattr(self, name)] + list(self.properties)
        for name in self.required:
            if name not in fields:
                raise ValueError(f"{self.file}: required: {name!r} is not mapped here; {_near(name, fields)}")
        others = set(self.used_columns()) - set(self.key_columns)
        for name in sorted(set(self.optional) - others):
            raise ValueError(f"{self.file}: optional: no label, property or link reads {name!r}")

    @property
    def is_rdf(self) -> bool:
        """Whether the file holds statements, not rows."""
        return (self.format or format_of_name(Path(self.file))) in RDF_FORMATS

    @property
    def key_columns(self) -> tuple[str, ...]:
        """Columns without which no row can be read."""
        return tuple(c for c in (self.id, self.relation_column, self.head, self.tail) if c is not None)

    @property
    def optional_columns(self) -> frozenset[str]:
        """Columns that a file may lack; their cells are then missing."""
        return frozenset(self.optional)

    @property
    def reports_unused(self) -> bool:
        """Whether a column that nobody asked for is worth a notice."""
        return False

    @property
    def renames(self) -> dict[str, str]:
        """In rows of triples: how an end is written → the id that is meant; all others are taken as they are."""
        return {}

    def used_columns(self, filtered: tuple[str, ...] = ()) -> tuple[str, ...]:
        """All columns that are read, keys first; ``filtered`` are those of ``where``."""
        others = [self.label, *self.properties.values(), self.weight, self.timestamp]
        others += [link.tail for link in self.link] + [c for text in self.text for c in text.columns]
        others += [column for similar in self.similar for column in similar.columns]
        return tuple(dict.fromkeys([*self.key_columns, *(c for c in others if c is not None), *filtered]))

    def row_filter(self, schema: Schema) -> RowFilter | None:
        """The compiled ``where``.

        :raises MappingError: where it is no condition on one row.
        """
        if self.where is None:
            return None
        declared: dict[str, Kind] = {self.weight: "number"} if self.weight else {}
        for name, column in self.properties.items():
            kind = schema.entity[self.entity or ""].properties[name]
            if kind != "str":
                declared[column] = "truth" if kind == "bool" else "number"
        return RowFilter(self.where, declared)

    def files(self, base: Path, allow_outside: bool = False) -> list[Path]:
        """The files that ``file`` names, sorted; see :func:`kg.mapping.file_pattern.files_of`.

        :raises MappingError: where there is none, or one outside ``base`` that is not allowed.
        """
        return files_of(self.file, base, allow_outside)

    def file_format(self, path: Path) -> Format:
        """The format of one file: as told, else by its name.

        :raises MappingError: where the name says nothing.
        """
        known = self.format or format_of_name(path)
        if known is None:
            allowed = ", ".join(SUFFIXES)
            raise MappingError(f'{path.name}: unknown kind of file; known: {allowed}, or tell format = "csv"')
        return known


def format_of_name(path: Path) -> Format | None:
    """The format that the suffixes of a file name tell, those of compression aside."""
    suffixes = [s.lower() for s in path.suffixes if s.lower() not in COMPRESSIONS]
    return SUFFIXES.get(suffixes[-1]) if suffixes else None


class RdfSource(Source):
    """A file of statements, and what they become."""

    vocabulary: RdfMapping
    told: bool = True
    """Whether a mapping said so; else ``vocabulary`` is what is known without one."""


class Mapping(Document):
    """A mapping file."""

    source: tuple[Source, ...] = ()
    rdf: RdfMapping | None = None
    """What the statements of RDF files become; a mapping may consist of it alone."""

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not self.source and self.rdf is None:
            raise ValueError("source: this key is required, or rdf")
        return self


def read_mapping(path: Path, schema: Schema) -> list[Source]:
    """Read a mapping file and check it against the schema.

    :raises MappingError: one line per problem, each with the file and the place in it.
    """
    mapping = parse(Mapping, read_toml(path, MappingError), str(path), MappingError)
    problems = [f"{path}: source.{i}.{p}" for i, s in enumerate(mapping.source) for p in problems_of(s, schema)]
    if mapping.rdf is not None:
        problems += [f"{path}: {problem}" for problem in vocabulary_problems(mapping.rdf, schema)]
    if problems:
        raise MappingError("\n".join(problems))
    return [rdf_source(source, mapping.rdf, schema) if source.is_rdf else source for source in mapping.source]


def rdf_mapping(path: Path, schema: Schema) -> RdfMapping | None:
    """The ``[rdf]`` table of a mapping file; ``None`` where there is no such file or table.

    :raises MappingError: one line per problem.
    """
    if not path.is_file():
        return None
    read_mapping(path, schema)
    return parse(Mapping, read_toml(path, MappingError), str(path), MappingError).rdf


def rdf_source(source: Source, told: RdfMapping | None, schema: Schema) -> RdfSource:
    """A source of statements with its vocabulary: the one that was told, else what is known without."""
    vocabulary = told or default_vocabulary(schema)
    return RdfSource(file=source.file, format=source.format, vocabulary=vocabulary, told=told is not None)


def problems_of(source: Source, schema: Schema) -> list[str]:
    """What of a source the schema does not have: ``place: what came; nearest``, empty where all is well."""
    problems = []
    if source.entity is not None:
        problems += _entity_problems(source, schema)
    elif source.relation is not None and source.relation not in schema.relation:
        problems.append(f"relation: unknown relation {source.relation!r}; {_near(source.relation, schema.relation)}")
    if not problems:
        try:
            source.row_filter(schema)
        except MappingError as problem:
            problems.append(str(problem))
    return problems


def _entity_problems(source: Source, schema: Schema) -> list[str]:
    name = source.entity or ""
    if name not in schema.entity:
        return [f"entity: unknown entity type {name!r}; {_near(name, schema.entity)}"]
    problems = []
    known = schema.entity[name].properties
    for key in source.properties:
        if key in RESERVED_PROPERTIES:
            problems.append(f"properties.{key}: reserved; use the key {key!r} of the source itself")
        elif key not in known:
            problems.append(f"properties.{key}: entity type {name} has no property {key!r}; {_near(key, known)}")
    starts = [(f"link.{i}", link.relation) for i, link in enumerate(source.link)]
    starts += [(f"text.{i}", text.relation) for i, text in enumerate(source.text)]
    starts += [(f"similar.{i}", similar.relation) for i, similar in enumerate(source.similar)]
    for place, relation in starts:
        if relation not in schema.relation:
            problems.append(f"{place}.relation: unknown relation {relation!r}; {_near(relation, schema.relation)}")
        elif schema.relation[relation].head != name:
            head = schema.relation[relation].head
            problems.append(f"{place}.relation: {relation} starts from {head}, but these rows are {name}")
        elif place.startswith("similar") and schema.relation[relation].tail != name:
            tail = schema.relation[relation].tail
            problems.append(f"{place}.relation: {relation} leads to {tail}, but the rows it compares are {name}")
    return problems


def _near(word: str, known: Iterable[str]) -> str:
    return nearest(word, list(known)) if list(known) else "the schema has none"
