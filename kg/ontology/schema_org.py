"""What RDF becomes where no mapping says so: terms of schema.org, where the schema is the shipped one."""

import tomllib
from importlib.resources import files

from kg.document import parse
from kg.errors import MappingError
from kg.ontology.plan import vocabulary_problems
from kg.ontology.rdf_mapping import RdfMapping
from kg.schema import Schema

BUNDLED = {"courses-cosmetics": "example/schema_org.toml"}
"""Name of a schema → the file with its ``[rdf]`` table."""


def default_vocabulary(schema: Schema) -> RdfMapping:
    """The bundled table for a schema, as long as it fits; else an empty one.

    In both cases the vocabulary of whyrec's own exports is understood.
    """
    if schema.name in BUNDLED:
        data = tomllib.loads((files("kg") / BUNDLED[schema.name]).read_text(encoding="utf-8"))
        mapping = parse(RdfMapping, data["rdf"], BUNDLED[schema.name], MappingError)
        if not vocabulary_problems(mapping, schema):
            return mapping
    return RdfMapping()
