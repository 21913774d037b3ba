"""What people do comes in here, what is known of one goes out, and who wants to be forgotten is."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from kg.errors import UsageError
from whyrec.events.event_table import Event
from whyrec.service.access import Role
from whyrec.service.limits import MOST_EVENTS
from whyrec.service.monitoring import of_events
from whyrec.service.rest.answers import Asking, may

router = APIRouter(prefix="/api/v1")
Text = Annotated[str, Field(min_length=1, max_length=1_000, pattern=r"^[^\x00-\x1f\x7f]+$")]


class EventIn(BaseModel):
    """One event; ``id`` is the caller's, and repeats of it count once."""

    model_config = ConfigDict(extra="forbid")
    id: Text
    user: Text
    relation: Text
    item: Text
    timestamp: int | None = Field(default=None, ge=0, le=4_102_444_800_000, description="Milliseconds since 1970 UTC.")
    weight: float | None = Field(default=None, gt=0, le=1e6, allow_inf_nan=False)
    answer: Text | None = None


class EventsIn(BaseModel):
    """One or many events."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"events": [{"id": "e1", "user": "u0001", "relation": "purchased", "item": "p0001"}]}]
        },
    )
    events: list[EventIn] = Field(min_length=1, max_length=MOST_EVENTS)


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
    good: list[Event] = []
    bad: list[Rejected] = []
    for index, one in enumerate(told.events):
        try:
            good.append(shop.event(one.model_dump()))
        except UsageError as problem:
            field, _, reason = str(problem).partition(": ")
            bad.append(Rejected(index=index, field=field.strip("`"), reason=reason))
    new, repeated = await shop.commits.append(good) if good else (0, 0)
    of_events(shop.name, new, len(bad))
    return EventsOut(accepted=new, repeated=repeated, rejected=bad)


@router.get("/users/{user}", tags=["people"])
def known_of(user: str, asking: Annotated[Asking, may("person")]) -> Any:
    """What is known of a person: what the graph holds, and what they did since the last load."""
    shop, _ = asking
    shop.person(user)  # raises where she is unknown
    snapshot = shop.refreshed().snapshot
    anchors: dict[str, list[str]] = {}
    events: list[dict[str, Any]] = []
    for name in snapshot.schema.user_types:
        idx = snapshot.vocabulary.get(name, user)
        for relation, one in snapshot.schema.relation.items():
            if idx is not None and one.head == name:
                tails = snapshot.neighbours(relation, idx)[0].tolist()
                anchors[relation] = [snapshot.vocabulary.id(one.tail, tail) for tail in tails]
        events += [
            {"relation": e.relation, "item": e.item, "timestamp": e.timestamp} for e in shop.events.of(user, name)
        ]
    return {"user": user, "graph": {key: value for key, value in anchors.items() if value}, "events": events}


@router.get("/users/{user}/looks", tags=["people"])
def looks_at(user: str, asking: Annotated[Asking, may("looks")]) -> list[LookOut]:
    """Who of the staff looked at a person, the newest first."""
    asking[0].flush()
    return [LookOut(at=one.at, by=one.caller, action=one.action) for one in asking[0].events.answers.looks([user])]


@router.delete("/users/{user}", tags=["people"])
def forget(user: str, asking: Annotated[Asking, may("forget")]) -> Any:
    """Erase a person from graph, models, events and kept answers."""
    shop, _ = asking
    known = shop.refreshed().snapshot
    gone = shop.events.forget(user, known.schema.user_types)
    in_graph = any(known.vocabulary.get(name, user) is not None for name in known.schema.user_types)
    erased = shop.engine.forget(user) if in_graph else None
    return {"events": gone, "graph": erased.model_dump(mode="json") if erased is not None else None}


@router.post("/tokens", status_code=201, tags=["service"])
def make_token(told: NewToken, asking: Annotated[Asking, may("tokens")]) -> Any:
    """A token for somebody; it is shown this once."""
    return {"name": told.name, "role": told.role, "token": asking[0].tokens.make(told.name, told.role)}


@router.delete("/tokens/{name}", tags=["service"])
def revoke_token(name: str, asking: Annotated[Asking, may("tokens")]) -> Any:
    """Take a token back."""
    return {"name": name, "revoked": asking[0].tokens.revoke(name)}
