"""Mapping files: read, and checked against the schema."""

from collections.abc import Iterable
from pathlib import Path
from typing import Self

from pydantic import model_validator

from kg.document import Document, nearest, parse, read_toml
from kg.errors import MappingError
from kg.mapping.link import Link
from kg.mapping.source import Source
from kg.ontology.plan import vocabulary_problems
from kg.ontology.rdf_mapping import RdfMapping
from kg.ontology.schema_org import default_vocabulary
from kg.schema import RESERVED_PROPERTIES, Schema


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
    for i, link in enumerate(source.link):
        if link.parent is not None and not problems:
            problems += _parent_problems(f"link.{i}.parent", link, schema)
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


def _parent_problems(place: str, link: Link, schema: Schema) -> list[str]:
    parent = schema.relation.get(link.parent or "")
    if parent is None:
        return [f"{place}: unknown relation {link.parent!r}; {_near(link.parent or '', schema.relation)}"]
    leads = schema.relation[link.relation].tail if link.relation in schema.relation else parent.head
    if (parent.head, parent.tail) != (leads, leads):
        return [f"{place}: {link.parent} goes from {parent.head} to {parent.tail}, but the levels are {leads}"]
    return []


def _near(word: str, known: Iterable[str]) -> str:
    return nearest(word, list(known)) if list(known) else "the schema has none"
