"""The suppression list: who was forgotten, so that the next load of the same files does not bring them back.

The list must not name anybody. It holds, per person, BLAKE2b of type and id under a random key of its own. Whoever has
the list can test whether an id that they already know is on it; nobody can read the ids off it.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Self

import polars as pl

from kg.errors import WorkspaceError

NAME = "forgotten.json"
FORMAT = 1


class Suppression:
    """The suppression list of a workspace; ids are those of the store (pseudonyms where it holds these)."""

    def __init__(self, path: Path | None = None, key: bytes = b"", digests: Iterable[str] = ()) -> None:
        self._path, self._key, self._digests = path, key, set(digests)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The list of a workspace folder; a folder without one has forgotten nobody.

        :raises WorkspaceError: where it is damaged: then nobody knows who must stay away.
        """
        path = folder / NAME
        try:
            data = json.loads(path.read_bytes())
            if data["format"] != FORMAT:
                raise ValueError
            return cls(path, bytes.fromhex(data["key"]), [str(one) for one in data["digests"]])
        except FileNotFoundError:
            return cls(path)
        except (OSError, ValueError, KeyError, TypeError):
            raise WorkspaceError(
                f"{path}: the list of forgotten people is damaged; restore it from a copy, or delete it and forget "
                "them again after the next load"
            ) from None

    def __bool__(self) -> bool:
        """Whether anybody was forgotten."""
        return bool(self._digests)

    def has(self, entity_type: str, entity_id: str) -> bool:
        """Whether this one was forgotten."""
        return bool(self._digests) and self._digest(entity_type, entity_id) in self._digests

    def among(self, entity_type: str, ids: pl.Series) -> pl.Series:
        """Which ids were forgotten: Boolean, false for null."""
        known = [one for one in ids.drop_nulls().unique() if self.has(entity_type, one)]
        return ids.is_in(pl.Series(known, dtype=pl.String).implode()).fill_null(False)

    def add(self, entities: Iterable[tuple[str, str]]) -> None:
        """Put (type, id) pairs on the list and save it in one step.

        :raises WorkspaceError: where it cannot be written.
        """
        assert self._path is not None
        self._key = self._key or secrets.token_bytes(32)
        self._digests |= {self._digest(*entity) for entity in entities}
        pending = self._path.with_name(f".{NAME}.{os.getpid()}")
        data = {"format": FORMAT, "key": self._key.hex(), "digests": sorted(self._digests)}
        try:
            pending.write_text(json.dumps(data, indent=1) + "\n", encoding="ascii")
            pending.replace(self._path)
        except OSError as problem:
            raise WorkspaceError(f"{self._path}: cannot be written: {problem.strerror}") from None

    def _digest(self, entity_type: str, entity_id: str) -> str:
        text = f"{entity_type}\0{entity_id}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, key=self._key, digest_size=20).hexdigest()
