"""The methods of a request: HEAD is what GET answers without its body; which of them an address takes."""

from collections.abc import Iterable
from typing import Any

from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOOLS = "/mcp/"
"""Where a GET waits for messages, and HEAD has nothing to tell."""
BODILESS = "whyrec.bodiless"
"""Key of the scope of a request whose answer nobody sees."""


class Headed:
    """Answers HEAD wherever there is a GET, as those ask who only look whether something is there."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD" or scope["path"].startswith(TOOLS):
            return await self._app(scope, receive, send)

        async def bodiless(message: Message) -> None:
            """Send on, without the body."""
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        asked = {**scope, "method": "GET", BODILESS: True}  # a copy: the server has to know the other
        return await self._app(asked, receive, bodiless)


def methods_at(routes: Iterable[BaseRoute], path: str) -> set[str]:
    """The methods that an address takes."""
    found, left = set[str](), list(routes)
    while left:
        route: Any = left.pop()
        if isinstance(route, Route):
            found |= (route.methods or set()) if route.path_regex.match(path) else set()
        else:  # the framework keeps what was included as it was
            left += getattr(getattr(route, "original_router", None), "routes", ())
    return found | ({"HEAD"} if "GET" in found else set())
