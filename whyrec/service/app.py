"""The application: shops, who may ask them, routes, and what a request leaves behind in the log and the figures."""

import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kg.errors import WhyrecError
from whyrec.service import problems
from whyrec.service.access import Caller
from whyrec.service.console import decision_pages, pages, person_pages, reference, rendering, session, shop_pages
from whyrec.service.limits import Bounded, RateLimit, SlowAnswers
from whyrec.service.methods import Headed
from whyrec.service.monitoring import PENDING, exposition, of_request
from whyrec.service.openid.keys import KeysFirst
from whyrec.service.path_segments import keep_slashes
from whyrec.service.presence import check_there, first_known
from whyrec.service.rest import answers, decisions, groups, models, people, traffic
from whyrec.service.rest.description import described
from whyrec.service.rest.direct import DirectAnswers
from whyrec.service.shop import Shop
from whyrec.service.shops import shops_of

if TYPE_CHECKING:
    from whyrec.service.precomputation.ring_buffer import RingBuffer

PER_SECOND = 5_000.0
"""Requests a second that one token may make of one worker, unless told otherwise."""
KEPT = frozenset({"recommend", "why"})
"""Answers that can be shown again."""
TOOLS = "/mcp"
READING = ("GET", "HEAD")
HEADERS = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"same-origin")]
log = logging.getLogger("whyrec.service")


def create_app(
    folders: Sequence[Path],
    *,
    per_second: float = PER_SECOND,
    keep: bool = True,
    memories: "Mapping[Path, RingBuffer] | None" = None,
) -> FastAPI:
    """The service over some workspaces, each with tokens of its own.

    :param per_second: most requests of one token; more get 429.
    :param keep: whether lists and accounts are kept, so that they can be shown again.
    :param memories: what workers share of a workspace.
    :raises WorkspaceError: where a folder is no workspace.
    :raises UsageError: where a token would open two of them.
    """
    shops = shops_of(folders, memories)
    slow = {shop: SlowAnswers(shop.engine.workspace.folder) for shop in shops}

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        """Open the shops before the first request, close what is open after the last."""
        for shop in shops:
            shop.ready()
        yield
        for one in slow.values():
            one.close()
        for shop in shops:
            shop.close()

    app = _Service(
        title="whyrec",
        version="1",
        description="Recommendations across domains that can always say why.",
        docs_url=None,  # both would load their scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # to what the Host header says, and a client would leave its token behind
        lifespan=lifespan,
    )
    app.state.shops, app.state.kept = shops, KEPT if keep else frozenset()
    app.state.page, app.state.slow = rendering.error_page, lambda shop: slow[shop]
    app.state.asking = _Asking(shops, RateLimit(per_second))
    app.pass_through(shops)
    _add_routes(app, shops)
    _add_health(app)
    _add_problems(app)
    if find_spec("mcp") is not None:
        app.mount(TOOLS, _Tools(app.state))
    return app


class _Service(FastAPI):
    """The framework behind what every request passes: what is answered directly takes none of its own layers."""

    def pass_through(self, shops: Sequence[Shop]) -> None:
        """Lay what every request passes before the framework."""
        direct = DirectAnswers(super().__call__, self.state)
        passed = Headed(_Measured(Bounded(KeysFirst(direct, shops))))
        self._outer = ServerErrorMiddleware(passed, problems.of_anything)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        keep_slashes(scope)
        if scope.get("path") == TOOLS:  # a mount begins behind its slash
            scope["path"] = f"{TOOLS}/"
        await self._outer(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """The description of the REST interface."""
        return described(self)


def _add_routes(app: FastAPI, shops: Sequence[Shop]) -> None:
    consoles = (pages, person_pages, shop_pages, decision_pages, reference, rendering, session)
    for part in (answers, groups, people, decisions, models, traffic, *consoles):
        app.include_router(part.router)
    if any(shop.openid is not None for shop in shops):
        from whyrec.service.console import openid_login  # authlib is an extra

        app.include_router(openid_login.router)


class _Tools:
    """The tools for an assistant; their library, a fifth of a worker's memory, is loaded when one comes for them."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is None:
            from whyrec.service.rest.mcp_endpoint import ToolsOverHttp

            self._app = ToolsOverHttp(self._state)
        await self._app(scope, receive, send)


class _Asking:
    """Finds the shop and the caller of a request by its token."""

    def __init__(self, shops: Sequence[Shop], limit: RateLimit) -> None:
        self._shops, self._limit = shops, limit

    def __call__(self, request: Request, action: str) -> tuple[Shop, Caller]:
        found = self.whose(request)
        if found is None:
            check_there(self._shops)  # where one has gone, its tokens have, too
            raise HTTPException(401, "send Authorization: Bearer TOKEN; the admin's is in serve.token of the workspace")
        self.admit(*found, action, request.query_params.get("user") or request.path_params.get("user"))
        return found

    def whose(self, request: Request) -> tuple[Shop, Caller] | None:
        """The shop and the caller whose token a request bears; ``None`` for none that is known.

        :raises WorkspaceError: where no shop knows it, and the tokens of one cannot be read.
        :raises HTTPException: 403 for what changes something, asked in the name of a cookie from another page: browsers
            send it along for other programs of the same host, too.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        bears, token = scheme.lower() == "bearer", token.strip()
        cookie = "" if bears else request.cookies.get(rendering.COOKIE, "")
        if not token and not cookie:
            return None
        found = first_known(self._shops, lambda shop: shop.bearer(token) if bears else shop.visitor(cookie))
        if found is not None:
            if not bears and request.method not in READING:
                session.check_origin(request)
            request.state.shop = found[0]
        return found

    def admit(self, shop: Shop, caller: Caller, action: str, user: str | None = None) -> None:
        """Count a request, let it through, and remember whom it looks at.

        :raises HTTPException: 429 where there are too many, 403 where the role may not do that.
        """
        self._limit.take(f"{shop.name}/{caller.name}")
        if not caller.may(action):
            raise HTTPException(403, f"{action} is not for the role {caller.role}")
        log.info("%s %s %s", shop.name, caller.name, action)
        shop.looked(caller, action, user)


class _Measured:
    """Counts and times all requests, and says of all answers what browsers may do with them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        began, status = time.perf_counter(), 500

        async def measured(message: Message) -> None:
            """Send on, with headers of our own."""
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *HEADERS]
            await send(message)

        try:
            await self._app(scope, receive, measured)
        finally:
            shop = scope.get("state", {}).get("shop")
            route = getattr(scope.get("route"), "path", "none")
            of_request(shop.name if shop else "", route, status, time.perf_counter() - began)
        return None


def _add_problems(app: FastAPI) -> None:
    """Whatever goes wrong becomes a problem document, or a page of the console."""
    app.add_exception_handler(WhyrecError, problems.of_whyrec)
    app.add_exception_handler(RequestValidationError, problems.of_validation)
    app.add_exception_handler(HTTPException, problems.of_http)
    app.add_exception_handler(Exception, problems.of_anything)


def _add_health(app: FastAPI) -> None:
    @app.get("/api/v1/health/live", tags=["service"])
    async def live() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "live"}

    @app.get("/api/v1/health/ready", tags=["service"])
    def ready(request: Request) -> dict[str, str]:
        """Whether every workspace is opened and can answer."""
        check_there(request.app.state.shops)
        for shop in request.app.state.shops:
            shop.ready()
        return {"status": "ready"}

    @app.get("/metrics", tags=["service"])
    def metrics(request: Request) -> Response:
        """Figures for Prometheus."""
        shop, _ = request.app.state.asking(request, "metrics")
        PENDING.labels(workspace=shop.name).set(sum(one for one in shop.pending().values() if isinstance(one, int)))
        return Response(exposition(shop.name), media_type="text/plain; version=0.0.4")
