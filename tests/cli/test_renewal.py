"""A trained shop puts first what somebody is about to buy again, says so, and stops once she has bought it."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import whyrec as library
from kg.workspace.workspace import Workspace
from recommender.learning.model import read_manifest
from whyrec.service.access import Tokens
from whyrec.service.app import create_app

Document = Callable[..., Any]
DAY, PEOPLE, END = 86_400, 160, 300
START = 1_735_689_600
EVERY = {"soap": 10, "cream": 30, "shampoo": 50}
"""What is bought again, each by half of the people, every so many days."""
ONCE = ["razor", "brush", "mirror", "comb", "bag", "towel", "oil", "mask"]
SCHEMA = """\
name = "drugstore"
[entity.User]
sensitive = true
[entity.Product]
domain = "cosmetics"
[relation.purchased]
head = "User"
tail = "Product"
interaction = true
repeat = true
phrase = { en = "bought", zh = "购买了" }
"""


def purchases() -> list[tuple[str, str, int]]:
    """(person, item, day): person n began n days later, so that different things are due to different people."""
    rows = []
    for n in range(PEOPLE):
        for number, (item, every) in enumerate(EVERY.items()):
            if (n >> number) % 2:
                rows += [(f"u{n}", item, day) for day in range((7 * n) % every, END, every)]
        rows += [(f"u{n}", ONCE[(n + k * (1 + n % 3)) % len(ONCE)], (31 * n + 90 * k) % END) for k in range(3)]
    return rows


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("renewal")
    (folder / "schema.toml").write_text(SCHEMA)
    (folder / "User.csv").write_text("id\n" + "\n".join(f"u{n}" for n in range(PEOPLE)))
    (folder / "Product.csv").write_text("id\n" + "\n".join([*EVERY, *ONCE]))
    told = [f"{user},{item},{START + day * DAY}" for user, item, day in purchases()]
    (folder / "purchased.csv").write_text("\n".join(["head,tail,timestamp", *told]))
    engine = library.create(folder / "shop", schema=str(folder / "schema.toml"))
    engine.load([folder / f"{name}.csv" for name in ("User", "Product", "purchased")])
    engine.train(embeddings=False)
    return folder / "shop"


def due(n: int) -> list[str]:
    """What person n buys again within the next three days."""
    return [
        item
        for number, (item, every) in enumerate(EVERY.items())
        if (n >> number) % 2 and (every - (END - 1 - (7 * n) % every) % every) <= 3
    ]


def test_what_is_due_comes_first_and_the_reason_is_the_habit(shop: Path) -> None:
    manifest = read_manifest(Workspace(shop).model)
    assert manifest is not None
    assert manifest.blend.metapaths["again-purchased > ↻Product-Product"] > 0
    engine, first, asked = library.open(shop), 0, [n for n in range(PEOPLE) if due(n)]
    for n in asked:
        items = engine.recommend(f"u{n}", n=3).items
        first += items[0].id in due(n)
        if items[0].id in due(n) and items[0].id == "cream":
            assert items[0].reason == "You buy it about once a month."
    assert first >= 0.9 * len(asked) and len(asked) > 20


def test_the_account_adds_up_and_says_it_once_in_every_language(document: Document, shop: Path) -> None:
    n = next(n for n in range(PEOPLE) if due(n) == ["cream"])
    for lang, said in (("en", "You buy it about once a month."), ("zh", "您大约每个月购买一次。")):
        account = document("-w", shop, "why", f"u{n}", "cream", "--lang", lang)
        assert sum(group["share"] for group in account["groups"]) == pytest.approx(account["score"], abs=1e-9)
        assert account["groups"][0]["text"] == said and account["text"].count(said) == 1
    staff = document("-w", shop, "why", f"u{n}", "cream", "--for", "staff")
    assert staff["groups"][0]["text"] == "They buy it about once a month."


def test_what_was_bought_once_says_so_and_others_are_told_nothing(document: Document, shop: Path) -> None:
    user = next(user for user, item, day in purchases() if item == "comb" and END - day < 9)
    account = document("-w", shop, "why", user, "comb")
    again = [group["text"] for group in account["groups"] if "before" in group["text"]]
    assert again == ["You bought it before."]
    stranger = document("-w", shop, "recommend", "--anchor", "purchased:comb")
    assert "before" not in str(stranger) and "about" not in str(stranger)


def test_a_list_stops_saying_it_where_it_is_done_now(shop: Path) -> None:
    n, engine = next(n for n in range(PEOPLE) if due(n) == ["cream"]), library.open(shop)
    before = engine.why(f"u{n}", "cream")
    after = engine.why(f"u{n}", "cream", anchors=["purchased:cream"])
    assert after.score < before.score / 2
    assert not any("about" in group.text for group in after.groups)


def test_evaluation_ranks_what_is_repeated_beside_what_each_bought_most(document: Document, shop: Path) -> None:
    result = document("-w", shop, "evaluate", "--split", "last", "--no-embeddings", "--no-tuning")
    figures = {name: one["ndcg"]["mean"] for name, one in result["models"].items()}
    assert figures["whyrec"] > max(figures["gp-topfreq"], 1.2 * figures["popularity"])


def test_what_is_bought_again_a_moment_ago_is_no_longer_due(shop: Path, tmp_path: Path) -> None:
    n, folder = next(n for n in range(PEOPLE) if due(n) == ["cream"]), tmp_path / "shop"
    shutil.copytree(shop, folder)
    headers, asked = {"Authorization": f"Bearer {Tokens(folder)._admin}"}, {"user": f"u{n}"}
    event = {"id": "e1", "user": f"u{n}", "relation": "purchased", "item": "cream"}
    with TestClient(create_app([folder]), headers=headers) as client:
        before = client.get("/api/v1/recommend", params=asked).json()["items"]
        assert client.post("/api/v1/events", json={"events": [event]}).status_code == 202
        after = client.get("/api/v1/recommend", params=asked).json()["items"]
    assert before[0]["id"] == "cream" != after[0]["id"]
