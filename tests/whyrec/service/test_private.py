"""Numbers with noise over HTTP and as a tool: one ledger with the command line, one refusal, bound to roles."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import whyrec
from kg.errors import LimitError
from whyrec.service.access import Role, Tokens
from whyrec.service.app import create_app


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    whyrec.create(folder, example=True).load()
    text = (folder / "whyrec.toml").read_text(encoding="utf-8")
    (folder / "whyrec.toml").write_text(text.replace("[privacy]", "[privacy]\nepsilon_per_day = 1.2", 1))
    return folder


@pytest.fixture
def client(shop: Path) -> Iterator[TestClient]:
    with TestClient(create_app([shop]), raise_server_exceptions=False) as one:
        yield one


def _asked(client: TestClient, token: str, **question: Any) -> Any:
    return client.post("/api/v1/private", json=question, headers={"Authorization": f"Bearer {token}"})


def _tool(client: TestClient, token: str, **arguments: Any) -> Any:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "private", "arguments": arguments}}
    accept = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}
    return client.post("/mcp", json=call, headers=accept).json()["result"]


def test_all_ways_to_ask_spend_one_budget_and_are_refused_alike(client: TestClient, shop: Path) -> None:
    analyst, engine = Tokens(shop).make("an analyst", Role.ANALYST), whyrec.open(shop)
    told = _asked(client, analyst, question="audience", entity="Third Bloom", epsilon=0.4).json()
    assert (told["question"], told["private"]["spent_today"], told["about"]["id"]) == ("audience", 0.4, "third-bloom")
    by_brand = _asked(client, analyst, question="popularity", entity="made_by", epsilon=0.2).json()
    assert by_brand["by"] == "made_by" and by_brand["private"]["spent_today"] == pytest.approx(0.6)
    assert "0.9" in _tool(client, analyst, question="overview", epsilon=0.3)["structuredContent"]["text"]
    assert engine.private("gaps", epsilon=0.2).private.spent_today == pytest.approx(1.1)
    with pytest.raises(LimitError) as problem:
        engine.private("overview", epsilon=0.2)
    refused = _asked(client, analyst, question="overview", epsilon=0.2)
    assert refused.status_code == 429 and refused.json()["detail"] == str(problem.value)
    assert 0 < int(refused.headers["Retry-After"]) <= 86_400
    tool = _tool(client, analyst, question="overview", epsilon=0.2)
    assert tool["isError"] and str(problem.value) in tool["content"][0]["text"]
    status = engine.status().privacy_budget
    assert status is not None and status.releases == 4 and status.epsilon == pytest.approx(1.1)


def test_what_cannot_be_answered_costs_nothing(client: TestClient, shop: Path) -> None:
    admin = Tokens(shop)._admin
    for asked in ({"question": "pairs"}, {"question": "audience"}, {"question": "overview", "epsilon": 0}):
        assert _asked(client, admin, **asked).status_code == 422
    assert _asked(client, admin, question="audience", entity="no such thing at all").status_code == 404
    assert _asked(client, admin, question="popularity", entity="pairs").status_code == 422
    assert whyrec.open(shop).status().privacy_budget is None


@pytest.mark.parametrize("role", [Role.MANAGER, Role.REVIEWER, Role.SERVICE])
def test_who_does_not_answer_for_the_budget_does_not_spend_it(client: TestClient, shop: Path, role: Role) -> None:
    token = Tokens(shop).make("somebody", role)
    assert _asked(client, token, question="overview").status_code == 403
    assert _tool(client, token, question="overview")["isError"]
    assert whyrec.open(shop).status().privacy_budget is None
