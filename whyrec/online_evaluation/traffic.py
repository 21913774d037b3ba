"""Traffic: the lists that were given, and what people did with the items in them, from the logs of the service.

An event belongs to the answer that it names; one that names none, or none that the same person was given, belongs to
the newest list, at most a day old, in which the person was shown the item. It happened when its own time says, which
is before it came: events of a day may come at night. What names its answer came after it, whatever clocks say.
"""

import json
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from kg.instant import DAY
from whyrec.events.answers import Answer
from whyrec.events.event_table import Event
from whyrec.events.log import EventLog

FOLDER = "service"


@dataclass(frozen=True)
class ShownItem:
    """An item in a list: type, id, domain, and by what its reason says it is there: kind and metapath, empty where
    untold."""

    type: str
    id: str
    domain: str
    kind: str
    metapath: str


@dataclass
class ShownList:
    """A list that somebody was given; ``did``: rank, from 0, → relations that came of it."""

    id: str
    at: int
    user: str
    scenario: str
    arm: str
    draw: dict[str, Any] | None
    personal: bool
    score: float | None
    """Of the first item."""
    items: tuple[ShownItem, ...]
    did: dict[int, set[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Traffic:
    """The lists of a time, the oldest first, and all events that came in it: milliseconds, user, relation."""

    lists: list[ShownList]
    events: list[tuple[int, str, str]]


def traffic(workspace: Path, since: int, until: int) -> Traffic:
    """What the service of a workspace showed, and what people did, between two moments in milliseconds since 1970."""
    folder = workspace / FOLDER
    if not folder.is_dir():
        return Traffic([], [])
    with closing(EventLog(folder)) as log:
        shown_lists = [one for one in _lists(log, since - DAY) if one.at < until]  # to which events may belong still
        by_id, by_user = {one.id: one for one in shown_lists}, dict[str, list[ShownList]]()
        for one in shown_lists:
            by_user.setdefault(one.user, []).append(one)
        events = []
        for came, event in log.since(since):
            if came < until:
                events.append((came, event.user, event.relation))
            at = came if event.timestamp is None else min(came, event.timestamp)
            named = by_id.get(event.answer or "")
            called = event.user, f"{event.user_type}:{event.user}"  # as somebody may have been asked about
            if named is not None and named.user in called:
                _belongs(named, event, max(at, named.at) if came >= named.at else at)
                continue
            mine = sorted((one for name in called for one in by_user.get(name, ())), key=lambda one: one.at)
            for shown in reversed(mine):
                if _belongs(shown, event, at):
                    break
    return Traffic([one for one in shown_lists if one.at >= since], events)


def _belongs(shown: ShownList, event: Event, at: int) -> bool:
    item = event.item_type, event.item
    rank = next((rank for rank, one in enumerate(shown.items) if (one.type, one.id) == item), None)
    if rank is None or not shown.at <= at <= shown.at + DAY:
        return False
    shown.did.setdefault(rank, set()).add(event.relation)
    return True


def _lists(log: EventLog, since: int) -> Iterator[ShownList]:
    for answer in log.answers.since(since):
        if answer.user is not None:
            personal, score, items = _read(answer.body, answer.told)
            draw = json.loads(answer.draw) if answer.draw else None
            yield _shown(answer, draw, (personal, score, items))


def _shown(answer: Answer, draw: Any, read: tuple[bool, float | None, tuple[ShownItem, ...]]) -> ShownList:
    return ShownList(answer.id, answer.at, answer.user or "", answer.scenario, answer.arm, draw, *read)


@lru_cache(maxsize=10_000)
def _read(body: bytes, told: str) -> tuple[bool, float | None, tuple[ShownItem, ...]]:
    document = json.loads(zlib.decompress(body))
    items, grounds = document["items"], json.loads(told) if told else []
    grounds += [("", "")] * (len(items) - len(grounds))
    shown = tuple(
        ShownItem(one["type"], one["id"], one["domain"], *ground) for one, ground in zip(items, grounds, strict=True)
    )
    return document["personal"], items[0]["score"] if items else None, shown
