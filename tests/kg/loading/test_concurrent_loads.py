"""Several loads into one Neo4j database at the same time, and a connection that is lost in the middle of one."""

import random
import threading
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from kg.errors import StoreUnavailableError
from kg.loading.load import load
from kg.loading.options import LoadOptions
from kg.loading.writing import WRITING
from kg.mapping.mapping import read_mapping
from kg.progress import Progress, no_progress
from kg.staging.report import LoadReport
from kg.stores.neo4j import connection
from kg.stores.opening import open_store
from kg.stores.store import Store
from tests.kg.files import graph
from tests.kg.loading.broken_connections import CommitLoser, Proxy
from tests.kg.loading.test_load import MADE_BY, PRODUCTS, PURCHASED, SCHEMA, USERS

STOCK = '[[source]]\nfile = "products.csv"\nentity = "Product"\nid = "id"\nproperties = { stock = "stock" }\n'
NUMBERS = range(40)
FILES = {
    "users.csv": "id\n" + "".join(f"u{n}\n" for n in NUMBERS),
    "products.csv": "id,name,price,brand,stock\n" + "".join(f"p{n},P{n},{n},b{n % 3},{n}\n" for n in NUMBERS),
    "purchases.csv": "user,product\n" + "".join(f"u{n},p{n % 10}\n" for n in NUMBERS),
}


class Together:
    """Lets no load write before all have read the store and know what they want to write."""

    def __init__(self, loads: int) -> None:
        self._barrier = threading.Barrier(loads, timeout=60)

    def __call__(self, stage: str, done: int, total: int | None, note: str = "") -> None:
        if stage == WRITING and not done:
            self._barrier.wait()


def load_into(folder: Path, url: str, mapping: str, files: dict[str, str], progress: Progress, rows: int) -> LoadReport:
    """Load in batches of ``rows``."""
    folder.mkdir(exist_ok=True)
    for name, text in {**files, "mapping.toml": mapping}.items():
        (folder / name).write_text(text, encoding="utf-8")

    def opener(*, read_only: bool) -> Store:
        store = open_store(url, SCHEMA, folder=folder, read_only=read_only)
        store.batch_rows = rows
        return store

    sources = read_mapping(folder / "mapping.toml", SCHEMA)
    return load(opener, SCHEMA, sources, folder, LoadOptions(folder / "rejects", folder / "staging"), progress)


def test_two_loads_of_the_same_files_at_once_leave_everything_once(empty_neo4j_url: str, tmp_path: Path) -> None:
    everything, together = USERS + PRODUCTS + MADE_BY + PURCHASED, Together(2)
    with ThreadPoolExecutor(2) as pool:
        jobs = [
            pool.submit(load_into, tmp_path / str(n), empty_neo4j_url, everything, FILES, together, 7) for n in range(2)
        ]
        reports = [job.result() for job in jobs]
    assert [report.entities["User"]["created"] for report in reports] == [40, 40]  # neither saw the other
    found = graph(tmp_path, SCHEMA, empty_neo4j_url)
    assert {name: len(rows) for name, rows in found.items()} == {
        "User": 40,
        "Product": 40,
        "Brand": 3,
        "made_by": 40,
        "purchased": 40,
    }
    assert found["Product"] == sorted((f"p{n}", f"P{n}", float(n)) for n in NUMBERS)
    again = load_into(tmp_path / "0", empty_neo4j_url, everything, FILES, no_progress, 7)
    assert all(counts["created"] == counts["updated"] == 0 for counts in (again.entities | again.triples).values())


@pytest.mark.parametrize("there", [False, True])
def test_loads_of_different_properties_at_once_undo_nothing(empty_neo4j_url: str, tmp_path: Path, there: bool) -> None:
    if there:
        load_into(tmp_path, empty_neo4j_url, PRODUCTS, {"products.csv": FILES["products.csv"]}, no_progress, 99)
    together = Together(2)
    changed = {"products.csv": FILES["products.csv"].replace(",P", ",Q")}
    with ThreadPoolExecutor(2) as pool:
        jobs = [
            pool.submit(load_into, tmp_path / str(n), empty_neo4j_url, mapping, changed, together, 7)
            for n, mapping in enumerate((PRODUCTS, STOCK))
        ]
        for job in jobs:
            job.result()
    assert graph(tmp_path, SCHEMA, empty_neo4j_url)["Product"] == sorted(
        (f"p{n}", f"Q{n}", float(n), n) for n in NUMBERS
    )


def test_writers_that_meet_at_a_few_hubs_lose_no_triple(empty_neo4j_url: str, tmp_path: Path) -> None:
    workers, each = 4, 500
    ends = [(f"u{n}", f"p{n % 10}") for n in range(workers * each)]
    random.Random(0).shuffle(ends)
    base = {
        "users.csv": "id\n" + "".join(f"{user}\n" for user, _ in ends),
        "products.csv": "id,name,price\n" + "".join(f"p{n},,\n" for n in range(10)),
    }
    load_into(tmp_path, empty_neo4j_url, USERS + PRODUCTS, base, no_progress, 10_000)
    together = Together(workers)

    def work(number: int) -> LoadReport:
        part = "".join(f"{user},{product}\n" for user, product in ends[number * each : (number + 1) * each])
        files = {"purchases.csv": "user,product\n" + part}
        return load_into(tmp_path / str(number), empty_neo4j_url, PURCHASED, files, together, 50)

    with ThreadPoolExecutor(workers) as pool:
        reports = list(pool.map(work, range(workers)))
    assert [report.triples["purchased"]["created"] for report in reports] == [each] * workers
    assert [row[:2] for row in graph(tmp_path, SCHEMA, empty_neo4j_url)["purchased"]] == sorted(ends)


@contextmanager
def proxy(url: str, lost: Collection[int] = ()) -> Iterator[Proxy]:
    """A proxy, all of whose sockets are closed at the end."""
    opened = CommitLoser(url, lost) if lost else Proxy(url)
    try:
        yield opened
    finally:
        opened.close()


class Cutter:
    """Cuts the connection after some batches of a type or relation."""

    def __init__(self, proxy: Proxy, name: str, batches: int, *, for_good: bool) -> None:
        self._proxy, self._name, self._left, self._for_good = proxy, name, batches, for_good

    def __call__(self, stage: str, done: int, total: int | None, note: str = "") -> None:
        self._left -= stage == WRITING and note.startswith(f"{self._name}: ")
        if not self._left:
            self._left = -1
            self._proxy.cut(for_good=self._for_good)


def test_a_connection_that_comes_back_is_used_again(empty_neo4j_url: str, tmp_path: Path) -> None:
    with proxy(empty_neo4j_url) as between:
        cutter = Cutter(between, "purchased", 2, for_good=False)
        load_into(tmp_path, between.url, USERS + PRODUCTS + PURCHASED, FILES, cutter, 7)
        assert between.accepted > 1
    assert len(graph(tmp_path, SCHEMA, empty_neo4j_url)["purchased"]) == 40


def test_a_connection_lost_for_good_is_reported_with_what_is_safe(
    empty_neo4j_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "RETRY_SECONDS", 1.0)
    everything = USERS + PRODUCTS + PURCHASED
    with proxy(empty_neo4j_url) as between:
        cutter = Cutter(between, "purchased", 2, for_good=True)
        with pytest.raises(StoreUnavailableError) as raised:
            load_into(tmp_path, between.url, everything, FILES, cutter, 7)
    assert "no answer" in str(raised.value)
    assert str(raised.value).endswith(
        "Safe in the store: all changes of User, Product; 14 of 40 purchased. The same command goes on from there."
    )
    rest = load_into(tmp_path, empty_neo4j_url, everything, FILES, no_progress, 7)
    assert {name: tuple(counts.values()) for name, counts in (rest.entities | rest.triples).items()} == {
        "User": (0, 0, 40, 0),
        "Product": (0, 0, 40, 0),
        "purchased": (26, 0, 14, 0),
    }


def test_lost_answers_to_commits_are_repeated_and_told_and_lose_nothing(empty_neo4j_url: str, tmp_path: Path) -> None:
    everything = USERS + PRODUCTS + MADE_BY + PURCHASED
    with proxy(empty_neo4j_url, lost=range(3, 99, 4)) as between:  # of schema, marks, creations and triples
        report = load_into(tmp_path, between.url, everything, FILES, no_progress, 7)
        assert isinstance(between, CommitLoser) and between.commits > 20
    assert any("repeated, since the server did not confirm" in notice for notice in report.notices)
    found = graph(tmp_path, SCHEMA, empty_neo4j_url)
    counts = {"User": 40, "Product": 40, "Brand": 3, "made_by": 40, "purchased": 40}
    assert {name: len(rows) for name, rows in found.items()} == counts
    again = load_into(tmp_path, empty_neo4j_url, everything, FILES, no_progress, 7)
    assert all(counts["created"] == counts["updated"] == 0 for counts in (again.entities | again.triples).values())
