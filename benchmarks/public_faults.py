"""Public faults of other loaders and trainers that are procedures, not files: walked through with whyrec.

    python benchmarks/public_faults.py WORK-FOLDER [--only B070,B079-embedded,B079-neo4j,B119] [--scale 1] [--neo4j URL]

* B070: 50,000 edges that share 10 hubs, loaded into one Neo4j database by 4 processes at once. All of them must be
  there, or a process must say which part is missing.
* B079: 300,000 different keys, loaded three times into new databases. All must be there, none rejected.
* B119: a shop of 200,000 products and 50,000 people: the model is saved before `evaluate` begins, which stays under
  4 GB; where it gets far too little, it says so in words, and the model is what it was.

A Neo4j database that a URL names is emptied without asking.
"""

import hashlib
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from bare_stores import driver_of, empty_neo4j, running_neo4j
from random_shop import SCHEMA, make_shop
from rich.console import Console
from rich.table import Table

WHYREC = [sys.executable, "-m", "cli"]
EDGES, HUBS, WORKERS, KEYS, TURNS = 50_000, 10, 4, 300_000, 3
USERS, PRODUCTS, LIMIT_MB, FAR_TOO_LITTLE_MB = 50_000, 200_000, 4_096, 400
Found = tuple[bool, str]


def main(
    folder: Annotated[Path, typer.Argument(help="Where data and workspaces are made.")],
    only: Annotated[str, typer.Option(help="Which ones.")] = "B070,B079-embedded,B079-neo4j,B119",
    scale: Annotated[float, typer.Option(help="Factor of all numbers.")] = 1.0,
    neo4j: Annotated[str | None, typer.Option(envvar="NEO4J_URI", help="Neo4j URL; else a server is started.")] = None,
) -> None:
    """Walk through them and print a table; exit 1 where one is not right."""
    table, wrong = Table("case", "right", "found"), 0
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "schema.toml").write_text(SCHEMA, encoding="utf-8")
    cases: dict[str, Callable[[], Found]] = {
        "B070": partial(hubs, folder, neo4j, scale),
        "B079-embedded": partial(keys, folder, None, scale),
        "B079-neo4j": partial(keys, folder, neo4j or "", scale),
        "B119": partial(evaluated, folder, scale),
    }
    for name in only.split(","):
        right, found = cases[name]()
        wrong += not right
        table.add_row(name, "yes" if right else "NO", found)
    Console(width=120).print(table)
    raise typer.Exit(wrong > 0)


def hubs(folder: Path, neo4j: str | None, scale: float) -> Found:
    """B070: several processes write relationships of the same few nodes."""
    edges = round(EDGES * scale)
    with running_neo4j(neo4j) as url:
        empty_neo4j(url)
        homes = [new_workspace(folder / f"hubs-{n}", url) for n in range(WORKERS)]
        for number, home in enumerate(homes):
            mine = range(number, edges, WORKERS)
            (home / "Product.csv").write_text("id\n" + "".join(f"hub{n}\n" for n in range(HUBS)))
            (home / "User.csv").write_text("id\n" + "".join(f"u{n}\n" for n in mine))
            (home / "purchased.csv").write_text("head,tail\n" + "".join(f"u{n},hub{n % HUBS}\n" for n in mine))
        files = ("User.csv", "Product.csv", "purchased.csv")
        running = [
            subprocess.Popen(
                [*WHYREC, "-w", str(home), "load", *(str(home / name) for name in files), "--json"],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for home in homes
        ]
        told = [one.communicate() for one in running]
        codes = [one.returncode for one in running]
        with driver_of(url) as driver:
            count = driver.execute_query("MATCH (:User)-[r:purchased]->(:Product) RETURN count(r)").records[0][0]
        empty_neo4j(url)
    errors = [" ".join(error.split())[-200:] for (_, error), code in zip(told, codes, strict=True) if code]
    return count == edges and not any(codes), f"{count:,} of {edges:,} edges; exit codes {codes} {' '.join(errors)}"


def keys(folder: Path, neo4j: str | None, scale: float) -> Found:
    """B079: many keys, none twice."""
    wanted = round(KEYS * scale)
    names = [hashlib.blake2b(str(n).encode(), digest_size=9).hexdigest() for n in range(wanted)]
    (folder / "User.csv").write_text("id\n" + "\n".join(names) + "\n", encoding="utf-8")
    found = []
    for turn in range(TURNS):
        if neo4j is None:
            report = load(new_workspace(folder / f"keys-{turn}", "graph.lbug"), folder / "User.csv")
        else:
            with running_neo4j(neo4j or None) as url:
                empty_neo4j(url)
                report = load(new_workspace(folder / f"keys-{turn}", url), folder / "User.csv")
                empty_neo4j(url)
        found.append((report["entities"]["User"]["created"], report["rejected"]))
    return found == [(wanted, 0)] * TURNS, "; ".join(f"{made:,} made, {bad} rejected" for made, bad in found)


def evaluated(folder: Path, scale: float) -> Found:
    """B119: evaluation in little memory, after the model was saved."""
    home = folder / "evaluated"
    subprocess.run(["rm", "-rf", str(home)], check=True)
    people, products = round(USERS * scale), round(PRODUCTS * scale)
    make_shop(folder / "shop", round(products / 0.3), 8 * people)
    new_workspace(home, "graph.lbug")
    for path in (*(folder / "shop").glob("*.csv"), folder / "shop" / "mapping.toml"):
        path.rename(home / path.name)
    document("-w", str(home), "load")
    document("-w", str(home), "train", "--no-embeddings")
    model = sorted((path.name, path.stat().st_mtime_ns) for path in home.rglob("manifest.json"))
    code, peak, _ = limited(home, LIMIT_MB)
    short, _, message = limited(home, FAR_TOO_LITTLE_MB)
    same = model == sorted((path.name, path.stat().st_mtime_ns) for path in home.rglob("manifest.json"))
    right = not code and peak < LIMIT_MB and same and bool(model) and short == 1 and "Traceback" not in message
    said = (
        f"evaluate: exit code {code}, peak {peak:,} MB of {LIMIT_MB:,}; with {FAR_TOO_LITTLE_MB} MB: {short}, {message}"
    )
    return right, f"{said}; the model is {'the same' if same else 'ANOTHER'}"


def limited(home: Path, megabytes: int) -> tuple[int, int, str]:
    """Exit code, peak of resident memory in MB, and what `evaluate` says, with so much memory of its own."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (megabytes << 20, megabytes << 20))

    command = [*WHYREC, "-w", str(home), "evaluate", "--no-tuning", "--no-embeddings", "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, preexec_fn=limit
    ) as one:
        assert one.stderr
        message = one.stderr.read()
        _, status, usage = os.wait4(one.pid, 0)
        one.returncode = os.waitstatus_to_exitcode(status)
    return one.returncode, usage.ru_maxrss >> 10, " ".join(message.split())[-300:]


def new_workspace(home: Path, url: str) -> Path:
    """A workspace with the schema of the shop."""
    subprocess.run(["rm", "-rf", str(home)], check=True)
    document("init", str(home), "--schema", str(home.parent / "schema.toml"), "--store", url)
    return home


def load(home: Path, *files: Path) -> Any:
    """The report of a load."""
    return document("-w", str(home), "load", *map(str, files))


def document(*arguments: str) -> Any:
    """What a command says that has to succeed."""
    done = subprocess.run([*WHYREC, *arguments, "--json"], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"whyrec {' '.join(arguments)} failed: {done.stderr}{done.stdout}")
    return json.loads(done.stdout)


if __name__ == "__main__":
    typer.run(main)
