"""Kill ``whyrec serve`` while events come in, again and again: is anything acknowledged lost, or counted twice?

    python benchmarks/serve_kills.py WORKSPACE [--kills 30]

The workspace is copied; where it is encrypted (``init --encrypt``, its key in the environment), so is the log. Some
senders post events without a pause, and repeat what was not acknowledged under the same id; the service and its workers
are killed (SIGKILL) after an arbitrary time and started again. At the end every acknowledged event has to be in the log
once, and ``load --events`` has to take each over once.
"""

import random
import shutil
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from served import free_port, kill, start

import whyrec
from kg.privacy.log_key import log_keys
from whyrec.events.database import connect
from whyrec.service.access import Tokens

CONSOLE = Console(width=120)
SENDERS = 4


class Sender(threading.Thread):
    """Posts events one after the other; ``acknowledged`` are those that were answered with 202."""

    def __init__(self, number: int, port: int, token: str, people: list[str], items: list[str]) -> None:
        super().__init__()
        self.number, self.url = number, f"http://127.0.0.1:{port}/api/v1/events"
        self.headers = {"Authorization": f"Bearer {token}"}
        self.people, self.items = people, items
        self.acknowledged: list[str] = []
        self.told: Counter[str] = Counter()
        self.ended = threading.Event()

    def run(self) -> None:
        """Post until told to end; what was not acknowledged is posted again."""
        random_, key = random.Random(self.number), 0
        with httpx.Client(headers=self.headers, timeout=5) as client:
            while not self.ended.is_set():
                event = {
                    "id": f"{self.number}-{key}",
                    "user": random_.choice(self.people),
                    "relation": "purchased",
                    "item": random_.choice(self.items),
                }
                while not self.ended.is_set():
                    try:
                        answer = client.post(self.url, json={"events": [event]})
                    except httpx.HTTPError:
                        time.sleep(0.05)
                        continue
                    if answer.status_code == 202:
                        self.acknowledged.append(event["id"])
                        self.told.update(answer.json().keys() & {"accepted", "repeated"})
                        break
                key += 1


def main(
    folder: Annotated[Path, typer.Argument(help="A loaded workspace of the bundled example.")],
    kills: Annotated[int, typer.Option()] = 30,
    seed: Annotated[int, typer.Option()] = 0,
    workers: Annotated[int, typer.Option()] = 2,
) -> None:
    """Run and print."""
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(shutil.copytree(folder, Path(scratch) / "shop"))
        shutil.rmtree(home / "service", ignore_errors=True)
        engine, port, token = whyrec.open(home), free_port(), Tokens(home)._admin
        people, items = list(engine.snapshot.vocabulary.ids("User")), list(engine.snapshot.vocabulary.ids("Product"))
        senders = [Sender(number, port, token, people, items) for number in range(SENDERS)]
        process = start(home, port, workers)
        for one in senders:
            one.start()
        for number in range(kills):
            time.sleep(draw.uniform(0.2, 2.0))
            kill(process)
            process = start(home, port, workers)
            CONSOLE.print(f"kill {number + 1}: {sum(len(one.acknowledged) for one in senders):,} acknowledged so far")
        for one in senders:
            one.ended.set()
            one.join()
        kill(process)
        acknowledged = [key for one in senders for key in one.acknowledged]
        with closing(connect(home / "service" / "events.db", log_keys(home))) as log:
            held = Counter(key for (key,) in log.execute("SELECT key FROM event"))
        before = engine.snapshot.manifest.triples["purchased"]
        report = engine.load_events()
        again = engine.load_events()
        pairs = engine.snapshot.manifest.triples["purchased"] - before
    lost = [key for key in acknowledged if key not in held]
    doubled = [key for key, count in held.items() if count > 1]
    CONSOLE.print(f"{kills} kills, {len(acknowledged):,} acknowledged: lost {len(lost)}, doubled {len(doubled)}")
    created = report.triples["purchased"]["created"] if report else 0
    CONSOLE.print(f"load --events: {created:,} new purchases, {pairs:,} more in the graph; a second time: {again}")


if __name__ == "__main__":
    typer.run(main)
