"""The tools for an assistant at ``/mcp``: each caller those that its role may use, of its own shop."""

import asyncio
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, cast

from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from whyrec.engine import Engine
from whyrec.service.access import Caller, Role
from whyrec.service.answer_cache import KeptAnswer
from whyrec.service.assistant import tools_server
from whyrec.service.monitoring import of_list
from whyrec.service.presence import check_there
from whyrec.service.problems import problem
from whyrec.service.shop import Shop

ACTIONS = {
    "recommend": "recommend",
    "why": "why",
    "find": "find",
    "ask": "ask",
    "similar": "similar",
    "why_not": "why-not",
    "what_if": "what-if",
    "compare": "what-if",
    "difference": "what-if",
    "private": "private",
}
"""Tool → what a role needs for it; all others are about groups."""
OF_PEOPLE = frozenset({"why_not", "what_if", "compare", "difference"})
"""Tools that say something of the user whom they begin with."""
SCENARIO = "assistant"
"""Where lists of tools are shown, for attribution."""
CALLER: ContextVar[Caller] = ContextVar("caller")
"""Who asks; each request has tasks and threads of its own."""


class ToolsOverHttp:
    """The same tools at ``/mcp`` of the service: each caller those that its role may use, of its own shop.

    :param state: of the application, which knows whose a token is.
    """

    def __init__(self, state: Any) -> None:
        self._state = state
        self._open: dict[tuple[Shop, Role], asyncio.Task[MCPServer[Any]]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope)
        found = self._state.asking.whose(request)
        if found is None:
            check_there(self._state.shops)
            refused = problem(401, "send Authorization: Bearer TOKEN; the admin's is in serve.token of the workspace")
            return await refused(scope, receive, send)
        shop, caller = found
        try:
            self._state.asking.admit(shop, caller, "recommend")  # what every role may
        except HTTPException as error:
            return await problem(error.status_code, str(error.detail))(scope, receive, send)
        key = shop, caller.role
        if key not in self._open:
            live = LiveAnswers(shop, keep=bool(self._state.kept))
            self._open[key] = asyncio.create_task(_running(tools_server(cast(Engine, live), _allowed(caller))))
        CALLER.set(caller)
        server = await asyncio.shield(self._open[key])
        scope["path"] = scope["root_path"] = ""
        return await server.session_manager.handle_request(scope, receive, send)


class LiveAnswers:
    """The engine of a shop as its tools ask it: what somebody did a moment ago counts, an experiment has its arms,
    lists and accounts are kept, and who looks at whom is remembered, all as at the REST interface.

    :param keep: whether lists and accounts can be shown again.
    """

    def __init__(self, shop: Shop, *, keep: bool) -> None:
        self._shop, self._keep = shop, keep

    def recommend(self, user: str | None, *, anchors: Sequence[str], **options: Any) -> Any:
        """As ``Engine.recommend``."""
        state = self._shop.state(user)
        listed = self._shop.listed(user, anchors, options)
        self._kept("recommend", user, lambda: self._shop.packed_list(listed, user, state, SCENARIO)[0])
        of_list(self._shop.name, listed[0].personal)
        return listed[0]

    def why(self, user: str | None, item: str, *, anchors: Sequence[str], **options: Any) -> Any:
        """As ``Engine.why``."""
        state = self._shop.state(user)
        found = self._shop.told("why", user, item, anchors=anchors, **options)
        self._kept("why", user, lambda: self._shop.packed(found, user, state, scenario=SCENARIO)[0])
        return found

    def ask(self, question: str, *, user: str | None, n: int) -> Any:
        """As ``Engine.ask``."""
        self._shop.looked(CALLER.get(), "ask", user)
        return self._shop.ask(question, user, n=n)

    def __getattr__(self, name: str) -> Any:
        """Anything else is the engine's; what it says of somebody is looked at."""
        asked = getattr(self._shop.refreshed(), name)
        if name not in OF_PEOPLE:
            return asked

        def looking(user: str | None, *arguments: Any, **named: Any) -> Any:
            """The same, remembered."""
            self._shop.looked(CALLER.get(), ACTIONS[name], user)
            return (
                asked(user, *arguments, **named)
                if name == "difference"
                else self._shop.told(name, user, *arguments, **named)
            )

        return looking

    def _kept(self, kind: str, user: str | None, pack: Callable[[], KeptAnswer]) -> None:
        self._shop.looked(CALLER.get(), kind, user)
        if self._keep:
            self._shop.remember(kind, CALLER.get().name, pack())


def _allowed(caller: Caller) -> Callable[[str], bool]:
    return lambda tool: caller.may(ACTIONS.get(tool, "groups"))


_RUNNING: set[asyncio.Task[None]] = set()


async def _running(server: MCPServer[Any]) -> MCPServer[Any]:
    """A server that takes requests, without sessions: each is whole in itself, whichever worker it comes to."""
    security = TransportSecuritySettings(enable_dns_rebinding_protection=False)  # whoever asks has a token
    server.streamable_http_app(stateless_http=True, json_response=True, transport_security=security)
    ready = asyncio.Event()

    async def run() -> None:
        """Hold it open until the service ends."""
        async with server.session_manager.run():
            ready.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(run())
    _RUNNING.add(task)
    await ready.wait()
    return server
