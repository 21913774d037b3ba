"""Erasure: forget a person, in the store first and then in every file of the workspace, and prove it.

Each step may be repeated, and the order is such that an interruption anywhere is made good by the same command: the
suppression list comes first, so that no load brings the person back; what was learned goes before the snapshot is
taken anew; the search of all files comes last.
"""

import os
import shutil
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from kg.errors import ReadError, UnknownEntityError, UsageError
from kg.privacy.person_files import files_naming, is_typed, names_person
from kg.privacy.person_ids import person_types
from kg.privacy.pseudonym import KEY_VARIABLE, Pseudonyms, is_pseudonymised
from kg.privacy.redaction import Outcome, Person, Redactor
from kg.privacy.traces import Traces
from kg.privacy.workspace_files import WorkspaceFiles
from kg.progress import Progress, no_progress
from kg.stores.revision import FORGETTING, UNFINISHED, is_between_states, unfinished_key
from kg.stores.store import Store
from kg.stores.url import is_neo4j
from kg.workspace.lock import workspace_lock
from kg.workspace.suppression import Suppression
from kg.workspace.workspace import Workspace


@dataclass
class Erasure:
    """What was done, and what the search found afterwards."""

    user: str
    person: str = ""
    """The id as the workspace has it."""
    entities: int = 0
    triples: dict[str, int] = field(default_factory=dict)
    files_rewritten: list[str] = field(default_factory=list)
    files_removed: list[str] = field(default_factory=list)
    """Pages and exports that whyrec wrote, and that can be written again."""
    undecided: list[str] = field(default_factory=list)
    """Files of whyrec's with rows of which nobody can tell whether they are hers: not touched."""
    searched_files: int = 0
    found: list[str] = field(default_factory=list)
    """Files of whyrec's own, or the store, that hold the id still: none, or something is wrong."""
    source_files: list[str] = field(default_factory=list)
    """Files of somebody else, such as the data that was loaded, that hold the id: they are never edited."""
    notices: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The JSON of ``forget``."""
        data = asdict(self)
        data.pop("person")
        deleted = {"entities": data.pop("entities"), "triples": data.pop("triples")}
        return {"user": data.pop("user"), "deleted": deleted, **data}


def forget(workspace: Workspace, user: str, progress: Progress = no_progress) -> Erasure:
    """Erase a person.

    :param user: the id, or ``Type:id`` where several types of people share ids.
    :raises UnknownEntityError: where neither the store, nor the suppression list, nor a file of whyrec's knows the id.
    :raises UsageError: where several people have the id.
    :raises StoreError: where the store fails or somebody else writes to it; nothing was done then, or running the
        command again goes on.
    """
    with workspace_lock(workspace.folder):
        return _Eraser(workspace, user, progress).run()


class _Eraser:
    def __init__(self, workspace: Workspace, user: str, progress: Progress) -> None:
        self._workspace, self._progress = workspace, progress
        self._types = person_types(workspace.schema)
        prefix, colon, rest = user.partition(":")
        self._told = prefix if colon and prefix in self._types else None
        self._id = rest if self._told else user
        if not self._id.strip() or not self._id.isprintable():
            raise UsageError(f"{user!r} is no id; give the id of a person as the data has it")
        self._files = WorkspaceFiles(workspace)
        self._suppression = Suppression.open(workspace.folder)
        self._erasure = Erasure(user)
        self._raw: str | None = None
        self._steps = 0
        self._person = Person(self._id, self._types, workspace.schema, unmistakable=False)

    def run(self) -> Erasure:
        """All steps, in their order."""
        self._tell("Looking for the person")
        types = self._find()
        self._person = Person(self._id, types, self._workspace.schema, self._is_unmistakable(types))
        self._erasure.person = self._id
        self._tell("Store")
        self._erase_from_store(types)
        self._tell("Files")
        self._rewrite_files()
        self._remove_files()
        self._tell("Searching all files")
        self._search(types)
        self._notice()
        return self._erasure

    def _tell(self, step: str) -> None:
        self._steps += 1
        self._progress("Forgetting", self._steps, None, step)

    def _find(self) -> list[str]:
        """The types in which the person is to be erased."""
        asked = [self._told] if self._told else self._types
        store = self._workspace.open_store(read_only=True)
        try:
            known = {name: store.read_entities(name).get_column("id") for name in asked}
        finally:
            store.close()
        there = [name for name, ids in known.items() if self._id in ids]
        if not there and self._by_pseudonym(known):
            return self._find()
        if len(there) > 1:
            choices = " or ".join(f"{name}:{self._id}" for name in there)
            raise UsageError(f"{self._id!r} is the id of several people; say {choices}")
        if there:
            return there
        before = [name for name in asked if self._suppression.has(name, self._id)]
        if before:
            return before
        self._refuse_other_types()
        if (self._told or Traces(self._id).distinctive) and any(
            map(Traces(self._id).in_file, self._files.rewritable())
        ):
            return asked
        hint = f"; ids here are pseudonyms: set {KEY_VARIABLE} to name people by their own ids"
        aside = hint if is_pseudonymised(self._workspace.folder) and KEY_VARIABLE not in os.environ else ""
        raise UnknownEntityError(f"{_unknown(self._id, known)}{aside}")

    def _is_unmistakable(self, types: list[str]) -> bool:
        """Whether the id is long enough not to be met by chance, and nothing else has it."""
        if not Traces(self._id).distinctive:
            return False
        others = [name for name in self._workspace.schema.entity if name not in types]
        store = self._workspace.open_store(read_only=True)
        try:
            return not any(self._id in store.read_entities(name).get_column("id") for name in others)
        finally:
            store.close()

    def _refuse_other_types(self) -> None:
        """The id of something else is no person, unless the type is told."""
        if self._told:
            return
        store = self._workspace.open_store(read_only=True)
        try:
            for name in self._workspace.schema.entity:
                if name not in self._types and self._id in store.read_entities(name).get_column("id"):
                    raise UnknownEntityError(
                        f"{self._id!r} is a {name}, no {' or '.join(self._types)}; nothing was changed; to erase a "
                        f"person with this id from the rejects, say {self._types[0]}:{self._id}"
                    )
        finally:
            store.close()

    def _by_pseudonym(self, known: dict[str, pl.Series]) -> bool:
        """In a workspace with pseudonyms, take the raw id for its pseudonym where the key is at hand."""
        if self._raw or not is_pseudonymised(self._workspace.folder) or KEY_VARIABLE not in os.environ:
            return False
        pseudonyms = Pseudonyms.from_environment()
        for name, ids in known.items():
            pseudonym = pseudonyms.of(name, self._id)
            if pseudonym in ids or self._suppression.has(name, pseudonym):
                self._raw, self._id, self._told = self._id, pseudonym, name
                return True
        return False

    def _erase_from_store(self, types: list[str]) -> None:
        erasure, workspace = self._erasure, self._workspace
        store = workspace.open_store()
        try:
            self._suppression.add(((name, self._id) for name in types), store)
            before = store.count_entities(), store.count_triples()
            mark = store.revision()
            there = [name for name in types if self._id in store.read_entities(name).get_column("id")]
            if there:
                store.set_revision(f"{FORGETTING}{uuid.uuid4()}")
                for name in there:
                    store.delete_entities(name, pl.DataFrame({"id": [self._id]}))
            after = store.count_entities(), store.count_triples()
            erasure.entities = sum(before[0].values()) - sum(after[0].values())
            erasure.triples = {name: n - after[1][name] for name, n in before[1].items() if n > after[1][name]}
            self._remove_leftovers()
            store.compact()
            if there or (mark or "").startswith(FORGETTING):
                cut_off = unfinished_key(mark)
                unfinished = "" if cut_off is None else f"{UNFINISHED}{cut_off}-"
                store.set_revision(f"{unfinished}{uuid.uuid4()}")
        finally:
            store.close()
        store = workspace.open_store(read_only=True)  # as it lies there now, which is what its fingerprint tells
        try:
            self._retake_snapshot(store)
        finally:
            store.close()

    def _remove_leftovers(self) -> None:
        """What an interrupted compacting of an embedded store left."""
        path = self._files.store
        if path is not None:
            for leftover in path.parent.glob(f"{path.name}.compact*"):
                leftover.unlink()

    def _retake_snapshot(self, store: Store) -> None:
        """Remove what was learned with the person, then the snapshots that show them."""
        workspace, revision = self._workspace, store.revision()
        if not workspace.is_current(revision):
            if workspace.model.exists():
                self._erasure.notices.append(
                    "the model was trained with this person and is removed; run `whyrec train` to make one without"
                )
            for folder in (workspace.model, workspace.kernels):
                self._remove(folder)
        if revision is None or is_between_states(revision):  # a snapshot of half a graph is refused
            self._remove(workspace.snapshots)
        else:
            self._tell("Snapshot")
            workspace.refresh(store)
        for leftover in workspace.snapshots.glob(".building*"):
            self._remove(leftover)
        self._remove(workspace.staging)

    def _remove(self, path: Path) -> None:
        """Remove a folder; where it is a link, what lies in the folder behind it."""
        if path.exists():
            shutil.rmtree(path.resolve())
            if path.is_symlink():
                path.resolve().mkdir()

    def _rewrite_files(self) -> None:
        redactor = Redactor(self._person)
        for path in list(self._files.rewritable()):
            outcome = redactor.redact(path)
            if outcome is Outcome.REWRITTEN:
                self._erasure.files_rewritten.append(self._files.shown(path))
            if outcome is Outcome.UNDECIDED:
                self._erasure.undecided.append(self._files.shown(path))

    def _remove_files(self) -> None:
        """Pages about the person, and exports that hold her."""
        for path in list(self._files.removable()):
            if names_person(path, self._person):
                path.unlink()
                self._erasure.files_removed.append(self._files.shown(path))
            elif not self._person.unmistakable and Traces(self._id).in_file(path) and not is_typed(path):
                self._erasure.undecided.append(self._files.shown(path))

    def _search(self, types: list[str]) -> None:
        erasure, traces = self._erasure, Traces(self._id)
        others = self._search_snapshot(traces, types)
        self._search_store(types)
        written = {path.resolve() for path in (*self._files.rewritable(), *self._files.removable())}
        sources = None if self._person.unmistakable else files_naming(self._workspace, self._person, self._raw)
        for path in self._files.all():
            erasure.searched_files += 1
            own = self._files.is_own(path) or path.resolve() in written
            try:
                if own:
                    hit = self._in_own(path, traces, others)
                elif sources is not None:
                    hit = path.resolve() in sources
                else:
                    hit = traces.in_file(path) or (self._raw is not None and Traces(self._raw).in_file(path))
            except ReadError as problem:
                erasure.notices.append(f"could not be searched: {problem}")
                continue
            if hit:
                (erasure.found if own else erasure.source_files).append(self._files.shown(path))
        for folder in self._files.linked():
            erasure.notices.append(f"{self._files.shown(folder)}: a linked folder of somebody else's, not searched")

    def _search_store(self, types: list[str]) -> None:
        store = self._workspace.open_store(read_only=True)
        try:
            for name in types:
                if self._id in store.read_entities(name).get_column("id"):
                    self._erasure.found.append(f"{store.url}: {name}")
        finally:
            store.close()

    def _search_snapshot(self, traces: Traces, types: list[str]) -> list[str]:
        """Search the arrays of the snapshot; the strings in it that only contain the id, such as longer ids."""
        schema, snapshots = self._workspace.schema, self._workspace.snapshots
        own = [f"{name}.id" for name in types]
        foreign = [f"{name}.id" for name in schema.entity if name not in types]
        longer: set[str] = set()
        for folder in sorted(path for path in snapshots.glob("*") if path.is_dir()):
            if traces.in_snapshot(folder, own, foreign, words=self._person.unmistakable):
                self._erasure.found.append(self._files.shown(folder))
            longer.update(traces.longer_in(folder))
        return sorted(longer)

    def _in_own(self, path: Path, traces: Traces, others: list[str]) -> bool:
        binary = self._files.is_own(path) and not path.is_relative_to(self._workspace.rejects)
        if binary:
            return traces.in_raw_file(path, others)
        return self._person.unmistakable and traces.in_file(path)

    def _notice(self) -> None:
        erasure = self._erasure
        if erasure.source_files:
            erasure.notices.append(
                f"{len(erasure.source_files)} files that are not whyrec's hold the id still: "
                f"{', '.join(erasure.source_files)}; they were not touched. A load of them leaves this person out, but "
                "only you can take the rows out of the files"
            )
        if erasure.undecided:
            erasure.notices.append(
                f"{len(erasure.undecided)} files of whyrec's hold {self._id!r} where nobody can tell whether it is "
                f"this person, so nothing was taken out of them: {', '.join(erasure.undecided)}; look at them and "
                "delete what is not needed any more"
            )
        if is_neo4j(self._workspace.settings.store):
            erasure.notices.append(
                "the Neo4j server keeps what it deletes in transaction logs and backups for a while; how long is "
                "decided by its administrator (db.tx_log.rotation.retention_policy)"
            )
        if not self._person.unmistakable:
            erasure.notices.append(
                "the id is short, only digits, or the id of something else too, so it is met by chance: only columns "
                "that hold people were looked at, and of the store and the snapshot the entries, not the bytes"
            )


def _unknown(entity_id: str, types: Iterable[str]) -> str:
    return f"unknown {' or '.join(types)} {entity_id!r}; ids of people are not suggested; nothing was changed"
