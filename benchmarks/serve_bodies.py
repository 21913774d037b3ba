"""Broken bodies for every route that takes one: no server error, no traceback, no id of anybody who was not named.

    python benchmarks/serve_bodies.py WORKSPACE [--bodies 10000]

The workspace is copied. A body is a good one with some of it replaced, cut, repeated or nested by chance, or bytes.
"""

import json
import random
import re
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from starlette.testclient import TestClient

from whyrec.service.access import Tokens
from whyrec.service.app import create_app

CONSOLE = Console(width=120)
GOOD: dict[str, Any] = {
    "/api/v1/events": {"events": [{"id": "e1", "user": "someone", "relation": "purchased", "item": "p0001"}]},
    "/api/v1/rules": {"max_price": 1e9, "avoid": ["contains:PARFUM"]},
    "/api/v1/rules/roll-back": {"number": 0},
    "/api/v1/reviews": {"item": "p0001", "reason": "wrong"},
    "/api/v1/reviews/1": {"verdict": "approve"},
    "/api/v1/tokens": {"name": "x", "role": "service"},
    "/mcp": {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "find", "arguments": {"text": "a"}}},
}
ODD: list[Any] = [
    None,
    True,
    -1,
    0,
    10**30,
    1.5,
    "",
    " ",
    "\x00",
    "u" * 5_000,
    "名" * 50,
    [],
    {},
    [[]],
    {"": None},
    "NaN",
    "e1",
    "p0001",
]
PEOPLE = re.compile(r"(?<!\\)\bu\d{4}\b")


def main(
    folder: Annotated[Path, typer.Argument(help="A loaded workspace of the bundled example.")],
    bodies: Annotated[int, typer.Option()] = 10_000,
    seed: Annotated[int, typer.Option()] = 0,
) -> None:
    """Run and print."""
    lot, statuses, wrong = random.Random(seed), Counter[int](), list[str]()
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(shutil.copytree(folder, Path(scratch) / "shop"))
        headers = {"Authorization": f"Bearer {Tokens(home)._admin}", "Content-Type": "application/json"}
        headers["Accept"] = "application/json, text/event-stream"
        with TestClient(create_app([home], per_second=1e9), raise_server_exceptions=False) as client:
            for _ in range(bodies):
                path = lot.choice(list(GOOD))
                body = _broken(GOOD[path], lot)
                answer = client.post(path, content=body, headers=headers)
                statuses[answer.status_code] += 1
                named = set(PEOPLE.findall(answer.text)) - set(PEOPLE.findall(body.decode("utf-8", "replace")))
                if answer.status_code >= 500 or "Traceback" in answer.text or named:
                    wrong.append(f"{path}: {answer.status_code} {body[:200]!r} {answer.text[:200]}")
    told = ", ".join(f"{status}: {count:,}" for status, count in sorted(statuses.items()))
    CONSOLE.print(f"{statuses.total():,} bodies: {told}")
    for one in wrong[:20]:
        CONSOLE.print(one, markup=False)
    CONSOLE.print(f"server errors, tracebacks or ids that nobody named: {len(wrong)}")
    raise typer.Exit(bool(wrong))


def _broken(good: Any, lot: random.Random) -> bytes:
    kind = lot.random()
    if kind < 0.1:
        return lot.randbytes(lot.randrange(200))
    told = json.dumps(_changed(good, lot)).encode()
    if kind < 0.2:
        return told[: lot.randrange(len(told) + 1)]
    return told


def _changed(value: Any, lot: random.Random) -> Any:
    """A value with parts of it replaced, renamed, dropped or repeated."""
    if lot.random() < 0.15:
        return lot.choice(ODD)
    if isinstance(value, dict):
        found = {key: _changed(one, lot) for key, one in value.items() if lot.random() > 0.05}
        return found | ({str(lot.choice(ODD)): lot.choice(ODD)} if lot.random() < 0.1 else {})
    if isinstance(value, list):
        return [_changed(one, lot) for one in value for _ in range(lot.choice((1, 1, 1, 2, 30)))]
    return value


if __name__ == "__main__":
    typer.run(main)
