"""One workspace in the service: its engine, kept up to date, its events, and who may ask it."""

import hashlib
import json
import logging
import secrets
import time
import zlib
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from threading import Event as Signal
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from kg.errors import UnknownEntityError, WhyrecError
from kg.k_anonymity import shown_count
from recommender.results.document import Person
from recommender.results.recommendation import Recommendation
from whyrec.engine import Engine
from whyrec.events.answers import Answer, Given, Look
from whyrec.events.database import database_errors
from whyrec.events.group_commit import GroupCommit
from whyrec.events.log import EventLog
from whyrec.events.signals import LASTING
from whyrec.service.access import STAFF, Caller, Tokens
from whyrec.service.answer_cache import AnswerCache, KeptAnswer, State
from whyrec.service.event_check import EventCheck
from whyrec.service.forgotten_people import ForgottenPeople
from whyrec.service.live.arms import Arms
from whyrec.service.live.watch import Watch
from whyrec.service.openid.keys import sign_in_of
from whyrec.service.overlay import is_new, overlaid
from whyrec.service.precomputation.lists import SharedLists
from whyrec.service.pseudonyms import by_id

if TYPE_CHECKING:
    from whyrec.service.openid.provider import OpenIdProvider
    from whyrec.service.openid.sessions import Sessions
    from whyrec.service.precomputation.ring_buffer import RingBuffer

BATCH_SECONDS = 0.1
"""How long answers are gathered before they are written."""
LOOK_SECONDS = 1.0
"""How often the shop looks whether another process loaded or trained."""
log = logging.getLogger("whyrec.service")
A = TypeVar("A", bound=BaseModel)


class Shop:
    """A workspace as the service sees it.

    :param name: what it is called in this service; as its folder where absent.
    :param memory: where lists stand that all workers give.
    """

    def __init__(self, folder: Path, name: str = "", memory: "RingBuffer | None" = None) -> None:
        self.name = name or folder.resolve().name
        self.engine = Engine(folder)
        self.engine.workspace.check_open()
        self.tokens = Tokens(folder)
        self.openid: OpenIdProvider | None
        self.sessions: Sessions | None
        self.openid, self.sessions = sign_in_of(folder, self.engine.workspace.settings.oidc)
        self.events = EventLog(folder / "service", self.engine.workspace.settings.privacy.seal_to)
        self.commits, self._forgotten = GroupCommit(self.events), ForgottenPeople(folder)
        self._mark, self._looked = self.engine.workspace.generations.mark, time.monotonic()
        self.kept, self.arms, self.watch = AnswerCache(), Arms(self.engine), Watch(self.engine, self.name)
        self.lists = SharedLists(self, memory)
        self._given, self._ended, self._flushing = deque[Answer | Look](), Signal(), Lock()
        self._writer = Thread(target=self._write_answers, name=f"answers of {self.name}", daemon=True)
        self._writer.start()

    def bearer(self, token: str) -> Caller | None:
        """Whose a token at the REST interface is: one of this shop's, or of its provider's."""
        caller = self.tokens.caller(token)
        return self.openid.bearer(token) if caller is None and self.openid is not None else caller

    def visitor(self, cookie: str) -> Caller | None:
        """Whose the cookie of the console is: one with a token of this shop's, or a session."""
        caller = self.tokens.caller(cookie)
        return self.sessions.caller(cookie) if caller is None and self.sessions is not None else caller

    def ready(self) -> None:
        """Open everything that answers need.

        :raises SnapshotError: where nothing is loaded.
        """
        _ = self.engine.recommender
        if self.arms.candidate is not None:
            _ = self.arms.candidate.recommender

    def refreshed(self) -> Engine:
        """The engine, with what another process loaded or trained since the last look; a damaged one is not taken."""
        now = time.monotonic()
        if now - self._looked > LOOK_SECONDS:
            self.arms.refresh()
            self._looked, mark = now, self.engine.workspace.generations.mark
            if mark != self._mark:
                self._mark = mark
                try:
                    self.engine.reload()
                except WhyrecError:  # half written, or no longer there: the old one answers, the next look tries again
                    self._mark = (-1, -1)
        return self.engine

    def named(self, user: str) -> tuple[str | None, str]:
        """Type, where it is told, and id of somebody: ``Type:id`` tells apart those who share an id."""
        snapshot = self.engine.snapshot
        name, _, whom = user.partition(":")
        types, known = snapshot.schema.user_types, snapshot.vocabulary
        if name not in types or any(known.get(one, user) is not None for one in types):
            return None, user
        there = known.get(name, whom) is not None or self.events.types_of(whom, (name,))
        return (name, whom) if there else (None, user)

    def person(self, user: str) -> tuple[str | None, tuple[str, ...], tuple[str, ...]]:
        """A user as the engine knows her, anchors from what she did since the last load, and what she hid.

        :raises UnknownEntityError: where neither graph nor log knows her; nobody else is named.
        """
        snapshot = self.refreshed().snapshot
        told, whom = self.named(user)
        types = snapshot.schema.user_types if told is None else (told,)
        known = next((name for name in types if snapshot.vocabulary.get(name, whom) is not None), None)
        logged = self.events.types_of(whom, types)
        if known is None and not logged:
            raise UnknownEntityError(f"unknown {' or '.join(types)} {user!r}; people are known by their exact ids")
        anchors: dict[tuple[str, str, int], None] = {}
        hidden: dict[str, None] = {}
        for event in self.events.of(whom, known or logged[0]):
            item = snapshot.vocabulary.get(event.item_type, event.item)
            if item is not None and event.relation == "show":
                hidden.pop(f"{event.item_type}:{event.item}", None)
            elif item is not None and event.relation in LASTING:
                hidden[f"{event.item_type}:{event.item}"] = None
            elif item is not None and event.relation in snapshot.schema.relation:
                anchors[f"{event.relation}:{event.item}", event.relation, item] = None
        who = None if known is None else (known, whom)
        new = [name for name, step, item in anchors if who is None or is_new(snapshot, who, step, item)]
        return (user if known else None), tuple(new), tuple(hidden)

    def recommend(self, user: str | None, anchors: Sequence[str], options: dict[str, Any]) -> Recommendation:
        """A list that knows what the person did a moment ago."""
        return self.listed(user, anchors, options)[0]

    def listed(
        self, user: str | None, anchors: Sequence[str], options: dict[str, Any]
    ) -> tuple[Recommendation, str, str]:
        """The same, with the arm of the experiment that the person is in, and what was drawn by lot."""
        self.refreshed()
        engine, arm = self.arms.of(user)
        if user is None:
            return engine.recommend(None, anchors=anchors, **options), arm, ""
        known, own, hidden = self.person(user)
        options["avoid"] = (*options.get("avoid", ()), *hidden)
        having = overlaid(user, known, (*anchors, *own))
        try:
            found = engine.recommend(known, anchors=having, **options)
        except UnknownEntityError:  # by the candidate, which may not know what the shop knows
            engine, arm = self.engine, ""
            found = engine.recommend(known, anchors=having, **options)
        found, draw = self.arms.explored(engine, (known, having), found, options)
        named = by_id(found) if known else found.model_copy(update={"user": Person(id=user, label=None)})
        return named, arm, draw

    def told(self, question: str, user: str | None, *items: str, anchors: Sequence[str] = (), **options: Any) -> Any:
        """The answer to a question about a list, by the model that it comes from, with what was done a moment ago.

        :param question: ``why``, ``why_not``, ``what_if`` or ``compare`` of the engine.
        """
        self.refreshed()
        engine, _ = self.arms.of(user)
        known, own, hidden = (None, (), ()) if user is None else self.person(user)
        options["avoid"] = (*options.get("avoid", ()), *hidden)
        having = (*anchors, *own) if user is None else overlaid(user, known, (*anchors, *own))
        try:
            found = getattr(engine, question)(known, *items, anchors=having, **options)
        except UnknownEntityError:  # by the candidate
            found = getattr(self.engine, question)(known, *items, anchors=having, **options)
        if user is None or known is not None or "user" not in type(found).model_fields:
            return by_id(found)
        return found.model_copy(update={"user": Person(id=user, label=None)})

    def ask(self, question: str, user: str | None, **options: Any) -> Any:
        """The answer to a question in words, in the order of somebody's scores where the graph knows them."""
        engine = self.refreshed()
        return engine.ask(question, user=None if user is None else self.person(user)[0], **options)

    def state(self, user: str | None) -> State:
        """What is another one whenever answers to somebody may be others: first what changes for everybody."""
        engine = self.refreshed()
        epoch, newest = (0, 0) if user is None else self.events.state(self.named(user)[1])
        return (engine.opened.number, self.arms.number, engine.decisions.version, epoch), newest

    def packed(self, found: BaseModel, user: str | None, state: State, **more: Any) -> tuple[KeptAnswer, bytes]:
        """An answer to be kept, and its document.

        :param more: further fields of :class:`KeptAnswer`.
        """
        body = found.model_dump_json().encode()
        tag = hashlib.blake2b(body, digest_size=12).hexdigest()
        return KeptAnswer(user, state, f'"{tag}"', zlib.compress(body, 1), **more), body

    def packed_list(
        self, listed: tuple[Recommendation, str, str], user: str | None, state: State, scenario: str = ""
    ) -> tuple[KeptAnswer, bytes]:
        """The same of a list.

        :param listed: what :meth:`listed` returned.
        """
        found, arm, draw = listed
        told = json.dumps(found.grounds, separators=(",", ":")) if found.grounds else ""
        more = {"personal": found.personal, "scenario": scenario, "arm": arm, "draw": draw, "told": told}
        return self.packed(found, user, state, **more)

    def remember(self, kind: str, caller: str, given: KeptAnswer) -> str:
        """Keep an answer under an id of its own; it is written a moment later, beside the next requests."""
        answer_id, now = secrets.token_hex(12), int(time.time() * 1000)
        told = (given.scenario, given.arm, given.draw, given.told)
        self._given.append(
            Answer(answer_id, now, given.user, caller, kind, bytes.fromhex(given.tag[1:-1]), given.packed, *told)
        )
        return answer_id

    def looked(self, caller: Caller, action: str, user: str | None) -> None:
        """Remember that somebody of the staff looked at a person."""
        if user is not None and caller.role in STAFF:
            self._given.append(Look(int(time.time() * 1000), user, caller.name, action))

    def _write_answers(self) -> None:
        """Write answers in batches until the end: nobody who gives one wakes anybody."""
        while not self._ended.wait(BATCH_SECONDS):
            self.flush()

    def flush(self) -> None:
        """Write every answer so far."""
        with self._flushing:
            batch = [self._given.popleft() for _ in range(len(self._given))]
            if not batch:
                return
            batch = self._of_the_known(batch)
            try:
                self.events.answers.remember([one for one in batch if isinstance(one, Answer)])
                self.events.answers.looked([one for one in batch if isinstance(one, Look) and self._has(one.user)])
            except database_errors() as problem:  # the disk is full, say: lists are given, this log goes on when it can
                log.error("%d answers are not kept: %s", len(batch), type(problem).__name__)

    def _has(self, user: str) -> bool:
        """Whether anybody has an id: one that was mistyped would stay when whom it resembles is forgotten."""
        told, whom = self.named(user)
        mine = self.engine.snapshot.schema.user_types if told is None else (told,)
        known = any(self.engine.snapshot.vocabulary.get(one, whom) is not None for one in mine)
        return known or bool(self.events.types_of(whom, mine))

    def _of_the_known(self, batch: "list[Answer | Look]") -> "list[Answer | Look]":
        """What is not about anybody who was forgotten, by another process say, while this one still answered."""
        try:
            if not self._forgotten.anybody:
                return batch
            gone = {user: user is not None and self._was_forgotten(user) for user in {one.user for one in batch}}
        except WhyrecError:  # the list is damaged, which events are told of
            return batch
        return [one for one in batch if not gone[one.user]]

    def _was_forgotten(self, user: str) -> bool:
        told, whom = self.named(user)
        types = self.engine.snapshot.schema.user_types if told is None else (told,)
        known = [name for name in types if self.engine.snapshot.vocabulary.get(name, whom) is not None]
        return any(self._forgotten.has(name, whom) for name in known[:1] or types)

    def close(self) -> None:
        """Write what was answered, and close the log."""
        self._ended.set()
        self._writer.join()
        self.flush()
        self.watch.close()
        self.commits.close()
        self.events.close()

    def given(self, user: str) -> list[Given]:
        """Which answers somebody was given, the newest first; each can be shown again."""
        self.flush()
        told, whom = self.named(user)
        return self.events.given(whom, self.engine.snapshot.schema.user_types if told is None else (told,))

    def replay(self, answer_id: str) -> Any:
        """An answer as it was given; ``None`` where it is not kept."""
        kept = self.events.answers.document(answer_id)
        return None if kept is None else json.loads(zlib.decompress(kept))

    def pending(self) -> dict[str, int | str]:
        """Relation → events that no load has taken over, as numbers of people's doings may be told."""
        return {name: shown_count(count, self.engine.snapshot.k) for name, count in self.events.counts().items()}

    def event_check(self) -> EventCheck:
        """What checks the events of one request against the graph of now, which may know new items."""
        return EventCheck(self.refreshed().snapshot, self.events, self._forgotten, self.engine.workspace.folder)
