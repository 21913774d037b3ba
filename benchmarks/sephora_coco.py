"""One graph of Sephora and COCO, and the claims measured on it.

    WHYREC_DATA=… python benchmarks/sephora_coco.py WORK-FOLDER [--only load,domains,why,process] [--neo4j URL]

The work folder receives two workspaces, ``embedded`` and ``neo4j``. A Neo4j database that a URL names has to be empty
or left over from this script, its credentials come from NEO4J_USERNAME and NEO4J_PASSWORD; without a URL the server
of the tests is started, for this run. Schema, mapping and hand-written vocabulary lie in ``benchmarks/sephora_coco``.
"""

import gzip
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from account_audit import audit
from bare_stores import running_neo4j as server_of
from program import WHYREC, whyrec
from rich.console import Console
from rich.table import Table
from sephora_coco_copies import prepare, read_tsv, shared_ids

from kg.workspace.workspace import Workspace
from recommender.learning.model import open_model
from recommender.serving.recommender import Recommender, Request

HERE = Path(__file__).parent
PYTHON = sys.executable
PARTS = "import numpy, scipy.sparse, typer, rich, pydantic"
FORBIDDEN = {"torch", "pykeen", "ladybug", "neo4j"}
HEADERLESS = ("valid.txt.gz", "test.txt.gz")
ASKED = ("aromatherapy", "spa-facial", "soap-making")
LOOKALIKES = (
    "aroma",
    "beauty",
    "cosmetic",
    "facial",
    "hair",
    "makeup",
    "massage",
    "nail",
    "skin",
    "soap",
    "spa-",
    "-spa",
)
CONSOLE = Console(width=160)


def main(
    folder: Annotated[Path, typer.Argument(help="Where the workspaces are made.")],
    data: Annotated[Path, typer.Option(envvar="WHYREC_DATA", help="The folder of data sets.")],
    neo4j: Annotated[str | None, typer.Option(envvar="NEO4J_URI", help="Neo4j URL; else a server is started.")] = None,
    only: Annotated[str, typer.Option(help="Which bars; without load, the embedded workspace alone.")] = (
        "load,domains,why,process"
    ),
    pairs: Annotated[int, typer.Option(help="Random (user, item) pairs to explain.")] = 1000,
    rounds: Annotated[int, typer.Option(help="Runs of each process that is timed.")] = 15,
    seed: Annotated[int, typer.Option(help="Seed of every random choice.")] = 0,
) -> None:
    """Measure the bars and print a table for each."""
    chosen = only.split(",")
    with running_neo4j(neo4j, "load" in chosen) as url:
        stores = {"embedded": "graph.lbug"} | ({"neo4j": url} if url else {})
        if "load" in chosen:
            measure_load(folder, data, stores)
        if "domains" in chosen:
            measure_domains(folder / "embedded", data, random.Random(seed))
        if "why" in chosen:
            measure_why([folder / name for name in stores], pairs, random.Random(seed))
    if "process" in chosen:
        measure_process(folder / "embedded", data, rounds)


@contextmanager
def running_neo4j(url: str | None, wanted: bool) -> Iterator[str | None]:
    """The URL of a server: the one that was named, else one that runs until the end, else ``None``."""
    if url or not wanted:
        yield url
        return
    with server_of(None) as started:
        yield started


def make_workspace(folder: Path, data: Path, store: str) -> None:
    """A fresh workspace with the mapping, the vocabulary, the prepared copies and a link to the data."""
    if (folder / "whyrec.toml").exists():
        shutil.rmtree(folder)
    whyrec(None, "init", str(folder), "--schema", str(HERE / "sephora_coco" / "schema.toml"), "--store", store)
    for file in (HERE / "sephora_coco").iterdir():
        shutil.copy(file, folder)
    (folder / "data").symlink_to(data.resolve())
    prepare(data, folder / "prepared")


# Bar 1: every row accounted for, the same graph in both stores, a second load that writes nothing.


def measure_load(folder: Path, data: Path, stores: dict[str, str]) -> None:
    """Load both stores twice."""
    users, items = shared_ids(data)
    say(f"ids in both data sets: {users} of people, {items} of items")
    show("prepared copies", ("file", "rows in", "rows out", "without a name"), prepare(data, folder / "prepared"))
    hashes = {}
    for name, url in stores.items():
        workspace = folder / name
        make_workspace(workspace, data, url)
        first, second = (whyrec(workspace, "load", "--allow-outside") for _ in range(2))
        show_rows(name, workspace, first)
        show_counts(name, first, second)
        hashes[name] = whyrec(workspace, "status")["snapshot"]["hash"]
    show("snapshot", ("store", "hash"), hashes.items())
    say("snapshot hashes equal: " + ("only one store" if len(hashes) < 2 else yes(len(set(hashes.values())) == 1)))


def show_rows(name: str, workspace: Path, report: dict[str, Any]) -> None:
    """Rows per file beside a count of its lines that the loader has no part in."""
    rows = []
    for entry in report["files"]:
        lines = count_lines(workspace / entry["file"])
        headers = 0 if Path(entry["file"]).name in HEADERLESS else 1
        adds_up = entry["rows"] == entry["loaded"] + entry["rejected"] + entry["filtered"]
        counts = (entry["rows"], entry["loaded"], entry["rejected"], entry["filtered"])
        rows.append((entry["file"], lines - headers, *counts, yes(adds_up and entry["rows"] == lines - headers)))
    headings = ("file", "lines", "rows", "loaded", "rejected", "filtered", "accounted for")
    show(f"{name}: rows in {report['seconds']:.0f} s, {report['rejected']} rejected", headings, rows)


def show_counts(name: str, first: dict[str, Any], second: dict[str, Any]) -> None:
    """What the first and the second load wrote."""
    rows = []
    for kind in ("entities", "triples"):
        for key, counts in first[kind].items():
            again = second[kind][key]
            rows.append((key, *counts.values(), *again.values(), yes(again["created"] + again["updated"] == 0)))
    columns = ("created", "updated", "unchanged")
    headings = ("type or relation", *columns, *(f"{column} (2nd)" for column in columns), "2nd writes nothing")
    show(f"{name}: written; second load {second['seconds']:.0f} s", headings, rows)


# Bar 2: people of one domain get items of the other, by a path that crosses; and what noise is left.


def measure_domains(workspace: Path, data: Path, rng: random.Random) -> None:
    """What the domains share, then recommendations from each to the other."""
    links = read_links(workspace, ("covers", "about", "addresses", "treats", "enrolled", "purchased"))
    titles = dict(read_tsv(data / "coco" / "i2kg_map.txt.gz").select("pid", "name").iter_rows())
    show_matches(links, titles)
    learners = takers(links["enrolled"], {head for head, tail in links["covers"] if tail in ASKED})
    buyers = rng.sample(sorted({head for head, _ in links["purchased"]}), 100)
    rows, examples = [], []
    for who, people, domain in (
        ("learners of " + ", ".join(ASKED), learners, "cosmetics"),
        ("buyers", buyers, "courses"),
    ):
        lists = [whyrec(workspace, "recommend", person, "--domain", domain) for person in people]
        crossing = [[item for item in one["items"] if item["shares"]["paths"] > 0] for one in lists]
        rows.append((who, domain, len(people), sum(map(bool, crossing)), f"{statistics.mean(map(len, crossing)):.1f}"))
        told = [items for items in crossing if items]
        examples += [
            (domain, f"{items[0]['score']:.3f}", items[0]["reason"]) for items in rng.sample(told, min(8, len(told)))
        ]
    show("across the domains", ("who", "gets", "people", "with a path", "items of 10 with a path"), rows)
    show("examples", ("gets", "score", "reason"), examples)


def show_matches(links: dict[str, list[tuple[str, str]]], titles: dict[str, str]) -> None:
    """The courses behind each topic and concern, and those that look alike and were left out."""
    rows = []
    for courses, products in (("covers", "about"), ("addresses", "treats")):
        for topic in sorted({tail for _, tail in links[courses] + links[products]}):
            found = {head for head, tail in links[courses] if tail == topic}
            count = sum(tail == topic for _, tail in links[products])
            names = "\n".join(sorted(titles[course] for course in found))
            rows.append((topic, len(found), len(takers(links["enrolled"], found)), count, names))
    show("what the domains share", ("topic or concern", "courses", "learners", "products", "course titles"), rows)
    matched = {head for relation in ("covers", "addresses") for head, _ in links[relation]}
    left = sorted(title for course, title in titles.items() if course not in matched)
    alike = [(part, "\n".join(title for title in left if part in title)) for part in LOOKALIKES]
    show("look alike, linked to nothing", ("part of a title", "course titles"), [pair for pair in alike if pair[1]])


# Bar 3: every account adds up, every path exists.


def measure_why(workspaces: list[Path], pairs: int, rng: random.Random) -> None:
    """Explain random pairs and pairs from lists, then look every step of every path up in the stores."""
    workspace = Workspace(workspaces[0])
    recommender = Recommender(open_model(workspace.model, workspace.snapshot(), workspace.kernels))
    vocabulary, schema = recommender.snapshot.vocabulary, workspace.schema
    users = [vocabulary.id(*user) for user in recommender.users()]
    items = [vocabulary.id(kind, idx) for kind in schema.item_types for idx in range(vocabulary.count(kind))]
    drawn = [(rng.choice(users), rng.choice(items)) for _ in range(pairs)]
    listed = [(u, one.id) for u in rng.sample(users, pairs // 10) for one in recommender.recommend(Request(u)).items]
    for name, chosen in (("random pairs", drawn), ("pairs from lists", listed)):
        accounts = [recommender.why(Request(user), item) for user, item in chosen]
        show(f"why: {name}", ("measure", "value"), audit(recommender, accounts, workspaces))


# Bar 4: what `recommend` costs as a process.


def measure_process(workspace: Path, data: Path, rounds: int) -> None:
    """`recommend` beside a process that only imports the libraries, in turn."""
    user = read_tsv(data / "coco" / "users.txt.gz")["uid"][0]
    command = [WHYREC, "--workspace", str(workspace), "recommend", user, "--json"]
    seconds: dict[str, list[float]] = {"recommend": [], "imports": []}
    for _ in range(rounds + 1):
        for name, argv in (("recommend", command), ("imports", [PYTHON, "-c", PARTS])):
            start = time.perf_counter()
            subprocess.run(argv, check=True, capture_output=True)
            seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(values[1:]) for name, values in seconds.items()}
    traced = subprocess.run([PYTHON, "-X", "importtime", *command], check=True, capture_output=True, text=True)
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in traced.stderr.splitlines()}
    rows = [(f"median of {rounds}, {name}", f"{value * 1000:.0f} ms") for name, value in medians.items()]
    rows.append(("ratio", f"{medians['recommend'] / medians['imports']:.2f}"))
    rows.append(("imported though forbidden", ", ".join(sorted(imported & FORBIDDEN)) or "none"))
    show("recommend as a process", ("measure", "value"), rows)


# Small parts.


def read_links(workspace: Path, relations: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """Head and tail ids of some relations, from the store."""
    store = Workspace(workspace).open_store(read_only=True)
    try:
        return {name: store.read_triples(name).select("head", "tail").rows() for name in relations}
    finally:
        store.close()


def takers(pairs: Iterable[tuple[str, str]], items: set[str]) -> list[str]:
    """Who interacted with any of the items, sorted."""
    return sorted({head for head, tail in pairs if tail in items})


def count_lines(path: Path) -> int:
    """Lines of a plain or gzip-compressed file."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        return sum(1 for _ in file)


def yes(answer: bool) -> str:
    """A cell."""
    return "yes" if answer else "NO"


def say(text: str) -> None:
    """A line of the report."""
    CONSOLE.print(text, markup=False)


def show(title: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table of the report."""
    table = Table(*headings, title=title, title_justify="left")
    for row in rows:
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
    CONSOLE.print(table)


if __name__ == "__main__":
    typer.run(main)
