"""What shops' own servers ask all the time, lists, accounts and events, answered without the way through the framework.

Its routes stay: for the OpenAPI document, and for whatever is wrong with a request, which goes on to them to be told.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request, Response
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kg.errors import WhyrecError
from whyrec.service import problems
from whyrec.service.access import Caller
from whyrec.service.answer_cache import given
from whyrec.service.monitoring import of_list
from whyrec.service.rest import answers, people
from whyrec.service.rest.parameters import lists_of
from whyrec.service.rest.questions import AccountQuestion, ListQuestion
from whyrec.service.shop import Shop


@dataclass(frozen=True)
class _Question:
    """A kind of question that answers are kept of: its action, its parameters, and who answers it."""

    action: str
    model: type[BaseModel]
    answer: Callable[[Request, tuple[Shop, Caller], Any], Awaitable[Response]]

    def asked(self, query: bytes) -> BaseModel | None:
        """The parameters of a request; ``None`` where they are wrong."""
        told: dict[str, Any] = {}
        lists = lists_of(self.model)
        for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
            if name in lists:
                told.setdefault(name, []).append(value)
            elif name in told:
                return None  # which of two is meant is not guessed
            else:
                told[name] = value
        try:
            return self.model.model_validate(told)
        except ValidationError:
            return None


@dataclass(frozen=True)
class _Route:
    path: str


GET = {
    "/api/v1/recommend": _Question("recommend", ListQuestion, answers.recommend),
    "/api/v1/why": _Question("why", AccountQuestion, answers.why),
}
EVENTS = "/api/v1/events"


class DirectAnswers:
    """Answers what it can; anything else goes on to the framework.

    :param state: of the application.
    """

    def __init__(self, app: ASGIApp, state: Any) -> None:
        self._app, self._state = app, state
        self._turn = asyncio.Lock()
        """Whose answer is being worked out: one after the other, and whatever is quick between two."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        answer: Response | None = None
        if scope["type"] == "http":
            if scope["method"] == "GET" and (question := GET.get(scope["path"])) is not None:
                answer = await self._told(Request(scope), question)
            elif scope["method"] == "POST" and scope["path"] == EVENTS:
                request = Request(scope, receive)
                body = await request.body()
                answer, receive = await self._taken(request, body), _again(body, receive)
        await (answer or self._app)(scope, receive, send)

    async def _told(self, request: Request, question: _Question) -> Response | None:
        whose = self._whose(request)
        if whose is None:
            return None
        shop, caller = whose
        kind = question.action
        kept = shop.kept.get((kind, request.scope["query_string"]), shop.state)
        asked = question.asked(request.scope["query_string"]) if kept is None else None
        if kept is None and asked is None:
            return None
        if not self._admitted(request, whose, kind, kept.user if kept else getattr(asked, "user", None)):
            return None
        try:
            if isinstance(asked, ListQuestion) and (kept := shop.lists.of(asked)) is not None:
                shop.kept.keep((kind, request.scope["query_string"]), kept)
            if kept is not None:
                if kind == "recommend":
                    of_list(shop.name, kept.personal)
                return given(request, (shop, kind, caller.name), kept, keep=kind in self._state.kept)
            async with self._turn:
                await asyncio.sleep(0)  # what came meanwhile and takes no time first: events, answers that are kept
                return await question.answer(request, whose, asked)
        except WhyrecError as problem:
            found: Response = await problems.of_whyrec(request, problem)
            return found

    async def _taken(self, request: Request, body: bytes) -> Response | None:
        whose = self._whose(request)
        if whose is None or "json" not in request.headers.get("content-type", ""):
            return None
        try:
            told = people.EventsIn.model_validate_json(body)
        except ValidationError:
            return None
        if not self._admitted(request, whose, "events", None):
            return None
        try:
            found = await people.take_events(told, whose)
        except WhyrecError as problem:  # the list of forgotten people is damaged, say
            refused: Response = await problems.of_whyrec(request, problem)
            return refused
        return Response(found.model_dump_json(), 202, media_type="application/json")

    def _whose(self, request: Request) -> tuple[Shop, Caller] | None:
        try:
            found: tuple[Shop, Caller] | None = self._state.asking.whose(request)
        except (WhyrecError, HTTPException):  # the file of tokens is damaged, say
            return None  # the framework says why
        return found

    def _admitted(self, request: Request, whose: tuple[Shop, Caller], action: str, user: str | None) -> bool:
        try:
            self._state.asking.admit(*whose, action, user)
        except HTTPException:
            return False  # the framework says why
        request.scope["route"] = _Route(request.scope["path"])
        return True


def _again(body: bytes, receive: Receive) -> Receive:
    """What receives a body that was read already, and then whatever comes."""
    left = [body]

    async def received() -> Message:
        """The next message."""
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await receive()

    return received
