"""How soon ``whyrec serve`` answers, takes an event, and lets it show: three waits, measured from outside.

    python benchmarks/serve_events.py WORKSPACE [--workers 2] [--events 200]

The workspace is copied. ``ready``: from the start of the program to the first answer of its health check. Somebody buys
the first item of her list: ``acknowledged`` is until the event is on disk and answered, ``changed`` until a list
without it comes over a new connection, to whichever worker takes it; ``stale`` counts lists that still had it.
"""

import json
import os
import shutil
import statistics
import tempfile
import time
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import numpy as np
import typer
from rich.console import Console
from served import free_port, kill, start

import whyrec
from whyrec.service.access import Tokens

CONSOLE = Console(width=120)


def main(
    folder: Annotated[Path, typer.Argument(help="A loaded workspace.")],
    workers: Annotated[int, typer.Option()] = 2,
    events: Annotated[int, typer.Option()] = 200,
    starts: Annotated[int, typer.Option(help="How often the program is started.")] = 3,
) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(shutil.copytree(folder, Path(scratch) / "shop"))
        shutil.rmtree(home / "service", ignore_errors=True)
        snapshot = whyrec.open(home).snapshot
        relations = {snapshot.schema.relation[name].tail: name for name in snapshot.schema.interactions}
        users = list(snapshot.vocabulary.ids(snapshot.schema.user_types[0]))
        port, ready = free_port(), []
        for number in range(starts):
            began = time.perf_counter()
            process = start(home, port, workers)
            ready.append(time.perf_counter() - began)
            if number < starts - 1:
                kill(process)
        headers = {"Authorization": f"Bearer {Tokens(home)._admin}"}
        acknowledged, changed, stale = [], [], 0
        for number in range(events):
            user = users[number % len(users)]
            item = _listed(port, headers, user)[0]
            event = {"id": f"e{number}", "user": user, "relation": relations[item["type"]], "item": item["id"]}
            with closing(HTTPConnection("127.0.0.1", port)) as client:
                client.connect()
                began = time.perf_counter()
                body = json.dumps({"events": [event]})
                client.request("POST", "/api/v1/events", body, {**headers, "Content-Type": "application/json"})
                answer = client.getresponse()
                assert answer.status == 202, answer.read()
                answer.read()
                acknowledged.append(time.perf_counter() - began)
            while item["id"] in [one["id"] for one in _listed(port, headers, user)]:
                stale += 1
            changed.append(time.perf_counter() - began)
        kill(process)
    CONSOLE.print(f"ready: median {statistics.median(ready):.2f} s of {starts}, {workers} workers")
    for name, seconds in (("acknowledged", acknowledged), ("changed", changed)):
        p50, p99 = 1e3 * np.quantile(seconds, [0.5, 0.99])
        CONSOLE.print(f"{name}: p50 {p50:.1f} ms, p99 {p99:.1f} ms of {events} events")
    CONSOLE.print(f"stale: {stale}; load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def _listed(port: int, headers: dict[str, str], user: str) -> list[dict[str, str]]:
    """The list of somebody, over a new connection: whichever worker takes it."""
    with closing(HTTPConnection("127.0.0.1", port)) as client:
        client.request("GET", f"/api/v1/recommend?user={quote(user)}&reasons=none", headers=headers)
        found: list[dict[str, str]] = json.loads(client.getresponse().read())["items"]
    return found


if __name__ == "__main__":
    typer.run(main)
