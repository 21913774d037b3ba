"""Events checked against schema and graph, as a load checks a row."""

from typing import Any

from kg.errors import UsageError
from kg.schema import Schema
from kg.snapshot.snapshot import Snapshot
from whyrec.events.event_table import Event
from whyrec.events.signals import LASTING, SIGNALS, USES


def checked_event(snapshot: Snapshot, told: dict[str, Any]) -> Event:
    """The event that somebody told of.

    :param told: ``id``, ``user``, ``relation``, ``item``, and maybe ``weight``, ``timestamp``, ``answer``; the relation
        is one of a user type, a signal, or a use: what people do with items of that type, where that is one relation.
    :raises UsageError: naming the field.
    """
    schema, relation = snapshot.schema, told["relation"]
    user_types, item_types = _ends(schema, relation)
    found = [name for name in item_types if snapshot.vocabulary.get(name, told["item"]) is not None]
    if len(found) != 1:
        what = "is of several types" if found else f"no {' or '.join(item_types)} has this id"
        raise UsageError(f"`item`: {what}")
    if relation in USES and relation not in schema.relation:
        if relation == "rate" and told.get("weight") is None:
            raise UsageError("`weight`: a rating needs one")
        relation = _use(schema, relation, found[0])
        user_types = (schema.relation[relation].head,)
    people = [name for name in user_types if snapshot.vocabulary.get(name, told["user"]) is not None]
    user_type = (people or list(user_types))[0]
    kept = (told.get("weight"), told.get("timestamp"), told.get("answer"))
    return Event(told["id"], user_type, told["user"], relation, found[0], told["item"], *kept)


def _ends(schema: Schema, relation: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Types of whoever does that, and of what they do it with."""
    if relation not in LASTING and relation in schema.relation and schema.relation[relation].head in schema.user_types:
        return (schema.relation[relation].head,), (schema.relation[relation].tail,)
    if relation in (*SIGNALS, *USES):
        return tuple(schema.user_types), tuple(schema.item_types)
    known = [name for name, one in schema.relation.items() if one.head in schema.user_types]
    raise UsageError(f"`relation`: expected one of {', '.join((*known, *USES, *SIGNALS))}")


def _use(schema: Schema, name: str, item_type: str) -> str:
    """The interaction that a use of an item of a type is."""
    found = [one for one in schema.interactions if schema.relation[one].tail == item_type]
    if len(found) == 1:
        return found[0]
    raise UsageError(f"`relation`: {name} may be any of {', '.join(found)} here; name one")
