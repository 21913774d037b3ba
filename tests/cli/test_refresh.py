"""What another program writes to the store is noticed by status, load and train, and taken over by refresh."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ladybug
import pytest
from neo4j import Driver

from kg.stores.embedded.checksum import checksum_path
from kg.workspace.workspace import Workspace
from tests.cli.conftest import Whyrec

Document = Callable[..., Any]
SCHEMA = """
name = "shop"
[entity.User]
sensitive = true
[entity.Product]
domain = "cosmetics"
properties = { price = "float" }
[relation.bought]
head = "User"
tail = "Product"
interaction = true
"""


@pytest.fixture
def home(store_url: str, tmp_path: Path, whyrec: Whyrec, document: Document) -> Path:
    """A loaded workspace over each store."""
    (tmp_path / "s.toml").write_text(SCHEMA)
    folder = tmp_path / "w"
    assert whyrec("init", folder, "--schema", tmp_path / "s.toml", "--store", store_url).exit_code == 0
    (folder / "Product.csv").write_text("id,price\n" + "".join(f"p{n},{n}\n" for n in range(9)))
    (folder / "User.csv").write_text("id\n" + "".join(f"u{n}\n" for n in range(9)))
    (folder / "bought.csv").write_text("head,tail\n" + "".join(f"u{n},p{n}\nu{n},p{n // 2}\n" for n in range(9)))
    for name in ("Product", "User", "bought"):
        document("-w", folder, "load", folder / f"{name}.csv")
    return folder


def written_by_others(url: str, query: str, driver: Driver | None) -> None:
    """Run a query as an app would."""
    if driver is not None:
        driver.execute_query(query)
        return
    database = ladybug.Database(url)
    connection = ladybug.Connection(database)
    connection.execute(query)
    connection.close()
    database.close()
    checksum_path(Path(url)).unlink(missing_ok=True)  # as the message about a changed file says


def test_what_others_wrote_is_told_and_taken_over(
    home: Path, store_url: str, request: pytest.FixtureRequest, whyrec: Whyrec, document: Document
) -> None:
    driver = request.getfixturevalue("neo4j_driver") if "://" in store_url else None
    assert document("-w", home, "refresh")["changed"] is False
    first = document("-w", home, "status")["snapshot"]
    assert first["current"] and not first["written_by_others"]
    written_by_others(store_url, "CREATE (:Product {id: 'new', price: 1.5})", driver)
    stale = document("-w", home, "status")
    assert not stale["snapshot"]["current"] and stale["next"].endswith("refresh")
    taken = document("-w", home, "refresh")
    assert taken["changed"] and taken["entities"] == {"Product": [9, 10]} and taken["before"] == first["hash"]
    assert document("-w", home, "status")["snapshot"]["current"]
    written_by_others(store_url, "MATCH (p:Product {id: 'new'}) SET p.price = 7.0", driver)  # no count changes
    assert document("-w", home, "status")["snapshot"]["written_by_others"]
    assert document("-w", home, "train", "--no-embeddings")["snapshot_taken"]
    full = document("-w", home, "refresh", "--full")
    assert full["compared"] and not full["changed"]


def test_what_others_wrote_in_ways_of_their_own_can_be_loaded_over_and_forgotten(
    home: Path, store_url: str, request: pytest.FixtureRequest, whyrec: Whyrec, document: Document
) -> None:
    """Pairs that are there twice, and triples without a weight."""
    driver = request.getfixturevalue("neo4j_driver") if "://" in store_url else None
    pair = "MATCH (u:User {id: 'u1'}), (p:Product {id: 'p8'}) "
    written_by_others(store_url, pair + "CREATE (u)-[:bought]->(p), (u)-[:bought {weight: 3.0}]->(p)", driver)
    written_by_others(store_url, pair.replace("u1", "u2") + "CREATE (u)-[:bought]->(p)", driver)
    nothing = document("-w", home, "load", home / "Product.csv")
    assert nothing["entities"]["Product"]["unchanged"] == 9
    assert [n for n in nothing["notices"] if "something else had written" in n]
    assert not document("-w", home, "load", home / "Product.csv")["notices"]
    held = Workspace(home).held().snapshot()
    assert sorted(held.adjacency("bought").data.tolist()) == [1.0] * 18 + [3.0]
    (home / "bought.csv").write_text("head,tail,weight\nu1,p8,2\nu2,p8,5\n")
    loaded = document("-w", home, "load", home / "bought.csv")
    assert loaded["triples"]["bought"] == {"created": 0, "updated": 2, "unchanged": 0, "deleted": 0}
    assert not document("-w", home, "refresh", "--full")["changed"]
    assert whyrec("-w", home, "forget", "u3").exit_code == 0
    assert document("-w", home, "status")["store"]["entities"]["User"] == 8
    for weight in ("'lots'", "[1]", "true") if driver is not None else ():  # the embedded file has columns of one type
        query = f"MATCH (:User {{id: 'u2'}})-[r:bought]->(:Product {{id: 'p8'}}) SET r.weight = {weight}"
        written_by_others(store_url, query, driver)
        for command in (["refresh"], ["load", home / "bought.csv"]):
            refused = whyrec("-w", home, *command)
            assert refused.exit_code == 1 and "bought.weight: the store holds a value that is no" in refused.stderr
