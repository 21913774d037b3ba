"""Files that need no mapping: ``Product.csv``, ``purchased.csv``, triples, RecBole's and neo4j-admin's files."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from kg.document import nearest
from kg.errors import MappingError
from kg.formats.neo4j_admin import admin_sources, is_admin_header, separate_headers
from kg.formats.recbole import atomic_suffix, recbole_source
from kg.formats.typed_header import HeadedSource, named, read_header
from kg.mapping.file_format import RDF_FORMATS, SUFFIXES, format_of_name
from kg.mapping.mapping import rdf_source
from kg.mapping.source import Source
from kg.ontology.rdf_mapping import RdfMapping
from kg.schema import Schema

_PART = re.compile(r"[ _-]*(?:part)?(?:[ _-]*[0-9]+)+$", re.IGNORECASE)
"""What follows the name in that of one file of several: ``purchased_2024-01``, ``purchased-part2``."""
TRIPLE_COLUMNS = ("head", "relation", "tail")


class ImplicitSource(HeadedSource):
    """A source that a file name stands for; all but the keys may be absent from the file."""

    @property
    def creates_people(self) -> bool:
        """A log of events names people that no other file may list."""
        return True


def sources_for_paths(
    paths: Sequence[Path], schema: Schema, triples: bool = False, rdf: RdfMapping | None = None
) -> list[Source]:
    """The sources that files stand for by their names; a folder stands for the data files in it.

    ``TYPE.csv`` has the columns ``id``, optional ``label`` and the properties; ``RELATION.csv`` has ``head``, ``tail``,
    optional ``weight`` and ``timestamp``; the number of a part may follow, ``purchased_2024-01.csv``. With ``triples``
    a file of three columns without a header holds ``head relation tail``, whatever its name, and creates the entities
    it names. RecBole's atomic files are known by their suffixes, files for ``neo4j-admin database import`` by their
    headers. RDF files may have any name; ``rdf`` says what their statements become.

    :raises MappingError: for a name that is neither, naming the nearest.
    """
    files = [path for given in paths for path in _files(given)]
    headers = {} if triples else separate_headers(files)
    data = [path for path in files if path not in headers.values()]
    return [source for path in data for source in _sources(path, schema, triples, rdf, headers.get(path))]


def _files(path: Path) -> Iterable[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(p for p in path.iterdir() if p.is_file() and (format_of_name(p) or atomic_suffix(p)))
    if not found:
        raise MappingError(f"{path}: no data file in this folder; known: {', '.join(SUFFIXES)}, plain, .gz or .zst")
    return found


def _sources(path: Path, schema: Schema, triples: bool, rdf: RdfMapping | None, header: Path | None) -> list[Source]:
    if not path.is_file():
        raise MappingError(f"{path}: no such file")
    if atomic_suffix(path) is not None:
        return [recbole_source(path, schema)]
    if header is not None:
        return admin_sources(path, schema, read_header(header))
    if not triples and format_of_name(path) in ("csv", "tsv") and is_admin_header(read_header(path)):
        return admin_sources(path, schema)
    return [_source(path, schema, triples, rdf)]


def _source(path: Path, schema: Schema, triples: bool, rdf: RdfMapping | None) -> Source:
    file, file_format = str(path.absolute()), format_of_name(path)
    if triples and file_format in (None, "csv", "tsv"):
        return Source(
            file=file,
            format=file_format or "tsv",
            columns=TRIPLE_COLUMNS,
            relation_column="relation",
            head="head",
            tail="tail",
            create_ends=True,
        )
    if file_format in RDF_FORMATS:
        return rdf_source(Source(file=file, format=file_format), rdf, schema)
    name = path.name.split(".", 1)[0]
    entity, relation = (named(name, one) or named(_PART.sub("", name), one) for one in (schema.entity, schema.relation))
    if entity is not None:
        properties = {name: name for name in schema.entity[entity].properties}
        return ImplicitSource(file=file, entity=entity, id="id", label="label", properties=properties)
    if relation is not None:
        return ImplicitSource(
            file=file, relation=relation, head="head", tail="tail", weight="weight", timestamp="timestamp"
        )
    raise MappingError(
        f"{path}: {name!r} is neither an entity type nor a relation of the schema; "
        f"{nearest(name, [*schema.entity, *schema.relation])}; rename the file, write a mapping, or have one "
        "written: `whyrec init DIR --from FILE`"
    )
