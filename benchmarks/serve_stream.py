"""Events without a pause beside answers, while the model is swapped: how many a second, and whether anything fails.

    python benchmarks/serve_stream.py WORKSPACE [--workers 2] [--seconds 60] [--swaps 1]

The workspace is copied. wrk (Debian: ``apt-get install wrk``) posts one event a request over some connections, each
with an id of its own, and asks for lists over others; meanwhile another process loads a changed file and trains, so
that workers take another generation over. At the end the log has to hold as many events as were acknowledged.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from served import processor_seconds, served

import whyrec
from kg.privacy.log_key import log_keys
from whyrec.events.database import connect

CONSOLE = Console(width=120)
EVENTS = """\
local users, items, at = {%s}, {%s}, 0
local mark = "%s"
request = function()
  at = at + 1
  local body = string.format('{"events": [{"id": "%%s-%%d", "user": "%%s", "relation": "%s", "item": "%%s"}]}',
    mark, at, users[at %% #users + 1], items[at * 7 %% #items + 1])
  return wrk.format("POST", "/api/v1/events", nil, body)
end
"""
LISTS = """\
local users, at = {%s}, 0
request = function()
  at = at + 1
  return wrk.format("GET", "/api/v1/recommend?n=10&reasons=none&user=" .. users[at %% #users + 1])
end
"""


def main(
    folder: Annotated[Path, typer.Argument(help="A loaded workspace.")],
    workers: Annotated[int, typer.Option()] = 2,
    seconds: Annotated[int, typer.Option()] = 60,
    swaps: Annotated[int, typer.Option(help="How often another generation is made meanwhile.")] = 1,
    connections: Annotated[int, typer.Option(help="That post events.")] = 8,
    asking: Annotated[int, typer.Option(help="Connections that ask for lists.")] = 4,
) -> None:
    """Measure and print."""
    if shutil.which("wrk") is None:
        sys.exit("wrk is not there: apt-get install wrk")
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(shutil.copytree(folder, Path(scratch) / "shop"))
        shutil.rmtree(home / "service", ignore_errors=True)
        snapshot = whyrec.open(home).snapshot
        relation = snapshot.schema.interactions[0]
        ends = snapshot.schema.relation[relation]
        users, items = (list(snapshot.vocabulary.ids(one))[:500] for one in (ends.head, ends.tail))
        with served(home, workers) as (url, headers, group):
            before = processor_seconds(group)
            quoted = [", ".join(f'"{one}"' for one in some) for some in (users, items)]
            posts = _wrk(url, headers, EVENTS % (*quoted, "e", relation), (connections, seconds))
            asks = _wrk(url, headers, LISTS % quoted[0], (asking, seconds))
            for number in range(swaps):
                time.sleep(seconds / (swaps + 2))
                _swap(home, (ends.head, relation), (f"swapped{number}", items[0]))
            told = [one.communicate()[0] for one in (posts, asks)]
            spent = processor_seconds(group) - before
        with closing(connect(home / "service" / "events.db", log_keys(home))) as log:
            held = log.execute("SELECT count(*) FROM event").fetchone()[0]
    for name, out in zip(("events", "lists"), told, strict=True):
        rate, count = re.search(r"Requests/sec:\s+([\d.]+)", out), re.search(r"(\d+) requests in", out)
        p50, p99 = (re.search(rf"^\s+{one}%\s+(\S+)", out, re.MULTILINE) for one in (50, 99))
        wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", out), re.search(r"Socket errors: (.*)", out)
        assert rate and count and p50 and p99
        errors = ", ".join(one[0] for one in wrong if one) or "0 errors"
        CONSOLE.print(
            f"{name}: {float(rate[1]):,.0f}/s, {int(count[1]):,} in all, p50 {p50[1]}, p99 {p99[1]}, {errors}"
        )
    CONSOLE.print(f"in the log: {held:,}; swaps of the model: {swaps}; the service took {spent:.1f} processor seconds")
    CONSOLE.print(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def _wrk(url: str, headers: dict[str, str], script: str, how: tuple[int, int]) -> "subprocess.Popen[str]":
    """:param how: connections, seconds."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua", delete=False) as file:
        file.write(script)
    told = [f"-H{name}: {value}" for name, value in {**headers, "Content-Type": "application/json"}.items()]
    command = [
        "wrk",
        "-t1",
        f"-c{how[0]}",
        f"-d{how[1]}s",
        "--latency",
        "--timeout",
        "10s",
        "-s",
        file.name,
        *told,
        url,
    ]
    return subprocess.Popen([*command, "-s", file.name, *told, url], stdout=subprocess.PIPE, text=True)


def _swap(home: Path, names: tuple[str, str], row: tuple[str, str]) -> None:
    """Load a new person with one interaction, in another process, and make the model anew."""
    user_type, relation = names
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / f"{user_type}.csv").write_text(f"id\n{row[0]}\n")
        (Path(scratch) / f"{relation}.csv").write_text(f"head,tail\n{row[0]},{row[1]}\n")
        files = [str(one) for one in sorted(Path(scratch).iterdir())]
        for command in (["load", *files], ["train", "--no-embeddings"]):
            subprocess.run(
                [sys.executable, "-m", "cli", "-w", str(home), *command, "--quiet"],
                check=True,
                stdout=subprocess.DEVNULL,
            )


if __name__ == "__main__":
    typer.run(main)
