"""What people do comes in here, what is known of one goes out, and who wants to be forgotten is."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

import whyrec.service.path_segments  # noqa: F401 - what reads {user:name}
from kg.errors import UsageError
from whyrec.events.answers import Given
from whyrec.events.event_table import Event
from whyrec.events.log import Appended
from whyrec.service.access import Role
from whyrec.service.forgetting import forgotten
from whyrec.service.monitoring import of_events
from whyrec.service.rest.answers import Asking, may
from whyrec.service.sizes import MOST_EVENTS
from whyrec.service.wrong_values import wrong_fields

router = APIRouter(prefix="/api/v1")  # ids with a slash are paths; whoever is longer comes first
OTHER = "another event of this id is kept, which says something else; give each event an id of its own"
Text = Annotated[str, Field(min_length=1, max_length=1_000, pattern=r"^[^\x00-\x1f\x7f]+$")]


class EventIn(BaseModel):
    """One event; ``id`` is the caller's, and repeats of it count once."""

    model_config = ConfigDict(extra="forbid")
    id: Text
    user: Text
    relation: Text
    item: Text
    timestamp: int | None = Field(
        default=None,
        ge=0,
        lt=2**63,
        description="When it happened: milliseconds or seconds since 1970 UTC, told apart by size.",
    )
    weight: float | None = Field(default=None, gt=0, le=1e6, allow_inf_nan=False)
    answer: Text | None = None


@dataclass(frozen=True)
class _NoEvent:
    """An event that is none: the field, and what is wrong with it."""

    field: str
    reason: str


def _each(told: Any, check: ValidatorFunctionWrapHandler) -> "EventIn | _NoEvent":
    """An event, or what is wrong with it: the others go on."""
    try:
        found: EventIn = check(told)
    except ValidationError as problem:
        return _NoEvent(*next(iter(wrong_fields(problem.errors()).items())))
    return found


class EventsIn(BaseModel):
    """One or many events."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"events": [{"id": "e1", "user": "u0001", "relation": "purchased", "item": "p0001"}]}]
        },
    )
    events: list[Annotated[EventIn, WrapValidator(_each)]] = Field(min_length=1, max_length=MOST_EVENTS)


class Rejected(BaseModel):
    """An event that was not taken."""

    index: int
    field: str
    reason: str


class EventsOut(BaseModel):
    """What became of events: taken, known already, or refused."""

    accepted: int
    repeated: int
    rejected: list[Rejected]


class LookOut(BaseModel):
    """Somebody of the staff looked at a person; ``at``: milliseconds since 1970 UTC."""

    at: int
    by: str
    action: str


class NewToken(BaseModel):
    """Who is to get a token."""

    name: Text
    role: Role


@router.post("/events", status_code=202, response_model=EventsOut, tags=["events"])
async def take_events(told: EventsIn, asking: Annotated[Asking, may("events")]) -> EventsOut:
    """Take what people did: on disk before it is acknowledged, each event once, in the next answer of every worker."""
    shop, _ = asking
    check, good, bad = shop.event_check(), dict[int, Event](), list[Rejected]()
    for index, one in enumerate(told.events):
        if isinstance(one, _NoEvent):
            bad.append(Rejected(index=index, field=one.field, reason=one.reason))
            continue
        try:
            good[index] = check.checked(one.model_dump())
        except UsageError as problem:
            field, _, reason = str(problem).partition(": ")
            bad.append(Rejected(index=index, field=field.strip("`"), reason=reason))
    done = await shop.commits.append(list(good.values())) if good else Appended(0, 0)
    places = list(good)
    bad += [Rejected(index=places[place], field="id", reason=OTHER) for place in done.others]
    of_events(shop.name, done.new, len(bad))
    return EventsOut(accepted=done.new, repeated=done.repeated, rejected=sorted(bad, key=lambda one: one.index))


@router.get("/users/{user:name}/looks", tags=["people"])
def looks_at(user: str, asking: Annotated[Asking, may("looks")]) -> list[LookOut]:
    """Who of the staff looked at a person, the newest first."""
    asking[0].flush()
    return [LookOut(at=one.at, by=one.caller, action=one.action) for one in asking[0].events.answers.looks([user])]


@router.get("/users/{user:name}/answers", tags=["people"])
def given_to(user: str, asking: Annotated[Asking, may("answers")]) -> list[Given]:
    """Which answers a person was given, the newest first: ``/answers/{id}`` shows each again as it was."""
    return asking[0].given(user)


@router.get("/users/{user:name}", tags=["people"])
def known_of(user: str, asking: Annotated[Asking, may("person")]) -> Any:
    """What is known of a person: what the graph holds, and what they did since the last load."""
    shop, _ = asking
    shop.person(user)  # raises where she is unknown
    snapshot = shop.refreshed().snapshot
    anchors: dict[str, list[str]] = {}
    events: list[dict[str, Any]] = []
    told, whom = shop.named(user)
    label = None
    for name in snapshot.schema.user_types if told is None else [told]:
        idx = snapshot.vocabulary.get(name, whom)
        label = snapshot.label(name, idx) if idx is not None and label is None else label
        for relation, one in snapshot.schema.relation.items():
            if idx is not None and one.head == name:
                tails = snapshot.neighbours(relation, idx)[0].tolist()
                anchors[relation] = [snapshot.vocabulary.id(one.tail, tail) for tail in tails]
        events += [
            {"relation": e.relation, "item": e.item, "timestamp": e.timestamp} for e in shop.events.of(whom, name)
        ]
    graph = {key: value for key, value in anchors.items() if value}
    return {"user": user, "label": label, "graph": graph, "events": events}


@router.delete("/users/{user:name}", tags=["people"])
def forget(user: str, asking: Annotated[Asking, may("forget")]) -> Any:
    """Erase a person from graph, models, events and kept answers."""
    return forgotten(asking[0], user)


@router.post("/tokens", status_code=201, tags=["service"])
def make_token(told: NewToken, asking: Annotated[Asking, may("tokens")]) -> Any:
    """A token for somebody; it is shown this once."""
    return {"name": told.name, "role": told.role, "token": asking[0].tokens.make(told.name, told.role)}


@router.delete("/tokens/{name:name}", tags=["service"])
def revoke_token(name: str, asking: Annotated[Asking, may("tokens")]) -> Any:
    """Take a token back."""
    return {"name": name, "revoked": asking[0].tokens.revoke(name)}
