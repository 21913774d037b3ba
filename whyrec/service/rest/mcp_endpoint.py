"""The tools for an assistant at ``/mcp``: each caller those that its role may use, of its own shop."""

import asyncio
from collections.abc import Callable
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from whyrec.service.access import Caller, Role
from whyrec.service.assistant import tools_server
from whyrec.service.problems import problem

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
}
"""Tool → what a role needs for it; all others are about groups."""


class ToolsOverHttp:
    """The same tools at ``/mcp`` of the service: each caller those that its role may use, of its own shop.

    :param state: of the application, which knows whose a token is.
    """

    def __init__(self, state: Any) -> None:
        self._state = state
        self._open: dict[tuple[str, Role], asyncio.Task[MCPServer[Any]]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope)
        found = self._state.asking.whose(request)
        if found is None:
            refused = problem(401, "send Authorization: Bearer TOKEN; the admin's is in serve.token of the workspace")
            return await refused(scope, receive, send)
        shop, caller = found
        try:
            self._state.asking.admit(shop, caller, "recommend")  # what every role may
        except HTTPException as error:
            return await problem(error.status_code, str(error.detail))(scope, receive, send)
        key = shop.name, caller.role
        if key not in self._open:
            self._open[key] = asyncio.create_task(_running(tools_server(shop.engine, _allowed(caller))))
        server = await asyncio.shield(self._open[key])
        scope["path"] = scope["root_path"] = ""
        return await server.session_manager.handle_request(scope, receive, send)


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
