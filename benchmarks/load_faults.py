"""Loads that faults interrupt again and again, finished in the end: every row is compared, and what each load said.

    python -m benchmarks.load_faults WORK-FOLDER [--rows 1000000] [--only embedded,neo4j] [--neo4j URL] [--seed 0]

A sixth of the rows are entities, in CSV. Every fault meets the store as the one before it left it: a disk that is full
while rows are staged or while the store is written (files may grow to so many bytes only), address space or memory of
a process that end, and on Neo4j, through a proxy, answers to COMMITs that are lost, connections cut before a COMMIT
arrives, and a server that is gone for good. Then ``load`` runs undisturbed, and all rows of the store are compared with
the files: rows that are missing after a load that ended well, or that a message called safe, are silent losses; rows
that are there twice, or in no file, are doubled. Bars: 0 and 0. A message must not advise to delete or move the store;
one about a connection must name the schemes to try. Ends with 1 where a bar is missed. A Neo4j database that a URL
names is emptied without asking.
"""

import json
import re
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.bare_stores import empty_neo4j, running_neo4j
from benchmarks.program import WHYREC
from benchmarks.random_shop import make_shop
from kg.schema import Schema
from kg.stores.opening import open_store
from tests.kg.loading.broken_connections import CommitCutter

STORE = "graph.lbug"
CONSOLE = Console(width=150, highlight=False)
DAMAGING = re.compile(r"\bdelete\b|move it aside|remove the store", re.IGNORECASE)
SAFE = re.compile(r"Safe in the store: (.*?)\. The same command")
Limit = Callable[[], None]


@dataclass(frozen=True)
class Fault:
    """What befalls a load."""

    name: str
    lost: range = range(0)
    """COMMITs of which the answers are lost."""
    cut: range = range(0)
    """COMMITs that never arrive."""
    last: int | None = None
    """The COMMIT with which the server is gone for good."""
    limit: Limit | None = None
    """Called in the process before the program starts."""


def files_up_to(megabytes: float) -> Limit:
    """A disk that takes no more once a file is so large."""
    most = round(megabytes * (1 << 20))
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


def memory_up_to(megabytes: int, kind: int = resource.RLIMIT_DATA) -> Limit:
    """A process that gets so much memory of its own, or so much address space."""
    return lambda: resource.setrlimit(kind, (megabytes << 20, megabytes << 20))


LIMITS = [
    Fault("no file above 1 MB", limit=files_up_to(1)),
    Fault("address space 2,000 MB", limit=memory_up_to(2000, resource.RLIMIT_AS)),
    Fault("memory 250 MB", limit=memory_up_to(250)),
]
EMBEDDED = [Fault(f"store file up to {size} MB", limit=files_up_to(size)) for size in (12, 20, 30, 45)]
NEO4J = [
    Fault("gone for good at COMMIT 9", last=9),
    Fault("every 5th COMMIT unanswered, every 11th cut, gone at 60", range(2, 60, 5), range(8, 60, 11), 60),
    Fault("every 5th COMMIT unanswered, every 11th cut", range(2, 9999, 5), range(8, 9999, 11)),
]


def main(
    folder: Annotated[Path, typer.Argument(help="Where data and workspaces are made.")],
    rows: Annotated[int, typer.Option(help="Rows of the load.")] = 1_000_000,
    only: Annotated[str, typer.Option(help="Which stores.")] = "embedded,neo4j",
    neo4j: Annotated[str | None, typer.Option(envvar="NEO4J_URI", help="Neo4j URL; else a server is started.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the data.")] = 0,
) -> None:
    """Load under faults, and print what was said and what was lost."""
    wrong = 0
    for store in only.split(","):
        with running_neo4j(neo4j) if store == "neo4j" else _embedded() as url:
            if url != STORE:
                empty_neo4j(url)
            wrong += Interrupted(folder / store, url, rows, seed).measure()
            if url != STORE:
                empty_neo4j(url)
    raise typer.Exit(int(wrong > 0))


@contextmanager
def _embedded() -> Iterator[str]:
    yield STORE


class Interrupted:
    """One store, and the workspace that loads into it."""

    def __init__(self, folder: Path, url: str, rows: int, seed: int) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self.home, self.url = folder / "home", url
        shop = folder / "shop"
        self.schema: Schema = make_shop(shop, rows // 6, rows - rows // 6, seed)
        made = ["init", str(self.home), "--schema", str(shop / "schema.toml"), "--store", url]
        subprocess.run([WHYREC, *made], check=True, stdout=subprocess.DEVNULL)
        for path in (*shop.glob("*.csv"), shop / "mapping.toml"):
            shutil.move(path, self.home / path.name)
        self.expected = {name: self._keys(name) for name in (*self.schema.entity, *self.schema.relation)}

    def measure(self) -> int:
        """Run all faults and the load that nothing disturbs; how much is wrong."""
        faults = [*LIMITS, *EMBEDDED] if self.url == STORE else [*NEO4J, *LIMITS]
        faults.append(Fault("nothing"))
        table = Table("fault", "code", "silent losses", "doubled", "said", title=f"load under faults: {self.url}")
        wrong = 0
        for fault in faults:
            code, said, report = self.load(fault)
            lost, doubled = self.compare(code, said)
            bad = [match[0] for match in DAMAGING.finditer(said)]
            bad += ["no scheme to try"] if code and (fault.last or 0) and "bolt+s" not in said else []
            bad += ["Traceback"] if "Traceback" in said else []
            wrong += lost + doubled + len(bad) + (code != 0 and fault.name == "nothing")
            told = " | ".join(notice for notice in report if "were repeated" in notice)
            table.add_row(fault.name, str(code), f"{lost:,}", f"{doubled:,}", " ".join([*bad, said, told]).strip())
        CONSOLE.print(table)
        return wrong

    def load(self, fault: Fault) -> tuple[int, str, list[str]]:
        """Exit code, what the program said on standard error, and the notices of its report."""
        command = [WHYREC, "-w", str(self.home), "load", "--json"]
        settings = self.home / "whyrec.toml"
        plain = settings.read_text(encoding="utf-8")
        proxy = None
        if fault.lost or fault.cut or fault.last is not None:
            proxy = CommitCutter(self.url, fault.lost, fault.cut, fault.last)
            settings.write_text(plain.replace(self.url, proxy.url), encoding="utf-8")
        try:
            done = subprocess.run(command, capture_output=True, text=True, preexec_fn=fault.limit, check=False)
        finally:
            settings.write_text(plain, encoding="utf-8")
            if proxy:
                proxy.close()
        notices = json.loads(done.stdout)["notices"] if not done.returncode else []
        return done.returncode, " ".join(done.stderr.split())[-700:], notices

    def compare(self, code: int, said: str) -> tuple[int, int]:
        """Rows missing that should be there by now, and rows that are there twice or in no file."""
        claimed = self._claimed(said)
        if self.url == STORE and not (self.home / STORE).exists():
            return sum(claimed.values()), 0
        lost = doubled = 0
        store = open_store(self.url, self.schema, folder=self.home, read_only=self.url != STORE)
        try:
            for name, wanted in self.expected.items():
                entity = name in self.schema.entity
                found = store.read_entities(name) if entity else store.read_triples(name)
                found = found.select(wanted.columns)
                there = found.unique()
                doubled += found.height - there.height + there.join(wanted, on=wanted.columns, how="anti").height
                missing = wanted.join(there, on=wanted.columns, how="anti", nulls_equal=True).height
                lost += missing if not code else max(0, missing - (wanted.height - claimed.get(name, 0)))
        finally:
            store.close()
        return lost, doubled

    def _claimed(self, said: str) -> dict[str, int]:
        """Type or relation → rows that a message called safe; in an empty store all changes are rows to create."""
        told = SAFE.search(said)
        if told is None:
            return {}
        whole = re.search(r"all changes of ([^;]+)", told[1])
        found = {name: self.expected[name].height for name in (whole[1].split(", ") if whole else ())}
        return {
            **found,
            **{name: int(n.replace(",", "")) for n, name in re.findall(r"([\d,]+) of [\d,]+ (\w+)", told[1])},
        }

    def _keys(self, name: str) -> pl.DataFrame:
        """What of each row of a file is compared: everything but time, and of entities the label."""
        frame = pl.read_csv(self.home / f"{name}.csv")
        if name in self.schema.entity:
            return frame.select("id", "label")
        weight = pl.col("weight").cast(pl.Float64) if "weight" in frame.columns else pl.lit(1.0).alias("weight")
        return frame.select("head", "tail", weight)


if __name__ == "__main__":
    typer.run(main)
