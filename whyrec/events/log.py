"""The event log: what people did since the last load, on disk before it is acknowledged, each event once.

SQLite with a write-ahead log and full synchronisation: a commit that was acknowledged survives a killed process. Every
worker reads what the others wrote, since ``PRAGMA data_version`` tells in microseconds whether there is anything new.
"""

import os
import sqlite3
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

NAME = "events.db"
BUSY_SECONDS = 10
SCHEMA = """
CREATE TABLE IF NOT EXISTS event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, received INTEGER NOT NULL, user_type TEXT NOT NULL,
    user TEXT NOT NULL, relation TEXT NOT NULL, item_type TEXT NOT NULL, item TEXT NOT NULL, weight REAL,
    timestamp INTEGER, answer TEXT, loaded INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS event_of_user ON event (user, user_type);
CREATE TABLE IF NOT EXISTS answer (
    id TEXT PRIMARY KEY, at INTEGER NOT NULL, user TEXT, caller TEXT NOT NULL, kind TEXT NOT NULL,
    document BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS answer_of_user ON answer (user);
"""


@dataclass(frozen=True)
class Event:
    """One thing that somebody did; ``key`` is the caller's id of it, so that a repeated request counts once.

    ``timestamp``: milliseconds since 1970 UTC. ``answer``: id of the answer that it came from.
    """

    key: str
    user_type: str
    user: str
    relation: str
    item_type: str
    item: str
    weight: float | None = None
    timestamp: int | None = None
    answer: str | None = None


class EventLog:
    """The log of one workspace; safe for threads and for several processes."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self.path = folder / NAME
        if not self.path.exists():
            os.close(os.open(self.path, os.O_CREAT, 0o600))
        self._lock = Lock()
        self._writer, self._reader = self._connect(), self._connect()
        with self._lock:
            self._writer.executescript(SCHEMA)
        self._version, self._of_user = -1, dict[tuple[str, str], list[Event]]()
        self._last = 0

    def append(self, events: Sequence[Event]) -> tuple[int, int]:
        """Write events in one transaction: how many are new, and how many were there already.

        When this returns they are on disk.
        """
        now = int(time.time() * 1000)
        rows = [
            (e.key, now, e.user_type, e.user, e.relation, e.item_type, e.item, e.weight, e.timestamp, e.answer)
            for e in events
        ]
        statement = (
            "INSERT INTO event (key, received, user_type, user, relation, item_type, item, weight, timestamp, answer) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(key) DO NOTHING"
        )
        with self._lock, self._writer:
            before = self._writer.total_changes
            self._writer.executemany(statement, rows)
            new = self._writer.total_changes - before
        return new, len(rows) - new

    def of(self, user: str, user_type: str) -> list[Event]:
        """What somebody did that no load has taken over yet, the oldest first."""
        with self._lock:
            self._follow()
            return list(self._of_user.get((user, user_type), ()))

    def types_of(self, user: str, types: Iterable[str]) -> list[str]:
        """Of which types the log knows a user of that id."""
        with self._lock:
            self._follow()
            return [name for name in types if (user, name) in self._of_user]

    def pending(self) -> list[tuple[int, Event]]:
        """All events that no load has taken over, with their numbers."""
        with self._lock:
            rows = self._reader.execute(f"{_SELECT} WHERE loaded = 0 ORDER BY seq")
            return [(row[0], _event(row[1:])) for row in rows]

    def taken_over(self, last: int) -> None:
        """Events up to a number are in the store now."""
        with self._lock, self._writer:
            self._writer.execute("UPDATE event SET loaded = 1 WHERE seq <= ? AND loaded = 0", (last,))

    def remember(self, answers: Sequence[tuple[str, int, str | None, str, str, bytes]]) -> None:
        """Keep answers, so that they can be shown again to the bit.

        :param answers: id, milliseconds since 1970, user, caller, kind, compressed document.
        """
        with self._lock, self._writer:
            self._writer.executemany("INSERT OR IGNORE INTO answer VALUES (?, ?, ?, ?, ?, ?)", answers)

    def answer(self, answer_id: str) -> bytes | None:
        """An answer that was given, as it was; ``None`` where none of that id is kept."""
        with self._lock:
            found = self._reader.execute("SELECT document FROM answer WHERE id = ?", (answer_id,)).fetchone()
        return None if found is None else bytes(found[0])

    def drop_answers(self, before: int) -> int:
        """Forget answers given before a moment, in milliseconds since 1970; says how many."""
        with self._lock, self._writer:
            return self._writer.execute("DELETE FROM answer WHERE at < ?", (before,)).rowcount

    def forget_all(self) -> None:
        """Erase all events and answers, from the file too."""
        with self._lock:
            with self._writer:
                self._writer.execute("DELETE FROM event")
                self._writer.execute("DELETE FROM answer")
            self._writer.execute("VACUUM")
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._version = -1

    def drop_events(self, before: int) -> int:
        """Forget events that came before a moment, in milliseconds since 1970, and that a load has taken over; says how
        many."""
        with self._lock, self._writer:
            return self._writer.execute("DELETE FROM event WHERE received < ? AND loaded = 1", (before,)).rowcount

    def ages(self) -> tuple[list[int], list[int]]:
        """When each event, and each answer, came: milliseconds since 1970."""
        with self._lock:
            events = [row[0] for row in self._reader.execute("SELECT received FROM event")]
            return events, [row[0] for row in self._reader.execute("SELECT at FROM answer")]

    def forget(self, user: str, types: Sequence[str]) -> int:
        """Erase a person from events and answers, from the file too; says how many rows went.

        A deleted row would stay readable in the file and its log: they are overwritten and cut.

        :param types: entity types of hers; whoever of another type has the same id stays.
        """
        with self._lock:
            with self._writer:
                gone = 0
                for name in types:
                    query = "DELETE FROM event WHERE user = ? AND user_type = ?"
                    gone += self._writer.execute(query, (user, name)).rowcount
                for one in _asked_as(user, types):
                    gone += self._writer.execute("DELETE FROM answer WHERE user = ?", (one,)).rowcount
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._writer.execute("VACUUM")
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._version = -1
        return gone

    def about(self, user: str, user_type: str) -> tuple[list[Event], list[tuple[str, int, str, bytes]]]:
        """All events of a person, taken over or not, and the answers about her that are kept, both the oldest first.

        :returns: of each answer its id, milliseconds since 1970, kind, and compressed document.
        """
        answers = list[tuple[str, int, str, bytes]]()
        with self._lock:
            query = f"{_SELECT} WHERE user = ? AND user_type = ? ORDER BY seq"
            events = [_event(row[1:]) for row in self._reader.execute(query, (user, user_type))]
            for one in _asked_as(user, [user_type]):
                answers += self._reader.execute("SELECT id, at, kind, document FROM answer WHERE user = ?", (one,))
        return events, sorted(answers, key=lambda row: row[1])

    def counts(self) -> dict[str, int]:
        """Relation → number of events that no load has taken over."""
        with self._lock:
            return dict(self._reader.execute("SELECT relation, count(*) FROM event WHERE loaded = 0 GROUP BY relation"))

    def close(self) -> None:
        """Close both connections."""
        self._writer.close()
        self._reader.close()

    def _follow(self) -> None:
        """Take in what any process wrote since the last look."""
        version = self._reader.execute("PRAGMA data_version").fetchone()[0]
        if version == self._version:
            return
        self._version = version
        self._of_user = {}
        with closing(self._reader.execute(f"{_SELECT} WHERE loaded = 0 ORDER BY seq")) as rows:
            for row in rows:
                event = _event(row[1:])
                self._of_user.setdefault((event.user, event.user_type), []).append(event)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        return connection


_SELECT = "SELECT seq, key, user_type, user, relation, item_type, item, weight, timestamp, answer FROM event"


def _asked_as(user: str, types: Sequence[str]) -> tuple[str, ...]:
    """How a person may have been asked about: by id, or with her type before it."""
    return user, *(f"{name}:{user}" for name in types)


def _event(row: tuple[object, ...]) -> Event:
    return Event(*row)  # type: ignore[arg-type]  # the columns of _SELECT are the fields
