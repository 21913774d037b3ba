"""Kill a load at random moments, load again, and compare with a load that nobody disturbed.

    python benchmarks/kill_resume.py WORK-FOLDER [--rounds 30] [--only embedded,neo4j] [--neo4j URL] [--triples 20000]
        [--modes load,replace,delta,adopt]

Each round begins with a store that holds something else, so that the load creates, updates and, but for ``load``,
deletes:

* ``load``: half of the triples, with other weights.
* ``replace``: more entities and triples than the files, with other weights; ``--mode replace`` deletes them.
* ``delta``: all of it, while the files hold some products whose lists of ingredients are others (``replace-links``).
* ``adopt``: a graph that a bare driver loop wrote; ``init --adopt`` and ``refresh`` are killed and run again, and the
  graph must be what it was. In the embedded store, which adopts nothing, what another program wrote is taken over.

``whyrec`` gets SIGKILL: every third time at a moment drawn from the time that it takes undisturbed, else soon after it
began to write. Then ``load --resume`` and plain ``load`` take turns to finish it. The snapshot's hash must be that
of the undisturbed load, every time. A Neo4j database that a URL names is emptied without asking.
"""

import hashlib
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import ladybug
import polars as pl
import typer
from bare_stores import driver_of, empty_neo4j, load_neo4j, running_neo4j
from random_shop import make_shop
from rich.console import Console
from rich.table import Table

import whyrec
from kg.errors import KGError
from kg.schema import Schema
from kg.stores.embedded.checksum import checksum_path
from kg.stores.opening import open_store
from whyrec.workspace.adopt import adopt

WHYREC = [sys.executable, "-m", "cli"]
STORE = "graph.lbug"
MOMENTS = ("before the first write", "between first and last write", "after the last write")
LOADS = {"load": [], "replace": ["--mode", "replace", "--max-deletes", "all"], "delta": ["--mapping", "{}/delta.toml"]}
SECONDS = 300
"""After which nothing is waited for any more."""
EVERYTHING = (
    "MATCH (n) RETURN n.id, labels(n), properties(n)",
    "MATCH (h)-[r]->(t) RETURN h.id, type(r), t.id, properties(r)",
)
DELTA = """\
[[source]]
file = "delta.csv"
entity = "Product"
id = "id"
rows = "replace-links"
[[source.link]]
relation = "contains"
tail = "ingredients"
split = "|"
"""


@dataclass
class Outcome:
    """What became of the rounds of one mode."""

    same: int = 0
    moments: Counter[str] = field(default_factory=Counter)


def main(
    folder: Annotated[Path, typer.Argument(help="Where data and workspaces are made.")],
    rounds: Annotated[int, typer.Option(help="Kills on each store, in each mode.")] = 30,
    only: Annotated[str, typer.Option(help="Which stores.")] = "embedded,neo4j",
    modes: Annotated[str, typer.Option(help="Which modes.")] = "load,replace,delta,adopt",
    neo4j: Annotated[str | None, typer.Option(envvar="NEO4J_URI", help="Neo4j URL; else a server is started.")] = None,
    triples: Annotated[int, typer.Option(help="Triples of the load.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Seed of data and moments.")] = 0,
) -> None:
    """Run all rounds and print a table; exit 1 where a hash differs."""
    failed = 0
    table = Table("store", "mode", "rounds", "same hash", "killed …", title="kill -9, then again")
    for store in only.split(","):
        with running_neo4j(neo4j) if store == "neo4j" else embedded() as url:
            for mode in modes.split(","):
                rival = Killed(folder / store / mode, url, mode, triples, seed)
                outcome = rival.measure(rounds, seed)
                failed += rounds - outcome.same
                moments = "\n".join(f"{moment}: {count}" for moment, count in outcome.moments.items())
                table.add_row(store, mode, str(rounds), str(outcome.same), moments)
                print(store, mode, outcome, flush=True)
            if store == "neo4j":
                empty_neo4j(url)
    Console(width=120).print(table)
    raise typer.Exit(failed > 0)


@contextmanager
def embedded() -> Iterator[str]:
    """The URL of the embedded store."""
    yield STORE


class Killed:
    """One mode on one store: workspaces ``now``, which is killed, and ``before``, which fills the store."""

    def __init__(self, folder: Path, url: str, mode: str, triples: int, seed: int) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self.folder, self.url, self.mode = folder, url, mode
        self.shop, self.now, self.before = folder / "shop", folder / "now", folder / "before"
        self.schema: Schema = make_shop(self.shop, triples // 5, triples, seed)
        for workspace in (self.now, self.before) if mode != "adopt" or url == STORE else ():
            whyrec.create(workspace, schema=str(self.shop / "schema.toml"), store=url)
            for path in (*self.shop.glob("*.csv"), self.shop / "mapping.toml"):
                shutil.copy(path, workspace)
        if self.now.exists():
            self._change_files()
        if url == STORE:
            whyrec.open(self.before).load()
            if mode == "adopt":
                whyrec.open(self.now).load()
                self._write_bare()

    def _change_files(self) -> None:
        """What the two workspaces load is not the same."""
        purchased = pl.read_csv(self.shop / "purchased.csv")
        other = purchased.head(purchased.height // 2).with_columns(weight=pl.lit(9, dtype=pl.Int64))
        if self.mode == "load":
            other.write_csv(self.before / "purchased.csv")
        elif self.mode == "replace":
            users = pl.read_csv(self.shop / "User.csv")
            kept = users.head(users.height * 9 // 10)
            kept.write_csv(self.now / "User.csv")
            rows = purchased.filter(pl.col("head").is_in(kept.get_column("id").implode()))
            rows.head(rows.height * 3 // 4).write_csv(self.now / "purchased.csv")
            pl.concat([other, purchased.tail(-other.height)]).write_csv(self.before / "purchased.csv")
        elif self.mode == "delta":
            contains = pl.read_csv(self.shop / "contains.csv")
            lists = contains.group_by("head", maintain_order=True).agg(pl.col("tail").str.join("|"))
            turned = lists.head(lists.height // 2).select(
                pl.col("head").alias("id"), ingredients=pl.col("tail").reverse()
            )
            turned.write_csv(self.now / "delta.csv")
            (self.now / "delta.toml").write_text(DELTA, encoding="utf-8")

    def measure(self, rounds: int, seed: int) -> Outcome:
        """Kill and finish, as often as told."""
        rng, outcome = random.Random(seed), Outcome()
        self.prepare()
        longest, writing = self.undisturbed()
        expected = self.finish(0)
        for number in range(rounds):
            self.prepare()
            graph, before = self.content(), self.revision()
            in_writing = number % 3 > 0 and self.mode != "adopt"
            moment = rng.random() ** 3 * writing if in_writing else rng.uniform(0, longest)
            self.kill(moment, in_writing)
            outcome.moments[self.moment(before, moment / longest)] += 1
            found = self.finish(number)
            left = list((self.now / "staging").glob("*"))
            same = found == expected and not left and graph == self.content()
            outcome.same += same
            if not same:
                print(f"{self.mode}, round {number}: hash {found}, expected {expected}; left in staging: {len(left)}")
        return outcome

    def prepare(self) -> None:
        """Fill the store with what stood there before."""
        shutil.rmtree(self.now / "generations", ignore_errors=True)
        if self.url == STORE:
            for path in self.now.glob(f"{STORE}*"):
                path.unlink()
            for path in self.before.glob(f"{STORE}*"):
                shutil.copy(path, self.now)
            return
        empty_neo4j(self.url)
        if self.mode == "adopt":
            shutil.rmtree(self.now, ignore_errors=True)
            with driver_of(self.url) as driver:
                for label in ("User", "Product", "Ingredient"):
                    driver.execute_query(f"CREATE CONSTRAINT IF NOT EXISTS FOR (n:{label}) REQUIRE n.id IS UNIQUE")
            load_neo4j(self.url, self.shop)
        else:
            whyrec.open(self.before).load()

    def commands(self) -> list[list[str]]:
        """What is killed."""
        home = ["-w", str(self.now)]
        if self.mode != "adopt":
            return [[*home, "load", *(word.format(self.now) for word in LOADS[self.mode])]]
        return [
            *([] if self.url == STORE else [["init", str(self.now), "--store", self.url, "--adopt"]]),
            [*home, "refresh"],
        ]

    def finish(self, number: int) -> str | None:
        """Run it again to the end, in this process, which is cheaper; the hash of the snapshot."""
        if self.mode == "adopt":
            if not (self.now / "whyrec.toml").exists():
                adopt(self.now, self.url)
            return whyrec.open(self.now).refresh().snapshot
        how: dict[str, Any] = {"replace": {"mode": "replace", "max_deletes": "all"}}.get(self.mode, {})
        mapping = self.now / "delta.toml" if self.mode == "delta" else None
        return whyrec.open(self.now).load(mapping=mapping, resume=number % 2 > 0, **how).snapshot

    def undisturbed(self) -> tuple[float, float]:
        """Seconds of it all, and of its writing."""
        started, writing = time.perf_counter(), 0.0
        for command in self.commands():
            with subprocess.Popen([*WHYREC, *command, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as one:
                if self.wait_for_writing(one):
                    writing = time.perf_counter()
                told, wrong = one.communicate(timeout=SECONDS)
                if one.returncode:
                    raise KGError(f"{' '.join(command)} failed: {wrong.decode()}{told.decode()}")
        ended = time.perf_counter()
        return ended - started, ended - writing

    def wait_for_writing(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether a load has begun to write, once it has, before it ended."""
        while process.poll() is None and not (self.now / "load.unfinished").exists():
            time.sleep(0.002)
        return process.poll() is None

    def kill(self, seconds: float, in_writing: bool) -> None:
        """Start it, and kill it so many seconds later, or later than it began to write."""
        until = time.perf_counter() + seconds
        for command in self.commands():
            with subprocess.Popen([*WHYREC, *command, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as one:
                if in_writing and self.wait_for_writing(one):
                    until = time.perf_counter() + seconds
                try:
                    one.communicate(timeout=max(until - time.perf_counter(), 0.001))
                except subprocess.TimeoutExpired:
                    one.send_signal(signal.SIGKILL)
                    return

    def revision(self) -> str | None:
        """The mark of the store, read from a copy where it is a file, so that nothing mends the original."""
        if self.mode == "adopt":
            return None
        copy = self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for path in self.now.glob(f"{STORE}*"):
            shutil.copy(path, copy)
        opened = open_store(self.url, self.schema, folder=copy, read_only=self.url != STORE)
        try:
            return opened.revision()
        finally:
            opened.close()

    def moment(self, before: str | None, share: float) -> str:
        """Where a kill fell, by the revision marks before and after; of what writes nothing, in which third."""
        if self.mode == "adopt":
            return f"third {int(share * 3) + 1} of the time"
        after = self.revision()
        if after == before:
            return MOMENTS[0]
        return MOMENTS[1] if str(after).startswith("loading-") else MOMENTS[2]

    def content(self) -> str:
        """All of a graph that must stay as it is, hashed; empty where it is to change."""
        if self.mode != "adopt":
            return ""
        if self.url == STORE:
            return hashlib.sha256((self.now / STORE).read_bytes()).hexdigest()
        with driver_of(self.url) as driver:
            rows = [sorted(str(one.values()) for one in driver.execute_query(query).records) for query in EVERYTHING]
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()

    def _write_bare(self) -> None:
        """What another program writes into the embedded store of ``before``."""
        database = ladybug.Database(self.before / STORE)
        connection = ladybug.Connection(database)
        connection.execute("MATCH (p:Product) SET p.price = p.price + 1")
        connection.execute("MATCH (u:User)-[r:purchased]->(p:Product) WHERE r.weight = 1 DELETE r")
        connection.close()
        database.close()
        checksum_path(self.before / STORE).unlink()  # as `refresh` says of a file that another program wrote to


if __name__ == "__main__":
    typer.run(main)
