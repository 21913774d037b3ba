"""Experiments, exploration, tools over HTTP and downloads, in a service over two shops."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import whyrec
from kg.errors import UsageError
from whyrec.events.answers import Answer
from whyrec.events.log import EventLog
from whyrec.online_evaluation.experiment import CANDIDATE
from whyrec.service.access import Role, Tokens
from whyrec.service.app import create_app
from whyrec.service.live.watch import look

SETTINGS = '\n[serve]\nexplore = 0.5\n\n[experiment]\nname = "trial"\ncandidate = "../b"\n'
PEOPLE = [f"u{n:04d}" for n in range(2, 22)]


@pytest.fixture(scope="module")
def shops(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two shops; the model of the second is the candidate of the first."""
    folder = tmp_path_factory.mktemp("shops")
    for name in ("a", "b"):
        shutil.copytree(demo, folder / name)
    with (folder / "a" / "whyrec.toml").open("a", encoding="utf-8") as file:
        file.write(SETTINGS)
    return folder / "a", folder / "b"


@pytest.fixture(scope="module")
def client(shops: tuple[Path, Path]) -> Iterator[TestClient]:
    with TestClient(create_app(list(shops)), raise_server_exceptions=False) as one:
        yield one


def _with(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def given(client: TestClient, shops: tuple[Path, Path]) -> list[Answer]:
    """The answers to some people, as the log keeps them."""
    headers = _with(Tokens(shops[0])._admin)
    for user in PEOPLE:
        client.get("/api/v1/recommend", params={"user": user, "n": 5, "scenario": "home"}, headers=headers)
    client.app.state.shops[0].flush()  # type: ignore[attr-defined]
    with closing(EventLog(shops[0] / "service")) as log:
        return list(log.answers.since(0))


def test_each_person_has_an_arm_and_a_draw_of_known_propensity(client: TestClient, given: list[Answer]) -> None:
    experiment = client.app.state.shops[0].arms.experiment  # type: ignore[attr-defined]
    assert {one.user: one.arm for one in given} == {user: experiment.arm(user) for user in PEOPLE}
    draws = [json.loads(one.draw) for one in given]
    explored = [one for one in draws if one["shown"] != one["usual"]]
    assert 0 < len(explored) < len(PEOPLE)
    assert all(one["shown"] in one["pool"] and one["propensity"] == 0.5 / len(one["pool"]) for one in explored)
    assert all(one["propensity"] == 0.5 for one in draws if one not in explored)
    assert all(len(json.loads(one.told)) == 5 and one.scenario == "home" for one in given)


def test_a_draw_stands_last_with_a_reason_and_stays(
    client: TestClient, shops: tuple[Path, Path], given: list[Answer]
) -> None:
    draws = {one.user: json.loads(one.draw) for one in given}
    user = next(user for user, draw in draws.items() if draw["shown"] != draw["usual"])
    headers = _with(Tokens(shops[0])._admin)
    answer = client.get("/api/v1/recommend", params={"user": user, "n": 5, "scenario": "home"}, headers=headers).json()
    last = answer["items"][-1]
    assert (
        (f"{last['type']}:{last['id']}", last["rank"]) == (draws[user]["shown"], 5)
        and last["rank_by_score"] > 5
        and last["reason"]
    )


def test_traffic_is_told_and_a_stopped_candidate_answers_nobody(
    client: TestClient, shops: tuple[Path, Path], given: list[Answer]
) -> None:
    headers = _with(Tokens(shops[0])._admin)
    told = client.get("/api/v1/attribution", headers=headers).json()
    assert {one["name"] for one in told["groups"] if one["by"] == "scenario"} == {"home"}
    assert client.get("/api/v1/experiment", headers=headers).json()["verdict"] == "open"
    assert client.get("/api/v1/off-policy", headers=headers).status_code == 422  # too few draws
    table = client.get("/traffic?table=0", headers=headers)
    assert table.headers["content-type"].startswith("text/csv") and table.text.count("\r\n") > 1
    for browser in ({}, {"Accept": "text/html"}):
        for address, status in (
            ("/traffic?table=99", 404),
            ("/traffic?table=\N{ARABIC-INDIC DIGIT ZERO}", 404),  # a digit, which no header may hold
            ("/person?user=nobody&table=0", 404),
            ("/?days=0&table=0", 422),
        ):
            assert client.get(address, headers={**headers, **browser}).status_code == status
    shop = client.app.state.shops[0]  # type: ignore[attr-defined]
    user = next(one for one in PEOPLE if shop.arms.experiment.arm(one) == CANDIDATE)
    assert shop.arms.of(user) == (shop.arms.candidate, CANDIDATE)
    wrong = client.get("/api/v1/off-policy?goal=purchsed", headers=headers)
    assert wrong.status_code == 422 and wrong.json()["field"] == "goal" and "purchased" in wrong.json()["detail"]
    signed = {"Cookie": f"whyrec={Tokens(shops[0])._admin}"}
    page = client.get("/traffic", headers=signed)
    assert 'action="/traffic/stop"' in page.text
    assert client.post("/api/v1/experiment/stop", headers=headers).json()["content"] == {"experiment": "trial"}
    assert shop.arms.of(user) == (shop.engine, "")
    assert client.get("/api/v1/experiment", headers=headers).json()["stopped"] is True
    page = client.get("/traffic", headers=signed)
    assert 'action="/traffic/stop"' not in page.text


def test_a_candidate_that_is_trained_again_answers_and_knows_nobody_whom_the_shop_alone_knows(
    demo: Path, tmp_path: Path
) -> None:
    places = tmp_path / "a", tmp_path / "b"
    for place in places:
        shutil.copytree(demo, place)
    settings = places[0] / "whyrec.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + SETTINGS.replace("0.5", "0.0"), encoding="utf-8")
    rows = tmp_path / "purchased.csv"
    people = [f"new{n}@example.com" for n in range(12)]
    rows.write_text("head,tail\n" + "".join(f"{one},p0013\n" for one in people), encoding="utf-8")
    whyrec.open(places[0]).load([rows])
    with TestClient(create_app([places[0]]), headers=_with(Tokens(places[0])._admin)) as client:
        arms = client.app.state.shops[0].arms  # type: ignore[attr-defined]
        asked = [client.get("/api/v1/recommend", params={"user": one, "n": 3}) for one in people]
        assert {one.status_code for one in asked} == {200} and {arms.of(one)[1] for one in people} == {""}
        whyrec.open(places[1]).load([rows])
        time.sleep(1.1)  # workers look once a second
        assert client.get("/api/v1/recommend", params={"user": people[0]}).status_code == 200
        assert {arms.of(one)[1] for one in people} == {"candidate", "control"}
        assert arms.candidate.snapshot.hash == whyrec.open(places[1]).snapshot.hash
    wrong = SETTINGS.replace('"../b"', '"../b"\ngoal = "purchsed"')
    settings.write_text((demo / "whyrec.toml").read_text(encoding="utf-8") + wrong, encoding="utf-8")
    with pytest.raises(UsageError, match=r"\[experiment\] goal 'purchsed': expected one of enrolled_in, purchased"):
        create_app([places[0]])


def test_a_log_that_cannot_be_read_does_not_end_the_watch(
    demo: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "shop"
    shutil.copytree(demo, folder)
    (folder / "service").mkdir(exist_ok=True)
    (folder / "service" / "events.db").write_bytes(b"no database at all" * 100)
    with caplog.at_level("WARNING", logger="whyrec.service"):
        look(whyrec.open(folder), "shop")  # the next look tries again
    assert [one.getMessage() for one in caplog.records] == ["watch: DatabaseError"]


def _tools(client: TestClient, token: str, method: str, **parameters: Any) -> Any:
    asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
    headers = {**_with(token), "Accept": "application/json, text/event-stream"}
    return client.post("/mcp", json=asked, headers=headers)


def test_tools_over_http_are_those_of_the_role_and_of_the_shop(client: TestClient, shops: tuple[Path, Path]) -> None:
    service, admin = Tokens(shops[0]).make("cart", Role.SERVICE), Tokens(shops[1])._admin
    listed = {one["name"] for one in _tools(client, service, "tools/list").json()["result"]["tools"]}
    assert listed == {"recommend", "why"}
    every = {one["name"] for one in _tools(client, admin, "tools/list").json()["result"]["tools"]}
    assert every > {"recommend", "why", "find", "why_not", "audience", "gaps"}
    told = _tools(client, service, "tools/call", name="recommend", arguments={"user": "u0002", "n": 2}).json()
    assert len(told["result"]["structuredContent"]["items"]) == 2
    refused = _tools(client, service, "tools/call", name="find", arguments={"text": "lipstick"}).json()
    assert "error" in refused or refused["result"]["isError"]
    assert _tools(client, "nobody", "tools/list").status_code == 401


def test_tools_know_what_somebody_did_a_moment_ago_and_who_asked(client: TestClient, shops: tuple[Path, Path]) -> None:
    analyst, shop = Tokens(shops[0]).make("ana", Role.ANALYST), client.app.state.shops[0]  # type: ignore[attr-defined]
    asked = {"user": "u0030", "n": 3, "domain": "courses"}

    def listed() -> list[str]:
        told = _tools(client, analyst, "tools/call", name="recommend", arguments=asked).json()["result"]
        return [one["id"] for one in told["structuredContent"]["items"]]

    first = listed()[0]
    sent = {"events": [{"id": "m1", "user": "u0030", "relation": "enrolled_in", "item": first}]}
    client.post("/api/v1/events", json=sent, headers=_with(Tokens(shops[0])._admin))
    assert first not in listed()
    _tools(client, analyst, "tools/call", name="why_not", arguments={"user": "u0031", "item": "zzzzzzzz"})
    shop.flush()
    kept = shop.events.answers.about(["u0030"])
    assert {(one.caller, one.scenario, one.arm) for one in kept} == {("ana", "assistant", shop.arms.of("u0030")[1])}
    headers = _with(Tokens(shops[0])._admin)
    looks = client.get("/api/v1/users/u0031/looks", headers=headers).json()
    assert [(one["by"], one["action"]) for one in looks] == [("admin", "looks"), ("ana", "why-not")]
    assert [one.action for one in whyrec.open(shops[0]).export_person("u0031").looks] == ["looks", "why-not"]


def test_a_service_key_of_one_shop_sees_nothing_of_the_other(client: TestClient, shops: tuple[Path, Path]) -> None:
    keys = [Tokens(folder).make("till", Role.SERVICE) for folder in shops]
    sent = {"events": [{"id": "x1", "user": "dora@example.com", "relation": "purchased", "item": "p0013"}]}
    assert client.post("/api/v1/events", json=sent, headers=_with(keys[0])).json()["accepted"] == 1
    statuses = [client.get("/api/v1/recommend?user=dora@example.com", headers=_with(key)).status_code for key in keys]
    assert statuses == [200, 404]
    answer = client.get("/api/v1/recommend?user=u0002", headers=_with(keys[0])).headers["x-answer-id"]
    for shop in client.app.state.shops:  # type: ignore[attr-defined]
        shop.flush()
    admins = [_with(Tokens(folder)._admin) for folder in shops]
    assert [client.get(f"/api/v1/answers/{answer}", headers=one).status_code for one in admins] == [200, 404]
