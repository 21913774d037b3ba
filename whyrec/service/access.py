"""Who may what: roles, the tokens that carry them, and what each role may ask."""

import hashlib
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kg.document import parsed_json
from kg.errors import UsageError, WorkspaceError
from kg.file_lock import FileLock

ADMIN_VARIABLE = "WHYREC_ADMIN_TOKEN"
ADMIN_FILE = "serve.token"
TOKENS = "tokens.json"
AGAIN_SECONDS = 0.005
LEAST = 16
"""Characters of an admin's token that somebody chose."""


class Role(StrEnum):
    """What somebody is to the shop."""

    ADMIN = "admin"
    ANALYST = "analyst"
    MANAGER = "manager"
    REVIEWER = "reviewer"
    SERVICE = "service"


STAFF = frozenset({Role.ADMIN, Role.ANALYST, Role.MANAGER, Role.REVIEWER})
MAY: dict[str, frozenset[Role]] = {
    "recommend": STAFF | {Role.SERVICE},
    "why": STAFF | {Role.SERVICE},
    "events": frozenset({Role.ADMIN, Role.SERVICE}),
    "why-not": STAFF,
    "what-if": STAFF,
    "similar": STAFF,
    "find": STAFF,
    "ask": STAFF,
    "groups": STAFF,
    "private": frozenset({Role.ADMIN, Role.ANALYST}),
    "predict": frozenset({Role.ADMIN, Role.ANALYST}),
    "person": frozenset({Role.ADMIN, Role.ANALYST}),
    "answers": STAFF,
    "status": STAFF,
    "report": STAFF,
    "decisions": STAFF,
    "rules": frozenset({Role.ADMIN, Role.MANAGER}),
    "review": frozenset({Role.ADMIN, Role.REVIEWER}),
    "traffic": frozenset({Role.ADMIN, Role.ANALYST, Role.MANAGER}),
    "looks": frozenset({Role.ADMIN}),
    "metrics": frozenset({Role.ADMIN, Role.ANALYST}),
    "forget": frozenset({Role.ADMIN}),
    "tokens": frozenset({Role.ADMIN}),
    "reload": frozenset({Role.ADMIN}),
}
"""Action → the roles that may; a service key answers and takes events, and searches nobody; numbers with noise, which
may leave the house, spend the budget of the day, so who merely looks at the shop does not make them."""


@dataclass(frozen=True)
class Caller:
    """Who asks: the name of the token, never the token, and its role."""

    name: str
    role: Role

    def may(self, action: str) -> bool:
        """Whether the role may do that."""
        return self.role in MAY[action]


_ADMIN = Caller("admin", Role.ADMIN)


class Tokens:
    """The tokens of one workspace; all but the admin's are kept as hashes.

    The admin's is what ``WHYREC_ADMIN_TOKEN`` says, or one that is made at the first start and kept in ``serve.token``
    (0600) in the workspace.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / "service" / TOKENS
        self.admin_source, self._admin = self._admin_token()
        self._admin_digest = _digest(self._admin)
        self._known: tuple[object, dict[str, Caller]] = (None, {})

    def caller(self, token: str) -> Caller | None:
        """Whose a token is; ``None`` for one that is nobody's."""
        digest = _digest(token)  # what is looked up is a hash: how long that takes says nothing of any token
        return _ADMIN if digest == self._admin_digest else self._callers().get(digest)

    def make(self, name: str, role: Role) -> str:
        """Make a token for somebody; it is shown once and kept as a hash.

        :raises UsageError: where the name is taken or empty.
        """
        with self._changing() as known:
            if not name.strip() or name == "admin" or any(one["name"] == name for one in known):
                raise UsageError(f"`name` {name!r}: expected a name that no token has yet")
            token = secrets.token_urlsafe(32)
            self._write([*known, {"name": name, "role": role.value, "hash": _digest(token)}])
        return token

    def revoke(self, name: str) -> bool:
        """Take a token back; says whether there was one."""
        with self._changing() as known:
            left = [one for one in known if one["name"] != name]
            if len(left) < len(known):
                self._write(left)
        return len(left) < len(known)

    def known(self) -> dict[str, Role]:
        """Name of each token that was made → its role."""
        return {one["name"]: Role(one["role"]) for one in self._read()}

    def digests(self) -> dict[str, str]:
        """Hash of each token, the admin's too → its name."""
        return {self._admin_digest: _ADMIN.name, **{digest: one.name for digest, one in self._callers().items()}}

    def _callers(self) -> dict[str, Caller]:
        """Hash of each token that was made → whose it is; the file is read again when it was written again."""
        try:
            told = self._path.stat()
        except FileNotFoundError:
            return {}
        mark = told.st_ino, told.st_mtime_ns, told.st_size
        if self._known[0] != mark:
            self._known = mark, {one["hash"]: Caller(one["name"], Role(one["role"])) for one in self._read()}
        return self._known[1]

    def _admin_token(self) -> tuple[str, str]:
        told = os.environ.get(ADMIN_VARIABLE)
        if told:
            return ADMIN_VARIABLE, _long_enough(told.strip(), ADMIN_VARIABLE, "unset it")
        path = self._folder / ADMIN_FILE
        try:
            token = path.read_bytes().decode("ascii", "replace").strip()
        except FileNotFoundError:
            token = ""
        if token:
            return str(path), _long_enough(token, str(path), "delete it")
        token = secrets.token_urlsafe(32)
        _replace(path, token + "\n")
        return str(path), token

    def _read(self) -> list[dict[str, str]]:
        try:
            known: list[dict[str, str]] = parsed_json(self._path.read_text(encoding="utf-8"))
            for one in known:
                Role(one["role"]), one["name"], one["hash"]
        except FileNotFoundError:
            return []
        except (ValueError, KeyError, TypeError):
            raise WorkspaceError(f"{self._path}: damaged; restore it, or delete it and make the tokens anew") from None
        return known

    @contextmanager
    def _changing(self) -> Iterator[list[dict[str, str]]]:
        """What is known, while nobody else changes it: of two who make tokens at once one would be lost."""
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        while (lock := FileLock.try_acquire(self._path.with_suffix(".lock"))) is None:
            time.sleep(AGAIN_SECONDS)
        try:
            yield self._read()
        finally:
            lock.release()

    def _write(self, known: list[dict[str, str]]) -> None:
        _replace(self._path, json.dumps(known, indent=1))


def _long_enough(token: str, source: str, advice: str) -> str:
    """A token of the admin's that nobody guesses.

    :raises UsageError: where it is short, or holds what no header carries.
    """
    if len(token) < LEAST or not token.isascii() or not token.isprintable():
        raise UsageError(f"{source}: expected a token of {LEAST} ASCII characters or more; {advice}, and one is made")
    return token


def _replace(path: Path, text: str) -> None:
    """Write a file of its owner's alone, whole or not at all."""
    pending = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(pending, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        pending.replace(path)
    except OSError:  # the disk is full, say
        pending.unlink(missing_ok=True)
        raise


def _digest(token: str) -> str:
    """BLAKE2b of a token; tokens are 256 random bits, so no slower hash is needed."""
    return hashlib.blake2b(token.encode(), digest_size=32).hexdigest()
