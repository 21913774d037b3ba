"""What memory ``whyrec serve`` takes with one worker and with several: pages that processes share count once.

    python benchmarks/serve_memory.py WORKSPACE [--workers 2] [--answers 500]

Each service answers so many lists with reasons per worker, over several connections; then the proportional set sizes
(``smaps_rollup``) of all its processes are added up; then beside the process that prepares lists,
with the memory where they stand. Bars: with n workers 1.3 × of one; 100 MB private to a worker.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from served import served

import whyrec

CONSOLE = Console(width=120)
CONNECTIONS = 8


def sizes(group: int) -> dict[int, tuple[float, float]]:
    """Process of a group → its proportional set size and what no other process shares with it, in MB."""
    found = {}
    for place in Path("/proc").iterdir():
        if place.name.isdigit() and os.getpgid(int(place.name)) == group:
            rows = [line.split() for line in (place / "smaps_rollup").read_text().splitlines()[1:]]
            kilobytes = {row[0].rstrip(":"): int(row[1]) for row in rows}
            private = kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]
            found[int(place.name)] = kilobytes["Pss"] / 1024, private / 1024
    return found


def main(
    folder: Annotated[Path, typer.Argument(help="A loaded workspace.")],
    workers: Annotated[int, typer.Option()] = 2,
    answers: Annotated[int, typer.Option(help="Lists that are asked for, per worker.")] = 500,
) -> None:
    """Measure and print."""
    snapshot = whyrec.open(folder).snapshot
    users = list(snapshot.vocabulary.ids(snapshot.schema.user_types[0]))
    totals = []
    for count, prepare in ((1, False), (workers, False), (workers, True)):
        with served(folder, count, prepare=prepare) as (url, headers, group):

            def ask(part: int, url: str = url, headers: dict[str, str] = headers, count: int = count) -> None:
                with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
                    for number in range(part, count * answers, CONNECTIONS):
                        client.get("/api/v1/recommend", params={"user": users[number % len(users)]}).raise_for_status()

            with ThreadPoolExecutor(CONNECTIONS) as connections:
                list(connections.map(ask, range(CONNECTIONS)))
            found = sizes(group)
        totals.append(sum(shared for shared, _ in found.values()))
        told = ", ".join(f"{shared:.0f} ({private:.0f} private)" for shared, private in sorted(found.values()))
        name = f"{count} workers{' and what prepares' if prepare else ''}"
        CONSOLE.print(f"{name}: {totals[-1]:.0f} MB in {len(found)} processes: {told}")
    several, everything = (total / totals[0] for total in totals[1:])
    CONSOLE.print(f"{workers} workers take {several:.2f} × the memory of one, {everything:.2f} × with what prepares")


if __name__ == "__main__":
    typer.run(main)
