"""The table of events: its columns, the statements over it, and an event as a row."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from whyrec.events.signals import LASTING

SCHEMA = """
CREATE TABLE IF NOT EXISTS event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, received INTEGER NOT NULL, user_type TEXT NOT NULL,
    user TEXT NOT NULL, relation TEXT NOT NULL, item_type TEXT NOT NULL, item TEXT NOT NULL, weight REAL,
    timestamp INTEGER, answer TEXT, loaded INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS event_of_user ON event (user, user_type);
CREATE INDEX IF NOT EXISTS event_pending ON event (seq) WHERE loaded = 0;
CREATE TABLE IF NOT EXISTS state (epoch INTEGER NOT NULL);
INSERT INTO state SELECT 0 WHERE NOT EXISTS (SELECT * FROM state);
"""
"""``epoch`` grows whenever events leave the log; else it only grows at its end."""


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


class Erased(NamedTuple):
    """How much of somebody was erased: events, and answers that were kept."""

    events: int
    answers: int


_COLUMNS = "key, received, user_type, user, relation, item_type, item, weight, timestamp, answer"
INSERT = f"INSERT INTO event ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(key) DO NOTHING"
_FIELDS = ", ".join(f"value ->> {place}" for place in range(_COLUMNS.count(",") + 1))
INSERT_ALL = f"INSERT INTO event ({_COLUMNS}) SELECT {_FIELDS} FROM json_each(?) ORDER BY id"
"""Rows as one JSON array; all or none."""
LASTS = f"relation IN ({', '.join(map(repr, LASTING))})"
"""What holds whatever is loaded."""
PENDING = f"loaded = 0 AND NOT {LASTS}"
"""What the next load takes over."""
NEXT_EPOCH = "UPDATE state SET epoch = epoch + 1"
DELETE_OF = "DELETE FROM event WHERE user = ? AND user_type = ?"
SELECT = "SELECT seq, key, user_type, user, relation, item_type, item, weight, timestamp, answer FROM event"
SELECT_RECEIVED = SELECT.replace("seq", "seq, received")


class Happened:
    """Events of one person in the order in which they happened, which need not be that in which they are told.

    Whoever tells no time did it when it came: after all that came before, even where the clock was set back.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._moments: list[int] = []

    def add(self, event: Event, received: int) -> None:
        """Put an event in its place; of the same moment it is the last.

        :param received: when it came, in milliseconds since 1970 UTC.
        """
        told = event.timestamp
        moment = told if told is not None else max(received, self._moments[-1] if self._moments else 0)
        place = bisect_right(self._moments, moment)
        self._moments.insert(place, moment)
        self.events.insert(place, event)


def row_of(e: Event, now: int) -> tuple[object, ...]:
    """The columns of an event.

    :param now: when it was received, in milliseconds since 1970 UTC.
    """
    return e.key, now, e.user_type, e.user, e.relation, e.item_type, e.item, e.weight, e.timestamp, e.answer


def event_of(row: Sequence[object]) -> Event:
    """The event that a row of ``SELECT`` is, without its number."""
    return Event(*row)  # type: ignore[arg-type]  # the columns of SELECT are the fields
