"""Keyed hashes of who was forgotten, as a workspace keeps them; without what reading tables needs, so that a service
which only asks whether somebody is among them stays small."""

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from kg.document import parsed_json
from kg.errors import WorkspaceError

if TYPE_CHECKING:
    from kg.snapshot.snapshot import Snapshot

NAME = "forgotten.json"
IN_STORE = "forgotten_in_store.json"
"""What the store said when it was last read: other workspaces forget people there, and a service does not ask it."""
FORMAT = 1


def shows_forgotten(workspace: Path, snapshot: "Snapshot") -> bool:
    """Whether a snapshot shows somebody who was forgotten since it was taken, here, or in another workspace of the
    store as far as is known here: about a microsecond for each person.

    :param workspace: its folder.
    :raises WorkspaceError: where a list is damaged.
    """
    lists = [one for name in (NAME, IN_STORE) if (one := Digests.read(workspace / name)).known]
    if not lists:
        return False  # no id need be read
    schema, vocabulary = snapshot.schema, snapshot.vocabulary
    people = [name for name in vocabulary.types if schema.entity[name].sensitive or name in schema.user_types]
    return any(one.has(name, known) for one in lists for name in people for known in vocabulary.ids(name))


@dataclass
class Digests:
    """Digests under one key; no key before anybody was forgotten."""

    key: bytes = b""
    known: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Those of a file; none where there is no file.

        :raises WorkspaceError: where it is damaged: then nobody knows who must stay away.
        """
        try:
            data = parsed_json(path.read_bytes())
            if data["format"] != FORMAT or not isinstance(data["digests"], list):
                raise ValueError
            return cls(bytes.fromhex(data["key"]), {str(one) for one in data["digests"]})
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, KeyError, TypeError):
            raise WorkspaceError(
                f"{path}: the list of forgotten people is damaged; restore it from a copy, or delete it and forget "
                "them again after the next load"
            ) from None

    def write(self, path: Path) -> None:
        """Save them in one step.

        :raises WorkspaceError: where they cannot be written.
        """
        pending = path.with_name(f".{path.name}.{os.getpid()}")
        data = {"format": FORMAT, "key": self.key.hex(), "digests": sorted(self.known)}
        try:
            pending.write_text(json.dumps(data, indent=1) + "\n", encoding="ascii")
            pending.replace(path)
        except OSError as problem:
            raise WorkspaceError(f"{path}: cannot be written: {problem.strerror}") from None

    def of(self, entity_type: str, entity_id: str) -> str:
        """The keyed hash that stands for an id."""
        text = f"{entity_type}\0{entity_id}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, key=self.key, digest_size=20).hexdigest()

    def has(self, entity_type: str, entity_id: str) -> bool:
        """Whether an id is among them."""
        return bool(self.known) and self.of(entity_type, entity_id) in self.known
