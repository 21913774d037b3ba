"""Access request: everything that a workspace holds about one person, by whatever name it is kept."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, Field, SerializerFunctionWrapHandler, model_serializer

from kg.errors import ReadError, UnknownEntityError, UsageError
from kg.identifier import as_text
from kg.k_anonymity import K_ANONYMITY
from kg.privacy.erasure.person_files import files_naming
from kg.privacy.erasure.redaction import Person, Redactor
from kg.privacy.erasure.traces import Traces
from kg.privacy.erasure.workspace_files import WorkspaceFiles
from kg.privacy.person_ids import person_types
from kg.privacy.pseudonym import KEY_VARIABLE, Pseudonyms, check_key, is_pseudonymised, key_hint
from kg.privacy.seal_key import LOG_KEY
from kg.stores.store import REPEATED_DTYPES, Store
from kg.workspace.suppression import Suppression
from kg.workspace.workspace import Workspace

UNREADABLE = " (could not be searched)"
Elsewhere = Callable[[list[tuple[str, str]]], list[tuple[str, str]]]


class HeldTriple(BaseModel, frozen=True):
    """One thing that the graph says of the person; of other people it is told that there is one, not who."""

    relation: str
    """``relation``, or ``~relation`` where it leads to the person."""
    type: str
    id: str | None
    label: str | None
    weight: float
    timestamp: str | None
    """ISO 8601, UTC; the last time of what is repeated."""
    first: str | None = None
    occasions: int | None = None
    previous: str | None = None
    """Of what is repeated: the first time, on how many days it was done, and the last time before the latest day; left
    out of the document elsewhere."""

    @model_serializer(mode="wrap")
    def _present(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        found = handler(self)
        return {name: value for name, value in found.items() if value is not None or name not in REPEATED_DTYPES}


class HeldRows(BaseModel, frozen=True):
    """Rows of a file that whyrec keeps, such as rejected rows and lists of recommendations."""

    file: str
    rows: list[str]


class Held(BaseModel, frozen=True):
    """What is held."""

    id: str
    """As the workspace has it: a pseudonym where it holds these."""
    type: str
    asked: str
    properties: dict[str, Any]
    triples: list[HeldTriple]
    rows: list[HeldRows]
    files: list[str]
    """Other files of the workspace that name her, such as the data that was loaded, pages and exports."""
    sealed: list[str] = Field(default_factory=list)
    """Encrypted files, such as sealed copies, which nobody can look into without their key: they may hold her."""
    forgotten: bool
    """Whether she is on the list of people who were forgotten."""
    k: int = K_ANONYMITY


def held(workspace: Workspace, user: str, elsewhere: Elsewhere = lambda _: [], lang: str = "en") -> Held:
    """Everything that is held about a person.

    :param user: the id, or ``Type:id`` where several types of people share ids; her own id where the workspace holds
        pseudonyms and the key is set.
    :param elsewhere: whom of some people, type and id, something else than the store knows; asked where that does not.
    :param lang: of the labels, where the graph has them in it.
    :raises UnknownEntityError: where nothing knows anybody of that id, the files of the workspace neither.
    :raises UsageError: where several people have the id.
    """
    store = workspace.open_store(read_only=True)
    try:
        entity_type, entity_id = _found(workspace, store, user, elsewhere)
        rows = store.read_entities(entity_type).filter(pl.col("id") == entity_id).rows(named=True)
        row: dict[str, Any] = rows[0] if rows else {}
        triples = list(_triples(workspace, store, (entity_type, entity_id), lang))
        forgotten = Suppression.open(workspace.folder, store).has(entity_type, entity_id)
    finally:
        store.close()
    person = Person(entity_id, [entity_type], workspace.schema, unmistakable=Traces(entity_id).distinctive)
    lines, files = _in_files(workspace, person, user if user != entity_id else None)
    return Held(
        id=entity_id,
        type=entity_type,
        asked=user,
        properties={name: value for name, value in row.items() if value is not None and name != "id"},
        triples=triples,
        rows=lines,
        files=files,
        sealed=_sealed(workspace),
        forgotten=forgotten,
        k=workspace.settings.privacy.k,
    )


def _found(workspace: Workspace, store: Store, user: str, elsewhere: Elsewhere) -> tuple[str, str]:
    """Type and id of the person, as the store has them, or whatever else knows her."""
    types = person_types(workspace.schema)
    prefix, colon, rest = as_text(user).partition(":")
    asked, bare = ([prefix], rest) if colon and prefix in types else (types, user)
    ids = {name: store.read_entities(name).get_column("id") for name in asked}
    there = [(name, bare) for name in asked if bare in ids[name]]
    held_as = dict.fromkeys(asked, bare)
    if not there and is_pseudonymised(workspace.folder) and KEY_VARIABLE in os.environ:
        pseudonyms = Pseudonyms.from_environment()
        check_key(workspace.folder, pseudonyms)
        held_as = {name: pseudonyms.of(name, bare) for name in asked}
        there = [(name, one) for name, one in held_as.items() if one in ids[name]]
    there = there or elsewhere([*held_as.items()]) or elsewhere([(name, bare) for name in asked])
    if not there and (KEY_VARIABLE in os.environ or not is_pseudonymised(workspace.folder)):
        there = [(name, held_as[name]) for name, _ in _found_in_files(workspace, asked, bare)]  # by her own id
    if len(there) > 1:
        choices = " or ".join(f"{name}:{bare}" for name, _ in there)
        raise UsageError(f"{bare!r} is the id of several people; say {choices}")
    if not there:
        hint = key_hint(workspace.folder)
        nothing = "nothing is held under this id, and no column of people in a file names it"
        raise UnknownEntityError(
            f"unknown {' or '.join(asked)} {bare!r}; ids of people are not suggested{hint or f'; {nothing}'}"
        )
    return there[0]


def _found_in_files(workspace: Workspace, types: Sequence[str], entity_id: str) -> list[tuple[str, str]]:
    """Whom files alone know, type and id: a column of people names her, in rows that were rejected say."""
    for name in types:
        rows, files = _in_files(workspace, Person(entity_id, [name], workspace.schema, unmistakable=False), None)
        if rows or any(not shown.endswith(UNREADABLE) for shown in files):
            return [(name, entity_id)]
    return []


def _triples(workspace: Workspace, store: Store, person: tuple[str, str], lang: str) -> Iterator[HeldTriple]:
    (entity_type, entity_id), translated = person, f"label_{lang}"
    labels = dict[str, Mapping[str, str | None]]()
    for name, relation in workspace.schema.relation.items():
        forward, backward = (
            (name, relation.head, relation.tail, "head"),
            (f"~{name}", relation.tail, relation.head, "tail"),
        )
        for step, own, other, end in (forward, backward):
            if own != entity_type:
                continue
            found = store.read_triples(name).filter(pl.col(end) == entity_id)
            people = workspace.schema.entity[other].sensitive
            if found.height and not people and other not in labels:
                found_there = store.read_entities(other)
                named = [one for one in (translated, "label") if one in found_there.columns]
                labels[other] = dict(found_there.select("id", pl.coalesce(named)).iter_rows())
            far = "tail" if end == "head" else "head"
            for row in found.sort("timestamp", far, nulls_last=True).iter_rows(named=True):
                yield HeldTriple(
                    relation=step,
                    type=other,
                    id=None if people else row[far],
                    label=None if people else labels[other].get(row[far]) or row[far],
                    weight=row["weight"],
                    timestamp=_moment(row["timestamp"]),
                    first=_moment(row.get("first")),
                    occasions=row.get("occasions"),
                    previous=_moment(row.get("previous")),
                )


def _moment(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()


def _in_files(workspace: Workspace, person: Person, raw: str | None) -> tuple[list[HeldRows], list[str]]:
    """Rows of files that whyrec keeps by rows, and other files that name the person."""
    files, rows, others = WorkspaceFiles(workspace), list[HeldRows](), list[str]()
    kept = {path.resolve() for path in files.rewritable()}
    sources = None if person.unmistakable else files_naming(workspace, person, raw)[0]
    for path in files.all():
        try:
            if path.resolve() in kept:
                found = Redactor(person).rows(path)
                rows += [HeldRows(file=files.shown(path), rows=found)] if found else []
            elif not files.is_own(path) and _names(path, person, raw, sources):
                others.append(files.shown(path))
        except ReadError:
            others.append(f"{files.shown(path)}{UNREADABLE}")
    return rows, others


def _sealed(workspace: Workspace) -> list[str]:
    files = WorkspaceFiles(workspace)
    return [files.shown(path) for path in files.sealed() if path.name != LOG_KEY]


def _names(path: Path, person: Person, raw: str | None, sources: set[Path] | None) -> bool:
    if sources is not None:
        return path.resolve() in sources
    return person.traces.in_file(path) or (raw is not None and Traces(raw).in_file(path))
