"""An entity with what it is linked to, as a tree; other people are counted where they are enough, never named."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, SerializerFunctionWrapHandler, model_serializer

from kg.errors import UnknownEntityError
from kg.instant import NO_TIME
from kg.k_anonymity import shown_count
from kg.snapshot.entity_table import Value, properties
from kg.snapshot.snapshot import Snapshot

LIMIT = 10


class Entity(BaseModel, frozen=True):
    """The entity in the middle."""

    id: str
    type: str
    label: str
    properties: dict[str, Value]
    """Absent ones are left out."""


class Neighbour(BaseModel, frozen=True):
    """An entity one triple away."""

    id: str
    type: str
    label: str
    weight: float
    first: str | None = None
    occasions: int | None = None
    previous: str | None = None
    """Of what somebody does again: the first day (UTC), on how many days, and the last day but one; left out where not
    known, and elsewhere."""
    neighbours: list[Neighbours] | None = None
    """What it is linked to in turn, without the triple that led here; ``None`` where nobody looked."""

    @model_serializer(mode="wrap")
    def _present(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        found = handler(self)
        return {name: value for name, value in found.items() if value is not None or name == "neighbours"}


class Neighbours(BaseModel, frozen=True):
    """All that one step leads to."""

    relation: str
    """``relation`` or, against its direction, ``~relation``."""
    type: str
    count: int | str
    """Of people as :func:`kg.k_anonymity.shown_count` tells it, ``"<5"`` for none as for four."""
    people: bool
    """Of a sensitive type: counted, and ``entities`` is empty."""
    entities: list[Neighbour]
    """The heaviest first, equal weights by id; no more than the limit."""


class Neighbourhood(BaseModel, frozen=True):
    """The answer of ``graph show``."""

    entity: Entity
    neighbours: list[Neighbours]


def find_entity(snapshot: Snapshot, text: str) -> tuple[str, int]:
    """Type and index of the entity that an id, or ``Type:id``, stands for.

    :raises UnknownEntityError: naming the nearest ids, but none of people.
    :raises UsageError: where entities of two types have the id.
    """
    vocabulary, schema, types = snapshot.vocabulary, snapshot.schema, list(snapshot.schema.entity)
    prefix, colon, rest = text.partition(":")
    told = bool(colon) and prefix in types
    if any(vocabulary.get(name, text) is not None for name in types) or (
        told and vocabulary.get(prefix, rest) is not None
    ):
        return vocabulary.find(text, types)
    asked = [prefix] if told else [name for name in types if not schema.entity[name].sensitive]
    near = [
        f"{name}:{one}"
        for one in vocabulary.nearest(rest if told else text, asked)
        for name in asked
        if vocabulary.get(name, one) is not None
    ]
    none = "ids of people are not suggested" if told and schema.entity[prefix].sensitive else "nothing near it"
    hint = f"nearest: {', '.join(near)}" if near else f"{none}; types: {', '.join(types)}"
    people = [name for name in types if schema.entity[name].sensitive and name not in asked]
    aside = f"; for people say {' or '.join(f'{name}:ID' for name in people)}" if people and not told else ""
    raise UnknownEntityError(f"unknown entity {text!r}; {hint}{aside}")


def neighbourhood(
    snapshot: Snapshot, entity_type: str, idx: int, depth: int = 1, limit: int = LIMIT, lang: str = "en"
) -> Neighbourhood:
    """An entity, its properties and what its triples lead to.

    :param depth: triples to follow from the entity; never through a person.
    :param limit: entities to list per step; all are counted.
    """
    entity = Entity(
        id=snapshot.vocabulary.id(entity_type, idx),
        type=entity_type,
        label=snapshot.label(entity_type, idx, lang),
        properties=properties(snapshot, entity_type, idx),
    )
    return Neighbourhood(entity=entity, neighbours=_Walk(snapshot, limit, lang).neighbours(entity_type, idx, depth))


class _Walk:
    def __init__(self, snapshot: Snapshot, limit: int, lang: str) -> None:
        self.snapshot, self.limit, self.lang = snapshot, limit, lang
        self.steps = [step for name in snapshot.schema.relation for step in (name, f"~{name}")]

    def neighbours(
        self, entity_type: str, idx: int, depth: int, back: tuple[str, int] | None = None
    ) -> list[Neighbours]:
        """One group per step that leads anywhere.

        :param back: the step and the index that lead back to where the walk came from.
        """
        found = []
        for step in self.steps:
            if self.snapshot.schema.ends(step)[0] == entity_type:
                group = self._group(step, idx, depth, back[1] if back and back[0] == step else None)
                if group.people or group.count:
                    found.append(group)
        return found

    def _group(self, step: str, idx: int, depth: int, origin: int | None) -> Neighbours:
        tail = self.snapshot.schema.ends(step)[1]
        indices, weights = self.snapshot.neighbours(step, idx)
        start, end = self.snapshot.adjacency(step).indptr[idx : idx + 2]
        again = {name: array[start:end] for name, array in self.snapshot.occasions(step).items()}
        if origin is not None:
            again = {name: array[indices != origin] for name, array in again.items()}
            indices, weights = indices[indices != origin], weights[indices != origin]
        people = self.snapshot.schema.entity[tail].sensitive
        first = np.argsort(-weights, kind="stable")[: 0 if people else self.limit]
        inverse = step[1:] if step.startswith("~") else f"~{step}"
        entities = [
            Neighbour(
                id=self.snapshot.vocabulary.id(tail, one),
                type=tail,
                label=self.snapshot.label(tail, one, self.lang),
                weight=weight,
                **_repeated(again, place),
                neighbours=self.neighbours(tail, one, depth - 1, (inverse, idx)) if depth > 1 else None,
            )
            for place, one, weight in zip(first.tolist(), indices[first].tolist(), weights[first].tolist(), strict=True)
        ]
        count = shown_count(len(indices), self.snapshot.k) if people else len(indices)
        return Neighbours(relation=step, type=tail, count=count, people=people, entities=entities)


def _repeated(again: Mapping[str, NDArray[np.int64]], place: int) -> dict[str, Any]:
    """What of :class:`Neighbour` is told of what somebody does again."""
    if not again or not again["occasions"][place]:
        return {}
    known = [name for name in ("first", "previous") if again[name][place] != NO_TIME]
    days = {name: datetime.fromtimestamp(int(again[name][place]) / 1000, UTC).date().isoformat() for name in known}
    return days | {"occasions": int(again["occasions"][place])}
