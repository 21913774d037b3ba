"""The Cypher files: the same in both dialects as far as a caller can see, and no way in for data."""

import re
from importlib.resources import files

import pytest

from kg.errors import StoreError
from kg.stores.queries import read_statement, statement

SERVERS = {"publish_lists", "read_published_list", "withdraw_lists", "withdraw_earlier_lists"} | {
    *("read_entities", "read_triples", "read_entities_page", "read_triples_page"),
    *("create_triples_by_head", "merge_triples", "lock_writing", "count_relation", "read_triples_of_heads"),
}
"""Statements of Neo4j alone: the embedded store belongs to one workspace, and nobody else reads lists there; it is read
by its own numbers, which Neo4j gives again, where a server is read by pages of ids; nobody writes beside us, and it
takes columns."""
NAMES = sorted({place.name.removesuffix(".cypher") for place in files("cypher").joinpath("neo4j").iterdir()} - SERVERS)


def test_both_dialects_have_the_same_files():
    folders = {dialect: files("cypher").joinpath(dialect).iterdir() for dialect in ("embedded", "neo4j")}
    names = {dialect: {place.name for place in folder if place.is_file()} for dialect, folder in folders.items()}
    own = {f"{name}.cypher" for name in SERVERS}
    numbers = {
        "last_number.cypher",
        "read_triples_of_head.cypher",
        *(name for name in names["embedded"] if "_between" in name),
    }
    few = {name for name in names["embedded"] if name.startswith("create_few_")}
    assert names["embedded"] - numbers - few == names["neo4j"] - own
    assert own <= names["neo4j"]
    assert len(NAMES) > 10


@pytest.mark.parametrize("name", NAMES)
def test_parameters_and_columns_are_the_same(name):
    def parameters(text):
        return set(re.findall(r"\$\w+", text))

    def columns(text):
        returned = text.rpartition("RETURN ")[2] if "RETURN " in text else ""
        return re.findall(r" AS ([^\s,\]]+)", returned)

    embedded, neo4j = read_statement("embedded", name), read_statement("neo4j", name)
    assert parameters(embedded) == parameters(neo4j)
    assert columns(embedded) == columns(neo4j)


def test_names_are_quoted_and_properties_repeated():
    query = statement("embedded", "update_entities", type="Order", properties=["desc", "group"])
    assert "MATCH (_n:`Order`)" in query
    assert "SET _n.`label` = `label`, _n.`desc` = `desc`, _n.`group` = `group`\n" in query
    assert "//" not in statement("embedded", "update_triples", relation="match", head="A", tail="B")


@pytest.mark.parametrize("name", ["", "a b", "a`b", "1a", "_a", "Order\n", "é", "a) DETACH DELETE (n"])
def test_a_name_that_is_no_name_never_enters_a_query(name):
    with pytest.raises(StoreError, match="a name matches"):
        statement("neo4j", "read_entities", type=name)
    with pytest.raises(StoreError, match="a name matches"):
        statement("neo4j", "read_entities", type="Order", properties=[name])


def test_a_forgotten_name_is_an_error():
    with pytest.raises(StoreError, match=r"read_triples\.cypher: relation is None"):
        statement("neo4j", "read_triples", head="A", tail="B")
