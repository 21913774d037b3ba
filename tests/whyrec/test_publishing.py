"""Lists written back: whole for whoever reads, gone with the forgotten, and no news to the graph."""

from pathlib import Path
from threading import Event, Thread

import polars as pl
import pytest
from neo4j import Driver

import whyrec
from kg.errors import UsageError
from tests.graphs import ALIKE
from tests.whyrec.test_generations import loaded  # noqa: F401  # the small shop, as a fixture
from whyrec import Engine

LIST = "MATCH (u:User {id: $user})-[r:RECOMMENDED]->(i) RETURN i.id AS id, r.rank AS rank, r.score AS score, "
LIST += "r.reason AS reason, r.model AS model ORDER BY r.rank"


@pytest.fixture
def shop(loaded: Path, tmp_path: Path, empty_neo4j_url: str) -> Engine:  # noqa: F811
    """The small shop on a server."""
    engine = whyrec.create(tmp_path / "shop", schema=str(loaded.parent / "tiny.toml"), store=empty_neo4j_url)
    engine.load(sorted(loaded.parent.glob("*.csv")))
    return engine


def test_lists_on_the_server_are_those_of_recommend_and_no_news(shop: Engine, neo4j_driver: Driver) -> None:
    report = shop.publish("neo4j", n=3)
    assert (report.users, report.rows, report.withdrawn) == (40, 120, 0)
    for user in ("u00", "u39"):
        told = [record.data() for record in neo4j_driver.execute_query(LIST, user=user).records]
        asked = shop.recommend(user, n=3)
        assert [(one["id"], one["rank"], one["score"]) for one in told] == [
            (one.id, one.rank, one.score) for one in asked.items
        ]
        assert {one["model"] for one in told} == {asked.model.name} and all(one["reason"] for one in told)
    held = shop.export_person("u39").published
    assert [(one.item, one.rank, one.score) for one in held] == [(one.id, one.rank, one.score) for one in asked.items]
    status = shop.status()
    assert status.snapshot is not None and status.snapshot.current and not status.snapshot.written_by_others
    assert "RECOMMENDED" not in status.store.triples and not shop.refresh().compared
    neo4j_driver.execute_query("MATCH (i:Ingredient) SET i.seen = 1")  # others' writing is news still
    assert shop.status().snapshot.written_by_others  # type: ignore[union-attr]


def test_whoever_reads_finds_a_whole_list_while_it_is_replaced(shop: Engine, neo4j_driver: Driver) -> None:
    shop.publish("neo4j", n=3)
    ended, found = Event(), set[int]()

    def read() -> None:
        while not ended.is_set():
            found.add(len(neo4j_driver.execute_query(LIST, user="u07").records))

    reader = Thread(target=read)
    reader.start()
    try:
        for n in (5, 3):
            shop.publish("neo4j", n=n)
    finally:
        ended.set()
        reader.join()
    assert found and found <= {3, 5}


def test_the_forgotten_have_no_list_and_loads_leave_the_others(shop: Engine, neo4j_driver: Driver) -> None:
    shop.publish("neo4j", n=3)
    shop.forget("u07")
    count = "MATCH ()-[r:RECOMMENDED]->() RETURN count(r) AS n"
    assert neo4j_driver.execute_query(count).records[0]["n"] == 117
    neo4j_driver.execute_query(
        "MERGE (u:User {id: 'left'}) WITH u MATCH (p:Product {id: 'p01'}) "
        "CREATE (u)-[:RECOMMENDED {rank: 1, at: 1}]->(p)"
    )
    report = shop.publish("neo4j", n=2)
    assert (report.users, report.rows, report.withdrawn) == (39, 78, 1)


def test_a_file_holds_lists_with_reasons(loaded: Path, tmp_path: Path) -> None:  # noqa: F811
    engine, out = whyrec.open(loaded), tmp_path / "lists.parquet"
    report = engine.publish("parquet", out, n=2)
    frame = pl.read_parquet(out)
    assert (report.rows, frame.height) == (80, 80) and frame["reason_1"].null_count() == 0
    engine.publish("parquet", out, n=3)
    assert pl.read_parquet(out).height == 120
    with pytest.raises(UsageError, match="the store of this workspace is the file"):
        engine.publish("neo4j")
    with pytest.raises(UsageError, match=r"lists\.csv: `to=parquet` writes Parquet; name a file"):
        engine.publish("parquet", tmp_path / "lists.csv")
    with pytest.raises(UsageError, match="expected one of neo4j, parquet, redis"):
        engine.publish("mongodb")


LISTED = "MATCH (u:User {id: $user})-[r:RECOMMENDED]->(i) RETURN labels(i)[0] AS type, i.id AS id, r.rank AS rank "
LISTED += "ORDER BY r.rank"


def test_items_and_people_whose_ids_are_alike_have_lists_of_their_own(
    tmp_path: Path, empty_neo4j_url: str, neo4j_driver: Driver
) -> None:
    """Products and courses are numbered alike, and somebody chose an id that looks like another's with a type."""
    (tmp_path / "schema.toml").write_text(ALIKE, encoding="utf-8")
    people = [str(n) for n in range(1, 21)] + ["User:1", "anna@example.com", "用户/2"]
    for name, every in (("purchased", 2), ("enrolled", 3)):
        rows = [f"{one},{n % 5 + step}" for n, one in enumerate(people) for step in range(1, every + 1)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["head,tail", *rows]), encoding="utf-8")
    engine = whyrec.create(tmp_path / "shop", schema=str(tmp_path / "schema.toml"), store=empty_neo4j_url)
    engine.load([tmp_path / "purchased.csv", tmp_path / "enrolled.csv"])
    for _ in range(2):
        report = engine.publish("neo4j", n=4)
    assert (report.users, report.withdrawn) == (23, 0)
    types = set()
    for user in ("1", "User:1", "用户/2"):
        told = [tuple(record.values()) for record in neo4j_driver.execute_query(LISTED, user=user).records]
        assert told == [(one.type, one.id, one.rank) for one in engine.recommend(user, n=4).items] and told
        types |= {one[0] for one in told}
    assert types == {"Course", "Product"}
