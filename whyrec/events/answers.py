"""The log of answers: what was shown to whom, when, and where, so that it can be shown again to the bit.

A document is kept once, however often it was given; each time it was given is a short row beside it. Nobody waits for
this log: a power cut may take the answers of the last moment, and no event. Where the workspace has a key, what was
shown is sealed to it (:mod:`kg.privacy.seal_key`); to whom and when is not, so that people can be forgotten.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any

from kg.privacy.log_key import log_keys
from kg.privacy.seal_key import is_sealed, opened_value, recipient, sealed_value
from whyrec.events.database import connect, write_ahead

NAME = "answers.db"
SCHEMA = """
CREATE TABLE IF NOT EXISTS document (digest BLOB PRIMARY KEY, body BLOB NOT NULL, told TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answer (
    id TEXT PRIMARY KEY, at INTEGER NOT NULL, user TEXT, caller TEXT NOT NULL, kind TEXT NOT NULL,
    digest BLOB NOT NULL, scenario TEXT NOT NULL, arm TEXT NOT NULL, draw TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS answer_of_user ON answer (user);
CREATE INDEX IF NOT EXISTS answer_of_document ON answer (digest);
CREATE TABLE IF NOT EXISTS look (at INTEGER NOT NULL, user TEXT NOT NULL, caller TEXT NOT NULL, action TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS look_of_user ON look (user);
"""


@dataclass(frozen=True)
class Answer:
    """An answer that was given: ``at`` in milliseconds since 1970 UTC, ``body`` a compressed document.

    ``scenario``: where it was shown, as the caller says. ``arm``: of the experiment that the person was in. ``draw``:
    what chance put into the list, and how likely that was, as JSON.
    """

    id: str
    at: int
    user: str | None
    caller: str
    kind: str
    digest: bytes
    body: bytes
    scenario: str = ""
    arm: str = ""
    draw: str = ""
    told: str = ""
    """Of a list: kind and metapath of each item's reason, as JSON."""


@dataclass(frozen=True)
class Look:
    """Somebody of the staff looked at a person: ``at`` in milliseconds since 1970 UTC, ``action`` what was asked."""

    at: int
    user: str
    caller: str
    action: str


@dataclass(frozen=True)
class Given:
    """That an answer was given, without what it said: fields as of :class:`Answer`."""

    id: str
    at: int
    kind: str
    scenario: str
    arm: str
    caller: str


class AnswerLog:
    """The answers of one workspace; safe for threads and for several processes.

    :param seal_to: public key that what is remembered is sealed to, what was there before too; as it is where empty.
    :raises WorkspaceError: where that is none.
    """

    def __init__(self, folder: Path, seal_to: str = "") -> None:
        self.path = folder / NAME
        self._key = recipient(seal_to) if seal_to else None
        self._keys = log_keys(folder.parent)
        self._lock = Lock()
        self._base = connect(self.path, self._keys)
        write_ahead(self._base)
        for setting in ("synchronous = NORMAL", "secure_delete = ON"):
            self._base.execute(f"PRAGMA {setting}")
        self._base.executescript(SCHEMA)
        if self._key is not None and not self._base.execute("PRAGMA user_version").fetchone()[0]:
            self.seal_again(also_sealed=False)

    def remember(self, answers: Sequence[Answer]) -> None:
        """Keep answers."""
        rows = [(*_given(a), self._draw(a.draw)) for a in answers]
        with self._lock, self._base:
            known = "SELECT 1 FROM document WHERE digest = ?"
            shown = {a.digest: a for a in answers if self._base.execute(known, (a.digest,)).fetchone() is None}
            self._base.executemany(
                "INSERT OR IGNORE INTO document VALUES (?, ?, ?)",
                [(one.digest, *self._document(one.body, one.told)) for one in shown.values()],
            )
            if self._key is None and shown:
                self._base.execute("PRAGMA user_version = 0")
            self._base.executemany("INSERT OR IGNORE INTO answer VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def looked(self, looks: Sequence[Look]) -> None:
        """Keep who looked at whom."""
        rows = [(one.at, one.user, one.caller, one.action) for one in looks]
        with self._lock, self._base:
            self._base.executemany("INSERT INTO look VALUES (?, ?, ?, ?)", rows)

    def looks(self, users: Sequence[str] | None = None, most: int = 1_000) -> list[Look]:
        """Who looked at a person, or at anybody, the newest first.

        :param users: all names under which she was asked about; everybody where absent.
        """
        query = f"SELECT at, user, caller, action FROM look {'' if users is None else 'WHERE user = ?'}"
        with self._lock:
            asked: list[tuple[str, ...]] = [()] if users is None else [(one,) for one in users]
            found = [
                Look(*row)
                for one in asked
                for row in self._base.execute(f"{query} ORDER BY at DESC LIMIT {most:d}", one)
            ]
        return sorted(found, key=lambda one: -one.at)[:most]

    def document(self, answer_id: str) -> bytes | None:
        """An answer that was given, as it was; ``None`` where none of that id is kept.

        :raises WorkspaceError: where it is sealed, and no key is in the environment.
        """
        query = "SELECT body FROM answer JOIN document USING (digest) WHERE id = ?"
        with self._lock:
            found = self._base.execute(query, (answer_id,)).fetchone()
        return None if found is None else _opened(found[0], "")[0]

    def given(self, users: Sequence[str], most: int = 100) -> list[Given]:
        """Which answers somebody was given, the newest first; what is sealed is not opened.

        :param users: all names under which she was asked about.
        """
        query = "SELECT id, at, kind, scenario, arm, caller FROM answer WHERE user = ? ORDER BY at DESC LIMIT ?"
        with self._lock:
            found = [Given(*row) for one in users for row in self._base.execute(query, (one, most))]
        return sorted(found, key=lambda one: -one.at)[:most]

    def since(self, at: int, kind: str = "recommend") -> Iterator[Answer]:
        """The answers of a kind from a moment on, the oldest first.

        :raises WorkspaceError: as :meth:`document`.
        """
        query = f"{_SELECT} WHERE at >= ? AND kind = ? ORDER BY at"
        with closing(connect(self.path, self._keys, one_thread=True)) as base:
            for row in base.execute(query, (at, kind)):
                yield _answer(row)

    def drop(self, before: int) -> int:
        """Forget answers given before a moment, in milliseconds since 1970; says how many."""
        with self._lock, self._base:
            self._base.execute("DELETE FROM look WHERE at < ?", (before,))
            return self._delete("at < ?", before)

    def forget(self, users: Sequence[str]) -> int:
        """Erase the answers to a person, from the file too; says how many there were.

        :param users: all names under which she was asked about.
        """
        with self._lock:
            with self._base:
                gone = sum(self._delete("user = ?", one) for one in users)
                self._base.executemany("DELETE FROM look WHERE user = ?", [(one,) for one in users])
            self._overwrite()
        return gone

    def forget_all(self) -> None:
        """Erase all answers, from the file too."""
        with self._lock:
            with self._base:
                self._delete("at >= ?", 0)
                self._base.execute("DELETE FROM look")
            self._overwrite()

    def ages(self) -> list[int]:
        """When each answer was given."""
        with self._lock:
            return [row[0] for row in self._base.execute("SELECT at FROM answer")]

    def look_ages(self) -> list[int]:
        """When each look at a person was."""
        with self._lock:
            return [row[0] for row in self._base.execute("SELECT at FROM look")]

    def about(self, users: Sequence[str]) -> list[Answer]:
        """The answers to a person, the oldest first.

        :param users: all names under which she was asked about.
        :raises WorkspaceError: as :meth:`document`.
        """
        with self._lock:
            found = [_answer(row) for one in users for row in self._base.execute(f"{_SELECT} WHERE user = ?", (one,))]
        return sorted(found, key=lambda one: one.at)

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def seal_again(self, *, also_sealed: bool = True) -> None:
        """Seal everything to the key, what is not sealed and what was sealed to an earlier one; all or nothing.

        :param also_sealed: leave out what is sealed already, to whichever key, where not so.
        :raises WorkspaceError: where something is sealed to a key that is not in the environment.
        """
        with self._lock:
            with self._base:
                for digest, body, told in self._base.execute("SELECT digest, body, told FROM document").fetchall():
                    if also_sealed or not is_sealed(body):
                        found = self._document(*_opened(body, told))
                        self._base.execute("UPDATE document SET body = ?, told = ? WHERE digest = ?", (*found, digest))
                for known, draw in self._base.execute("SELECT id, draw FROM answer WHERE draw != ''").fetchall():
                    if also_sealed or isinstance(draw, str):
                        self._base.execute("UPDATE answer SET draw = ? WHERE id = ?", (self._draw(_text(draw)), known))
                self._base.execute("PRAGMA user_version = 1")
            self._overwrite()

    def _document(self, body: bytes, told: str) -> tuple[bytes, str]:
        """The columns of a document; sealed, its grounds stand before it, for both are of somebody."""
        if self._key is None:
            return body, told
        return sealed_value(told.encode() + b"\0" + body, self._key), ""

    def _draw(self, draw: str) -> str | bytes:
        return sealed_value(draw.encode(), self._key) if draw and self._key is not None else draw

    def _delete(self, condition: str, value: int | str) -> int:
        gone = self._base.execute(f"DELETE FROM answer WHERE {condition}", (value,)).rowcount
        self._base.execute("DELETE FROM document WHERE digest NOT IN (SELECT digest FROM answer)")
        return gone

    def _overwrite(self) -> None:
        """What was deleted would stay readable in the file and its log."""
        self._base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._base.execute("VACUUM")
        self._base.execute("PRAGMA wal_checkpoint(TRUNCATE)")


_SELECT = (
    "SELECT id, at, user, caller, kind, digest, body, scenario, arm, draw, told FROM answer "
    "JOIN document USING (digest)"
)


def _given(a: Answer) -> tuple[Any, ...]:
    return a.id, a.at, a.user, a.caller, a.kind, a.digest, a.scenario, a.arm


def _answer(row: tuple[Any, ...]) -> Answer:
    """The row of an answer, opened where it is sealed."""
    kept = Answer(*row)
    body, told = _opened(kept.body, kept.told)
    return replace(kept, body=body, told=told, draw=_text(kept.draw))


def _opened(body: bytes, told: str) -> tuple[bytes, str]:
    if not is_sealed(body):
        return bytes(body), told
    grounds, _, document = opened_value(body).partition(b"\0")
    return document, grounds.decode()


def _text(draw: str | bytes) -> str:
    return opened_value(draw).decode() if isinstance(draw, bytes) else draw
