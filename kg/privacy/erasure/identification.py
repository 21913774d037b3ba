"""Whom an id names: a person of the store, or one who was forgotten before, or whom rejects still know."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from kg.errors import UnknownEntityError, UsageError
from kg.identifier import as_text
from kg.privacy.erasure.redaction import Person
from kg.privacy.erasure.traces import Traces
from kg.privacy.erasure.workspace_files import WorkspaceFiles
from kg.privacy.person_ids import person_types
from kg.privacy.pseudonym import KEY_VARIABLE, Pseudonyms, is_pseudonymised, key_hint
from kg.workspace.suppression import Suppression
from kg.workspace.workspace import Workspace

People = list[tuple[str, str]]
"""Type and id."""
KnownElsewhere = Callable[[People], People]
"""Whom of some people something else than the store knows: a log of events, an earlier snapshot."""


@dataclass(frozen=True)
class Identified:
    """A person, and the types in which she is to be erased."""

    id: str
    """As the workspace has it."""
    types: list[str]
    person: Person
    raw: str | None
    """Her own id, where the workspace has a pseudonym for it."""


def identify(
    workspace: Workspace,
    user: str,
    files: WorkspaceFiles,
    suppression: Suppression,
    elsewhere: KnownElsewhere = lambda _: [],
) -> Identified:
    """Find out whom an id names; nothing is changed.

    :param user: the id, or ``Type:id`` where several types of people share ids.
    :raises UnknownEntityError: where neither the store, nor the suppression list, nor a file of whyrec's, nor anything
        else knows the id.
    :raises UsageError: where several people have the id, wherever they are known, or it is none.
    """
    return _Identification(workspace, user, files, (suppression, elsewhere)).result()


class _Identification:
    """One search for whom an id names."""

    def __init__(
        self, workspace: Workspace, user: str, files: WorkspaceFiles, others: tuple[Suppression, KnownElsewhere]
    ) -> None:
        self._workspace, self._files = workspace, files
        self._suppression, self._elsewhere = others
        self._types = person_types(workspace.schema)
        prefix, colon, rest = as_text(user).partition(":")
        self._type = prefix if colon and prefix in self._types else None
        self._told, self._id = user, rest if self._type else user
        if not self._id.strip():
            raise UsageError(f"{user!r} is no id; give the id of a person as the data has it")
        self._raw: str | None = None

    def result(self) -> Identified:
        """The person, or an error that says what the id is instead."""
        types = self._found_types()
        person = Person(self._id, types, self._workspace.schema, self._is_unmistakable(types))
        return Identified(self._id, types, person, self._raw)

    def _found_types(self) -> list[str]:
        """The types in which the person is to be erased."""
        asked = [self._type] if self._type else self._types
        store = self._workspace.open_store(read_only=True)
        try:
            ids = {name: store.read_entities(name).get_column("id") for name in self._types}
        finally:
            store.close()
        known = {name: ids[name] for name in asked}
        stored = [name for name, some in known.items() if self._id in some]
        there = [name for name in asked if name in {*stored, *self._known_elsewhere(asked, self._id)}]
        if self._type and any(self._told in some for some in ids.values()):
            self._refuse_another(there)  # ``User:7`` is 7 of type User, unless that is somebody's id as it stands
            self._type, self._id = None, self._told
            return self._found_types()
        if not there and self._by_pseudonym(known):
            return self._found_types()
        self._refuse_several(there)
        if there:
            return there
        before = [name for name in asked if self._suppression.has(name, self._id)]
        if before:
            return before
        self._refuse_other_types()
        if (self._type or Traces(self._id).distinctive) and any(
            map(Traces(self._id).in_file, self._files.rewritable())
        ):
            return asked
        raise UnknownEntityError(f"{_unknown(self._id, known)}{key_hint(self._workspace.folder)}")

    def _known_elsewhere(self, types: Sequence[str], entity_id: str) -> list[str]:
        """The types of which something else than the store knows somebody of an id."""
        return [name for name, _ in self._elsewhere([(name, entity_id) for name in types])]

    def _refuse_another(self, there: Sequence[str]) -> None:
        """What was told is the id of a person; without its type it must be nobody's."""
        if there:
            raise UsageError(
                f"{self._told!r} is the id of a person, and {self._id!r} of another; say {self._id!r} or "
                f"'{there[0]}:{self._told}'"
            )

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
        if self._type:
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
        told = {name: pseudonyms.of(name, self._id) for name in known}
        there = [name for name, one in told.items() if one in known[name] or self._known_elsewhere([name], one)]
        there = there or [name for name, one in told.items() if self._suppression.has(name, one)]
        self._refuse_several(there)
        if there:
            self._raw, self._id, self._type = self._id, told[there[0]], there[0]
        return bool(there)

    def _refuse_several(self, there: Sequence[str]) -> None:
        if len(there) > 1:
            choices = " or ".join(f"{name}:{self._id}" for name in there)
            raise UsageError(f"{self._id!r} is the id of several people; say {choices}")


def _unknown(entity_id: str, types: Iterable[str]) -> str:
    return f"unknown {' or '.join(types)} {entity_id!r}; ids of people are not suggested; nothing was changed"
