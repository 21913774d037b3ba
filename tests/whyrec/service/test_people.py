"""People of several types: what they are called is for few, and ``Type:id`` tells apart those who share an id."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import whyrec
from kg.errors import UnknownEntityError, WorkspaceError
from kg.workspace.forgotten_digests import IN_STORE
from whyrec.online_evaluation.traffic import traffic
from whyrec.service.access import Role, Tokens
from whyrec.service.app import create_app
from whyrec.service.forgotten_people import ForgottenPeople
from whyrec.service.limits import SlowAnswers

SCHEMA = """
name = "teahouse"
entity = { Guest = { sensitive = true }, Trader = { sensitive = true }, Tea = { domain = "tea" }, Taste = {} }
[relation]
drank = { head = "Guest", tail = "Tea", interaction = true }
stocked = { head = "Trader", tail = "Tea", interaction = true, create_head = false }
tastes = { head = "Tea", tail = "Taste" }
"""
FILES = {
    "Guest": "id,label\n" + "".join(f"g{n},Mei Lin {n}\n" for n in range(8)) + "both,Mei Lin both\ng1/answers,\n",
    "Trader": "id,label\nt1,Otto Hand\nboth,Otto Both\n",
    "Tea": "id,label\n" + "".join(f"tea{n},绿茶{n}号\n" for n in range(9)),
    "Taste": "id,label\nsmoke,烟熏\nflower,花香\n",
    "drank": "head,tail\n"
    + "".join(f"g{n},tea{m}\n" for n in range(8) for m in (n, (n + 1) % 8))
    + "both,tea3\ng1/answers,tea4\n",
    "stocked": "head,tail\nt1,tea2\nboth,tea5\n",
    "tastes": "head,tail\n" + "".join(f"tea{n},{'smoke' if n % 2 else 'flower'}\n" for n in range(9)),
}
NAMES = ("Mei Lin", "Otto")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "teahouse"
    folder.mkdir()
    (folder / "whyrec.toml").write_text('schema = "schema.toml"\nstore = "graph.lbug"\n', encoding="utf-8")
    (folder / "schema.toml").write_text(SCHEMA, encoding="utf-8")
    mapping = ""
    for name, text in FILES.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        kind = f'entity = "{name}"\nid = "id"\nlabel = "label"' if text.startswith("id") else f'relation = "{name}"'
        ends = "" if text.startswith("id") else 'head = "head"\ntail = "tail"\n'
        mapping += f'[[source]]\nfile = "{name}.csv"\n{kind}\n{ends}'
    (folder / "mapping.toml").write_text(mapping, encoding="utf-8")
    whyrec.open(folder).load()
    return folder


@pytest.fixture
def client(shop: Path) -> Iterator[TestClient]:
    with TestClient(create_app([shop]), raise_server_exceptions=False) as one:
        yield one


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def get(client: TestClient, token: str, path: str, **parameters: Any) -> Any:
    return client.get(path, params=parameters, headers=bearer(token))


def send(client: TestClient, token: str, *events: dict[str, Any]) -> Any:
    told = [{"id": f"{number}-{one}", **one} for number, one in enumerate(events)]
    return client.post("/api/v1/events", json={"events": told}, headers=bearer(token)).json()


@pytest.mark.parametrize("role", list(Role))
def test_what_people_are_called_is_for_those_who_may_look_at_what_is_known_of_them(
    client: TestClient, shop: Path, role: Role
) -> None:
    admin = Tokens(shop)._admin
    token = admin if role is Role.ADMIN else Tokens(shop).make("someone", role)
    asked = {"user": "g1", "item": "tea5"}
    for path in ("recommend", "why", "why-not", "what-if", "compare", "difference", "ask"):
        more = {"first": "tea5", "second": "tea6"} if path == "compare" else {}
        more |= {"since": "2020-01-01"} if path == "difference" else {}
        more |= {"add": "drank:tea6"} if path == "what-if" else {}
        told = {"question": "which tea for me?", "user": "g1"} if path == "ask" else {}
        wanted = told or (asked if path.startswith("why") else {"user": "g1"}) | more
        for asking in (admin, token):  # what the admin got is kept, and given to whoever asks the same
            answer = get(client, asking, f"/api/v1/{path}", **wanted)
            assert answer.status_code in (200, 403, 422), (path, answer.text)
            assert not any(name in answer.text for name in NAMES), (path, answer.text)
    sees = role in (Role.ADMIN, Role.ANALYST)
    assert ("Mei Lin 1" in get(client, token, "/api/v1/find", text="g1").text) is sees
    assert ("Mei Lin 1" in get(client, token, "/api/v1/users/g1").text) is sees
    cookie = {"Cookie": f"whyrec={token}"}
    assert ("Mei Lin 1" in client.get("/find", params={"text": "g1"}, headers=cookie).text) is sees
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "find", "arguments": {"text": "g1"}}}
    accept = {**bearer(token), "Accept": "application/json, text/event-stream"}
    assert "Mei Lin 1" not in client.post("/mcp", json=call, headers=accept).text  # it may go to another's model


@pytest.mark.parametrize("role", list(Role))
def test_no_rule_tells_what_somebody_else_did(client: TestClient, shop: Path, role: Role) -> None:
    token = Tokens(shop)._admin if role is Role.ADMIN else Tokens(shop).make("someone", role)
    rules = {"only": "{}", "avoid": "{}", "boost": "{}", "bury": "9% {}", "quota": "9% {}"}
    for rule, text in rules.items():
        for whom in ("~drank:g1", "Guest:g1", "Guest:nobody"):
            asked = {"user": "g5", rule: text.format(whom)}
            for path, more in (("recommend", {}), ("why", {"item": "tea5"}), ("why-not", {"item": "tea1"})):
                told = get(client, token, f"/api/v1/{path}", **asked, **more)
                assert told.status_code == 422 or (path, told.status_code) == ("why-not", 403), (asked, told.text)
                assert not any(one in told.text for one in ("tea", "g1", "nobody")), told.text
    for path in ("rules", "rules/preview"):
        told = client.post(f"/api/v1/{path}", json={"only": ["~drank:g1"]}, headers=bearer(token))
        assert told.status_code in (403, 422), told.text


def test_no_look_is_kept_at_an_id_that_is_nobodys(client: TestClient, shop: Path) -> None:
    """What was mistyped holds the id of somebody, and nothing would forget it."""
    admin = Tokens(shop)._admin
    send(client, admin, {"user": "new", "relation": "view", "item": "tea5"})
    for whom in ("g1 ", "g1/", "Guest:g1", "g1", "xg1", "new", ""):
        get(client, admin, "/api/v1/what-if", user=whom, add="drank:tea6")
        get(client, admin, f"/api/v1/users/{whom.replace('/', '%2F')}")
    client.app.state.shops[0].flush()  # type: ignore[attr-defined]
    log = client.app.state.shops[0].events.answers  # type: ignore[attr-defined]
    assert {one.user for one in log.looks()} == {"g1", "Guest:g1", "new"}
    assert client.delete("/api/v1/users/g1", headers=bearer(admin)).status_code == 200
    assert {one.user for one in log.looks()} == {"new"}


def test_who_shares_an_id_is_asked_about_by_her_type(client: TestClient, shop: Path) -> None:
    admin = Tokens(shop)._admin
    assert "say Guest:both or Trader:both" in get(client, admin, "/api/v1/recommend", user="both").json()["detail"]
    asked = {"user": "Guest:both", "n": 9, "reasons": "none"}
    first = get(client, admin, "/api/v1/recommend", **asked).json()
    assert first["user"]["id"] == "both" and first["excluded"] == {"interacted": 1}
    done = send(client, admin, {"user": "Guest:both", "relation": "purchase", "item": "tea7"})
    assert (done["accepted"], done["rejected"]) == (1, [])
    assert get(client, admin, "/api/v1/recommend", **asked).json()["excluded"] == {"interacted": 2}  # not the kept one
    trader = get(client, admin, "/api/v1/recommend", user="Trader:both", n=9).json()
    assert trader["excluded"] == {"interacted": 1}
    assert get(client, admin, "/api/v1/users/Trader:both").json() == {
        "user": "Trader:both", "label": "Otto Both", "graph": {"stocked": ["tea5"]}, "events": []
    }  # fmt: skip
    page = client.get("/person", params={"user": "Guest:both"}, headers={"Cookie": f"whyrec={admin}"})
    assert page.status_code == 200 and "绿茶3号" in page.text and "remove=stocked" not in page.text


def test_a_use_is_what_people_of_that_type_do(client: TestClient, shop: Path) -> None:
    admin = Tokens(shop)._admin
    done = send(
        client,
        admin,
        {"user": "t1", "relation": "purchase", "item": "tea7"},
        {"user": "g1", "relation": "purchase", "item": "tea7"},
        {"user": "both", "relation": "purchase", "item": "tea7"},
        {"user": "Trader:both", "relation": "drank", "item": "tea7"},
    )
    assert done["accepted"] == 2
    assert [(one["index"], one["field"]) for one in done["rejected"]] == [(2, "relation"), (3, "user")]
    known = {name: get(client, admin, f"/api/v1/users/{name}").json()["events"][0]["relation"] for name in ("t1", "g1")}
    assert known == {"t1": "stocked", "g1": "drank"}


def test_who_is_forgotten_takes_along_nobody_of_the_same_id_and_is_in_no_log(client: TestClient, shop: Path) -> None:
    admin = Tokens(shop)._admin
    send(client, admin, {"user": "Guest:both", "relation": "drank", "item": "tea7"})
    refused = client.delete("/api/v1/users/both", headers=bearer(admin))
    assert refused.status_code == 422 and "say Guest:both or Trader:both" in refused.json()["detail"]
    assert len(get(client, admin, "/api/v1/users/Guest:both").json()["events"]) == 1  # nothing was erased
    get(client, admin, "/api/v1/recommend", user="Guest:both")
    gone = client.delete("/api/v1/users/Guest:both", headers=bearer(admin)).json()
    assert (gone["events"], gone["answers"], gone["graph"]["deleted"]["entities"]) == (1, 1, 1)
    assert get(client, admin, "/api/v1/recommend", user="both").json()["user"]["id"] == "both"  # the trader's
    nobody = client.delete("/api/v1/users/nobody@example.com", headers=bearer(admin)).json()
    assert nobody == {"events": 0, "answers": 0, "graph": None}
    assert not any(b"nobody@example.com" in path.read_bytes() for path in (shop / "service").iterdir())


def test_whom_an_earlier_snapshot_alone_has_is_forgotten_there(client: TestClient, shop: Path) -> None:
    admin = Tokens(shop)._admin
    for name in ("Guest", "drank"):
        rows = (shop / f"{name}.csv").read_text(encoding="utf-8").splitlines(keepends=True)
        (shop / f"{name}.csv").write_text("".join(one for one in rows if not one.startswith("g7,")), encoding="utf-8")
    engine = whyrec.open(shop)
    engine.load(mode="replace", max_deletes="all")
    assert engine.export_person("g7").copies
    gone = client.delete("/api/v1/users/g7", headers=bearer(admin)).json()
    assert gone["graph"] is not None and gone["graph"]["found"] == []
    with pytest.raises(UnknownEntityError):
        engine.export_person("g7")


def test_a_hidden_item_stays_hidden_where_an_earlier_change_of_mind_comes_late(client: TestClient, shop: Path) -> None:
    admin, at = Tokens(shop)._admin, 1_750_000_000_000
    late = [
        {"user": "g1", "relation": "show", "item": "tea7", "timestamp": at + 1},
        {"user": "g1", "relation": "hide", "item": "tea7", "timestamp": at},
        {"user": "g1", "relation": "hide", "item": "tea6", "timestamp": at + 1},
        {"user": "g1", "relation": "show", "item": "tea6", "timestamp": at},
    ]
    assert send(client, admin, *late)["accepted"] == 4
    listed = [one["id"] for one in get(client, admin, "/api/v1/recommend", user="g1", n=9).json()["items"]]
    assert "tea7" in listed and "tea6" not in listed


def test_files_of_lists_tell_apart_who_shares_an_id(shop: Path, tmp_path: Path) -> None:
    engine = whyrec.open(shop)
    engine.write_lists(tmp_path / "lists.csv", n=1)
    people = [line.split(",")[0] for line in (tmp_path / "lists.csv").read_text(encoding="utf-8").splitlines()[1:]]
    assert sorted(people) == sorted([*(f"g{n}" for n in range(8)), "g1/answers", "t1", "Guest:both", "Trader:both"])
    assert [one["user_id"] for one in _rows(engine.lists(["Trader:both"], n=1))] == ["Trader:both"]
    assert [one["user_id"] for one in _rows(engine.lists([("Trader", 0)], n=1, typed=True))] == ["both"]


def _rows(batches: Any) -> list[dict[str, Any]]:
    return [row for batch in batches for row in batch.to_pylist()]


def test_what_comes_of_a_list_is_hers_whichever_way_she_was_asked_about(client: TestClient, shop: Path) -> None:
    admin = Tokens(shop)._admin
    given = get(client, admin, "/api/v1/recommend", user="Guest:both", n=3)
    item = given.json()["items"][0]["id"]
    done = {"user": "both", "relation": "drank", "item": item, "answer": given.headers["x-answer-id"]}
    client.app.state.shops[0].flush()  # type: ignore[attr-defined]
    assert send(client, admin, done)["accepted"] == 1
    now = int(time.time() * 1000)
    (shown,) = traffic(shop, 0, now + 1_000).lists
    assert shown.did == {0: {"drank"}}


def test_a_slow_question_says_why_it_cannot_be_answered_each_time(shop: Path) -> None:
    slow = SlowAnswers(shop)
    (shop / "whyrec.toml").rename(shop / "gone.toml")
    for _ in range(2):
        with pytest.raises(WorkspaceError, match="no workspace here"):
            asyncio.run(slow.why_not("g1", "tea5", {}))
    (shop / "gone.toml").rename(shop / "whyrec.toml")
    assert '"id":"tea5"' in asyncio.run(slow.why_not("g1", "tea5", {}))
    slow.close()


def test_who_is_forgotten_is_told_to_be_in_the_workspace_of_an_experiment_still(shop: Path) -> None:
    assert "candidate" not in str(whyrec.open(shop).forget("g7").notices)
    (shop.parent / "other").mkdir()
    with (shop / "whyrec.toml").open("a", encoding="utf-8") as file:
        file.write('[experiment]\nname = "x"\ncandidate = "../other"\ngoal = "drank"\n')
    for lang, told in (("en", "forget there, too"), ("zh", "请在那里也执行遗忘")):
        notice = whyrec.open(shop).forget("g6" if lang == "en" else "g5", lang=lang).notices[-1]
        assert str(shop.parent / "other") in notice and told in notice


def test_what_somebody_did_who_was_forgotten_is_not_taken(client: TestClient, shop: Path) -> None:
    admin = Tokens(shop)._admin
    did = [{"user": name, "relation": told, "item": "tea7"} for name in ("both", "g2") for told in ("drank", "view")]
    client.delete("/api/v1/users/Guest:both", headers=bearer(admin))
    whyrec.open(shop).forget("g2")  # by another process: this one may not know yet
    done = send(client, admin, *did, {"user": "g3", "relation": "drank", "item": "tea7"})
    told = [(one["index"], one["field"], one["reason"]) for one in done["rejected"]]
    assert told == [(place, "user", "was forgotten, and nothing is kept of them any more") for place in (0, 2, 3)]
    assert done["accepted"] == 2  # of the trader who has that id, and of another
    assert not any(b"g2" in path.read_bytes() for path in (shop / "service").iterdir())


def test_no_answer_that_is_given_while_somebody_is_forgotten_is_kept(client: TestClient, shop: Path) -> None:
    given = client.app.state.shops[0]  # type: ignore[attr-defined]
    given._looked = float("inf")  # this worker does not look for another generation

    def ask(*_: object) -> None:
        """Be answered about two people."""
        for user in ("g2", "g3"):
            assert client.get(f"/api/v1/recommend?user={user}", headers=bearer(Tokens(shop)._admin)).status_code == 200
        given.flush()

    report = whyrec.open(shop).forget("g2", progress=ask)
    ask()
    assert given.given("g2") == [] and len(given.given("g3")) > 1
    assert not any(b"g2" in path.read_bytes() for path in (shop / "service").iterdir())
    assert not [name for name in (*report.found, *report.source_files) if "service" in name]


def test_somebody_whom_events_alone_know_stays_away_once_forgotten(client: TestClient, shop: Path) -> None:
    admin, told = Tokens(shop)._admin, {"user": "new", "relation": "drank", "item": "tea7"}
    assert send(client, admin, told, told | {"user": "other"})["accepted"] == 2
    assert client.delete("/api/v1/users/new", headers=bearer(admin)).json()["events"] == 1
    assert client.delete("/api/v1/users/nobody", headers=bearer(admin)).json()["events"] == 0
    done = send(client, admin, told, told | {"user": "nobody"})
    assert (done["accepted"], [one["index"] for one in done["rejected"]]) == (1, [0])  # of nobody nothing was kept
    client.close()
    whyrec.open(shop).load_events()
    assert {"other", "nobody"} <= set(whyrec.open(shop).snapshot.vocabulary.ids("Guest"))
    assert "new" not in whyrec.open(shop).snapshot.vocabulary.ids("Guest")


@pytest.mark.parametrize("rest", ['"digests": []', '"key": "00", "digests": "abc"'])
def test_a_damaged_list_of_the_forgotten_is_told_as_one(tmp_path: Path, rest: str) -> None:
    (tmp_path / "forgotten.json").write_text(f'{{"format": 1, {rest}}}', encoding="utf-8")
    with pytest.raises(WorkspaceError, match="damaged"):
        ForgottenPeople(tmp_path).has("User", "u1")


def test_a_damaged_list_of_the_store_is_told_and_the_next_load_writes_it_anew(client: TestClient, shop: Path) -> None:
    """It passed for a defect of the program, and a load that changed nothing else left it as it was."""
    whyrec.open(shop).forget("g2")
    admin, did = Tokens(shop)._admin, {"user": "g3", "relation": "drank", "item": "tea7"}
    (shop / IN_STORE).write_text("{", encoding="utf-8")
    told = client.post("/api/v1/events", json={"events": [did | {"id": "e"}]}, headers=bearer(admin))
    assert told.status_code == 503 and "the list of forgotten people is damaged" in told.json()["detail"]
    assert str(shop) not in told.text
    client.close()
    for damage in ((shop / IN_STORE).unlink, lambda: (shop / IN_STORE).write_text("{", encoding="utf-8")):
        whyrec.open(shop).load()
        kept = (shop / IN_STORE).read_bytes()
        damage()
        whyrec.open(shop).load()
        assert (shop / IN_STORE).read_bytes() == kept
    assert ForgottenPeople(shop).has("Guest", "g2")


def test_an_encoded_slash_is_of_the_id_and_not_of_the_address(shop: Path, client: TestClient) -> None:
    headers = bearer(Tokens(shop)._admin)
    told = client.get("/api/v1/users/g1%2Fanswers", headers=headers).json()
    assert (told["user"], told["graph"]) == ("g1/answers", {"drank": ["tea4"]})
    assert client.get("/api/v1/users/g1%2fanswers/answers", headers=headers).json() == []
    assert client.get("/api/v1/users/g1/answers", headers=headers).json() == []
    assert client.delete("/api/v1/users/g1%2Fanswers", headers=headers).status_code == 200
    known = {one: client.get(f"/api/v1/users/{one}", headers=headers).status_code for one in ("g1%2Fanswers", "g1")}
    assert known == {"g1%2Fanswers": 404, "g1": 200}
