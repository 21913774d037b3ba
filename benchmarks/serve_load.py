"""Load figures of ``whyrec serve`` by wrk on this machine: lists with and without reasons, beside the same in process.

    python benchmarks/serve_load.py WORKSPACE [--workers 2] [--seconds 10] [--before CHECKOUT]

wrk (Debian: ``apt-get install wrk``) asks for the lists of many people over keep-alive connections, two for each
worker: ``new`` lists, each worked out at that moment, and the same lists ``again``, while nothing that they depend on
changes. All ways are measured in turns in one run, the load of the machine beside: what others compute costs. Then the
service that prepares lists before anybody asks, once it has: of those who came last, and of anybody, each asked for the
first time, with two connections for each worker and with one, which never waits for another.
``--before``: another checkout of whyrec, whose service is measured in the same turns, on a copy of the workspace.
"""

import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from itertools import product
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.table import Table
from served import processor_seconds, served

import whyrec
from whyrec.service.precomputation.worker import latest_first

CONSOLE = Console(width=120)
CONNECTIONS = 2
"""For each worker: one is answered while the next one comes."""
MOST_PEOPLE = 20_000
"""Who are asked for when lists are prepared."""
STILL_SECONDS = 10
"""After what time without another list all are prepared."""
WARM_SECONDS = 20
ONE_BY_ONE = 5
"""Turns of one request after the other."""
SCRIPT = """\
local users, at = {%s}, 0
request = function()
  at = at + 1
  local path = "/api/v1/recommend?n=10&reasons=%s&user=" .. users[at %% #users + 1]
  if %s then path = path .. "&scenario=%s-" .. at end
  return wrk.format("GET", path)
end
"""
WAYS = {("first", True): "first, new", ("none", True): "none, new", ("first", False): "first, again"}
WAYS |= {("none", False): "none, again"}
LINE = re.compile(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s|m)\s*$", re.MULTILINE)
TO_MS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


def main(
    folder: Annotated[Path, typer.Argument(help="A loaded workspace, with a model or without.")],
    workers: Annotated[int, typer.Option()] = 2,
    seconds: Annotated[int, typer.Option(help="Of each measurement.")] = 10,
    rounds: Annotated[int, typer.Option(help="Measurements of each kind, in turns.")] = 2,
    people: Annotated[int, typer.Option(help="How many different people are asked for.")] = 500,
    before: Annotated[Path | None, typer.Option(help="Another checkout of whyrec, measured beside.")] = None,
) -> None:
    """Measure and print."""
    if shutil.which("wrk") is None:
        sys.exit("wrk is not there: apt-get install wrk")
    engine = whyrec.open(folder)
    users = [one for kind in engine.snapshot.schema.user_types for one in engine.snapshot.vocabulary.ids(kind)][:people]
    table = Table("reasons", "requests/s", "p50 ms", "p99 ms", "errors", "CPU ms", title=f"{folder}, {workers} workers")
    with ExitStack() as open_, tempfile.TemporaryDirectory() as scratch:
        url, headers, pid = open_.enter_context(served(folder, workers))
        if before is not None:
            copy = Path(shutil.copytree(folder, Path(scratch) / folder.name))
            earlier = open_.enter_context(served(copy, workers, before))
        connections = workers * CONNECTIONS
        for warm in (
            url,
            *([earlier[0]] if before is not None else ()),
        ):  # a large model is read from a cold disk first
            _wrk(warm, headers, users, ("first", True, connections, WARM_SECONDS))
        for number in range(rounds):
            for (reasons, new), name in WAYS.items():
                if not new and number == 0:
                    _wrk(url, headers, users, (reasons, new, connections, seconds))  # asked for once before
                how = reasons, new, connections, seconds
                table.add_row(f"{name} ({number + 1})", *_measured((url, headers, pid), users, how))
                if before is not None:
                    table.add_row(f"{name}, {before.name} ({number + 1})", *_measured(earlier, users, how))
        over, inside = _one_by_one(url, headers, engine, users[:200])
        private = _private_memory(pid)
    waited, count = _add_prepared(table, folder, engine, (workers, rounds, seconds))
    CONSOLE.print(table)
    CONSOLE.print(f"prepared: {count:,} lists in {waited:.0f} s, with what nobody else wanted of the processors")
    CONSOLE.print(f"one at a time, new, median wall: HTTP {over:.2f} ms, in process {inside:.2f} ms")
    CONSOLE.print(f"private memory of each worker: {', '.join(f'{mb:.0f} MB' for mb in private)}")
    CONSOLE.print(
        f"load of the machine: {', '.join(f'{one:.1f}' for one in os.getloadavg())} on {os.cpu_count()} cores"
    )


def _add_prepared(table: Table, folder: Path, engine: whyrec.Engine, how: tuple[int, int, int]) -> tuple[float, int]:
    """Measure the service that prepares lists; seconds that it took to, and how many there are.

    :param how: workers, rounds, seconds.
    """
    workers, rounds, seconds = how
    ids, people = engine.snapshot.vocabulary.id, list(latest_first(engine.snapshot))
    with served(folder, workers, prepare=True) as service:
        waited, count = _prepared(*service[:2])
        who = {"who came last": people[: min(count, MOST_PEOPLE)]}
        who["anybody"] = random.Random(0).sample(people, min(len(people), MOST_PEOPLE))
        for number in range(rounds):
            for (name, some), each in product(who.items(), (CONNECTIONS, 1)):
                how_often = "first", True, workers * each, seconds
                row = _measured(service, [ids(*one) for one in some], how_often)
                table.add_row(f"first, prepared, {name}, {each} each ({number + 1})", *row)
    return waited, count


def _prepared(url: str, headers: dict[str, str]) -> tuple[float, int]:
    """Seconds until no list is prepared any more, and how many are."""
    began = grew = time.monotonic()
    count = 0
    while time.monotonic() - grew < STILL_SECONDS:
        time.sleep(1)
        told = re.search(r"^whyrec_prepared_lists\S* (\S+)$", httpx.get(f"{url}/metrics", headers=headers).text, re.M)
        if told is not None and float(told[1]) > count:
            count, grew = int(float(told[1])), time.monotonic()
    return grew - began, count


def _measured(
    service: tuple[str, dict[str, str], int], users: list[str], how: tuple[str, bool, int, int]
) -> tuple[str, ...]:
    """What :func:`_wrk` says, and the processor time of the service for each request."""
    url, headers, group = service
    before = processor_seconds(group)
    figures = _wrk(url, headers, users, how)
    count = float(figures[0].replace(",", "")) * how[3]
    return *figures, f"{1e3 * (processor_seconds(group) - before) / count:.2f}"


def _wrk(
    url: str, headers: dict[str, str], users: list[str], how: tuple[str, bool, int, int]
) -> tuple[str, str, str, str]:
    """:param how: which reasons, whether each list is another question, connections, seconds."""
    reasons, new, connections, seconds = how
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT % (", ".join(f'"{user}"' for user in users), reasons, str(new).lower(), time.time_ns()))
        script.flush()
        told = [f"{name}: {value}" for name, value in headers.items()]
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script.name]
        out = subprocess.run([*command, *(f"-H{one}" for one in told), url], capture_output=True, text=True, check=True)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", out.stdout)
    if rate is None or not float(rate[1]):
        sys.exit(f"no answer in {seconds} s: {out.stdout.strip()}")
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", out.stdout)
    times = {quantile: float(value) * TO_MS[unit] for quantile, value, unit in LINE.findall(out.stdout)}
    return f"{float(rate[1]):,.0f}", f"{times['50']:.2f}", f"{times['99']:.1f}", wrong[1] if wrong else "0"


def _one_by_one(url: str, headers: dict[str, str], engine: whyrec.Engine, users: list[str]) -> tuple[float, float]:
    """Median milliseconds of one request after the other by wrk, and of the same in this process, in turns."""
    over, inside = [], list[float]()
    for turn in range(ONE_BY_ONE + 1):  # what the first one reads for the first time does not count
        _, middle, *_ = _wrk(url, headers, users, ("first", True, 1, 2))
        times = []
        for user in users:
            began = time.perf_counter()
            engine.recommend(user, n=10).model_dump_json()
            times.append(1e3 * (time.perf_counter() - began))
        if turn:
            over.append(float(middle))
            inside.append(statistics.median(times))
    return statistics.median(over), statistics.median(inside)


def _private_memory(group: int) -> list[float]:
    """Megabytes of each worker of a process group that no other process shares."""
    found = []
    for place in Path("/proc").iterdir():
        with suppress(OSError):  # it may end while it is looked at
            if place.name.isdigit() and os.getpgid(int(place.name)) == group and int(place.name) != group:
                told = (place / "smaps_rollup").read_text()
                sizes = re.findall(r"^Private_\w+:\s+(\d+) kB", told, re.MULTILINE)
                found.append(sum(int(one) for one in sizes) / 1024)
    return sorted(one for one in found if one > 20)  # what watches over the workers is small


if __name__ == "__main__":
    typer.run(main)
