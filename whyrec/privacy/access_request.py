"""What a workspace holds about one person, and what it concludes about her: the answer to an access request."""

from contextlib import closing

from pydantic import Field

from kg.privacy.access_request import Held, held
from kg.workspace.workspace import Workspace
from recommender.results.document import Result
from recommender.serving.inferences import Inferences, inferences
from recommender.serving.recommender import Recommender
from whyrec.events.log import Event, EventLog


class HeldEvent(Result):
    """One event that the service was told."""

    relation: str
    item: str
    weight: float | None
    timestamp: int | None
    """Milliseconds since 1970, UTC."""


class PersonReport(Result):
    """The answer of ``export-person``."""

    person: str
    """``Type:id``: by this the file is found when she is to be forgotten."""
    held: Held
    events: list[HeldEvent] = Field(default_factory=list)
    """What the service was told of her."""
    answers: int = 0
    """How many answers to her the service keeps."""
    inferred: Inferences | None
    """What is concluded; ``None`` where the snapshot does not have her yet."""


def export_person(workspace: Workspace, recommender: Recommender | None, user: str, lang: str = "en") -> PersonReport:
    """Everything that is held about a person, and everything that is concluded.

    :param recommender: what answers come from; ``None`` where nothing does yet.
    :raises UnknownEntityError: where the store knows nobody of that id.
    """
    found = held(workspace, user)
    events, answers = _of_service(workspace, found)
    concluded = None
    if recommender is not None and recommender.snapshot.vocabulary.get(found.type, found.id) is not None:
        known = found.type in recommender.snapshot.schema.user_types
        concluded = inferences(recommender, f"{found.type}:{found.id}", lang=lang) if known else None
    return PersonReport(
        person=f"{found.type}:{found.id}", held=found, events=events, answers=answers, inferred=concluded
    )


def _of_service(workspace: Workspace, person: Held) -> tuple[list[HeldEvent], int]:
    folder = workspace.folder / "service"
    if not folder.is_dir():
        return [], 0
    with closing(EventLog(folder)) as log:
        events, answers = log.about(person.id, person.type)
    return [_told(one) for one in events], answers


def _told(event: Event) -> HeldEvent:
    return HeldEvent(relation=event.relation, item=event.item, weight=event.weight, timestamp=event.timestamp)
