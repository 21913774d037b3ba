"""The event log: what people did since the last load, on disk before it is acknowledged, each event once.

SQLite with a write-ahead log. A transaction is written under the lock of the database and brought to the disk after it:
SQLite's own full synchronisation would hold that lock meanwhile, and every other worker with it, where a disk takes
what several wait for together. Nothing is acknowledged before it is on disk. Every worker reads what the others wrote,
since ``PRAGMA data_version`` tells in microseconds whether there is anything new. Where the workspace has a key for its
logs they are encrypted, see :mod:`whyrec.events.database`.

Python gives its lock away at each row that SQLite takes, and under load gets it back late: many rows go in by one
statement, as JSON.
"""

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from kg.privacy.log_key import log_keys
from kg.workspace.workspace import check_open
from whyrec.events.answers import Answer, AnswerLog, Given
from whyrec.events.database import connect, database_errors, integrity_errors, write_ahead
from whyrec.events.disk import Disk
from whyrec.events.event_table import (
    DELETE_OF,
    INSERT,
    INSERT_ALL,
    LASTS,
    NEXT_EPOCH,
    PENDING,
    SCHEMA,
    SELECT,
    SELECT_RECEIVED,
    Erased,
    Event,
    Happened,
    event_of,
    row_of,
)

NAME = "events.db"
EARLIER = "answer"
"""The table in which an earlier version kept answers."""


class Appended(NamedTuple):
    """What became of some events: how many are new, how many were there already, and the places of those whose keys
    others have, which were not written."""

    new: int
    repeated: int
    others: tuple[int, ...] = ()


class EventLog:
    """The log of one workspace; safe for threads and for several processes.

    ``answers``: what was shown, in a file of its own, so that writing it holds up no event.

    :param seal_to: public key that what was shown is sealed to; as it is where empty.
    :raises WorkspaceError: where the workspace is sealed, or its logs open with no key at hand.
    """

    def __init__(self, folder: Path, seal_to: str = "") -> None:
        check_open(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        self.path = folder / NAME
        self._keys = log_keys(folder.parent)
        self._lock, self._reading = Lock(), Lock()
        self._writer, self._reader = self._connect(), self._connect()
        self._writer.isolation_level = None  # a statement alone is a transaction; others say BEGIN
        self._writer.executescript(SCHEMA)
        self._disk = Disk(self.path.with_name(f"{NAME}-wal"), self._connect)
        self._version = self._epoch = -1
        self._last, self._of_user = 0, dict[tuple[str, str], Happened]()
        self._newest = dict[str, int]()
        self.answers = AnswerLog(folder, seal_to)
        self._drop_earlier()
        check_open(folder.parent)  # sealed meanwhile, when nobody had the log open yet: it is about to be removed

    def append(self, events: Sequence[Event]) -> Appended:
        """Write events in one transaction; when this returns they are on disk."""
        return self.append_each([events])[0]

    def append_each(self, groups: Sequence[Sequence[Event]]) -> list[Appended]:
        """Write the events of several requests in one transaction; of each what :meth:`append` says.

        :raises sqlite3.Error: where they cannot be written, the disk is full say; some may be there all the same.
        :raises OSError: likewise.
        """
        rows = [row_of(one, int(time.time() * 1000)) for events in groups for one in events]
        with self._lock:
            try:
                self._writer.execute(INSERT_ALL, (json.dumps(rows),))
                told = [Appended(len(events), 0) for events in groups]
            except integrity_errors():  # some were there already
                told = self._counted(groups)
        self._disk.synchronise()
        return told

    def _counted(self, groups: Sequence[Sequence[Event]]) -> list[Appended]:
        """Write events one by one, and see which were there already."""
        now, told = int(time.time() * 1000), list[Appended]()
        with self._transaction():
            for events in groups:
                there = [
                    n for n, one in enumerate(events) if not self._writer.execute(INSERT, row_of(one, now)).rowcount
                ]
                others = tuple(n for n in there if self._kept(events[n].key) != events[n])
                told.append(Appended(len(events) - len(there), len(there) - len(others), others))
        return told

    def _kept(self, key: str) -> Event:
        return event_of(self._writer.execute(f"{SELECT} WHERE key = ?", (key,)).fetchone()[1:])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._writer.execute("ROLLBACK")
            raise
        self._writer.execute("COMMIT")

    def checkpoint_apart(self) -> None:
        """Never copy the write-ahead log into the file while writing: :meth:`checkpoint` is called for it."""
        with self._lock:
            self._writer.execute("PRAGMA wal_autocheckpoint = 0")

    def checkpoint(self, least: int) -> None:
        """Copy the write-ahead log into the file where it has so many bytes, beside whoever writes or reads."""
        try:
            if self.path.with_name(f"{NAME}-wal").stat().st_size < least:
                return
            with closing(self._connect()) as own:
                own.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except FileNotFoundError:
            return  # there is nothing to copy
        except database_errors():
            return  # another does so just now

    def of(self, user: str, user_type: str) -> list[Event]:
        """What somebody did that no load has taken over yet, and what lasts, in the order in which it happened."""
        with self._reading:
            self._follow()
            found = self._of_user.get((user, user_type))
            return list(found.events) if found is not None else []

    def state(self, user: str) -> tuple[int, int]:
        """What is another one whenever the events of somebody that no load has taken over are others."""
        with self._reading:
            self._follow()
            return self._epoch, self._newest.get(user, 0)

    def types_of(self, user: str, types: Iterable[str]) -> list[str]:
        """Of which types the log knows a user of that id."""
        with self._reading:
            self._follow()
            return [name for name in types if (user, name) in self._of_user]

    def pending(self) -> list[tuple[int, Event]]:
        """All events that the next load takes over, with their numbers; whoever told no time did it when it came."""
        query = SELECT.replace("timestamp", "coalesce(timestamp, received)")
        with self._reading:
            rows = self._reader.execute(f"{query} WHERE {PENDING} ORDER BY seq")
            return [(row[0], event_of(row[1:])) for row in rows]

    def taken_over(self, last: int) -> None:
        """Events up to a number are in the store now, but for those that last."""
        with self._lock, self._transaction():
            self._writer.execute(f"UPDATE event SET loaded = 1 WHERE seq <= ? AND {PENDING}", (last,))
            self._writer.execute(NEXT_EPOCH)
        self._disk.synchronise()

    def forget_all(self, names: Mapping[tuple[str, str], str] | None = None) -> None:
        """Erase all events and answers, from the file too, but for what lasts of those who have a new name.

        :param names: type and name of somebody → the new name, which those keep who have it already.
        """
        renamed = {**(names or {}), **{(one[0], new): new for one, new in (names or {}).items()}}
        with self._lock:
            with self._transaction():
                lasting = self._writer.execute(f"SELECT seq, user_type, user FROM event WHERE {LASTS}").fetchall()
                kept = [(renamed[name, user], seq) for seq, name, user in lasting if (name, user) in renamed]
                self._writer.executemany("UPDATE event SET user = ? WHERE seq = ?", kept)
                gone = "DELETE FROM event WHERE seq NOT IN (SELECT value FROM json_each(?))"
                self._writer.execute(gone, (json.dumps([seq for _, seq in kept]),))
                self._writer.execute(NEXT_EPOCH)
            self._writer.execute("VACUUM")
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.answers.forget_all()

    def drop_events(self, before: int, relations: Iterable[str]) -> int:
        """Forget events that came before a moment, in milliseconds since 1970, but those that a load has yet to take
        over; says how many.

        :param relations: those that a load takes over; what is none, as a click, waits for no load.
        """
        kept = f"{PENDING} AND relation IN (SELECT value FROM json_each(?))"
        values = (before, json.dumps(list(relations)))
        with self._lock, self._transaction():
            gone = self._writer.execute(f"DELETE FROM event WHERE received < ? AND NOT ({kept})", values).rowcount
            if gone:
                self._writer.execute(NEXT_EPOCH)
            return gone

    def ages(self) -> tuple[list[int], list[int]]:
        """When each event, and each answer, came: milliseconds since 1970."""
        with self._reading:
            events = [row[0] for row in self._reader.execute("SELECT received FROM event")]
        return events, self.answers.ages()

    def forget(self, user: str, types: Sequence[str]) -> Erased:
        """Erase a person from events and answers, from the file too.

        A deleted row would stay readable in the file and its log: they are overwritten and cut.

        :param types: entity types of hers; whoever of another type has the same id stays.
        """
        with self._lock:
            with self._transaction():
                gone = 0
                for name in types:
                    gone += self._writer.execute(DELETE_OF, (user, name)).rowcount
                self._writer.execute(NEXT_EPOCH)
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._writer.execute("VACUUM")
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return Erased(gone, self.answers.forget(_asked_as(user, types)))

    def about(self, user: str, user_type: str) -> tuple[list[tuple[int, Event]], list[Answer]]:
        """All events of a person, with when they came, in milliseconds, and the answers about her, the oldest first."""
        query = f"{SELECT_RECEIVED} WHERE user = ? AND user_type = ? ORDER BY seq"
        with self._reading:
            events = [(row[1], event_of(row[2:])) for row in self._reader.execute(query, (user, user_type))]
        return events, self.answers.about(_asked_as(user, [user_type]))

    def given(self, user: str, types: Sequence[str]) -> list[Given]:
        """Which answers a person was given, the newest first."""
        return self.answers.given(_asked_as(user, types))

    def since(self, at: int) -> list[tuple[int, Event]]:
        """All events from a moment on, taken over or not, the oldest first, with when they came: milliseconds."""
        query = f"{SELECT_RECEIVED} WHERE received >= ? ORDER BY seq"
        with self._reading:
            return [(row[1], event_of(row[2:])) for row in self._reader.execute(query, (at,))]

    def counts(self) -> dict[str, int]:
        """Relation → number of events that the next load takes over."""
        with self._reading:
            query = f"SELECT relation, count(*) FROM event WHERE {PENDING} GROUP BY relation"
            return dict(self._reader.execute(query))

    def close(self) -> None:
        """Close the files."""
        self._disk.close()
        self._writer.close()
        self._reader.close()
        self.answers.close()

    def _follow(self) -> None:
        """Take in what any process wrote since the last look."""
        version = self._reader.execute("PRAGMA data_version").fetchone()[0]
        if version == self._version:
            return
        self._version = version
        epoch = self._reader.execute("SELECT epoch FROM state").fetchone()[0]
        if epoch != self._epoch:
            self._epoch, self._last = epoch, 0
            self._of_user, self._newest = {}, {}
        query = f"{SELECT_RECEIVED} WHERE seq > ? AND (loaded = 0 OR {LASTS}) ORDER BY seq"
        for number, received, *row in self._reader.execute(query, (self._last,)).fetchall():
            event = event_of(row)
            self._of_user.setdefault((event.user, event.user_type), Happened()).add(event, received)
            self._newest[event.user] = self._last = number

    def _drop_earlier(self) -> None:
        """Remove answers of an earlier version: they were kept for some days, and nothing would forget them now."""
        known = self._writer.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (EARLIER,)).fetchone()
        if known is not None:
            with self._lock:
                self._writer.execute(f"DROP TABLE IF EXISTS {EARLIER}")
                self._writer.execute("VACUUM")
                self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _connect(self) -> sqlite3.Connection:
        connection = connect(self.path, self._keys)
        write_ahead(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = ON")
        return connection


def _asked_as(user: str, types: Sequence[str]) -> tuple[str, ...]:
    """How a person may have been asked about: by id, or with her type before it."""
    return user, *(f"{name}:{user}" for name in types)
