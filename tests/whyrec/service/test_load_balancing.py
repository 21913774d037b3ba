"""Connections among workers: shared out evenly, and taken by whoever is free where another is busy."""

import errno
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from threading import Thread
from typing import Any

import httpx
import pytest
import uvicorn

from whyrec.service.load_balancing import SILENT_SECONDS, Balanced, Connections

SECONDS, BUSY_SECONDS = 60.0, 3.0


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Says hello; holds its worker up where it is told to."""
    if scope["path"] == "/busy":
        time.sleep(BUSY_SECONDS)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


@pytest.fixture(params=["asyncio", "uvloop"])
def workers(request: pytest.FixtureRequest) -> Iterator[tuple[int, list[Balanced]]]:
    """A port, and two workers that answer at it."""
    pytest.importorskip(request.param)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening, ExitStack() as open_:
        connections = Connections(2)
        made = [
            Balanced(uvicorn.Config(app, lifespan="off", log_level="critical", loop=request.param), connections, slot)
            for slot in range(2)
        ]
        threads = [Thread(target=one.run, args=([open_.enter_context(listening.dup())],)) for one in made]
        for thread in threads:
            thread.start()
        _until(lambda: all(one.started for one in made))
        yield listening.getsockname()[1], made
        for one in made:
            one.should_exit = True
        for thread in threads:
            thread.join(SECONDS)
        assert not any(thread.is_alive() for thread in threads)


def test_connections_that_stay_are_shared_out(workers: tuple[int, list[Balanced]]) -> None:
    """Event loops accept all who wait at once: eight were all those of one worker, each time."""
    (port, made), most = workers, 0
    for _ in range(3):
        with ExitStack() as stay:
            for _ in range(8):
                one = stay.enter_context(socket.socket())
                one.setblocking(False)
                assert one.connect_ex(("127.0.0.1", port)) in (0, errno.EINPROGRESS)
            _until(lambda: sum(_counts(made)) == 8)
            most += max(_counts(made))
        _until(lambda: sum(_counts(made)) == 0)
    assert most <= 18  # of 24, and once more than six of eight where a thread had no turn for a moment


def test_a_busy_worker_keeps_nobody_waiting(workers: tuple[int, list[Balanced]]) -> None:
    port, made = workers
    with socket.create_connection(("127.0.0.1", port)) as busy:
        busy.sendall(b"GET /busy HTTP/1.1\r\nHost: x\r\n\r\n")
        _until(lambda: sum(_counts(made)) == 1)
        started = time.monotonic()
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", limits=httpx.Limits(max_keepalive_connections=0)
        ) as some:
            assert [some.get("/").text for _ in range(6)] == ["hello"] * 6
        assert time.monotonic() - started < BUSY_SECONDS - 0.5


def test_nobody_is_left_to_a_worker_that_is_silent() -> None:
    """A stopped one with fewest held the others to one connection in five milliseconds until it was replaced."""
    connections = Connections(3)  # the last has not started yet
    connections.tell(0, 1)
    connections.tell(1, 4)
    assert connections.fewest() == 1
    time.sleep(1.2 * SILENT_SECONDS)
    connections.tell(1, 4)
    assert connections.fewest() == 4


def _counts(made: list[Balanced]) -> list[int]:
    return [len(one.server_state.connections) for one in made]


def _until(holds: Any) -> None:
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)
