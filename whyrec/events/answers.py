"""The log of answers: what was shown to whom, when, and where, so that it can be shown again to the bit.

A document is kept once, however often it was given; each time it was given is a short row beside it. Nobody waits for
this log: a power cut may take the answers of the last moment, and no event.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

NAME = "answers.db"
BUSY_SECONDS = 10
SCHEMA = """
CREATE TABLE IF NOT EXISTS document (digest BLOB PRIMARY KEY, body BLOB NOT NULL, told TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answer (
    id TEXT PRIMARY KEY, at INTEGER NOT NULL, user TEXT, caller TEXT NOT NULL, kind TEXT NOT NULL,
    digest BLOB NOT NULL, scenario TEXT NOT NULL, arm TEXT NOT NULL, draw TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS answer_of_user ON answer (user);
CREATE INDEX IF NOT EXISTS answer_of_document ON answer (digest);
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


class AnswerLog:
    """The answers of one workspace; safe for threads and for several processes."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        if not self.path.exists():
            os.close(os.open(self.path, os.O_CREAT, 0o600))
        self._lock = Lock()
        self._base = sqlite3.connect(self.path, timeout=BUSY_SECONDS, check_same_thread=False)
        for setting in ("journal_mode = WAL", "synchronous = NORMAL", "secure_delete = ON"):
            self._base.execute(f"PRAGMA {setting}")
        self._base.executescript(SCHEMA)

    def remember(self, answers: Sequence[Answer]) -> None:
        """Keep answers."""
        rows = [(a.id, a.at, a.user, a.caller, a.kind, a.digest, a.scenario, a.arm, a.draw) for a in answers]
        with self._lock, self._base:
            self._base.executemany(
                "INSERT OR IGNORE INTO document VALUES (?, ?, ?)", [(a.digest, a.body, a.told) for a in answers]
            )
            self._base.executemany("INSERT OR IGNORE INTO answer VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def document(self, answer_id: str) -> bytes | None:
        """An answer that was given, as it was; ``None`` where none of that id is kept."""
        query = "SELECT body FROM answer JOIN document USING (digest) WHERE id = ?"
        with self._lock:
            found = self._base.execute(query, (answer_id,)).fetchone()
        return None if found is None else bytes(found[0])

    def since(self, at: int, kind: str = "recommend") -> Iterator[Answer]:
        """The answers of a kind from a moment on, the oldest first."""
        query = f"{_SELECT} WHERE at >= ? AND kind = ? ORDER BY at"
        with closing(sqlite3.connect(self.path, timeout=BUSY_SECONDS)) as base:
            for row in base.execute(query, (at, kind)):
                yield Answer(*row)

    def drop(self, before: int) -> int:
        """Forget answers given before a moment, in milliseconds since 1970; says how many."""
        with self._lock, self._base:
            return self._delete("at < ?", before)

    def forget(self, users: Sequence[str]) -> int:
        """Erase the answers to a person, from the file too; says how many there were.

        :param users: all names under which she was asked about.
        """
        with self._lock:
            with self._base:
                gone = sum(self._delete("user = ?", one) for one in users)
            self._overwrite()
        return gone

    def forget_all(self) -> None:
        """Erase all answers, from the file too."""
        with self._lock:
            with self._base:
                self._delete("at >= ?", 0)
            self._overwrite()

    def ages(self) -> list[int]:
        """When each answer was given."""
        with self._lock:
            return [row[0] for row in self._base.execute("SELECT at FROM answer")]

    def about(self, users: Sequence[str]) -> list[Answer]:
        """The answers to a person, the oldest first.

        :param users: all names under which she was asked about.
        """
        with self._lock:
            found = [Answer(*row) for one in users for row in self._base.execute(f"{_SELECT} WHERE user = ?", (one,))]
        return sorted(found, key=lambda one: one.at)

    def close(self) -> None:
        """Close the file."""
        self._base.close()

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
