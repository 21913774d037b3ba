"""Staged rows become entities and triples by rules that do not depend on their order."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from kg.schema import parse_schema
from kg.staging.partition import WHOLE
from kg.staging.resolution import TAIL_LABEL, Graph, said
from kg.staging.stored_graph import NothingStored
from kg.staging.tables import Staging
from kg.stores.store import TRIPLE_DTYPES, entity_dtypes

SCHEMA = parse_schema(
    {
        "name": "shop",
        "entity": {
            "User": {"sensitive": True},
            "Product": {"domain": "cosmetics", "properties": {"price": "float"}},
            "Brand": {},
        },
        "relation": {
            "bought": {"head": "User", "tail": "Product", "interaction": True},
            "made_by": {"head": "Product", "tail": "Brand"},
        },
    }
)
ROWS = {**TRIPLE_DTYPES, "file": pl.Int64, "line": pl.Int64, "lines": pl.Int64}


class Stored(NothingStored):
    """A store with one product."""

    def entity_pieces(self, entity_type: str) -> Iterator[pl.DataFrame]:
        row = {"id": "old", "label": "Old", "price": 3.0}
        columns = entity_dtypes(SCHEMA, entity_type)
        rows = [{name: row.get(name) for name in columns}] if entity_type == "Product" else []
        yield pl.DataFrame(rows, schema=columns)


@pytest.fixture
def staging(tmp_path: Path) -> Iterator[Staging]:
    with Staging(tmp_path) as found:
        yield found


def _triples(staging: Staging, rows: list[tuple[Any, ...]], *, netted: bool) -> tuple[set[tuple[Any, ...]], int]:
    graph = Graph(staging, SCHEMA, NothingStored(SCHEMA))
    staging.add([("triple.bought", pl.DataFrame(rows[1:], schema=TRIPLE_DTYPES, orient="row"))])
    if netted:
        graph.netted.add("bought")
    more = [pl.DataFrame(rows[:1], schema=TRIPLE_DTYPES, orient="row")]
    found, repeated = graph.triples("bought", WHOLE, more)
    return set(found.rows()), repeated


@pytest.mark.parametrize("turn", [1, -1])
def test_the_latest_row_of_a_pair_wins_then_the_heaviest(staging: Staging, turn: int) -> None:
    rows = [("u", "a", 9.0, None), ("u", "a", 1.0, 5), ("u", "a", 2.0, 5), ("u", "a", None, 5), ("u", "b", None, None)]
    assert _triples(staging, rows[::turn], netted=False) == ({("u", "a", 2.0, 5), ("u", "b", None, None)}, 3)


def test_what_adds_up_is_a_triple_where_something_is_left_and_of_the_time_it_was_bought(staging: Staging) -> None:
    rows = [("u", "a", 2.0, 1), ("u", "a", -1.5, 9), ("u", "b", None, 2), ("u", "b", -1.0, 3), ("u", "c", None, 4)]
    assert _triples(staging, rows, netted=True) == ({("u", "a", 0.5, 1), ("u", "c", 1.0, 4)}, 3)


def _products(*rows: tuple[Any, ...]) -> pl.DataFrame:
    return pl.DataFrame(
        [(*row, 0, line) for line, row in enumerate(rows)],
        schema=["id", "label", "price", "_file", "_line"],
        orient="row",
    )


def test_rows_of_one_entity_are_merged_and_what_they_say_twice_is_told(staging: Staging) -> None:
    first = _products(("a", "A", None), ("a", None, 2.0), ("b", "B", 1.0), ("b", "B", 1.5), ("c", None, None))
    mentions = pl.DataFrame(
        [("d", "X", 1), ("d", "Y", 2), ("d", "W", 2), ("d", None, 9), ("a", "no", 5)],
        schema=["id", "label", "count"],
        orient="row",
    )
    staging.add([("entity.Product.0", first), ("tail.Product", mentions), ("tail.Brand", mentions.clear())])
    graph = Graph(staging, SCHEMA, NothingStored(SCHEMA), {"User"})
    assert graph.entity_types() == ["User", "Product", "Brand"]
    merged = graph.entities("Product")
    columns = ["id", "label", said("label"), "price", said("price"), TAIL_LABEL]
    assert sorted(merged.frame.select(columns).rows()) == [
        ("a", "A", True, 2.0, True, "no"),
        ("b", "B", True, 1.5, True, None),
        ("c", None, False, None, False, None),
        ("d", None, False, None, False, "W"),
    ]
    found = merged.contradictions.select("id", "field", "kept", "other", "line").rows()
    assert found == [("b", "price", "1.5", "1.0", 2)]


def test_ids_are_known_whichever_partition_they_are_in(staging: Staging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg.staging.partition.ROWS", 3)
    monkeypatch.setattr("kg.staging.tables.IN_MEMORY", 0)
    staging.add([("entity.Product.0", _products(*((f"p{n}", None, 1.0) for n in range(30))))])
    graph = Graph(staging, SCHEMA, Stored(SCHEMA))
    assert len(graph.entity_partitions("Product")) > 5 and graph.stored.count("Product") == 1
    asked = pl.Series([*(f"p{n}" for n in range(40)), "old", None], dtype=pl.String)
    assert graph.known("Product", asked).to_list() == [True] * 30 + [False] * 10 + [True, None]
    assert not graph.known("Brand", asked.drop_nulls()).any()


@pytest.mark.parametrize("replaced", [False, True])
def test_labels_are_those_after_the_load(staging: Staging, replaced: bool) -> None:
    staging.add([("entity.Product.0", _products(("a", "A", None), ("b", None, 1.0)))])
    graph = Graph(staging, SCHEMA, Stored(SCHEMA), {"Product"} if replaced else ())
    expected = [("a", "A"), ("b", None)] + ([] if replaced else [("old", "Old")])
    assert sorted(graph.labels("Product").rows()) == expected
    assert sorted(graph.ids("Product")) == [name for name, _ in expected]


def test_a_row_whose_end_is_not_known_is_rejected_with_what_may_help(staging: Staging) -> None:
    users = pl.DataFrame([("u", 0, 0), ("7", 0, 1)], schema=["id", "_file", "_line"], orient="row")
    rows = [
        (*ends, None, None, 0, line, 1)
        for line, ends in enumerate([("u", "a"), ("7", "a.0"), ("u", "u"), ("u", "7"), ("u", "ａ")])
    ]
    rows.append(("a", "a", None, None, 0, 5, 1))
    table = pl.DataFrame(rows, schema=ROWS, orient="row")
    staging.add([("entity.User.0", users), ("entity.Product.0", _products(("a", "A", None))), ("row.bought", table)])
    graph = Graph(staging, SCHEMA, NothingStored(SCHEMA))
    found = pl.concat(list(graph.settle_rows("bought")))
    told = {
        line: (field, value, reason, hint) for line, field, value, reason, hint in found.drop("file", "lines").rows()
    }
    otherwise = "load it too, correct the id, or say create_ends = true in the mapping"
    assert told == {
        1: ("tail", "a.0", "unknown Product", "the id without '.0' is known; export ids as text"),
        2: ("tail", "u", "this id is a User, no Product", otherwise),
        3: ("tail", "7", "unknown Product", otherwise),  # numbers are ids of many types by chance
        4: ("tail", "ａ", "unknown Product", "the id without full-width characters is known"),
        5: ("head", "a", "this id is a Product, no User", otherwise),
    }
    assert graph.rows("bought").select("head", "tail").rows() == [("u", "a")] and graph.files("bought") == {0}
