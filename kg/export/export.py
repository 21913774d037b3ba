"""Write a snapshot, or a part of it, to one file in a format that other programs read."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel

from kg.errors import UsageError
from kg.export.neighbourhood import find_entity
from kg.export.networkx_view import write_graphml, write_node_link
from kg.export.rdf import write_jsonld, write_ntriples, write_turtle
from kg.snapshot.snapshot import Snapshot
from kg.snapshot.subgraph import around, without_people
from kg.workspace.output_file import Recogniser, starts_with

Writer = Callable[[Snapshot, Path], list[str]]
"""Writes a new file and returns notices: what the format could not hold as it was."""
WRITERS: Mapping[str, Writer] = {
    ".graphml": write_graphml,
    ".json": write_node_link,
    ".ttl": write_turtle,
    ".nt": write_ntriples,
    ".jsonld": write_jsonld,
}
"""Suffix in small letters → writer."""


STARTS: Mapping[str, Recogniser] = {
    ".graphml": starts_with(b"<?xml", b"<graphml", contains=b"<graphml"),
    ".json": starts_with(b'{"directed": '),
    ".ttl": starts_with(b"@prefix rdf: ", contains=b"urn:whyrec:"),
    ".nt": starts_with(b"<", contains=b"urn:whyrec:"),
    ".jsonld": starts_with(b'[\n{"@id": ', b"[]", contains=b""),
}
"""Suffix → how an export that is there is known again."""


class Export(BaseModel, frozen=True):
    """The answer of ``graph export``."""

    file: str
    snapshot: str
    entities: dict[str, int]
    triples: dict[str, int]
    notices: list[str]


def writer_of(path: Path) -> Writer:
    """The writer for a file, by its suffix.

    :raises UsageError: naming the suffixes there are.
    """
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        came = f"suffix {path.suffix!r} is no format" if path.suffix else "no suffix"
        raise UsageError(f"{path}: {came}; write one of {', '.join(sorted(WRITERS))}")
    return writer


def part_of(snapshot: Snapshot, centre: str | None, depth: int, people: bool) -> Snapshot:
    """The part to export.

    :param centre: id of the entity to keep with all that is at most ``depth`` triples away; ``None`` keeps all.
    :param people: keep the entities of sensitive types; otherwise no triple is followed through them either.
    :raises UnknownEntityError: where no entity has the id.
    :raises UsageError: where the centre is a person, and people are left out.
    """
    found = None if centre is None else find_entity(snapshot, centre)
    if not people:
        if found and snapshot.schema.entity[found[0]].sensitive:
            raise UsageError(f"{centre!r} is a {found[0]}, whom `people=False` leaves out; leave out one of the two")
        reduced = without_people(snapshot)
        if found is None:
            return reduced
        return around(reduced, *found, depth)  # indices count within a type, and types are kept whole or not at all
    return snapshot if found is None else around(snapshot, *found, depth)


def export(snapshot: Snapshot, path: Path) -> Export:
    """Write a file in the format of its suffix; it appears whole or not at all, and replaces the one that was there.

    :raises UsageError: for an unknown suffix, a file that cannot be written, or ids that the format cannot hold.
    """
    writer = writer_of(path)
    pending = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        notices = writer(snapshot, pending)
        pending.replace(path)
    except OSError as problem:
        raise UsageError(f"{path}: cannot be written: {problem.strerror or problem}") from None
    finally:
        with suppress(OSError):
            pending.unlink()
    counts = snapshot.manifest
    return Export(
        file=str(path),
        snapshot=snapshot.hash,
        entities={name: counts.entities[name] for name in snapshot.schema.entity},
        triples={name: counts.triples[name] for name in snapshot.schema.relation},
        notices=notices,
    )
