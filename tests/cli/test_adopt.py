"""Adopting a graph that others loaded: the shape of Neo4j's public movie recommendations, made by a script here."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from neo4j import Driver

from kg.adoption.adopted_store import AdoptedStore
from kg.adoption.adoption import Adoption, read_adoption
from kg.errors import StoreError
from kg.schema import parse_schema
from tests.cli.conftest import Whyrec

Document = Callable[..., Any]
MOVIES = 60
GRAPH = (
    "CREATE CONSTRAINT FOR (m:Movie) REQUIRE m.movieId IS UNIQUE",
    "CREATE CONSTRAINT FOR (g:Genre) REQUIRE g.name IS UNIQUE",
    "CREATE INDEX people FOR (p:Person) ON (p.tmdbId)",  # a plain index tells a key as well
    "CREATE INDEX users FOR (u:User) ON (u.userId)",
    "UNWIND range(1, 12) AS g CREATE (:Genre {name: 'Genre ' + g})",
    f"UNWIND range(1, {MOVIES}) AS i CREATE (:Movie {{movieId: toString(i), title: 'Movie ' + i, year: 1950 + i, "
    "imdbRating: 5.0 + i % 5, countries: ['X'], released: date('1999-01-01'), plot: 'Plot ' + i})",
    "UNWIND range(1, 80) AS i CREATE (p:Person {tmdbId: toString(i), name: 'Person ' + i, born: date('1970-01-01')}) "
    "FOREACH (_ IN CASE WHEN i % 2 = 0 THEN [1] ELSE [] END | SET p:Actor) "
    "FOREACH (_ IN CASE WHEN i % 5 = 0 THEN [1] ELSE [] END | SET p:Director)",
    "UNWIND range(1, 100) AS i CREATE (:User {userId: i, name: 'User ' + i})",
    "MATCH (m:Movie) UNWIND [toInteger(m.movieId) % 12 + 1, toInteger(m.movieId) * 7 % 12 + 1] AS g "
    "MATCH (x:Genre {name: 'Genre ' + g}) MERGE (m)-[:IN_GENRE]->(x)",
    "MATCH (m:Movie) MATCH (x:Actor {tmdbId: toString(toInteger(m.movieId) % 40 * 2 + 2)}) "
    "MERGE (x)-[r:ACTED_IN]->(m) SET r.role = 'R'",
    "MATCH (m:Movie) MATCH (x:Director {tmdbId: toString(toInteger(m.movieId) % 16 * 5 + 5)}) "
    "MERGE (x)-[:DIRECTED]->(m)",
    "MATCH (m:Movie) WHERE toInteger(m.movieId) <= 7 SET m.awards = ['A']",
    "MATCH (:Actor)-[r:ACTED_IN]->(m:Movie) WHERE toInteger(m.movieId) <= 7 SET r.note = 'N'",
    "MATCH (m:Movie {movieId: '1'}), (g:Genre {name: 'Genre 2'}) CREATE (m)-[:IN_GENRE]->(g)",  # a second time
    "MATCH (m:Movie {movieId: '1'}) CREATE (:User {name: 'No id'})-[:RATED {rating: 1.0}]->(m)",
    "CREATE (:Log {text: 'same'}), (:Log {text: 'same'}), ({nothing: 1})",
)
RATED = (
    "UNWIND $rows AS x MATCH (u:User {userId: x[0]}) MATCH (m:Movie {movieId: x[1]}) "
    "MERGE (u)-[r:RATED]->(m) SET r.rating = x[2], r.timestamp = x[3]"
)
EVERYTHING = (
    "MATCH (n) RETURN elementId(n), labels(n), properties(n) ORDER BY elementId(n)",
    "MATCH ()-[r]->() RETURN elementId(r), type(r), properties(r) ORDER BY elementId(r)",
    "SHOW CONSTRAINTS YIELD name RETURN name ORDER BY name",
    "SHOW INDEXES YIELD name RETURN name ORDER BY name",
)


@pytest.fixture
def movies(empty_neo4j_url: str, neo4j_driver: Driver) -> str:
    """The URL of a server with the graph in it."""
    for name in ("people", "users"):
        neo4j_driver.execute_query(f"DROP INDEX {name} IF EXISTS")
    for query in GRAPH:
        neo4j_driver.execute_query(query)
    chance, all_of_them = random.Random(0), range(1, MOVIES + 1)
    rows = [
        [user, str(movie), float(chance.randint(1, 5)), 1_260_759_144 + chance.randint(0, 10**7)]
        for user in range(1, 101)
        for movie in chance.sample([m for m in all_of_them if m % 12 == user % 12] + list(all_of_them), 8)
    ]
    neo4j_driver.execute_query(RATED, {"rows": rows})
    return empty_neo4j_url


def everything(driver: Driver) -> list[Any]:
    return [[record.values() for record in driver.execute_query(query).records] for query in EVERYTHING]


def test_a_graph_of_others_is_adopted_and_answered_from_without_touching_it(
    movies: str, neo4j_driver: Driver, tmp_path: Path, whyrec: Whyrec, document: Document
) -> None:
    before, home = everything(neo4j_driver), tmp_path / "w"
    found = document("init", home, "--store", movies, "--adopt")  # 1
    assert found["entities"] == {"User": 100, "Person": 80, "Movie": 60, "Genre": 12}
    assert set(found["triples"]) == {"rated", "acted_in", "in_genre", "directed"}
    unused = {one["what"]: (one["count"], one["example"]) for one in found["unused"]}
    assert unused["label Actor"] == (40, "") and unused["Movie.released"] == (60, "1999-01-01")
    assert unused["label Log"][0] == 2 and unused["nodes without a label"][0] == 1 and unused["ACTED_IN.role"][0] > 0
    assert (unused["Movie.awards"][0], unused["ACTED_IN.note"][0]) == (7, 7)  # those that carry it, not all of a type
    assert unused["IN_GENRE (Movie → Genre) again"][0] == unused["RATED (User → Movie) without a key"][0] == 1
    assert any(sentence.startswith("rated (User → Movie)") for sentence in found["unsure"])
    trained = document("-w", home, "train", "--no-embeddings")  # 2
    assert (trained["entities"], trained["triples"]) == (252, sum(found["triples"].values()))
    listed = document("-w", home, "recommend", "7")["items"]  # 3: ids are integers there
    assert len(listed) == 10 and all(item["label"] == f"Movie {item['id']}" for item in listed)
    account = document("-w", home, "why", "7", listed[0]["id"])  # 4
    assert sum(part["share"] for part in account["parts"]) == pytest.approx(listed[0]["score"], abs=1e-9)
    assert everything(neo4j_driver) == before
    (home / "Genre.csv").write_text("id\nnew\n")
    refused = whyrec("-w", home, "load", home / "Genre.csv")
    assert refused.exit_code == 1 and "never writes to it" in refused.stderr
    assert everything(neo4j_driver) == before
    neo4j_driver.execute_query("MATCH (u:User {userId: 7})-[r:RATED]->() SET r.rating = 1.0")
    assert document("-w", home, "status")["next"].endswith("refresh")
    assert document("-w", home, "refresh")["changed"]
    assert whyrec("init", home, "--store", movies, "--adopt").exit_code == 1


def test_names_that_could_end_a_query_are_refused(tmp_path: Path) -> None:
    for name in ("Movie` DETACH DELETE n //", "Movie\\u0060", "a\tb"):
        path = tmp_path / "adoption.toml"
        path.write_text(f"[entity.Movie]\nnode = {name!r}\nkey = 'id'\n".replace("\\\\", "\\"))
        with pytest.raises(StoreError, match=r"cannot be adopted|not valid TOML"):
            read_adoption(path)


def test_only_a_server_is_adopted(tmp_path: Path, whyrec: Whyrec) -> None:
    refused = whyrec("init", tmp_path / "w", "--adopt")
    assert refused.exit_code == 2 and "neo4j://host:7687" in refused.stderr and not (tmp_path / "w").exists()


def test_of_what_is_repeated_properties_or_several_relationships_tell_how_often(
    empty_neo4j_url: str, neo4j_driver: Driver
) -> None:
    day, start = 86_400_000, 20_000 * 86_400_000
    for query in (
        "CREATE (:U {id: 'u'}), (:I {id: 'a'}), (:I {id: 'b'})",
        f"MATCH (u:U), (i:I) UNWIND [1, 41, 81, 81] AS d CREATE (u)-[:BOUGHT {{at: {start} + d * {day}, d: d}}]->(i)",
        "MATCH (:U)-[r:BOUGHT {d: 81}]->(:I {id: 'b'}) "
        "SET r.since = date('2024-09-24'), r.n = 3, r.before = date('2024-12-04')",
        f"MATCH (u:U) UNWIND [['c', 2, null], ['d', 5, null], ['e', 5, {start + 90 * day}]] AS row "
        f"CREATE (u)-[:BOUGHT {{at: {start + 81 * day}, since: date('2024-09-24'), n: row[1], before: row[2]}}]->"
        "(:I {id: row[0]})",
    ):
        neo4j_driver.execute_query(query)
    relation = {"relationship": "BOUGHT", "timestamp": "at", "first": "since", "occasions": "n", "previous": "before"}
    types = {"U": {"node": "U", "key": "id"}, "I": {"node": "I", "key": "id"}}
    found = {}
    for repeat in (True, False):
        bought = {"head": "U", "tail": "I", "interaction": True, "repeat": repeat}
        entity = {"U": {"sensitive": True}, "I": {"domain": "items"}}
        schema = parse_schema({"name": "shop", "entity": entity, "relation": {"bought": bought}})
        adoption = Adoption.model_validate({"entity": types, "relation": {"bought": relation}})
        store = AdoptedStore(empty_neo4j_url, schema, adoption)
        try:
            found[repeat] = store.read_triples("bought").sort("tail").rows()
        finally:
            store.close()
    last = start + 81 * day
    assert found[False] == [("u", item, 1.0, last) for item in "abcde"]
    since = start - 10 * day
    assert found[True] == [
        ("u", "a", 1.0, last, start + day, 3, start + 41 * day),
        ("u", "b", 1.0, last, since, 3, start + 61 * day),
        ("u", "c", 1.0, last, since, 2, since),
        ("u", "d", 1.0, last, since, 5, None),  # which of the days before was the last nobody says
        ("u", "e", 1.0, last, since, 5, None),  # and what lies after the last day is not before it
    ]
