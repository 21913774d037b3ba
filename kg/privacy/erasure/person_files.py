"""Files that name a person: pages and exports that whyrec wrote, and the sources of a workspace by their columns."""

import html
import re
from pathlib import Path

from kg.errors import KGError
from kg.mapping.mapping import RdfSource, read_mapping
from kg.mapping.source import Source
from kg.notices import Notices
from kg.ontology.terms import entity_iri
from kg.privacy.erasure.redaction import Person
from kg.privacy.person_columns import person_columns
from kg.privacy.person_ids import People
from kg.readers.opening import open_reader
from kg.workspace.outputs import PAGE_PERSON
from kg.workspace.workspace import Workspace

EXPORTS = (".graphml", ".json", ".ttl", ".nt", ".jsonld")


def is_typed(path: Path) -> bool:
    """Whether a file that whyrec wrote says of every id what it is of, so that no chance is left."""
    return path.suffix in (*EXPORTS, ".html")


def names_person(path: Path, person: Person) -> bool:
    """Whether a page or an export that whyrec wrote is about a person, or holds her."""
    if person.unmistakable and person.traces.in_file(path):
        return True
    data = path.read_bytes()
    if path.suffix == ".html":
        return f'<meta name="{PAGE_PERSON}" content="{html.escape(person.id)}"'.encode() in data
    keys = [key for name in person.types for key in (f"{name}:{person.id}", entity_iri(name, person.id))]
    ends = rb"[\"'<>&\s]"
    return any(re.search(ends + re.escape(key.encode()) + ends, data) for key in keys)


def files_naming(workspace: Workspace, person: Person, raw: str | None) -> tuple[set[Path], set[Path]]:
    """The source files of the mapping of which a column of people names the person, and all that it could read.

    :param raw: her id as the files have it, where the workspace holds pseudonyms.
    """
    naming, known = set[Path](), set[Path]()
    if not workspace.mapping.exists():
        return naming, known
    for source in read_mapping(workspace.mapping, workspace.schema):
        if isinstance(source, Source) and not isinstance(source, RdfSource):
            found, read = _files_of(workspace, source, person, raw or person.id)
            naming |= {path.resolve() for path in found}
            known |= {path.resolve() for path in read}
    return naming, known


def _files_of(workspace: Workspace, source: Source, person: Person, entity_id: str) -> tuple[list[Path], list[Path]]:
    columns = person_columns(People(workspace.schema), source, source.file)
    try:
        files = source.files(workspace.mapping.parent, allow_outside=True)
        found = [path for path in files if columns and _names(path, source, list(columns.columns), entity_id)]
        database = source.database.file if source.database is not None else None
        if database is not None:
            return [database] if found else [], [database]
        return found, files
    except KGError:  # what cannot be read is told by the load
        return [], []


def _names(path: Path, source: Source, columns: list[str], entity_id: str) -> bool:
    wanted = [*columns, *([source.relation_column] if source.relation_column else [])]
    for batch in open_reader(path, path.name, source, wanted, Notices()).batches():
        for column in set(columns) & set(batch.frame.columns):
            cells = batch.frame.get_column(column).drop_nulls().unique()
            if any(entity_id in re.split(r"[\s,;|]+", cell) or entity_id == cell.strip() for cell in cells):
                return True
    return False
