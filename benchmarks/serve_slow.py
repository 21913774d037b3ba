"""What questions that take long do to the others, and what workers share: p99 of lists beside why-not, and memory.

    python benchmarks/serve_slow.py WORKSPACE [--workers 2] [--seconds 10] [--rounds 3]

Lists, each asked for the first time, are measured by wrk in turns: alone, and while some ask why an item is not in a
list without a pause. Memory: the proportional set size of all processes of the service with one worker and with
several, after both have answered lists.
"""

import re
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Annotated

import httpx
import typer
from rich.console import Console
from serve_load import CONNECTIONS, _private_memory, _wrk
from served import served

import whyrec

CONSOLE = Console(width=120)


class Asker(threading.Thread):
    """Asks why an item is not in the list of somebody, again and again; ``told`` counts the answers by status."""

    def __init__(self, url: str, headers: dict[str, str], pairs: list[tuple[str, str]]) -> None:
        super().__init__()
        self.url, self.headers, self.pairs = url, headers, pairs
        self.told: Counter[int] = Counter()
        self.ended = threading.Event()

    def run(self) -> None:
        """Ask until told to end; who is refused waits as long as the answer says."""
        with httpx.Client(base_url=self.url, headers=self.headers, timeout=120) as client:
            for user, item in self.pairs:
                if self.ended.is_set():
                    return
                answer = client.get("/api/v1/why-not", params={"user": user, "item": item})
                self.told[answer.status_code] += 1
                self.ended.wait(float(answer.headers.get("retry-after", 0)))


def main(
    folder: Annotated[Path, typer.Argument(help="A loaded workspace, with a model or without.")],
    workers: Annotated[int, typer.Option()] = 2,
    seconds: Annotated[int, typer.Option(help="Of each measurement.")] = 10,
    rounds: Annotated[int, typer.Option()] = 3,
    askers: Annotated[int, typer.Option(help="How many ask why not at once.")] = 6,
) -> None:
    """Measure and print."""
    snapshot = whyrec.open(folder).snapshot
    users = [one for kind in snapshot.schema.user_types for one in snapshot.vocabulary.ids(kind)][:500]
    items = [one for kind in snapshot.schema.item_types for one in snapshot.vocabulary.ids(kind)]
    pairs = [(users[n % len(users)], items[n * 31 % len(items)]) for n in range(100_000)]
    how = ("none", True, workers * CONNECTIONS, seconds)
    alone, beside, told = [], [], Counter[int]()
    with served(folder, workers) as (url, headers, group):
        _wrk(url, headers, users, how)
        for _ in range(rounds):
            alone.append(_wrk(url, headers, users, how))
            asking = [Asker(url, headers, pairs[number::askers]) for number in range(askers)]
            for one in asking:
                one.start()
            time.sleep(2)
            beside.append(_wrk(url, headers, users, how))
            for one in asking:
                one.ended.set()
            for one in asking:
                one.join()
                told += one.told
    sizes = []
    for count in (1, workers):
        with served(folder, count) as (url, headers, group):
            _wrk(url, headers, users, ("none", True, count * CONNECTIONS, seconds))
            sizes.append(_proportional(group))
            private = _private_memory(group)
    for name, rows in (("alone", alone), ("beside why-not", beside)):
        p50, p99 = (median(float(row[place]) for row in rows) for place in (1, 2))
        CONSOLE.print(f"lists {name}: p50 {p50:.1f} ms, p99 {p99:.1f} ms (median of {rounds}), {rows[-1][0]}/s")
    ratio = median(float(two[2]) / float(one[2]) for one, two in zip(alone, beside, strict=True))
    CONSOLE.print(f"p99 beside why-not {ratio:.2f} x alone; why-not by status: {dict(told)}")
    single, several = sizes
    CONSOLE.print(f"memory (PSS): {single:.0f} MB of one worker, {several:.0f} of {workers}: {several / single:.2f} x")
    CONSOLE.print(f"private memory of each process: {', '.join(f'{one:.0f} MB' for one in private)}")


def _proportional(group: int) -> float:
    """Megabytes of all workers of a process group, what several share counted in parts."""
    found = 0
    for place in Path("/proc").iterdir():
        with suppress(OSError):  # it may end while it is looked at
            if place.name.isdigit() and _in_group(int(place.name), group):
                sizes = re.findall(r"^Pss:\s+(\d+) kB", (place / "smaps_rollup").read_text(), re.MULTILINE)
                found += sum(int(one) for one in sizes)
    return found / 1024


def _in_group(process: int, group: int) -> bool:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(fields[2]) == group


if __name__ == "__main__":
    typer.run(main)
