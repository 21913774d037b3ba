"""The application: shops, who may ask them, routes, and what a request leaves behind in the log and the figures."""

import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from kg.errors import WhyrecError
from whyrec.service import problems
from whyrec.service.access import Caller
from whyrec.service.console import decision_pages, pages, rendering, session, shop_pages
from whyrec.service.limits import Next, RateLimit, SlowAnswers, bounded
from whyrec.service.monitoring import DURATION, REQUESTS, exposition
from whyrec.service.rest import answers, decisions, groups, people
from whyrec.service.shop import Shop

PER_SECOND = 5_000.0
"""Requests a second that one token may make of one worker, unless told otherwise."""
KEPT = frozenset({"recommend", "why"})
"""Answers that can be shown again."""
log = logging.getLogger("whyrec.service")


def create_app(folders: Sequence[Path], *, per_second: float = PER_SECOND, keep: bool = True) -> FastAPI:
    """The service over some workspaces, each with tokens of its own.

    :param per_second: most requests of one token; more get 429.
    :param keep: whether lists and accounts are kept, so that they can be shown again.
    :raises WorkspaceError: where a folder is no workspace.
    """
    shops = [Shop(folder) for folder in folders]
    slow = {shop.name: SlowAnswers(shop.engine.workspace.folder) for shop in shops}

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

    app = FastAPI(
        title="whyrec",
        version="1",
        description="Recommendations across domains that can always say why.",
        docs_url=None,  # both would load their scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.shops, app.state.kept = shops, KEPT if keep else frozenset()
    app.state.page = rendering.error_page
    app.state.slow = lambda shop: slow[shop.name]
    app.state.asking = _Asking(shops, RateLimit(per_second))
    app.middleware("http")(_measured)
    app.middleware("http")(bounded)
    for part in (answers, groups, people, decisions, pages, shop_pages, decision_pages, rendering, session):
        app.include_router(part.router)
    _add_health(app)
    _add_problems(app)
    return app


class _Asking:
    """Finds the shop and the caller of a request by its token."""

    def __init__(self, shops: Sequence[Shop], limit: RateLimit) -> None:
        self._shops, self._limit = shops, limit

    def __call__(self, request: Request, action: str) -> tuple[Shop, Caller]:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        token = token.strip() if scheme.lower() == "bearer" else request.cookies.get(rendering.COOKIE, "")
        for shop in self._shops if token else ():
            caller = shop.tokens.caller(token)
            if caller is not None:
                self._limit.take(f"{shop.name}/{caller.name}")
                if not caller.may(action):
                    raise HTTPException(403, f"{action} is not for the role {caller.role}")
                request.state.shop = shop
                log.info("%s %s %s", shop.name, caller.name, action)
                return shop, caller
        raise HTTPException(401, "send Authorization: Bearer TOKEN; the admin's is in serve.token of the workspace")


async def _measured(request: Request, call_next: Next) -> Response:
    began = time.perf_counter()
    response = await call_next(request)
    route = getattr(request.scope.get("route"), "path", "none")
    DURATION.labels(route=route).observe(time.perf_counter() - began)
    REQUESTS.labels(route=route, status=str(response.status_code)).inc()
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response


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
        for shop in request.app.state.shops:
            shop.ready()
        return {"status": "ready"}

    @app.get("/metrics", tags=["service"])
    def metrics(request: Request) -> Response:
        """Figures for Prometheus."""
        request.app.state.asking(request, "metrics")
        return Response(exposition(), media_type="text/plain; version=0.0.4")
