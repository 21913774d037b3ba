"""A snapshot as RDF: Turtle, N-Triples, JSON-LD, in whyrec's own vocabulary, written one statement after the other.

What is written and loaded again, into a workspace with the same schema, makes a snapshot with the same hash. The terms
are those of :mod:`kg.ontology.terms`; an id that is a web address, and the id of one entity only, is its own IRI.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from kg.instant import NO_TIME
from kg.ontology.terms import (
    FIRST_TIME,
    LABEL,
    OBJECT,
    OCCASIONS,
    OWN,
    PREDICATE,
    PREVIOUS,
    RDF,
    RDFS,
    STATEMENT,
    SUBJECT,
    TIMESTAMP,
    TYPE,
    WEIGHT,
    XSD,
    entity_iri,
    literal,
    property_iri,
    reference,
    relation_iri,
    statement_iri,
    type_iri,
)
from kg.snapshot.entity_table import labels, property_values
from kg.snapshot.snapshot import Snapshot

_WEB_ADDRESS = re.compile(r"https?://[^\x00-\x20<>\"{}|^`\\]+")
_TAG = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_DATATYPES = {"float": f"{XSD}double", "int": f"{XSD}integer", "bool": f"{XSD}boolean", "str": None}
_PREFIXES = {
    "rdf": RDF,
    "rdfs": RDFS,
    "xsd": XSD,
    "type": f"{OWN}type:",
    "relation": f"{OWN}relation:",
    "property": f"{OWN}property:",
    "whyrec": OWN,
}


@dataclass(frozen=True)
class Text:
    """A literal."""

    text: str
    datatype: str | None = None
    lang: str | None = None


Object = str | Text
"""An IRI or a literal."""
Description = tuple[str, list[tuple[str, Object]]]
"""A subject with its properties and objects."""


def write_turtle(snapshot: Snapshot, path: Path) -> list[str]:
    """Write Turtle."""

    def write(out: TextIO) -> None:
        """One block per subject."""
        for prefix, iri in _PREFIXES.items():
            out.write(f"@prefix {prefix}: <{iri}> .\n")
        for subject, said in _descriptions(snapshot):
            lines = [f"{_short(predicate)} {_turtle(value)}" for predicate, value in said]
            out.write(f"\n{reference(subject)} " + " ;\n    ".join(lines) + " .\n")

    return _written(path, write)


def write_ntriples(snapshot: Snapshot, path: Path) -> list[str]:
    """Write N-Triples."""

    def write(out: TextIO) -> None:
        """One line per statement."""
        for subject, said in _descriptions(snapshot):
            for predicate, value in said:
                term = reference(value) if isinstance(value, str) else literal(value.text, value.datatype, value.lang)
                out.write(f"{reference(subject)} {reference(predicate)} {term} .\n")

    return _written(path, write)


def write_jsonld(snapshot: Snapshot, path: Path) -> list[str]:
    """Write JSON-LD, one subject per line."""

    def write(out: TextIO) -> None:
        """One object per subject."""
        separator = "[\n"
        for subject, said in _descriptions(snapshot):
            node: dict[str, str | list[dict[str, str]]] = {"@id": subject}
            for predicate, value in said:
                values = node.setdefault(predicate, [])
                assert isinstance(values, list)
                values.append(_json(value))
            out.write(separator + json.dumps(node, ensure_ascii=False))
            separator = ",\n"
        out.write("[]\n" if separator == "[\n" else "\n]\n")

    return _written(path, write)


def _written(path: Path, write: Callable[[TextIO], None]) -> list[str]:
    with path.open("w", encoding="utf-8", newline="\n") as out:
        write(out)
    return []


def _descriptions(snapshot: Snapshot) -> Iterator[Description]:
    """All entities, then all triples by head, then weights and times that are not the default."""
    iris = _iris(snapshot)
    for entity_type in snapshot.schema.entity:
        yield from _entities(snapshot, entity_type, iris[entity_type])
    for relation in snapshot.schema.relation:
        yield from _triples(snapshot, relation, iris)


def _iris(snapshot: Snapshot) -> dict[str, list[str]]:
    """The IRIs of all entities, by type, in the order of their indices."""
    ids = {name: snapshot.vocabulary.ids(name) for name in snapshot.schema.entity}
    counts = Counter(one for many in ids.values() for one in many if _WEB_ADDRESS.fullmatch(one))
    return {
        name: [one if counts[one] == 1 and not one.startswith(RDF) else entity_iri(name, one) for one in many]
        for name, many in ids.items()
    }


def _entities(snapshot: Snapshot, entity_type: str, iris: list[str]) -> Iterator[Description]:
    columns: list[tuple[str, str | None, str | None, Sequence[str | None]]]
    columns = [(LABEL, None, None, labels(snapshot, entity_type))]
    for name, kind in snapshot.schema.entity[entity_type].properties.items():
        tag = name.removeprefix("label_").replace("_", "-")
        tagged = kind == "str" and name.startswith("label_") and _TAG.fullmatch(tag)
        predicate, lang = (LABEL, tag) if tagged else (property_iri(name), None)
        texts = [_lexical(value) for value in property_values(snapshot, entity_type, name)]
        columns.append((predicate, _DATATYPES[kind], lang, texts))
    for idx, iri in enumerate(iris):
        said: list[tuple[str, Object]] = [(TYPE, type_iri(entity_type))]
        for predicate, datatype, lang, values in columns:
            value = values[idx]
            if value is not None:
                said.append((predicate, Text(value, datatype, lang)))
        yield iri, said


def _lexical(value: str | float | bool | None) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value is None or isinstance(value, str) else repr(value)


def _triples(snapshot: Snapshot, relation: str, iris: dict[str, list[str]]) -> Iterator[Description]:
    ends, matrix = snapshot.schema.relation[relation], snapshot.adjacency(relation)
    times, predicate = snapshot.timestamps(relation), relation_iri(relation)
    heads, tails, again = iris[ends.head], iris[ends.tail], snapshot.occasions(relation)
    for head_idx, head in enumerate(heads):
        start, end = int(matrix.indptr[head_idx]), int(matrix.indptr[head_idx + 1])
        if start == end:
            continue
        reached = [tails[idx] for idx in matrix.indices[start:end].tolist()]
        yield head, [(predicate, tail) for tail in reached]
        qualities = zip(reached, matrix.data[start:end].tolist(), times[start:end].tolist(), strict=True)
        for place, (tail, weight, time) in enumerate(qualities, start=start):
            said: list[tuple[str, Object]] = []
            if weight != 1.0:
                said.append((WEIGHT, Text(repr(weight), f"{XSD}double")))
            if time != NO_TIME:
                said.append((TIMESTAMP, Text(str(time), f"{XSD}integer")))
            if again and again["occasions"][place]:
                said.append((FIRST_TIME, Text(str(again["first"][place]), f"{XSD}integer")))
                said.append((OCCASIONS, Text(str(again["occasions"][place]), f"{XSD}integer")))
            if again and again["previous"][place] != NO_TIME:
                said.append((PREVIOUS, Text(str(again["previous"][place]), f"{XSD}integer")))
            if said:
                parts: list[tuple[str, Object]] = [(SUBJECT, head), (PREDICATE, predicate), (OBJECT, tail)]
                yield statement_iri(relation, head, tail), [(TYPE, STATEMENT), *parts, *said]


def _turtle(value: Object) -> str:
    if isinstance(value, str):
        return _short(value)
    if value.datatype is None:
        return literal(value.text, None, value.lang)
    return f"{literal(value.text)}^^{_short(value.datatype)}"


def _short(iri: str) -> str:
    """An IRI with one of the prefixes, where only a name follows it."""
    for prefix, start in _PREFIXES.items():
        if iri.startswith(start) and re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", iri[len(start) :]):
            return f"{prefix}:{iri[len(start) :]}"
    return reference(iri)


def _json(value: Object) -> dict[str, str]:
    if isinstance(value, str):
        return {"@id": value}
    extra = {"@type": value.datatype, "@language": value.lang}
    return {"@value": value.text, **{key: told for key, told in extra.items() if told is not None}}
