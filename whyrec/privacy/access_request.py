"""What a workspace holds about one person, and what it concludes about her: the answer to an access request."""

import json
import zlib
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Any

from pydantic import Field

from kg.privacy.access_request import Held, held
from kg.privacy.erasure.traces import Traces
from kg.stores.url import is_neo4j
from kg.workspace.workspace import Workspace
from recommender.results.document import Result
from recommender.serving.inferences import Inferences, inferences
from recommender.serving.recommender import Recommender
from whyrec.decisions.log import DecisionLog
from whyrec.events.answers import Answer
from whyrec.events.event_table import Event
from whyrec.events.log import EventLog
from whyrec.privacy.kept_copies import KeptCopy, kept_copies, known_in_copies
from whyrec.privacy.kept_figures import RunFigure, kept_figures
from whyrec.privacy.offers import offers
from whyrec.reports import MadeOffer


class HeldEvent(Result):
    """One event that the service was told."""

    id: str
    """By which whoever told it knows it."""
    relation: str
    type: str
    """Of the item."""
    item: str
    weight: float | None
    timestamp: str | None
    """ISO 8601, UTC."""
    received: str
    """When the service was told, ISO 8601, UTC."""
    answer: str | None
    """The answer that it came of, where that was told."""


class KeptAnswer(Result):
    """One answer about her that the service keeps, as it was given."""

    id: str
    at: str
    """ISO 8601, UTC."""
    kind: str
    document: dict[str, Any]
    scenario: str
    """Where it was shown, as the caller said."""
    arm: str
    """Of the experiment that she was in."""
    draw: dict[str, Any] | None
    """What chance put into the list, and how likely that was."""


class HeldLook(Result):
    """Somebody of the staff looked at her; who, the admin may see."""

    at: str
    """ISO 8601, UTC."""
    action: str


class PublishedItem(Result):
    """One item of the list of hers that was written to a server."""

    server: str
    """``neo4j`` or ``redis``."""
    item: str
    rank: int
    score: float
    reason: str | None
    model: str | None
    at: str | None
    """ISO 8601, UTC."""


class PersonReport(Result):
    """The answer of ``export-person``."""

    person: str
    """``Type:id``: by this the file is found when she is to be forgotten."""
    held: Held
    events: list[HeldEvent] = Field(default_factory=list)
    """What the service was told of her."""
    answers: list[KeptAnswer] = Field(default_factory=list)
    """What the service told of her, and keeps."""
    decisions: list[dict[str, Any]] = Field(default_factory=list)
    """Lines of the log of the staff's decisions that name her."""
    published: list[PublishedItem] = Field(default_factory=list)
    """Her lists on the servers that they are published to."""
    looks: list[HeldLook] = Field(default_factory=list)
    """When the staff looked at her."""
    offers: list[MadeOffer] = Field(default_factory=list)
    """Sums over people that were sent to partners: what she did before may be part of them, as of one of k or more."""
    copies: list[KeptCopy] = Field(default_factory=list)
    """Snapshots, of now and earlier ones, that have her, with what was learned from them."""
    unread: list[str] = Field(default_factory=list)
    """Copies that cannot be read, since the schema was another one; ``whyrec forget`` removes them."""
    runs: list[RunFigure] = Field(default_factory=list)
    """What runs of experiments gave her."""
    unclear_runs: list[str] = Field(default_factory=list)
    """Runs that keep a row for each person or triple, of which nobody can tell any more whether one is hers, since the
    graph that they were made from is gone; ``whyrec forget`` removes the rows of all."""
    notices: list[str] = Field(default_factory=list)
    """Where else to ask."""
    inferred: Inferences | None
    """What is concluded; ``None`` where the snapshot does not have her yet."""


def export_person(workspace: Workspace, recommender: Recommender | None, user: str, lang: str = "en") -> PersonReport:
    """Everything that is held about a person, and everything that is concluded.

    :param recommender: what answers come from; ``None`` where nothing does yet.
    :raises UnknownEntityError: where store, log and earlier snapshots know nobody of that id.
    """
    found = held(workspace, user, partial(known_elsewhere, workspace), lang)
    copies, unread = kept_copies(workspace, (found.type, found.id), found.triples)
    concluded = None
    if recommender is not None and recommender.snapshot.vocabulary.get(found.type, found.id) is not None:
        known = found.type in recommender.snapshot.schema.user_types
        concluded = inferences(recommender, f"{found.type}:{found.id}", lang=lang) if known else None
    events, answers, looks = _of_service(workspace, found)
    runs, unclear = kept_figures(workspace, (found.type, found.id))
    return PersonReport(
        person=f"{found.type}:{found.id}",
        held=found,
        events=events,
        answers=answers,
        looks=looks,
        decisions=_decisions(workspace, found),
        published=_published(workspace, found),
        offers=offers(workspace.folder),
        copies=copies,
        unread=unread,
        runs=runs,
        unclear_runs=unclear,
        inferred=concluded,
    )


def known_elsewhere(workspace: Workspace, people: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Whom of some people, type and id, a snapshot knows, or the log of the service: by what it says of the type, and
    by an answer that somebody asked for by the id alone where nothing else is known of it."""
    found, folder = known_in_copies(workspace, people), workspace.folder / "service"
    if folder.is_dir():
        with closing(EventLog(folder)) as log:
            logged = {one: log.about(one[1], one[0]) for one in people if one not in found}
        for (name, known), (events, answers) in logged.items():
            if events or any(one.user == f"{name}:{known}" for one in answers):
                found.append((name, known))
        found = found or [one for one, (_, answers) in logged.items() if answers]
    return found


def _of_service(workspace: Workspace, person: Held) -> tuple[list[HeldEvent], list[KeptAnswer], list[HeldLook]]:
    """What was told under her id, and under her own where the workspace has a pseudonym for it."""
    folder, ids = workspace.folder / "service", {person.id, person.asked.removeprefix(f"{person.type}:")}
    events, answers, looks = list[HeldEvent](), list[KeptAnswer](), list[HeldLook]()
    if folder.is_dir():
        with closing(EventLog(folder)) as log:
            for known in sorted(ids):
                told, given = log.about(known, person.type)
                events += [_told(received, event) for received, event in told]
                answers += [_given(one) for one in given]
            names = [*ids, *(f"{person.type}:{known}" for known in ids)]
            looks = [HeldLook(at=_moment(one.at) or "", action=one.action) for one in log.answers.looks(names)]
    return events, answers, looks


def _given(answer: Answer) -> KeptAnswer:
    document = json.loads(zlib.decompress(answer.body))
    return KeptAnswer(
        id=answer.id,
        at=_moment(answer.at) or "",
        kind=answer.kind,
        document=document,
        scenario=answer.scenario,
        arm=answer.arm,
        draw=json.loads(answer.draw) if answer.draw else None,
    )


def _told(received: int, event: Event) -> HeldEvent:
    return HeldEvent(
        id=event.key,
        relation=event.relation,
        type=event.item_type,
        item=event.item,
        weight=event.weight,
        timestamp=_moment(event.timestamp),
        received=_moment(received) or "",
        answer=event.answer,
    )


def _decisions(workspace: Workspace, person: Held) -> list[dict[str, Any]]:
    traces, lines = Traces(person.id), [asdict(one) for one in DecisionLog(workspace.folder).all()]
    return [one for one in lines if traces.distinctive and traces.in_text(json.dumps(one, ensure_ascii=False))]


def _published(workspace: Workspace, person: Held) -> list[PublishedItem]:
    return _on_neo4j(workspace, person) + _on_redis(workspace, person)


def _on_redis(workspace: Workspace, person: Held) -> list[PublishedItem]:
    settings = workspace.settings.publish
    if not settings.redis or person.type not in workspace.schema.user_types:
        return []
    from whyrec.workspace.redis_lists import RedisLists  # the client is an extra

    with RedisLists(settings.redis, settings.name, workspace.folder) as lists:
        found = lists.of(person.type, person.id) or {"items": []}
    return [
        PublishedItem(
            server="redis",
            item=one["id"],
            rank=one["rank"],
            score=one["score"],
            reason=one["reason"],
            model=found["model"],
            at=_moment(found["at"]),
        )
        for one in found["items"]
    ]


def _on_neo4j(workspace: Workspace, person: Held) -> list[PublishedItem]:
    if not is_neo4j(workspace.settings.store) or person.type not in workspace.schema.user_types:
        return []
    from kg.stores.neo4j.published_lists import PublishedLists  # the driver is an extra

    with PublishedLists(workspace.settings.store, workspace.schema) as lists:
        rows = lists.of(person.type, person.id)
    return [
        PublishedItem(server="neo4j", item=item, rank=rank, score=score, reason=reason, model=model, at=_moment(at))
        for _, item, rank, score, reason, model, at in rows
    ]


def _moment(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()
