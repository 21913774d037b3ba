"""What is refused: in our own words, with the field, the methods there are, and nothing of the machine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import whyrec
from whyrec.service.access import Tokens
from whyrec.service.app import create_app

EVENT = {"id": "e", "user": "u0001", "relation": "view", "item": "p0001"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder: Path = tmp_path_factory.mktemp("problems") / "shop"
    whyrec.create(folder, example=True).load()
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


@pytest.mark.parametrize(
    ("body", "headers", "status", "told"),
    [
        (b"", {}, 422, "body: is missing"),
        (b"nonsense", JSON, 422, "body: is no JSON"),
        (b"[]", JSON, 422, "body: expected an object"),
        (b"{}", JSON, 422, "events: is missing"),
        (b'{"events": []}', JSON, 422, "events: expected 1 or more of them"),
        (b'{"events": [], "id": 1}', JSON, 422, "events: expected 1 or more of them; id: there is no such field"),
        (b'{"events": []}', {"Content-Type": "text/plain"}, 415, "send JSON, with Content-Type: application/json"),
        (b"x", JSON | {"Content-Encoding": "gzip"}, 415, "send the body as it is, without Content-Encoding"),
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


@pytest.mark.parametrize("path", ["/api/v1/recommend/?user=u0001", "/api/v1/nothing", "/api/v2/recommend"])
def test_an_address_that_is_none_leads_nowhere_else(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"Host": "elsewhere.example"}, follow_redirects=False)
    assert answer.status_code == 404 and "/openapi.json" in answer.json()["detail"]


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
