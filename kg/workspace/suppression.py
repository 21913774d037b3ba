"""The suppression list: who was forgotten, so that no later load of the same files brings them back.

The list must not name anybody. It holds, per person, BLAKE2b of type and id under a random key of its own. Whoever has
the list can test whether an id that they already know is on it; nobody can read the ids off it. It lies in the
workspace and in the store: where several workspaces share a store, none of them makes the person anew or shows her.
"""

import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Self

import polars as pl

from kg.errors import WorkspaceError
from kg.stores.store import Store
from kg.workspace.forgotten_digests import IN_STORE, NAME, Digests

KEY_MARK, PERSON_MARK = "forgotten-key", "forgotten:"


class Suppression:
    """The suppression list of a workspace and its store; ids are those of the store (pseudonyms where it holds these).

    :param path: of the workspace's list.
    """

    def __init__(self, path: Path | None = None, key: bytes = b"", digests: Iterable[str] = ()) -> None:
        self._path, self._own, self._shared = path, Digests(key, set(digests)), Digests()

    @classmethod
    def open(cls, folder: Path, store: Store | None = None) -> Self:
        """The list of a workspace folder and, where one is given, of its store; without either nobody was forgotten.

        :raises WorkspaceError: where it is damaged: then nobody knows who must stay away.
        :raises StoreError: where the store fails.
        """
        path = folder / NAME
        own = Digests.read(path)
        found = cls(path, own.key, own.known)
        if store is not None:
            found._shared = _shared(store)
        return found

    def __bool__(self) -> bool:
        """Whether anybody was forgotten."""
        return bool(self._own.known or self._shared.known)

    def __len__(self) -> int:
        """How many were forgotten, at least: who was here and who was elsewhere may be the same."""
        return max(len(self._own.known), len(self._shared.known))

    def has(self, entity_type: str, entity_id: str) -> bool:
        """Whether this one was forgotten."""
        return any(one.has(entity_type, entity_id) for one in (self._own, self._shared))

    def among(self, entity_type: str, ids: pl.Series) -> pl.Series:
        """Which ids were forgotten: Boolean, false for null."""
        known = [one for one in ids.drop_nulls().unique() if self.has(entity_type, one)] if self else []
        return ids.is_in(pl.Series(known, dtype=pl.String).implode()).fill_null(False)

    def keep_shared(self) -> None:
        """Write down what the store says, beside the list of the workspace; what stands there may be damaged.

        :raises WorkspaceError: where it cannot be written.
        """
        assert self._path is not None
        path, known = self._path.with_name(IN_STORE), None
        with suppress(WorkspaceError):
            known = Digests.read(path)
        if self._shared != known:
            self._shared.write(path)

    def add(self, entities: Iterable[tuple[str, str]], store: Store | None = None) -> None:
        """Put (type, id) pairs on the list and save it in one step, in the workspace first, then in the store.

        :raises WorkspaceError: where it cannot be written.
        :raises StoreError: where the store fails.
        """
        assert self._path is not None
        people = list(entities)
        self._own.key = self._own.key or secrets.token_bytes(32)
        self._own.known |= {self._own.of(*one) for one in people}
        self._own.write(self._path)
        if store is not None:
            store.add_marks({KEY_MARK: secrets.token_hex(32)})  # the first who forgot somebody chose it for all
            self._shared = _shared(store)
            store.add_marks({PERSON_MARK + self._shared.of(*one): "" for one in people})
            self._shared = _shared(store)


def _shared(store: Store) -> Digests:
    """The list that a store holds."""
    key = store.marks(KEY_MARK).get(KEY_MARK, "")
    known = {name.removeprefix(PERSON_MARK) for name in store.marks(PERSON_MARK)} if key else set()
    return Digests(bytes.fromhex(key), known)
