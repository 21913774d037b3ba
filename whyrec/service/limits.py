"""Limits of a request: how large, how many a second, how many slow ones at once."""

import asyncio
import os
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from fastapi import Response
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from whyrec.service.problems import problem
from whyrec.service.sizes import MOST_BYTES

SECONDS_AHEAD = 2.0
"""Requests that a caller may save up, in seconds of its rate."""
NICE = 15
SLOW_AT_ONCE = 4
"""Slow questions in work or waiting in one worker; more get 429."""


class Bounded:
    """Refuses a body that is too large before it is read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        refused = self._refused(Headers(scope=scope)) if scope["type"] == "http" else None
        await (refused or self._app)(scope, receive, send)

    @staticmethod
    def _refused(headers: Headers) -> Response | None:
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            return problem(413, f"at most {MOST_BYTES:,} bytes; send events in several requests")
        if "chunked" in headers.get("transfer-encoding", ""):
            return problem(411, "send the body with its length")
        return None


class RateLimit:
    """A bucket of tokens for each caller of one worker."""

    def __init__(self, per_second: float) -> None:
        self.per_second = per_second
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> None:
        """Count a request.

        :raises HTTPException: 429 where the caller has none left.
        """
        now = time.monotonic()
        most = self.per_second * SECONDS_AHEAD
        left, then = self._left.get(name, (most, now))
        left = min(most, left + (now - then) * self.per_second)
        if left < 1:
            raise HTTPException(429, f"more than {self.per_second:g} requests a second; wait a moment")
        self._left[name] = (left - 1, now)


class SlowAnswers:
    """A process for questions that take long, so that they never stop the others; it opens the workspace itself."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pool: ProcessPoolExecutor | None = None
        self._waiting = 0

    async def why_not(self, user: str | None, item: str, options: dict[str, Any]) -> str:
        """The answer of ``why-not`` as JSON.

        :raises HTTPException: 429 where too many are waiting already.
        :raises WhyrecError: as ``Engine.why_not``.
        """
        if self._waiting >= SLOW_AT_ONCE:
            raise HTTPException(429, f"{SLOW_AT_ONCE} slow questions are in work already; ask again in a moment")
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, get_context("spawn"), initializer=_behind_the_workers)
        self._waiting += 1
        try:
            asked = partial(_why_not, str(self._folder), user, item, options)
            return await asyncio.get_running_loop().run_in_executor(self._pool, asked)
        except BrokenProcessPool:
            self._pool = None  # the next question starts another one
            raise HTTPException(503, "the process for slow questions ended; ask again") from None
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """End the process."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


def _behind_the_workers() -> None:
    """Let those that answer at once have the processors first."""
    if hasattr(os, "nice"):
        os.nice(NICE)


_SHOPS: list[Any] = []


def _why_not(folder: str, user: str | None, item: str, options: dict[str, Any]) -> str:
    from whyrec.service.shop import Shop  # in the process that answers

    if not _SHOPS:  # at the first question, whoever asks hears why it cannot be
        _SHOPS.append(Shop(Path(folder)))
    found: str = _SHOPS[0].told("why_not", user, item, **options).model_dump_json()
    return found
