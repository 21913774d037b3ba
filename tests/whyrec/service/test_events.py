"""Events over HTTP: each row is taken or told for itself, and what is taken no load rejects."""

import csv
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import whyrec
from whyrec.service.access import Tokens
from whyrec.service.app import create_app

SCHEMA = """
name = "odd"
[entity.User]
sensitive = true
[entity.Course]
domain = "courses"
[entity.Product]
domain = "cosmetics"
[entity.Ingredient]
[relation.purchased]
head = "User"
tail = "Product"
interaction = true
[relation.enrolled]
head = "User"
tail = "Course"
interaction = true
create_head = false
[relation.likes]
head = "User"
tail = "Ingredient"
[relation.contains]
head = "Product"
tail = "Ingredient"
"""
PEOPLE = ["anna@example.com", "用户/1", "7", "Zoë", "=cmd|1", "a b?c&d#e"]
ITEMS = ["7", "p/1", "面霜", "50%off"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A shop whose ids are of every kind, some of a product and a course alike."""
    place, files = tmp_path / "shop", tmp_path / "files"
    files.mkdir()
    (tmp_path / "schema.toml").write_text(SCHEMA, encoding="utf-8")
    escaped = ["'=cmd|1" if one.startswith("=") else one for one in PEOPLE]
    _write(files / "User.csv", ["id"], [[one] for one in escaped])
    _write(files / "Course.csv", ["id"], [["7"], ["kurs/ä"]])
    _write(files / "Product.csv", ["id"], [[one] for one in ITEMS])
    _write(files / "Ingredient.csv", ["id"], [["c:d"]])
    _write(files / "contains.csv", ["head", "tail"], [[one, "c:d"] for one in ITEMS])
    _write(files / "purchased.csv", ["head", "tail"], [[one, "7"] for one in escaped])
    whyrec.create(place, schema=tmp_path / "schema.toml").load(sorted(files.iterdir()))
    return place


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {Tokens(folder)._admin}"}
    with TestClient(create_app([folder]), headers=headers, raise_server_exceptions=False) as one:
        yield one


def _write(path: Path, head: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])


def _event(number: int, user: str = "7", relation: str = "purchased", item: str = "p/1", **more: Any) -> dict[str, Any]:
    return {"id": f"e{number}", "user": user, "relation": relation, "item": item, **more}


def _send(client: TestClient, *events: dict[str, Any]) -> Any:
    answer = client.post("/api/v1/events", json={"events": list(events)})
    assert answer.status_code == 202, answer.text
    return answer.json()


def _fields(answer: Any) -> dict[int, str]:
    return {one["index"]: one["field"] for one in answer["rejected"]}


def test_each_bad_row_is_told_by_its_field_and_the_others_are_taken(client: TestClient) -> None:
    now = int(time.time() * 1000)
    sent = [
        _event(0),
        _event(1, weight=0),
        _event(2, timestamp=-5),
        {**_event(3), "id": ""},
        _event(4, timestamp=0),
        _event(5, timestamp=86_400_000),
        _event(6, timestamp=now + 3 * 86_400_000),
        _event(7, item="nope"),
        _event(8, user="null"),
        _event(9, relation="made"),
        {"id": "e10"},
        _event(11, surprise=1),
        _event(12, user="面霜", relation="enrolled", item="kurs/ä"),
        _event(13, timestamp=now),
        _event(14, timestamp=now // 1000),
    ]
    told = _send(client, *sent)
    expected = {1: "weight", 2: "timestamp", 3: "id", 4: "timestamp", 5: "timestamp", 6: "timestamp", 7: "item"}
    expected |= {8: "user", 9: "relation", 10: "user", 11: "surprise", 12: "user"}
    assert (told["accepted"], told["repeated"], _fields(told)) == (3, 0, expected)
    assert "future" in next(one["reason"] for one in told["rejected"] if one["index"] == 6)
    assert client.post("/api/v1/events", json={"events": []}).status_code == 422


def test_what_is_sent_again_is_repeated_and_another_event_of_the_id_refused(client: TestClient) -> None:
    first = _send(client, _event(1), _event(2))
    again = _send(client, _event(1), _event(2, item="面霜"), _event(3), _event(3, user="Zoë"))
    assert first == {"accepted": 2, "repeated": 0, "rejected": []}
    assert (again["accepted"], again["repeated"], _fields(again)) == (1, 1, {1: "id", 3: "id"})


def test_pages_lead_to_the_item_of_the_type_that_was_meant(client: TestClient) -> None:
    """A product and a course are both called 7."""
    client.cookies.set("whyrec", client.headers["Authorization"].removeprefix("Bearer "))
    for kind, domain in (("Course", "courses"), ("Product", "cosmetics")):
        page = client.get("/why-not", params={"user": "Zoë", "item": f"{kind}:7"})
        assert page.status_code == 200 and f"&amp;domain={domain}" in page.text.partition("<h1>")[0], page.text
    others = client.get("/why-not", params={"user": "Zoë", "item": "7"}).text
    assert "item=Course%3A7" in others or "item=Product%3A7" in others


def test_who_only_looked_is_told_what_is_missing(client: TestClient) -> None:
    """Who asked named somebody: 'name a user' told nothing."""
    _send(client, _event(1, user="new", relation="view"), _event(2, user="new", relation="hide"))
    item = {"item": "p/1"}
    for path, more in (("recommend", {}), ("why", item), ("why-not", item), ("what-if", {"add": "likes:c:d"})):
        told = client.get(f"/api/v1/{path}", params={"user": "new", **more})
        assert told.status_code == 404 and "nothing is known yet of 'new'" in told.json()["detail"], told.text
    assert client.get("/api/v1/users/new").status_code == 200
    _send(client, _event(3, user="new", item="面霜"))
    assert client.get("/api/v1/recommend", params={"user": "new"}).status_code == 200


def test_an_item_of_several_types_is_named_with_its_type(client: TestClient) -> None:
    told = _send(client, _event(1, relation="click", item="7"), _event(2, relation="purchase", item="Course:7"))
    assert told["accepted"] == 1 and "say Course:7 or Product:7" in told["rejected"][0]["reason"]
    told = _send(
        client, _event(3, relation="hide", item="Product:7"), _event(4, relation="click", item="Ingredient:c:d")
    )
    assert told["accepted"] == 1 and _fields(told) == {1: "item"}


def test_what_was_taken_is_loaded_to_the_last_row(client: TestClient, folder: Path) -> None:
    said, now = int(time.time()) - 1_000, time.time()
    sent = [_event(n, user=one, item=item) for n, (one, item) in enumerate(zip(PEOPLE, ITEMS[1:] * 2, strict=True))]
    sent += [_event(20, timestamp=said), _event(21, user="new@example.com", item="Product:面霜", timestamp=said * 1000)]
    sent += [_event(22, user="new@example.com", relation="likes", item="c:d"), _event(23, user=" Zoe\u0308 ", item="7")]
    assert _send(client, *sent) == {"accepted": len(sent), "repeated": 0, "rejected": []}
    assert client.get("/api/v1/recommend", params={"user": "Zoë"}).json()["excluded"]["interacted"] == 2
    report = whyrec.open(folder).load_events()
    assert report is not None and report.rejected == 0
    assert [one.file for one in report.files] == ["events/purchased.csv", "events/likes.csv"]
    assert ".events" not in (folder / "columns.json").read_text(encoding="utf-8")
    snapshot = whyrec.open(folder).snapshot
    user = snapshot.vocabulary.idx("User", "7")
    begin, end = snapshot.adjacency("purchased").indptr[user : user + 2].tolist()
    tails = [snapshot.vocabulary.id("Product", one) for one in snapshot.neighbours("purchased", user)[0].tolist()]
    at = dict(zip(tails, snapshot.timestamps("purchased")[begin:end].tolist(), strict=True))
    assert at["p/1"] == said * 1000 and abs(at["50%off"] - now * 1000) < 60_000


def test_items_that_a_load_brought_are_known_to_a_worker_that_only_takes_events(
    client: TestClient, folder: Path, tmp_path: Path
) -> None:
    assert _fields(_send(client, _event(1, item="newest"))) == {0: "item"}
    _write(tmp_path / "Product.csv", ["id"], [["newest"]])
    whyrec.open(folder).load([tmp_path / "Product.csv"])
    time.sleep(1.1)  # workers look once a second
    assert _send(client, _event(2, item="newest"))["accepted"] == 1


def test_every_question_knows_what_somebody_did_a_moment_ago(client: TestClient, folder: Path) -> None:
    fresh, known = "fresh@example.com", "用户/1"
    _send(client, *(_event(n, user=one, item="p/1") for n, one in enumerate((fresh, known))))
    _send(client, _event(7, user=known, item="7"))  # which the graph knows: that is nothing new
    for user in (fresh, known):
        asked: dict[str, Any] = {"user": user}
        answers = {
            "why": client.get("/api/v1/why", params=asked | {"item": "面霜"}),
            "why-not": client.get("/api/v1/why-not", params=asked | {"item": "p/1"}),
            "what-if": client.get("/api/v1/what-if", params=asked | {"remove": "purchased:p/1"}),
            "compare": client.get("/api/v1/compare", params=asked | {"first": "面霜", "second": "50%off"}),
        }
        assert {name: one.status_code for name, one in answers.items()} == dict.fromkeys(answers, 200)
        told = {name: one.json() for name, one in answers.items()}
        assert {one["user"]["id"] for one in told.values()} == {user}
        assert told["why-not"]["reasons"][0]["kind"] == "interacted"
        before, after = ({one["id"] for one in told["what-if"][side]} for side in ("before", "after"))
        assert "p/1" not in before and "p/1" in after
        assert client.get("/api/v1/ask", params=asked | {"question": "which product contains c:d?"}).status_code == 200
    shop = client.app.state.shops[0]  # type: ignore[attr-defined]
    assert shop.person(known) == (known, ("purchased:p/1",), ()) and shop.person(fresh)[0] is None
    page = client.get("/person", params={"user": fresh}, headers={"Cookie": f"whyrec={Tokens(folder)._admin}"}).text
    assert "remove=purchased%3Ap%2F1" in page or "remove=purchased:p/1" in page


def test_what_somebody_was_shown_and_why_is_found_by_the_person_and_shown_again(
    client: TestClient, folder: Path
) -> None:
    user = {"user": "用户/1"}
    listed = client.get("/api/v1/recommend", params=user | {"n": 2, "scenario": "cart"})
    why = client.get("/api/v1/why", params=user | {"item": "面霜"})
    client.get("/api/v1/recommend", params={"user": "7"})
    given = client.get("/api/v1/users/%E7%94%A8%E6%88%B7%2F1/answers").json()
    told = [(one["id"], one["kind"], one["scenario"]) for one in given]
    assert sorted(told) == sorted(
        [(listed.headers["x-answer-id"], "recommend", "cart"), (why.headers["x-answer-id"], "why", "")]
    )
    assert client.get("/api/v1/users/Zo%C3%AB/answers").json() == []
    page = client.get("/shown", params=user, headers={"Cookie": f"whyrec={Tokens(folder)._admin}"}).text
    ids = [one.headers["x-answer-id"] for one in (listed, why)]
    assert all(f"answer={one}" in page for one in ids) and page.count("answer=") == 2 and "cart" in page
    for one in (listed, why):
        again = client.get(f"/api/v1/answers/{one.headers['x-answer-id']}")
        assert again.text == one.text
    asked = user | {"answer": ids[0]}
    page = client.get("/shown", params=asked, headers={"Cookie": f"whyrec={Tokens(folder)._admin}"}).text
    assert all(item["label"] in page for item in listed.json()["items"])
    asked = {"user": "7", "answer": ids[0]}
    assert client.get("/shown", params=asked, headers={"Cookie": f"whyrec={Tokens(folder)._admin}"}).status_code == 404


def test_whoever_has_a_slash_in_the_id_is_known_and_forgotten(client: TestClient, folder: Path) -> None:
    place = "/api/v1/users/%E7%94%A8%E6%88%B7%2F1"
    known = client.get(place).json()
    assert known == {"user": "用户/1", "label": "用户/1", "graph": {"purchased": ["7"]}, "events": []}
    assert [one["action"] for one in client.get(f"{place}/looks").json()][:1] == ["looks"]
    assert client.delete(place).json()["graph"] is not None
    assert client.get(place).status_code == 404 and whyrec.open(folder).find("用户/1").hits == []
