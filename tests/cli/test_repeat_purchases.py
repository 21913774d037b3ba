"""What people use up: how often they buy it again is counted across loads, and told to and about themselves."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

import whyrec as library
from kg.privacy.erasure.traces import Traces
from tests.cli.conftest import Whyrec

Document = Callable[..., Any]
SCHEMA = """\
name = "drugstore"
[entity.User]
sensitive = true
[entity.Product]
domain = "cosmetics"
[entity.Brand]
[relation.purchased]
head = "User"
tail = "Product"
interaction = true
repeat = true
phrase = { en = "bought", zh = "购买了" }
[relation.made_by]
head = "Product"
tail = "Brand"
"""
START = datetime(2025, 1, 1, 9, tzinfo=UTC)
OTHERS = [f"u{number}" for number in range(2, 9)]
INTERVALS = {"shampoo": 40, "soap": 7, "cream": 91}
"""What u1 buys every so many days."""


def purchases(first: int, last: int) -> str:
    """The log from one day on to before another, three bottles at a time; everybody else buys once."""
    rows = [(user, item, 1) for user in OTHERS for item in (*INTERVALS, "oil")] if not first else []
    for item, days in INTERVALS.items():
        rows += [("u1", item, day) for day in range(0, 280, days) if first <= day < last]
    rows += [("u1", "brush", day) for day in (10, 24) if first <= day < last]
    times = [(user, item, 3, (START + timedelta(days=day)).isoformat()) for user, item, day in rows]
    return "\n".join(["head,tail,weight,timestamp", *(",".join(map(str, row)) for row in times)])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that was loaded log by log, the middle one told twice, the earliest last."""
    folder = tmp_path_factory.mktemp("drugstore")
    (folder / "schema.toml").write_text(SCHEMA)
    items = [*INTERVALS, "oil", "brush"]
    (folder / "Product.csv").write_text("id\n" + "\n".join(items))
    (folder / "Brand.csv").write_text("id\nb1")
    (folder / "User.csv").write_text("id\nu1\n" + "\n".join(OTHERS))
    (folder / "made_by.csv").write_text("head,tail\n" + "\n".join(f"{item},b1" for item in items))
    engine = library.create(folder / "shop", schema=str(folder / "schema.toml"))
    engine.load([folder / f"{name}.csv" for name in ("Product", "User", "Brand", "made_by")])
    log = folder / "purchased.csv"
    for first, last in ((100, 200), (190, 280), (100, 200), (0, 101)):
        log.write_text(purchases(first, last))
        engine.load([log])
    log.write_text(purchases(0, 280))
    counts = engine.load([log]).triples["purchased"]
    assert (counts["created"], counts["updated"]) == (0, 0)
    return folder / "shop"


SAID = {
    ("shampoo", "en", "customer"): "You buy it about every 40 days.",
    ("shampoo", "en", "staff"): "They buy it about every 40 days.",
    ("shampoo", "zh", "customer"): "您大约每 40 天购买一次。",
    ("soap", "en", "analyst"): "The user buys it about once a week.",
    ("soap", "zh", "staff"): "该用户大约每周购买一次。",
    ("cream", "en", "customer"): "You buy it about every 3 months.",
    ("brush", "en", "customer"): "You bought it twice, about 2 weeks apart.",
    ("brush", "zh", "customer"): "您购买过两次，相隔约 2 周。",
}


@pytest.mark.parametrize("item, lang, reader", SAID)
def test_the_interval_is_told_as_a_person_would(
    document: Document, whyrec: Whyrec, shop: Path, item: str, lang: str, reader: str
) -> None:
    asked = ("u1", item, "--lang", lang, "--for", reader)
    account, text = document("-w", shop, "why", *asked), SAID[item, lang, reader]
    assert account["habit"]["text"] == text and account["text"].endswith(text)
    assert text in whyrec("-w", shop, "why", *asked).stdout


def test_it_stands_beside_the_reason_and_its_figures_are_the_planted_ones(document: Document, shop: Path) -> None:
    rows = document("-w", shop, "recommend", "u1", "-n", "5")["items"]
    told = {row["id"]: row["habit"] for row in rows if "habit" in row}
    assert {item: round(one["days"]) for item, one in told.items()} == {**INTERVALS, "brush": 14}
    assert told["shampoo"]["occasions"] == 7 and told["shampoo"]["relation"] == "purchased"
    assert told["shampoo"]["first"] == "2025-01-01T09:00:00+00:00"
    assert told["shampoo"]["last"] == "2025-08-29T09:00:00+00:00"
    assert all("about" not in row["reason"] for row in rows)


@pytest.mark.parametrize(
    "asked",
    [("u2", "shampoo"), ("shampoo", "--anchor", "purchased:shampoo"), ("u1", "oil", "--anchor", "purchased:oil")],
)
def test_nobody_else_is_told_of_it(document: Document, shop: Path, asked: tuple[str, ...]) -> None:
    account = document("-w", shop, "why", *asked)
    assert "habit" not in account and "every" not in account["text"]


def test_she_may_see_all_that_is_kept_of_it_and_have_it_deleted(
    document: Document, whyrec: Whyrec, shop: Path, tmp_path: Path
) -> None:
    held = {one["id"]: one for one in document("-w", shop, "export-person", "u1")["held"]["triples"]}
    soap = held["soap"]
    assert (soap["occasions"], soap["first"]) == (40, "2025-01-01T09:00:00+00:00")
    assert (soap["previous"], soap["timestamp"]) == ("2025-09-24T09:00:00+00:00", "2025-10-01T09:00:00+00:00")
    assert held["brush"]["previous"] == held["brush"]["first"] == "2025-01-11T09:00:00+00:00"
    shown = whyrec("-w", shop, "export-person", "u1").stdout
    assert "on days" in shown and "before the last day" in shown
    assert "soap  weight 120  on 40 days since 2025-01-01" in whyrec("-w", shop, "graph", "show", "User:u1").stdout
    again = tmp_path / "again"
    library.create(again, schema=str(shop / "schema.toml"))
    for suffix in ("ttl", "json"):
        document("-w", shop, "graph", "export", tmp_path / f"shop.{suffix}")
    document("-w", again, "graph", "import", tmp_path / "shop.ttl")
    assert library.open(again).snapshot.hash == library.open(shop).snapshot.hash
    graph = nx.node_link_graph(json.loads((tmp_path / "shop.json").read_text()), edges="edges")
    bought = graph["User:u1"]["Product:soap"]["purchased"]
    assert (bought["occasions"], bought["previous"]) == (40, "2025-09-24T09:00:00.000Z")
    assert "previous" not in graph["User:u2"]["Product:soap"]["purchased"]
    for user, day in (("u1", "2025-09-24"), ("u2", None)):
        near = document("-w", shop, "graph", "show", f"User:{user}")["neighbours"]
        assert [one.get("previous") for group in near for one in group["entities"] if one["id"] == "soap"] == [day]
    document("-w", again, "forget", "u1")
    assert not Traces("u1").in_file(again / "graph.lbug")
