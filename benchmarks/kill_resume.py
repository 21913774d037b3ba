"""Kill a load at random moments, load again, and compare with a load that nobody disturbed.

    python benchmarks/kill_resume.py WORK-FOLDER [--rounds 30] [--only embedded,neo4j] [--neo4j URL] [--triples 20000]

Each round begins with a store that holds half of the triples with other weights, so that the load both creates and
updates. ``whyrec load`` gets SIGKILL at a moment drawn from the time that it takes undisturbed; then ``load --resume``
and plain ``load`` take turns to finish the work. The snapshot's hash must be that of the undisturbed load, every time.
A Neo4j database that a URL names is emptied without asking.
"""

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from bare_stores import empty_neo4j, running_neo4j
from random_shop import make_shop
from rich.console import Console
from rich.table import Table

from kg.errors import KGError
from kg.schema import Schema
from kg.stores.opening import open_store

WHYREC = [sys.executable, "-m", "cli"]
STORE = "graph.lbug"
MOMENTS = ("before the first write", "between first and last write", "after the last write")


def main(
    folder: Annotated[Path, typer.Argument(help="Where data and workspaces are made.")],
    rounds: Annotated[int, typer.Option(help="Kills on each store.")] = 30,
    only: Annotated[str, typer.Option(help="Which stores.")] = "embedded,neo4j",
    neo4j: Annotated[str | None, typer.Option(envvar="NEO4J_URI", help="Neo4j URL; else a server is started.")] = None,
    triples: Annotated[int, typer.Option(help="Triples of the load.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Seed of data and moments.")] = 0,
) -> None:
    """Run all rounds and print a table; exit 1 where a hash differs."""
    failed = 0
    table = Table("store", "rounds", "same hash", "killed …", title="kill -9, then load again")
    for store in only.split(","):
        if store == "neo4j":
            with running_neo4j(neo4j) as url:
                workspace, schema = make_workspaces(folder / store, url, triples, seed)
                moments, same = measure(workspace, partial(prepare_neo4j, url, workspace), url, schema, rounds, seed)
                empty_neo4j(url)
        else:
            workspace, schema = make_workspaces(folder / store, STORE, triples, seed)
            moments, same = measure(workspace, partial(prepare_embedded, workspace), STORE, schema, rounds, seed)
        failed += rounds - same
        table.add_row(store, str(rounds), str(same), "\n".join(f"{moment}: {moments[moment]}" for moment in MOMENTS))
    Console(width=120).print(table)
    raise typer.Exit(failed > 0)


def make_workspaces(folder: Path, store: str, triples: int, seed: int) -> tuple[Path, Schema]:
    """The workspace that is loaded, and beside it ``before``: half of the triples, with other weights."""
    shutil.rmtree(folder, ignore_errors=True)
    schema = make_shop(folder / "shop", triples // 5, triples, seed)
    for name in ("now", "before"):
        workspace = folder / name
        run("init", str(workspace), "--schema", str(folder / "shop" / "schema.toml"), "--store", store)
        for path in (folder / "shop").glob("*.csv"):
            shutil.copy(path, workspace)
        shutil.copy(folder / "shop" / "mapping.toml", workspace)
    purchased = pl.read_csv(folder / "before" / "purchased.csv").head(triples // 3).with_columns(weight=9)
    purchased.write_csv(folder / "before" / "purchased.csv")
    if "://" not in store:
        run("-w", str(folder / "before"), "load")
    return folder / "now", schema


def prepare_embedded(workspace: Path) -> None:
    """Put the store of ``before`` in place."""
    for path in workspace.glob(f"{STORE}*"):
        path.unlink()
    for path in (workspace.parent / "before").glob(f"{STORE}*"):
        shutil.copy(path, workspace)


def prepare_neo4j(url: str, workspace: Path) -> None:
    """Empty the server and load ``before``."""
    empty_neo4j(url)
    run("-w", str(workspace.parent / "before"), "load")


def measure(
    workspace: Path, prepare: Callable[[], None], store: str, schema: Schema, rounds: int, seed: int
) -> tuple[Counter[str], int]:
    """Where the kills fell, and how many rounds ended in the right hash."""
    rng = random.Random(seed)
    prepare()
    started = time.perf_counter()
    expected = run("-w", str(workspace), "load")
    longest = time.perf_counter() - started
    moments: Counter[str] = Counter()
    same = 0
    for number in range(rounds):
        prepare()
        shutil.rmtree(workspace / "generations", ignore_errors=True)
        before = revision_of(workspace, store, schema)
        kill_load(workspace, rng.uniform(0, longest))
        moments[moment_of(before, revision_of(workspace, store, schema))] += 1
        found = run("-w", str(workspace), "load", *(["--resume"] if number % 2 else []))
        same += found == expected
        leftovers = list((workspace / "staging").glob("*"))
        if found != expected or leftovers:
            print(f"round {number}: hash {found}, expected {expected}; left in staging: {len(leftovers)}")
    return moments, same


def kill_load(workspace: Path, seconds: float) -> None:
    """Start a load, and kill it so many seconds later."""
    command = [*WHYREC, "-w", str(workspace), "load", "--json"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)


def moment_of(before: str | None, after: str | None) -> str:
    """Where a kill fell, by the revision marks before and after."""
    if after == before:
        return MOMENTS[0]
    return MOMENTS[1] if str(after).startswith("loading-") else MOMENTS[2]


def revision_of(workspace: Path, store: str, schema: Schema) -> str | None:
    """The mark of the store, read from a copy where it is a file, so that nothing mends the original."""
    copy = workspace.parent / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for path in workspace.glob(f"{STORE}*"):
        shutil.copy(path, copy)
    opened = open_store(store, schema, folder=copy, read_only="://" in store)
    try:
        return opened.revision()
    finally:
        opened.close()


def run(*arguments: str) -> str | None:
    """One ``whyrec`` command that has to succeed; the hash of its snapshot, where it tells one."""
    done = subprocess.run([*WHYREC, *arguments, "--json"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise KGError(f"whyrec {' '.join(arguments)} failed: {done.stderr}{done.stdout}")
    found: str | None = json.loads(done.stdout).get("snapshot")
    return found


if __name__ == "__main__":
    typer.run(main)
