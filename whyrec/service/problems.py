"""Errors as RFC 9457 problem details: what was wrong, which field, what to do; never a traceback or a person's id."""

import errno
import logging
import os
import re
import time
import traceback
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from kg.errors import LimitError, ModelError, SnapshotError, UnknownEntityError, UsageError, WhyrecError, WorkspaceError
from recommender.texts.messages import translated
from whyrec.events.database import database_errors
from whyrec.service.methods import methods_at
from whyrec.service.presence import check_there
from whyrec.service.wrong_values import wrong_fields

log = logging.getLogger("whyrec.service")
MEDIA = "application/problem+json"
STATUS: tuple[tuple[type[WhyrecError], int], ...] = (
    (UnknownEntityError, 404),
    (UsageError, 422),
    (LimitError, 429),
    (SnapshotError, 503),
    (ModelError, 503),
    (WorkspaceError, 503),
    (WhyrecError, 503),  # the store is taken by a load, say
)
TITLES = {
    400: "This cannot be read",
    401: "Who are you?",
    403: "Your role may not do this",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    411: "How long is it?",
    413: "Too large",
    415: "Not this kind of body",
    422: "This request cannot be answered",
    429: "Too many requests",
    500: "This is a defect of whyrec",
    503: "Not ready",
}
NO_PAGE = "no such page"
NOTHING = "there is nothing at this address; /docs describes the REST interface"
UNWRITTEN = (
    "it could not be written, the disk may be full; nothing is acknowledged: send it again, nothing counts twice"
)
CROWDED = "too many files and connections are open at this moment; ask again, and allow the service more: ulimit -n"
FIELD = re.compile(r"`(\w+)`")


def problem(status: int, detail: str, *, retry_after: int | None = None, **more: Any) -> JSONResponse:
    """A problem document.

    :param retry_after: seconds until the same may be asked again, where that is known.
    :param more: further members, such as ``field`` or ``errors``.
    """
    document = {"type": "about:blank", "title": TITLES.get(status, "Error"), "status": status, "detail": detail, **more}
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {"Retry-After": "1"} if status in (429, 503) else {}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return JSONResponse(document, status, media_type=MEDIA, headers=headers)


async def of_whyrec(request: Request, error: Exception) -> Any:
    """A message for a person, with the field it names; a page where a browser asked for one."""
    status = next(code for kind, code in STATUS if isinstance(error, kind))
    message = without_places(request, str(error))
    if page := request.app.state.page(request, status, message):
        return page
    field = FIELD.search(message)
    tomorrow = 86_400 - int(time.time()) % 86_400  # when the budget of the day (UTC) is whole again
    retry_after = tomorrow if isinstance(error, LimitError) else None
    return problem(status, _told(request, message), retry_after=retry_after, **({"field": field[1]} if field else {}))


async def of_validation(request: Request, error: Exception) -> Any:
    """Values that are none: each with its field and what is expected; what came is not repeated."""
    assert isinstance(error, RequestValidationError)
    if (kind := _other_media(request)) is not None:
        return problem(415, _told(request, kind))
    found = wrong_fields(error.errors(), skipped=1)
    errors = [{"field": field, "reason": reason} for field, reason in found.items()]
    detail = "; ".join(f"{one['field']}: {one['reason']}" for one in errors)
    if page := request.app.state.page(request, 422, detail):
        return page
    return problem(422, _told(request, detail), errors=errors)


async def of_http(request: Request, error: Exception) -> Any:
    """What the framework refuses."""
    assert isinstance(error, HTTPException)
    detail, headers = str(error.detail), dict[str, str]()
    unread = error.status_code == 400 and detail == "There was an error parsing the body"
    if unread and (kind := _other_media(request)) is not None:
        return problem(415, _told(request, kind))
    if error.status_code == 405:
        allowed = sorted(methods_at(request.app.routes, request.url.path))
        detail, headers = f"send {' or '.join(allowed)} to this address", {"Allow": ", ".join(allowed)}
    elif unread:
        detail = "body: is no JSON that can be read"
    elif error.status_code == 404 and detail == "Not Found":  # the framework's own words
        detail = NOTHING
    shown = NO_PAGE if detail == NOTHING else detail
    if page := request.app.state.page(request, error.status_code, shown):
        return page
    answer = problem(error.status_code, _told(request, detail))
    answer.headers.update(headers)
    return answer


def _other_media(request: Request) -> str | None:
    """What to do about a body of the REST interface that is no JSON by its own account."""
    headers = request.headers
    if not request.url.path.startswith("/api/") or headers.get("content-length", "0") == "0":
        return None
    if headers.get("content-encoding", "identity") != "identity":
        return "send the body as it is, without Content-Encoding"
    return None if "json" in headers.get("content-type", "") else "send JSON, with Content-Type: application/json"


def without_places(request: Request, message: str) -> str:
    """A message without where on this machine the workspaces are: it leaves the machine."""
    for shop in request.app.state.shops:
        folder = str(shop.engine.workspace.folder)
        message = message.replace(f"{folder}{os.sep}", "").replace(folder, shop.name)
    return message


def _told(request: Request, message: str) -> str:
    """A message in the language that was asked for, with what several values have called as this interface does."""
    return translated(message, request.query_params.get("lang", "")).replace("`anchors=", "`anchor=")


async def of_anything(request: Request, error: Exception) -> JSONResponse:
    """A defect: its kind and place and no more, for its message may hold data; but where a workspace has gone."""
    if isinstance(error, FileNotFoundError):
        try:
            check_there(request.app.state.shops)
        except WorkspaceError as gone:
            return problem(503, _told(request, str(gone)))
    frames = traceback.extract_tb(error.__traceback__)
    log.error("%s at %s", type(error).__name__, " < ".join(f"{one.name}:{one.lineno}" for one in reversed(frames[-5:])))
    if _unwritten(error):
        return problem(503, UNWRITTEN)
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return problem(503, CROWDED)
    return problem(500, f"{type(error).__name__}; look into the log of the service")


def _unwritten(error: Exception) -> bool:
    """Whether something could not be written because of the disk, and can be when there is room again."""
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)
    return full or isinstance(error, database_errors())
