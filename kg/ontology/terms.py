"""RDF terms as text: names of the vocabularies that are known, whyrec's own IRIs, statements as N-Triples lines.

Whyrec's own vocabulary, in which a graph is exported, is made of URNs; names in them are those of the schema:

==============================  ==============================================================================
``urn:whyrec:entity:TYPE:ID``   an entity; all of the id but ``A-Z a-z 0-9 . _ -`` is written as ``%XX`` per byte
``urn:whyrec:type:TYPE``        an entity type, as a class
``urn:whyrec:relation:NAME``    a relation, as a property
``urn:whyrec:property:NAME``    a property; ``rdfs:label`` stands for labels
``rdf:Statement``               says ``urn:whyrec:weight`` and ``urn:whyrec:timestamp`` (milliseconds since 1970 UTC)
                                of the triple that ``rdf:subject``, ``rdf:predicate`` and ``rdf:object`` name, and of
                                what is repeated ``urn:whyrec:first``, ``occasions`` and ``previous``
==============================  ==============================================================================
"""

import re
from urllib.parse import quote, unquote

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
XSD = "http://www.w3.org/2001/XMLSchema#"
OWN = "urn:whyrec:"
PREFIXES = {
    "rdf": RDF,
    "rdfs": RDFS,
    "xsd": XSD,
    "owl": "http://www.w3.org/2002/07/owl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "schema": "https://schema.org/",
}
"""Prefixes that a mapping need not declare."""

TYPE, FIRST, REST, NIL = f"{RDF}type", f"{RDF}first", f"{RDF}rest", f"{RDF}nil"
LABEL = f"{RDFS}label"
STATEMENT, SUBJECT, PREDICATE, OBJECT = (f"{RDF}{name}" for name in ("Statement", "subject", "predicate", "object"))
WEIGHT, TIMESTAMP = f"{OWN}weight", f"{OWN}timestamp"
FIRST_TIME, OCCASIONS, PREVIOUS = f"{OWN}first", f"{OWN}occasions", f"{OWN}previous"
ENTITY_PREFIX = f"{OWN}entity:"

IRI, BLANK, LITERAL = 0, 1, 2
"""Kinds of terms, as the column ``kind`` of statement frames holds them."""

_UNSAFE_IN_IRI = re.compile(r"[\x00-\x20<>\"{}|^`\\]")
_UNSAFE_IN_LITERAL = re.compile(r"[\"\\\x00-\x1f\x7f\x85\u2028\u2029]")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def canonical(iri: str) -> str:
    """One spelling for the two that schema.org has, with ``http:`` and with ``https:``."""
    return f"https{iri[4:]}" if iri.startswith("http://schema.org/") else iri


def type_iri(entity_type: str) -> str:
    """The class of an entity type."""
    return f"{OWN}type:{entity_type}"


def relation_iri(relation: str) -> str:
    """The property of a relation."""
    return f"{OWN}relation:{relation}"


def property_iri(name: str) -> str:
    """The property of a property."""
    return f"{OWN}property:{name}"


def entity_iri(entity_type: str, entity_id: str) -> str:
    """The IRI of an entity; :func:`entity_of` is its inverse."""
    return f"{ENTITY_PREFIX}{entity_type}:{quote(entity_id, safe='').replace('~', '%7E')}"


def statement_iri(relation: str, head_iri: str, tail_iri: str) -> str:
    """The IRI of what is said about one triple."""
    return f"{OWN}statement:{relation}:{quote(head_iri, safe='')}:{quote(tail_iri, safe='')}"


def entity_of(iri: str) -> tuple[str, str] | None:
    """Type and id of an entity of whyrec's own vocabulary, ``None`` for any other IRI."""
    if not iri.startswith(ENTITY_PREFIX):
        return None
    entity_type, colon, quoted = iri[len(ENTITY_PREFIX) :].partition(":")
    try:
        return (entity_type, unquote(quoted, errors="strict")) if colon else None
    except UnicodeDecodeError:
        return None


def literal(text: str, datatype: str | None = None, lang: str | None = None) -> str:
    """A literal as N-Triples and Turtle write it."""
    quoted = f'"{_UNSAFE_IN_LITERAL.sub(_escaped, text)}"'
    if lang is not None:
        return f"{quoted}@{lang}"
    return quoted if datatype is None else f"{quoted}^^{reference(datatype)}"


def reference(iri: str) -> str:
    """An IRI in angle brackets."""
    return f"<{_UNSAFE_IN_IRI.sub(_escaped_code, iri)}>"


def node(term: str) -> str:
    """An IRI or a blank node, ``_:file:label`` of statement frames without its file, as N-Triples writes it."""
    return f"_:{term.rsplit(':', 1)[1]}" if term.startswith("_:") else reference(term)


def statement_line(s: str, p: str, o: str, kind: int, datatype: str | None, lang: str | None) -> str:
    """A row of a statement frame as a line of N-Triples, without its end."""
    return f"{node(s)} {reference(p)} {literal(o, datatype, lang) if kind == LITERAL else node(o)} ."


def _escaped(match: re.Match[str]) -> str:
    return _ESCAPES.get(match.group()) or _escaped_code(match)


def _escaped_code(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04X}"
