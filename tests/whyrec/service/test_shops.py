"""Several shops in one service: whatever they are called, a key of one shows nothing of another."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import whyrec
from kg.errors import UsageError
from whyrec.service.access import ADMIN_VARIABLE, Role, Tokens
from whyrec.service.app import create_app
from whyrec.service.distinct_keys import names_of

NAMED = "Only of the second"


@pytest.fixture(scope="module")
def shops(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two shops whose folders have the same name; an item is called otherwise in the second."""
    places = tuple(tmp_path_factory.mktemp(name) / "shop" for name in ("first", "second"))
    for place in places:
        shutil.copytree(demo, place)
        shutil.rmtree(place / "service", ignore_errors=True)
        (place / "serve.token").unlink(missing_ok=True)
    renamed = places[1] / "Product.csv"
    renamed.write_text(f"id,label\np0042,{NAMED}\n", encoding="utf-8")
    whyrec.open(places[1]).load([renamed])
    return places[0], places[1]


@pytest.fixture(scope="module")
def client(shops: tuple[Path, Path]) -> Iterator[TestClient]:
    with TestClient(create_app(list(shops)), raise_server_exceptions=False) as one:
        yield one


def _admin(folder: Path) -> dict[str, str]:
    return {"Authorization": f"Bearer {Tokens(folder)._admin}"}


def test_shops_whose_folders_are_called_alike_answer_for_themselves(
    client: TestClient, shops: tuple[Path, Path]
) -> None:
    told = []
    for folder in shops:
        headers = {**_admin(folder), "Accept": "application/json, text/event-stream"}
        call = {"name": "find", "arguments": {"text": "p0042"}}
        asked: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
        tool = client.post("/mcp/", json=asked, headers=headers).json()["result"]["structuredContent"]["items"][0]
        slow = client.get("/api/v1/why-not?user=u0002&item=p0042", headers=headers).json()["item"]
        quick = client.get("/api/v1/item?item=p0042", headers=headers).json()["item"]
        told.append({tool["label"], slow["label"], quick["label"]})
    assert NAMED not in told[0] and told[1] == {NAMED} and len(told[0]) == 1


def test_figures_are_those_of_the_shop_that_asks(client: TestClient, shops: tuple[Path, Path]) -> None:
    headers = [_admin(folder) for folder in shops]
    before = [_figures(client, one, "first0/shop") for one in headers]
    sent = {"events": [{"id": "f1", "user": "u0002", "relation": "purchased", "item": "p0013"}]}
    client.post("/api/v1/events", json=sent, headers=headers[0])
    client.get("/api/v1/recommend?user=u0003", headers=headers[0])
    after = [_figures(client, one, "first0/shop") for one in headers]
    assert len(after[0]) > len(before[0]) and not before[1] and not after[1]
    assert all('workspace="second0/shop"' not in line for line in _text(client, headers[0]))


def _text(client: TestClient, headers: dict[str, str]) -> list[str]:
    return client.get("/metrics", headers=headers).text.splitlines()


def _figures(client: TestClient, headers: dict[str, str], name: str) -> list[str]:
    """What is told of a workspace that is not nothing."""
    return [line for line in _text(client, headers) if f'workspace="{name}"' in line and not line.endswith(" 0.0")]


def test_events_that_wait_are_told_to_whoever_only_reads_figures(client: TestClient, shops: tuple[Path, Path]) -> None:
    events = [{"id": f"w{n}", "user": "u0004", "relation": "purchased", "item": f"p00{n}"} for n in range(20, 30)]
    assert client.post("/api/v1/events", json={"events": events}, headers=_admin(shops[1])).json()["accepted"] == 10
    waiting = [line for line in _text(client, _admin(shops[1])) if line.startswith("whyrec_events_pending{")]
    assert waiting == ['whyrec_events_pending{workspace="second0/shop"} 10.0']


def test_names_are_the_shortest_that_tell_workspaces_apart(tmp_path: Path) -> None:
    assert names_of([Path("/srv/a"), Path("/srv/b")]) == ["a", "b"]
    assert names_of([Path("/srv/x/shop"), Path("/srv/y/shop"), Path("/srv/z")]) == ["x/shop", "y/shop", "z"]
    with pytest.raises(UsageError, match="named twice"):
        names_of([tmp_path, tmp_path / ".." / tmp_path.name])


def test_a_token_that_would_open_two_shops_is_refused(
    shops: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = Tokens(shops[0]).make("till", Role.SERVICE)
    copied = tmp_path / "copied"
    shutil.copytree(shops[0], copied)
    with pytest.raises(UsageError, match=r"delete .*copied/serve\.token"):
        create_app([shops[0], copied])
    (copied / "serve.token").unlink()
    with pytest.raises(UsageError, match=r"'till' out of .*copied/service/tokens\.json"):
        create_app([shops[0], copied])
    (copied / "service" / "tokens.json").write_text(json.dumps([]), encoding="utf-8")
    with TestClient(create_app([shops[0], copied])) as client:
        found = [client.get("/api/v1/recommend?user=u0002", headers={"Authorization": f"Bearer {token}"})]
        found.append(client.get("/api/v1/status", headers=_admin(copied)))
        assert [one.status_code for one in found] == [200, 200] and found[1].json()["workspace"] == "copied"
    monkeypatch.setenv(ADMIN_VARIABLE, "the same for both")
    with pytest.raises(UsageError, match=f"unset {ADMIN_VARIABLE}"):
        create_app(list(shops))


def test_what_is_wrong_with_one_shop_is_no_matter_of_another(demo: Path, tmp_path: Path) -> None:
    """The first lies where tokens are looked for first: moved, or with damaged tokens, it took the second along."""
    first, second = tmp_path / "first", tmp_path / "second"
    for place in (first, second):
        shutil.copytree(demo, place, ignore=shutil.ignore_patterns("service", "serve.token"))
    keys = {place: Tokens(place).make("till", Role.SERVICE) for place in (first, second)}
    paths = ("/api/v1/recommend?user=u0002", "/api/v1/why?user=u0002&item=p0013", "/api/v1/recommend?usr=u0002")

    def asked(client: TestClient, place: Path) -> list[int]:
        """What a key gets, at REST, as an assistant, as a page, and with a form."""
        told = {"Authorization": f"Bearer {keys[place]}", "Accept": "application/json, text/event-stream"}
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        event = {"events": [{"id": "e", "user": "u0002", "relation": "view", "item": "p0013"}]}
        found = [client.get(path, headers=told) for path in paths]
        found += [
            client.post(path, json=body, headers=told) for path, body in (("/mcp", call), ("/api/v1/events", event))
        ]
        found.append(client.post("/login", data={"token": keys[place]}, follow_redirects=False))
        client.cookies.clear()
        return [one.status_code for one in found]

    with TestClient(create_app([first, second]), raise_server_exceptions=False) as client:
        admin, fine = _admin(first), [200, 200, 422, 200, 202, 303]
        assert asked(client, first) == asked(client, second) == fine
        tokens = first / "service" / "tokens.json"
        kept = tokens.read_text(encoding="utf-8")
        tokens.write_text("{", encoding="utf-8")
        assert asked(client, second) == fine and set(asked(client, first)) == {503}
        tokens.write_text(kept, encoding="utf-8")
        assert asked(client, first) == fine and client.get("/api/v1/health/ready").status_code == 200
        first.rename(tmp_path / "elsewhere")
        assert asked(client, second) == fine and set(asked(client, first)) == {503}
        for answer in (
            client.get("/api/v1/health/ready?lang=en"),
            client.post("/api/v1/tokens", json={"name": "new", "role": "service"}, headers=admin),
        ):
            assert answer.status_code == 503 and "first: the workspace is no longer where" in answer.json()["detail"]
        (tmp_path / "elsewhere").rename(first)
        assert asked(client, first) == fine
