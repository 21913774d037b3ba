"""What is refused: in our own words, with the field, the methods there are, and nothing of the machine."""

import errno
import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from starlette.testclient import TestClient

import whyrec
from kg.workspace.lock import workspace_lock
from recommender.texts.messages import translated
from whyrec.service.access import Tokens
from whyrec.service.app import create_app

EVENT = {"id": "e", "user": "u0001", "relation": "view", "item": "p0001"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place: Path = tmp_path_factory.mktemp("problems") / "shop"
    whyrec.create(place, example=True).load()
    return place


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {Tokens(folder)._admin}"}
    with TestClient(create_app([folder]), raise_server_exceptions=False, headers=headers) as one:
        yield one


@pytest.mark.parametrize(
    ("path", "parameters", "told"),
    [
        ("recommend", {"user": "u0001", "n": 0}, {"n": "expected 1 or more"}),
        ("recommend", {"user": "u0001", "n": "many"}, {"n": "expected a whole number"}),
        ("recommend", {"user": "u0001", "n": 1001}, {"n": "expected 1000 or less"}),
        ("recommend", {"user": "u0001", "lang": "fr"}, {"lang": "expected 'en' or 'zh'"}),
        ("recommend", {"user": ""}, {"user": "expected a text that is not empty"}),
        ("recommend", {"user": "u0001", "max_price": ""}, {"max_price": "expected a number"}),
        ("why", {"user": "u0001"}, {"item": "is missing"}),
        ("gaps", {"n": "x"}, {"n": "expected a whole number"}),
    ],
)
def test_a_wrong_parameter_is_told_in_our_own_words(
    client: TestClient, path: str, parameters: dict[str, Any], told: dict[str, str]
) -> None:
    answer = client.get(f"/api/v1/{path}", params=parameters)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert {one["field"]: one["reason"] for one in answer.json()["errors"]} == told


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_to_send_instead_is_a_parameter_that_there_is(client: TestClient, lang: str) -> None:
    told = client.get("/api/v1/recommend", params={"lang": lang}).json()["detail"]
    name, _, example = told.partition("`")[2].partition("`")
    anchor = re.findall(r"\w+:\w+", example)[-1]
    assert client.get("/api/v1/recommend", params={name.partition("=")[0]: anchor}).status_code == 200, told


@pytest.mark.parametrize("lang", ["a" * 1_000, "\0", "../../kg", "zh.toml", "ZH", "", "测试"])
def test_a_language_that_is_none_is_a_wrong_parameter(client: TestClient, lang: str) -> None:
    """Its name was taken for that of a file."""
    for path in ("recommend?user=u0001", "ask?question=x", "item?item=p0001", "nothing?x=1"):
        answer = client.get(f"/api/v1/{path}", params={**dict(parse_qsl(path.partition("?")[2])), "lang": lang})
        assert answer.status_code == (404 if path.startswith("nothing") else 422), answer.text
    assert translated("`n`: is missing", lang) == "`n`: is missing"


@pytest.mark.parametrize(
    ("body", "headers", "status", "told"),
    [
        (b"", {}, 422, "body: is missing"),
        (b"nonsense", JSON, 422, "body: is no JSON"),
        (b"[]", JSON, 422, "body: expected an object"),
        (b"[" * 100_000, JSON, 400, "body: is no JSON that can be read"),
        (b"{}", JSON | {"Transfer-Encoding": "chunked"}, 411, "send the body with its length"),
        (b"{}", JSON, 422, "events: is missing"),
        (b'{"events": []}', JSON, 422, "events: expected 1 or more of them"),
        (b'{"events": [], "id": 1}', JSON, 422, "events: expected 1 or more of them; id: there is no such field"),
        (b'{"events": []}', {"Content-Type": "text/plain"}, 415, "send JSON, with Content-Type: application/json"),
        *(
            (body, JSON | {"Content-Encoding": "gzip"}, 415, "send the body as it is, without Content-Encoding")
            for body in (b"x", gzip.compress(b"{}", mtime=0))
        ),
    ],
)
def test_a_wrong_body_is_told_in_our_own_words(
    client: TestClient, body: bytes, headers: dict[str, str], status: int, told: str
) -> None:
    answer = client.post("/api/v1/events", content=body, headers=headers)
    assert (answer.status_code, answer.json()["detail"]) == (status, told)


def test_a_wrong_event_is_told_in_our_own_words(client: TestClient) -> None:
    events = [
        7,
        EVENT | {"item": 3},
        EVENT | {"id": ""},
        EVENT | {"weight": -1},
        EVENT | {"more": 1},
        {"id": "x"},
        EVENT,
    ]
    answer = client.post("/api/v1/events", json={"events": events}).json()
    assert answer["accepted"] == 1
    assert [(one["field"], one["reason"]) for one in answer["rejected"]] == [
        ("body", "expected an object"),
        ("item", "expected a text"),
        ("id", "expected a text that is not empty"),
        ("weight", "expected more than 0.0"),
        ("more", "there is no such field"),
        ("user", "is missing"),
    ]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/api/v1/recommend", "GET, HEAD"),
        ("GET", "/api/v1/events", "POST"),
        ("PUT", "/api/v1/rules", "GET, HEAD, POST"),
        ("OPTIONS", "/api/v1/users/u0001", "DELETE, GET, HEAD"),
        ("DELETE", "/metrics", "GET, HEAD"),
        ("PATCH", "/openapi.json", "GET, HEAD"),
    ],
)
def test_a_method_that_an_address_does_not_take_is_refused_with_those_it_takes(
    client: TestClient, method: str, path: str, allowed: str
) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert answer.json()["detail"] == f"send {allowed.replace(', ', ' or ')} to this address"


@pytest.mark.parametrize("path", ["/api/v1/health/ready", "/api/v1/recommend?user=u0001", "/metrics", "/", "/nothing"])
def test_head_is_get_without_its_body(client: TestClient, path: str) -> None:
    got, headed = client.get(path), client.head(path)
    assert headed.content == b"" and headed.status_code == got.status_code
    for name in ("content-type", "etag"):
        assert headed.headers.get(name) == got.headers.get(name)


def test_what_only_head_asked_for_was_given_to_nobody(client: TestClient) -> None:
    """A monitor that looks whether lists are there is no person who saw them."""
    for path in ("/api/v1/recommend?user=u0003&n=3", "/api/v1/why?user=u0003&item=p0001"):
        before = client.get("/api/v1/users/u0003/answers").json()
        assert "x-answer-id" not in client.head(path).headers
        assert client.get("/api/v1/users/u0003/answers").json() == before
        assert client.get(path).headers["x-answer-id"] and "x-answer-id" not in client.head(path).headers
        assert len(client.get("/api/v1/users/u0003/answers").json()) == len(before) + 1


@pytest.mark.parametrize("path", ["/api/v1/recommend/?user=u0001", "/api/v1/nothing", "/api/v2/recommend"])
def test_an_address_that_is_none_leads_nowhere_else(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"Host": "elsewhere.example"}, follow_redirects=False)
    assert answer.status_code == 404 and "/docs" in answer.json()["detail"]


def test_tools_are_at_the_address_without_a_slash(client: TestClient) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accept = {"Accept": "application/json, text/event-stream"}
    for path in ("/mcp", "/mcp/"):
        answer = client.post(path, json=call, headers=accept, follow_redirects=False)
        assert answer.status_code == 200 and answer.json()["result"]["tools"]
    assert client.head("/mcp").status_code == 405


def test_the_description_says_who_may_ask_and_how_refusals_look(client: TestClient) -> None:
    told = client.get("/openapi.json").json()
    assert "HTTPValidationError" not in str(told)
    for path, operations in told["paths"].items():
        for one in operations.values():
            known = path.startswith("/api/v1/health/")
            assert one.get("security", []) == ([] if known else [{"token": []}])
            assert "application/problem+json" in one["responses"]["503" if known else "422"]["content"], path


def test_whoever_has_an_answer_need_not_get_it_again(client: TestClient) -> None:
    for path in ("/api/v1/recommend?user=u0002&n=2", "/api/v1/similar?item=p0001"):
        tag = client.get(path).headers["etag"]
        for told, status in ((tag, 304), (f"W/{tag}", 304), (f'"x", {tag}', 304), ("*", 304), ('"x"', 200), ("x", 200)):
            answer = client.get(path, headers={"If-None-Match": told})
            assert (answer.status_code, answer.headers["etag"]) == (status, tag), told
            assert answer.headers["cache-control"] == "private, no-cache"


def test_what_is_told_names_no_place_of_the_machine(client: TestClient, folder: Path) -> None:
    answer = client.get("/api/v1/predict", params={"first": "p0001", "second": "contains"})
    assert answer.status_code == 503 and "whyrec train" in answer.json()["detail"]
    assert str(folder.parent) not in answer.text


def test_an_error_that_is_no_defect_is_told_as_none(client: TestClient, folder: Path) -> None:
    with workspace_lock(folder):  # as a load has it
        answer = client.delete("/api/v1/users/u0150")
    assert answer.status_code == 503 and "another" in answer.json()["detail"], answer.text


def test_who_looks_at_an_answer_that_somebody_was_given_has_looked_at_her(client: TestClient) -> None:
    given = client.get("/api/v1/why", params={"user": "u0044", "item": "p0001"}).headers["x-answer-id"]
    before = len(client.get("/api/v1/users/u0044/looks").json())
    assert client.get(f"/api/v1/answers/{given}").status_code == 200
    looks = client.get("/api/v1/users/u0044/looks").json()
    assert [one["action"] for one in looks[: len(looks) - before]] == ["looks", "answers"]


def test_links_of_a_page_stay_in_the_console_and_tables_open_in_a_spreadsheet(client: TestClient) -> None:
    page = client.get("/find?text=面霜", headers={"Host": "elsewhere.example", "Accept": "text/html"})
    assert page.status_code == 200 and "elsewhere" not in page.text
    table = client.get("/find?text=面霜&lang=zh&table=0")
    assert table.content.startswith("\N{BYTE ORDER MARK}名称".encode()), table.content[:40]


def test_a_damaged_file_of_tokens_is_told_and_the_admin_goes_on(client: TestClient, folder: Path) -> None:
    path = folder / "service" / "tokens.json"
    path.write_text("{damaged", encoding="utf-8")
    other = {"Authorization": "Bearer somebody's"}
    for answer in (
        client.get("/api/v1/recommend?user=u0001", headers=other),
        client.post("/api/v1/events", json={"events": [EVENT]}, headers=other),
        client.post("/mcp", json={}, headers=other),
    ):
        assert answer.status_code == 503 and "tokens.json: damaged" in answer.json()["detail"]
    assert client.get("/api/v1/recommend?user=u0001").status_code == 200
    path.unlink()


def test_a_full_disk_is_no_defect_and_what_was_sent_can_be_sent_again(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = client.app.state.shops[0]  # type: ignore[attr-defined]
    events = {"events": [EVENT | {"id": "full"}]}
    with monkeypatch.context() as patch:
        patch.setattr(type(shop.events), "append_each", _full)
        patch.setattr("whyrec.service.access._replace", _full)
        for answer in (
            client.post("/api/v1/events", json=events),
            client.post("/api/v1/tokens", json={"name": "late", "role": "service"}),
        ):
            told = answer.json()
            assert answer.status_code == 503 and "the disk may be full" in told["detail"], told
            assert answer.headers["retry-after"] == "1"
    assert client.post("/api/v1/events", json=events).json()["accepted"] == 1


def test_too_many_open_files_are_no_defect(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(client.app.state.shops[0].events), "append_each", _crowded)  # type: ignore[attr-defined]
    answer = client.post("/api/v1/events", json={"events": [EVENT | {"id": "crowded"}]})
    assert answer.status_code == 503 and "ulimit -n" in answer.json()["detail"]


def _crowded(*_: object) -> None:
    raise OSError(errno.EMFILE, "Too many open files")


def _full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")
