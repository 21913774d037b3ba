"""Events checked against schema and graph, as a load checks a row: what is taken here no load rejects."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kg.errors import UsageError
from kg.identifier import identifier
from kg.instant import DAY
from kg.privacy.pseudonym import KEY_VARIABLE, Pseudonyms, check_key, is_pseudonym, is_pseudonymised
from kg.schema import Schema
from kg.snapshot.snapshot import Snapshot
from kg.values.epoch import milliseconds
from whyrec.events.event_table import Event
from whyrec.events.log import EventLog
from whyrec.events.signals import LASTING, SIGNALS, USES
from whyrec.service.forgotten_people import ForgottenPeople

AHEAD = DAY
"""Milliseconds that the clock of whoever tells may be ahead; how old things are is counted from the newest."""


class EventCheck:
    """Checks the events of one request, one after the other.

    :param forgotten: of whom nothing is taken.
    :param log: where those are that wait for a load: they may make the people whom later ones name.
    :param workspace: its folder.
    """

    def __init__(self, snapshot: Snapshot, log: EventLog, forgotten: ForgottenPeople, workspace: Path) -> None:
        self._workspace = workspace
        self._snapshot, self._log, self._latest = snapshot, log, int(time.time() * 1000) + AHEAD
        self._forgotten = forgotten
        self._made = set[tuple[str, str]]()

    def checked(self, told: dict[str, Any]) -> Event:
        """The event that somebody told of.

        :param told: ``id``, ``user``, ``relation``, ``item``, and maybe ``weight``, ``timestamp``, ``answer``; the
            relation is one of a user type, a signal, or a use: what people do with items of that type, where that is
            one relation.
        :raises UsageError: naming the field.
        """
        schema, relation = self._snapshot.schema, told["relation"]
        user_types, item_types = _ends(schema, relation)
        user, item = _named("user", told["user"]), _named("item", told["item"])
        item_type, item = self._item(item, item_types)
        user_types, user = self._user(user, user_types, relation)
        if relation in USES and relation not in schema.relation:
            if relation == "rate" and told.get("weight") is None:
                raise UsageError("`weight`: a rating needs one")
            known = [name for name in user_types if self._knows(name, user)]
            relation = _use(schema, relation, item_type, known or user_types)
            user_types = (schema.relation[relation].head,)
        user_type = self._user_type(user, user_types, relation)
        user = self._own(user_type, user)
        kept = (told.get("weight"), self._moment(told.get("timestamp")), told.get("answer"))
        return Event(told["id"], user_type, user, relation, item_type, item, *kept)

    def _item(self, told: str, types: tuple[str, ...]) -> tuple[str, str]:
        """Type and id of an item, told by its id, or ``Type:id`` where several types have one of it."""
        vocabulary = self._snapshot.vocabulary
        found = [name for name in types if vocabulary.get(name, told) is not None]
        if len(found) == 1:
            return found[0], told
        prefix, _, rest = told.partition(":")
        if not found and prefix in types and vocabulary.get(prefix, rest) is not None:
            return prefix, rest
        several = " or ".join(f"{name}:{told}" for name in found)
        what = f"is of several types; say {several}" if found else f"no {' or '.join(types)} has this id"
        raise UsageError(f"`item`: {what}")

    def _user(self, told: str, types: tuple[str, ...], relation: str) -> tuple[tuple[str, ...], str]:
        """The types that somebody may be of, and the id: ``Type:id`` tells apart those who share one."""
        schema, vocabulary = self._snapshot.schema, self._snapshot.vocabulary
        name, _, rest = told.partition(":")
        plain = any(vocabulary.get(one, told) is not None for one in types)
        if plain or name not in schema.user_types or vocabulary.get(name, rest) is None:
            return types, told
        if name not in types:
            raise UsageError(f"`user`: {relation} is nothing that a {name} does")
        return (name,), rest

    def _own(self, name: str, told: str) -> str:
        """The id of somebody of a type as the workspace has it: where these are pseudonyms nothing else is written.

        :raises UsageError: where there is none, since the key is missing or another one.
        """
        known = self._snapshot.vocabulary.get(name, told) is not None
        if known or is_pseudonym(name, told) or not is_pseudonymised(self._workspace):
            return told
        if not os.environ.get(KEY_VARIABLE):
            raise UsageError(f"`user`: people have pseudonyms here; send hers, or set {KEY_VARIABLE} for the service")
        pseudonyms = Pseudonyms.from_environment()
        check_key(self._workspace, pseudonyms)
        return pseudonyms.of(name, told)

    def _user_type(self, user: str, types: tuple[str, ...], relation: str) -> str:
        """The type of somebody; of one whom nobody knows yet the first, where a load will make people of that."""
        known = [name for name in types if self._knows(name, user)]
        if any(self._forgotten.has(name, self._own(name, user)) for name in known[:1] or types):
            raise UsageError("`user`: was forgotten, and nothing is kept of them any more")
        if known:
            return known[0]
        schema, name = self._snapshot.schema, types[0]
        user = self._own(name, user)
        if _makes_people(schema, relation):
            self._made.add((name, user))
        elif relation in schema.relation and not self._waits(user, name):
            raise UsageError(f"`user`: nobody has this id, and {relation} makes no people here; load them first")
        return name

    def _knows(self, name: str, told: str) -> bool:
        """Whether the graph has somebody of a type."""
        return self._snapshot.vocabulary.get(name, self._own(name, told)) is not None

    def _waits(self, user: str, user_type: str) -> bool:
        """Whether an event that waits for a load will make somebody."""
        logged = (one.relation for one in self._log.of(user, user_type))
        return (user_type, user) in self._made or any(_makes_people(self._snapshot.schema, one) for one in logged)

    def _moment(self, told: int | None) -> int | None:
        if told is None:
            return None
        found = milliseconds(told)
        if found is None:
            raise UsageError("`timestamp`: expected milliseconds or seconds since 1970 UTC, of the years from 1990 on")
        if found > self._latest:
            raise UsageError("`timestamp`: lies in the future; send when it happened, or nothing for now")
        return found


def _named(field: str, told: str) -> str:
    """An id as a load would read it.

    :raises UsageError: for what a load would not take for one.
    """
    found = identifier(told)
    if not found:
        raise UsageError(f"`{field}`: stands for no value; send the id")
    return found


def _makes_people(schema: Schema, relation: str) -> bool:
    """Whether rows of a relation make the people that nobody knows, as a load of its events does it."""
    one = schema.relation.get(relation)
    return one is not None and one.interaction and one.create_head is not False


def _ends(schema: Schema, relation: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Types of whoever does that, and of what they do it with."""
    if relation not in LASTING and relation in schema.relation and schema.relation[relation].head in schema.user_types:
        return (schema.relation[relation].head,), (schema.relation[relation].tail,)
    if relation in (*SIGNALS, *USES):
        return tuple(schema.user_types), tuple(schema.item_types)
    known = [name for name, one in schema.relation.items() if one.head in schema.user_types]
    raise UsageError(f"`relation`: expected one of {', '.join((*known, *USES, *SIGNALS))}")


def _use(schema: Schema, name: str, item_type: str, user_types: Sequence[str]) -> str:
    """The interaction that a use of an item of a type by somebody of some types is."""
    ends = {one: schema.ends(one) for one in schema.interactions}
    found = [one for one, (head, tail) in ends.items() if tail == item_type and head in user_types]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(f"`relation`: nobody of {' or '.join(user_types)} has {name} of {item_type} here")
    raise UsageError(f"`relation`: {name} may be any of {', '.join(found)} here; name one")
