"""A mapping of RDF made ready: checked against the schema, names spelt out, whyrec's own vocabulary added."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kg.document import nearest
from kg.errors import MappingError
from kg.ontology.rdf_mapping import QualifiedRelation, RdfMapping, Target
from kg.ontology.terms import (
    FIRST,
    FIRST_TIME,
    LABEL,
    OBJECT,
    OCCASIONS,
    OWN,
    PREDICATE,
    PREFIXES,
    PREVIOUS,
    REST,
    STATEMENT,
    SUBJECT,
    TIMESTAMP,
    TYPE,
    WEIGHT,
    canonical,
    property_iri,
    relation_iri,
    type_iri,
)
from kg.schema import Schema

_STEP = re.compile(r"(\^?)(<[^<>]*>|[^/<>^]+)(?:/|$)")
_WHOLE_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|urn:")


@dataclass(frozen=True)
class Step:
    """One property of a path; ``inverse`` goes from the object to the subject."""

    predicate: str
    inverse: bool = False


Path = tuple[Step, ...]
MEASURES = ("weight", "timestamp", "first", "occasions", "previous")
"""Roles of a node that are numbers; the last three only an export of what is repeated has."""


@dataclass(frozen=True)
class Edge:
    """A relation that a property may become."""

    relation: str
    subject_type: str
    object_type: str
    inverse: bool = False
    """Whether the subject is the tail."""
    split: str | None = None
    normalise: str = "none"


@dataclass(frozen=True)
class Value:
    """``label`` or a property that a property may become, of these entity types."""

    name: str
    types: tuple[str, ...]


@dataclass
class Entry:
    """All that one path may become."""

    edges: list[Edge] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)


@dataclass(frozen=True)
class Qualified:
    """Nodes that stand for one triple each; roles are alternative paths."""

    node: str
    edges: tuple[Edge, ...]
    predicate: Path | None
    head: tuple[Path, ...]
    tail: tuple[Path, ...]
    weight: tuple[Path, ...]
    timestamp: tuple[Path, ...]
    first: tuple[Path, ...] = ()
    occasions: tuple[Path, ...] = ()
    previous: tuple[Path, ...] = ()

    @property
    def roles(self) -> dict[str, tuple[Path, ...]]:
        """Role → paths, in the order of checking."""
        named = {"predicate": (self.predicate,)} if self.predicate else {}
        return {**named, **{role: getattr(self, role) for role in ("head", "tail", *MEASURES)}}


@dataclass
class Plan:
    """What is looked for in statements."""

    mapping: RdfMapping
    classes: dict[str, set[str]] = field(default_factory=dict)
    entries: dict[Path, Entry] = field(default_factory=dict)
    qualified: list[Qualified] = field(default_factory=list)
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Class → properties that are ids of nodes without an IRI."""

    @property
    def predicates(self) -> list[str]:
        """All properties that matter, sorted; their places in this list number them."""
        paths = [*self.entries, *(path for q in self.qualified for role in q.roles.values() for path in role)]
        return sorted({TYPE, FIRST, REST, *(step.predicate for path in paths for step in path)})

    @property
    def wanted_classes(self) -> set[str]:
        """Classes of entities and of nodes that stand for a triple."""
        return {*self.classes, *(qualified.node for qualified in self.qualified)}


def make_plan(mapping: RdfMapping, schema: Schema) -> Plan:
    """Check a mapping against the schema and make it ready.

    :raises MappingError: one line per problem.
    """
    builder = _Builder(mapping, schema)
    plan = builder.build()
    if builder.problems:
        raise MappingError("\n".join(builder.problems))
    return plan


def vocabulary_problems(mapping: RdfMapping, schema: Schema) -> list[str]:
    """What of a mapping the schema does not have, or cannot be read: ``place: what came; nearest``."""
    builder = _Builder(mapping, schema)
    builder.build()
    return builder.problems


class _Builder:
    """Builds a plan and collects what is wrong."""

    def __init__(self, mapping: RdfMapping, schema: Schema) -> None:
        self.mapping, self.schema, self.problems = mapping, schema, list[str]()
        self.prefixes = {**PREFIXES, **mapping.prefixes}
        self.plan = Plan(mapping)

    def build(self) -> Plan:
        """The plan; what is wrong with the mapping is in ``problems``."""
        for name, entity_type in self.mapping.classes.items():
            place = f"rdf.class.{name}"
            if self._known(place, "entity type", entity_type, self.schema.entity):
                self.plan.classes.setdefault(self._iri(name, place), set()).add(entity_type)
        for key, targets in self.mapping.property.items():
            place = f"rdf.property.{key}"
            entry = self.plan.entries.setdefault(self._path(key, place), Entry())
            for target in targets:
                self._add(entry, target, place)
        for name, properties in self.mapping.key.items():
            place = f"rdf.key.{name}"
            self.plan.keys[self._iri(name, place)] = tuple(self._iri(one, place) for one in properties)
        for number, statement in enumerate(self.mapping.statement):
            self._qualify(statement, f"rdf.statement.{number}")
        self._own()
        return self.plan

    def _own(self) -> None:
        """Add the vocabulary of whyrec's own exports."""
        labelled = any(value.name == "label" for entry in self.plan.entries.values() for value in entry.values)
        for name in self.schema.entity:
            self.plan.classes.setdefault(type_iri(name), set()).add(name)
        for name, relation in self.schema.relation.items():
            edge = Edge(name, relation.head, relation.tail)
            self.plan.entries.setdefault((Step(relation_iri(name)),), Entry([edge]))
        for name in dict.fromkeys(name for entity in self.schema.entity.values() for name in entity.properties):
            self.plan.entries.setdefault((Step(property_iri(name)),), Entry(values=[self._value(name)]))
        if not labelled:
            self.plan.entries.setdefault((Step(LABEL),), Entry(values=[Value("label", tuple(self.schema.entity))]))
        if not any(known.node == STATEMENT for known in self.plan.qualified):
            measures = (WEIGHT, TIMESTAMP, FIRST_TIME, OCCASIONS, PREVIOUS)
            predicate, *roles = ((Step(iri),) for iri in (PREDICATE, SUBJECT, OBJECT, *measures))
            self.plan.qualified.append(Qualified(STATEMENT, (), predicate, *((path,) for path in roles)))

    def _add(self, entry: Entry, target: Target, place: str) -> None:
        entity_type, dot, name = target.to.rpartition(".")
        bare = target.to.removeprefix("~")
        having = [t for t, entity in self.schema.entity.items() if name in entity.properties]
        if target.to == "label":
            entry.values.append(Value("label", tuple(self.schema.entity)))
        elif bare in self.schema.relation:
            if having and not target.to.startswith("~"):
                self.problems.append(f"{place}: {name!r} is a relation and a property; write {having[0]}.{name} for it")
            entry.edges.append(self._edge(target))
        elif dot:
            known = (*self.schema.entity[entity_type].properties, "label") if entity_type in self.schema.entity else ()
            if self._known(place, "entity type", entity_type, self.schema.entity) and self._known(
                place, f"property of {entity_type}", name, known
            ):
                entry.values.append(Value(name, (entity_type,)))
        elif having and not target.to.startswith("~"):
            entry.values.append(self._value(name))
        else:
            properties = {p for entity in self.schema.entity.values() for p in entity.properties}
            self._known(place, "relation or property", bare, ["label", *self.schema.relation, *sorted(properties)])

    def _edge(self, target: Target) -> Edge:
        name = target.to.removeprefix("~")
        inverse = target.to.startswith("~")
        subject, tail = self.schema.ends(target.to)
        return Edge(name, subject, tail, inverse, target.split, target.normalise)

    def _value(self, name: str) -> Value:
        return Value(name, tuple(t for t, entity in self.schema.entity.items() if name in entity.properties))

    def _qualify(self, statement: QualifiedRelation, place: str) -> None:
        edges = [
            self._edge(Target(to=name))
            for name in statement.relation
            if self._known(f"{place}.relation", "relation", name, self.schema.relation)
        ]
        roles = {
            role: tuple(self._path(key, f"{place}.{role}") for key in getattr(statement, role))
            for role in ("head", "tail", "weight", "timestamp")
        }
        predicate = self._path(statement.predicate, f"{place}.predicate") if statement.predicate else None
        node = self._iri(statement.node, f"{place}.class")
        self.plan.qualified.append(Qualified(node, tuple(edges), predicate, **roles))

    def _known(self, place: str, kind: str, name: str, known: Iterable[str] | Mapping[str, object]) -> bool:
        names = list(known)
        if name not in names:
            self.problems.append(f"{place}: unknown {kind} {name!r}; {nearest(name, names) if names else 'none'}")
        return name in names

    def _path(self, key: str, place: str) -> Path:
        if _WHOLE_IRI.match(key):
            return (Step(canonical(key)),)
        steps = _STEP.findall(key)
        if not steps or "".join(f"{up}{name}/" for up, name in steps) != f"{key}/":
            self.problems.append(f"{place}: {key!r} is no path; write prefix:name or <IRI>, with / between, ^ before")
        return tuple(Step(self._iri(name, place), bool(up)) for up, name in steps)

    def _iri(self, name: str, place: str) -> str:
        if name.startswith("<") and name.endswith(">"):
            return canonical(name[1:-1])
        prefix, colon, local = name.partition(":")
        if _WHOLE_IRI.match(name):
            return canonical(name)
        if not colon or prefix not in self.prefixes:
            hint = nearest(prefix, list(self.prefixes))
            self.problems.append(f"{place}: {name!r} has no known prefix; {hint}, or declare it in rdf.prefixes")
            return f"{OWN}unknown"
        return canonical(self.prefixes[prefix] + local)
