"""Each role at each route: what it may, it may, and nothing else; a route without a row here fails."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

import whyrec
from whyrec.service.access import MAY, Role, Tokens
from whyrec.service.app import create_app

EVERYBODY = "everybody"
"""Needs no token."""
USER = {"user": "u0001"}
FOREIGN = ({"Origin": "https://evil.example"}, {"Origin": "http://testserver:1"}, {"Sec-Fetch-Site": "same-site"})
ROUTES: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {
    ("GET", "/api/v1/recommend"): ("recommend", USER),
    ("GET", "/api/v1/why"): ("why", USER | {"item": "p0001"}),
    ("GET", "/api/v1/why-not"): ("why-not", USER),  # without an item: 422 to whoever may
    ("GET", "/api/v1/what-if"): ("what-if", USER | {"add": "has_concern:acne"}),
    ("GET", "/api/v1/similar"): ("similar", {"item": "p0001"}),
    ("GET", "/api/v1/find"): ("find", {"text": "lip"}),
    ("GET", "/api/v1/ask"): ("ask", {"question": "serum"}),
    ("GET", "/api/v1/predict"): ("predict", {"first": "u0001", "second": "purchased"}),
    ("GET", "/api/v1/answers/{answer_id}"): ("answers", {}),
    ("GET", "/api/v1/audience"): ("groups", {"entity": "Third Bloom"}),
    ("GET", "/api/v1/bridge"): ("groups", {"entity": "Third Bloom", "domain": "courses"}),
    ("GET", "/api/v1/gaps"): ("groups", {"n": 1}),
    ("GET", "/api/v1/item"): ("groups", {"item": "p0001"}),
    ("GET", "/api/v1/compare"): ("what-if", USER | {"first": "p0001", "second": "p0002"}),
    ("GET", "/api/v1/difference"): ("what-if", USER | {"since": "2026-01-01"}),
    ("GET", "/api/v1/overview"): ("groups", {}),
    ("POST", "/api/v1/private"): ("private", {}),  # without a question: 422 to whoever may
    ("GET", "/api/v1/attribution"): ("traffic", {}),
    ("GET", "/api/v1/drift"): ("traffic", {}),
    ("GET", "/api/v1/experiment"): ("traffic", {}),
    ("POST", "/api/v1/experiment/stop"): ("rules", {}),
    ("GET", "/api/v1/off-policy"): ("traffic", {}),
    ("POST", "/api/v1/events"): ("events", {}),
    ("GET", "/api/v1/users/{user:name}"): ("person", {}),
    ("GET", "/api/v1/users/{user:name}/looks"): ("looks", {}),
    ("GET", "/api/v1/users/{user:name}/answers"): ("answers", {}),
    ("DELETE", "/api/v1/users/{user:name}"): ("forget", {}),
    ("GET", "/api/v1/status"): ("status", {}),
    ("GET", "/api/v1/models"): ("status", {}),
    ("POST", "/api/v1/tokens"): ("tokens", {}),
    ("DELETE", "/api/v1/tokens/{name:name}"): ("tokens", {}),
    ("POST", "/api/v1/reload"): ("reload", {}),
    ("GET", "/api/v1/rules"): ("decisions", {}),
    ("POST", "/api/v1/rules"): ("rules", {}),
    ("POST", "/api/v1/rules/preview"): ("decisions", {}),
    ("POST", "/api/v1/rules/roll-back"): ("rules", {}),
    ("GET", "/api/v1/reviews"): ("decisions", {}),
    ("POST", "/api/v1/reviews"): ("report", {}),
    ("POST", "/api/v1/reviews/{number}"): ("review", {}),
    ("GET", "/api/v1/health/live"): (EVERYBODY, {}),
    ("GET", "/api/v1/health/ready"): (EVERYBODY, {}),
    ("GET", "/metrics"): ("metrics", {}),
    ("GET", "/"): ("status", {}),
    ("GET", "/find"): ("find", {}),
    ("GET", "/ask"): ("ask", {}),
    ("GET", "/person"): ("recommend", {}),
    ("GET", "/why"): ("why", USER | {"item": "p0001"}),
    ("GET", "/why-not"): ("why-not", USER | {"item": "zzzzzzzz"}),
    ("GET", "/what-if"): ("what-if", USER | {"remove": "nothing"}),
    ("GET", "/shown"): ("answers", USER),
    ("GET", "/difference"): ("what-if", USER | {"since": "2026-01-01"}),
    ("GET", "/item"): ("similar", {"item": "p0001"}),
    ("GET", "/item-report"): ("groups", {"item": "p0001"}),
    ("GET", "/compare"): ("what-if", USER | {"first": "p0001", "second": "p0002"}),
    ("GET", "/brand"): ("groups", {}),
    ("GET", "/gaps"): ("groups", {}),
    ("GET", "/trade-offs"): ("groups", {}),
    ("GET", "/traffic"): ("traffic", {}),
    ("POST", "/traffic/stop"): ("rules", {}),
    ("GET", "/experiments"): ("status", {}),
    ("GET", "/data"): ("status", {}),
    ("GET", "/data/{name}/rejects.csv"): ("person", {}),
    ("GET", "/system"): ("status", {}),
    ("GET", "/rules"): ("decisions", {}),
    ("POST", "/rules"): ("rules", {}),
    ("POST", "/rules/roll-back"): ("rules", {"number": "0"}),
    ("GET", "/review"): ("decisions", {}),
    ("POST", "/review/report"): ("report", {"item": "zzzzzzzz", "reason": "wrong"}),
    ("POST", "/review/decide"): ("review", {"number": "0", "verdict": "block"}),
    ("GET", "/login"): (EVERYBODY, {}),
    ("POST", "/login"): (EVERYBODY, {"token": "none"}),
    ("POST", "/logout"): (EVERYBODY, {}),
    ("GET", "/static/{name}"): (EVERYBODY, {}),
    ("GET", "/favicon.ico"): (EVERYBODY, {}),
}
PLACES = {"{answer_id}": "none", "{user:name}": "nobody", "{name}": "none", "{name:name}": "none", "{number}": "1"}
OF_FRAMEWORK = {"/openapi.json", "/docs"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("roles") / "shop"
    whyrec.create(folder, example=True).load()
    return folder


@pytest.fixture(scope="module")
def client(shop: Path) -> Iterator[TestClient]:
    with TestClient(create_app([shop]), raise_server_exceptions=False, follow_redirects=False) as one:
        yield one


def _answer(client: TestClient, token: str | None, method: str, route: str, told: dict[str, Any]) -> Any:
    path = route
    for name, value in PLACES.items():
        path = path.replace(name, value)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if method == "GET" or not told:
        return client.request(method, path, params=told, headers=headers)
    return client.request(method, path, data=told, headers=headers)


def _routes(client: TestClient) -> set[tuple[str, str]]:
    """All routes of the application, with what included routers hold."""
    found, left = set(), list(client.app.routes)  # type: ignore[attr-defined]
    while left:
        one = left.pop()
        if isinstance(one, APIRoute):
            found |= {(method, one.path) for method in one.methods - {"HEAD"}}
        else:
            left += getattr(getattr(one, "original_router", one), "routes", None) or []
    return found


def test_every_route_has_a_row(client: TestClient) -> None:
    assert _routes(client) - {("GET", path) for path in OF_FRAMEWORK} == set(ROUTES)
    assert {action for action, _ in ROUTES.values()} - {EVERYBODY} == set(MAY)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_what_the_table_says(client: TestClient, shop: Path, role: Role) -> None:
    token = Tokens(shop).make(f"the {role}", role)
    for (method, route), (action, told) in ROUTES.items():
        status = _answer(client, token, method, route, told).status_code
        allowed = action == EVERYBODY or role in MAY[action]
        assert (status == 403) == (not allowed), (role, method, route, status)
        assert status < 500 or status == 503, (role, method, route, status)  # 503: no vectors were trained
    assert token not in (shop / "service" / "tokens.json").read_text()
    assert Tokens(shop).revoke(f"the {role}")
    assert _answer(client, token, "GET", "/api/v1/recommend", USER).status_code == 401


def test_without_a_token_there_is_only_the_way_in(client: TestClient) -> None:
    for (method, route), (action, told) in ROUTES.items():
        answer = _answer(client, None, method, route, told)
        way_in = answer.status_code == 303 and answer.headers["location"].startswith("/login?")
        assert (action == EVERYBODY) != (answer.status_code == 401 or way_in), (method, route, answer.status_code)


def test_what_changes_something_takes_no_form_of_another_page(client: TestClient, shop: Path) -> None:
    client.cookies.set("whyrec", Tokens(shop)._admin)
    try:
        for (method, route), (action, told) in ROUTES.items():
            for header in FOREIGN if method != "GET" else ():
                form = {} if route.startswith("/api/") else {"data": told}
                answer = client.request(method, re.sub(r"{.*?}", "1", route), headers=header, **form)
                assert answer.status_code == 403, (method, route, action, header)
        assert {client.post("/mcp", json={}, headers=header).status_code for header in FOREIGN} == {403}
    finally:
        client.cookies.clear()
