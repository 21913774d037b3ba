"""Pseudonyms: ids of people replaced by a keyed hash, so that nobody without the key can tell who is who.

::

    pseudonym(type, id) = type + "-" + base32(HMAC-SHA256(key, type + NUL + id))[:26]        130 bits

The key is read from the environment and never stored. A workspace remembers that its ids are pseudonyms, and a check
value of the key, so that raw ids, or pseudonyms of another key, are never mixed in.
"""

import base64
import hmac
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from kg.document import parsed_json
from kg.errors import UsageError, WorkspaceError

if TYPE_CHECKING:
    import polars as pl

KEY_VARIABLE = "WHYREC_PSEUDONYM_KEY"
STATE = "pseudonyms.json"
LEAST_KEY_BYTES = 16
_LENGTH = 26


class Pseudonyms:
    """Turns ids into pseudonyms with one key."""

    def __init__(self, key: bytes) -> None:
        """Use a key.

        :raises UsageError: where it has fewer than 16 bytes.
        """
        if len(key) < LEAST_KEY_BYTES:
            raise UsageError(
                f"{KEY_VARIABLE}: {len(key)} bytes are too short for a key, {LEAST_KEY_BYTES} are needed; "
                f"make one with `openssl rand -hex 32` and keep it apart from the workspace"
            )
        self._key = key

    @classmethod
    def from_environment(cls, variable: str = KEY_VARIABLE) -> Self:
        """The key that the environment holds.

        :raises UsageError: where there is none, or too short a one.
        """
        told = os.environ.get(variable, "")
        if not told:
            raise UsageError(
                f"{variable} is not set, and pseudonyms need a key; make one with `openssl rand -hex 32`, keep it "
                "apart from the workspace, set the variable to it and run the command again"
            )
        return cls(told.encode())

    @property
    def check_value(self) -> str:
        """Tells keys apart and gives none away."""
        return self._digest("check value of the key")

    def of(self, entity_type: str, entity_id: str) -> str:
        """The pseudonym of one id."""
        return f"{entity_type}-" + self._digest(f"{entity_type}\0{entity_id}")

    def of_all(self, entity_type: str, ids: "pl.Series") -> "pl.Series":
        """The pseudonyms of a series of ids; null stays null."""
        from kg.values.cells import map_unique  # polars, which whoever asks for one id does not need

        return map_unique(ids, lambda one: self.of(entity_type, one)).alias(ids.name)

    def _digest(self, text: str) -> str:
        digest = hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256")
        return base64.b32encode(digest).decode("ascii").lower()[:_LENGTH]


def is_pseudonym(entity_type: str, entity_id: str) -> bool:
    """Whether an id looks like a pseudonym of a type."""
    return re.fullmatch(rf"{re.escape(entity_type)}-[a-z2-7]{{{_LENGTH}}}", entity_id) is not None


def is_pseudonymised(folder: Path) -> bool:
    """Whether a workspace folder holds pseudonyms in place of ids."""
    return (folder / STATE).exists()


def key_hint(folder: Path) -> str:
    """What goes with an unknown id where people are known by pseudonyms and no key is at hand; else nothing."""
    if not is_pseudonymised(folder) or KEY_VARIABLE in os.environ:
        return ""
    return f"; ids here are pseudonyms: set {KEY_VARIABLE} to name people by their own ids"


def pseudonyms_for_load(folder: Path, wanted: bool | None, raw: Sequence[str]) -> Pseudonyms | None:
    """What a load into a workspace folder must use: as told, if that fits what is there.

    :param wanted: whether the person asks for pseudonyms; ``None`` where the ids are those of the workspace already.
    :param raw: the sensitive types of which the store holds entities; looked at where the workspace has no pseudonyms.
    :raises UsageError: where raw ids and pseudonyms, or pseudonyms of two keys, would be mixed; for a missing key.
    :raises WorkspaceError: where the state cannot be read.
    """
    state = folder / STATE
    if wanted is None:
        return None
    if not wanted:
        if state.exists():
            raise UsageError(
                f"{folder}: the ids of people in this workspace are pseudonyms, and a load without `pseudonymise` "
                "would mix raw ids in; say `pseudonymise=True`, or make another workspace for raw ids"
            )
        return None
    pseudonyms = Pseudonyms.from_environment()
    if state.exists():
        if _check_value(state) != pseudonyms.check_value:
            raise UsageError(
                f"{KEY_VARIABLE}: another key than the one the ids of this workspace were made with, so nobody would "
                "be recognised; set that one, or make another workspace"
            )
    elif raw:
        raise UsageError(
            f"{folder}: the store holds raw ids already ({', '.join(raw)}), and pseudonyms would be mixed in; "
            "load into a new workspace with `pseudonymise=True`, and delete this one"
        )
    return pseudonyms


def remember_pseudonyms(folder: Path, pseudonyms: Pseudonyms) -> None:
    """Note in the workspace folder that its ids are pseudonyms of this key.

    :raises WorkspaceError: where the folder cannot be written.
    """
    if not (folder / STATE).exists():
        change_key(folder, pseudonyms)


def check_key(folder: Path, pseudonyms: Pseudonyms, variable: str = KEY_VARIABLE) -> None:
    """Refuse a key that the ids of a workspace folder were not made with.

    :raises UsageError: then, and where its ids are no pseudonyms.
    """
    state = folder / STATE
    if not state.exists():
        raise UsageError(f"{folder}: the ids of people in this workspace are no pseudonyms")
    if _check_value(state) != pseudonyms.check_value:
        raise UsageError(f"{variable}: another key than the one the ids of this workspace were made with")


def change_key(folder: Path, pseudonyms: Pseudonyms) -> None:
    """Note the key that ids are made with from now on.

    :raises WorkspaceError: where the folder cannot be written.
    """
    state = folder / STATE
    pending = state.with_name(f".{STATE}.{os.getpid()}")
    try:
        pending.write_text(json.dumps({"format": 1, "key_check": pseudonyms.check_value}) + "\n", encoding="ascii")
        pending.replace(state)
    except OSError as problem:
        raise WorkspaceError(f"{state}: cannot be written: {problem.strerror}") from None


def _check_value(state: Path) -> str:
    try:
        return str(parsed_json(state.read_bytes())["key_check"])
    except (OSError, ValueError, KeyError, TypeError):
        raise WorkspaceError(f"{state}: damaged; restore it from a copy of the workspace") from None
