"""Signing in by an OpenID provider, a real one over HTTP: who comes in as what, and every way that must stay shut."""

import base64
import hmac
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.testclient import TestClient

from kg.errors import UsageError
from kg.workspace.settings import OidcSettings
from tests.whyrec.service.openid_provider import CLIENT, CLIENT_SECRET, Provider, provider
from whyrec.service.access import Tokens
from whyrec.service.app import create_app
from whyrec.service.openid.provider import OpenIdProvider

SETTINGS = """
[oidc]
issuer = "{issuer}"
client_id = "whyrec"
role_claim = "realm_access.roles"
[oidc.roles]
bosses = "admin"
marketing = "manager"
"""
MARKETING = {"sub": "mia", "realm_access": {"roles": ["cooks", "marketing"]}}


@pytest.fixture(scope="module")
def known() -> Iterator[Provider]:
    with provider() as one:
        yield one


@pytest.fixture(scope="module")
def folder(demo: Path, known: Provider, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("openid") / "shop"
    shutil.copytree(demo, place)
    with (place / "whyrec.toml").open("a", encoding="utf-8") as file:
        file.write(SETTINGS.format(issuer=known.issuer))
    return place


@pytest.fixture
def client(folder: Path, known: Provider, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("WHYREC_OIDC_CLIENT_SECRET", CLIENT_SECRET)
    known.person, known.claims = dict(MARKETING), {}
    with TestClient(create_app([folder]), raise_server_exceptions=False, follow_redirects=False) as one:
        yield one


def _to_provider(client: TestClient, then: str = "/find") -> str:
    """From the page where one signs in to where the provider sends back."""
    form = client.get(f"/login?then={then}").text
    there = client.get(re.findall(r'href="(/login/openid[^"]+)"', form)[0].replace("&amp;", "&"))
    return httpx.get(there.headers["location"]).headers["location"]


def test_who_signs_in_at_the_provider_is_in_with_the_role_of_the_configuration(
    client: TestClient, known: Provider
) -> None:
    assert client.get("/find").headers["location"].startswith("/login?")
    back = client.get(_to_provider(client, "/find%3Ftext=lip"))
    assert back.status_code == 200 and 'content="0;url=/find?text=lip"' in back.text
    cookie = next(one for one in back.headers.get_list("set-cookie") if one.startswith("whyrec="))
    assert "httponly" in cookie.lower() and "samesite=strict" in cookie.lower()
    assert client.get("/find?text=lip").status_code == 200
    assert client.get("/api/v1/predict?first=u0001&second=purchased").status_code == 403  # a manager, no admin
    client.post("/rules", data={"max_price": "80"}, headers={"Origin": "http://testserver"})
    assert client.get("/api/v1/rules").json()["published"][-1]["by"] == "oidc:mia"
    assert client.post("/logout", headers={"Origin": "http://testserver"}).status_code == 303
    client.cookies.delete("whyrec", "testserver.local")
    assert client.get("/find").status_code == 303
    assert CLIENT_SECRET not in str(known.asked)


def test_a_sign_in_is_good_for_one_browser_once(client: TestClient, known: Provider) -> None:
    back = _to_provider(client)
    kept = dict(client.cookies)
    client.cookies.clear()
    assert client.get(back).status_code == 403  # somebody else's browser
    client.cookies.update(kept)
    assert client.get(back.replace("state=", "state=x")).status_code == 403
    assert client.get(f"{back}&iss=https://other.example").status_code == 403
    assert client.get(back).status_code == 200
    client.cookies.update(kept)
    assert client.get(back).status_code == 403  # the code is spent


@pytest.mark.parametrize(
    ("claims", "what"),
    [
        ({"nonce": "another"}, "another sign-in's token"),
        ({"aud": "another"}, "a token for another service"),
        ({"iss": "https://other.example"}, "another provider's name"),
        ({"exp": int(time.time()) - 3_600}, "too old"),
        ({"realm_access": {"roles": ["cooks"]}}, "no role here"),
        ({"realm_access": "none"}, "a claim of another shape"),
    ],
)
def test_whom_the_provider_does_not_vouch_for_stays_out(
    client: TestClient, known: Provider, claims: dict[str, Any], what: str
) -> None:
    known.claims = claims
    assert client.get(_to_provider(client)).status_code == 403, what
    assert client.get("/find").status_code == 303, what


def test_bearer_tokens_of_the_provider_open_the_rest_interface(
    client: TestClient, known: Provider, folder: Path
) -> None:
    def status(token: str) -> int:
        asked = {"user": "u0002", "n": 1, "reasons": "none"}
        headers = {"Authorization": f"Bearer {token}"}
        return client.get("/api/v1/recommend", params=asked, headers=headers).status_code

    assert status(known.token(**MARKETING)) == 200
    stranger = ECKey.generate_key("P-256", {"kid": known.key.kid})
    good = {"iss": known.issuer, "aud": CLIENT, "exp": int(time.time()) + 300, **MARKETING}
    public = known.key.as_pem(private=False)
    forged = [
        jwt.encode({"alg": "ES256", "kid": known.key.kid}, good, stranger),
        _by_hand({"alg": "HS256", "kid": known.key.kid}, good, lambda text: hmac.digest(public, text, "sha256")),
        _by_hand({"alg": "none", "kid": known.key.kid}, good, lambda _: b""),
        known.token(**MARKETING, aud="another"),
        known.token(**MARKETING, exp=int(time.time()) - 3_600),
        known.token(**MARKETING, iss="https://other.example"),
        known.token(sub="carl"),
        "a.b.c",
    ]
    assert [status(one) for one in forged] == [401] * len(forged)
    shop = client.app.state.shops[0]  # type: ignore[attr-defined]
    session = shop.sessions.begin(shop.openid.caller(MARKETING))
    assert status(session) == 401  # what the cookie holds is no token of the provider's
    asked = known.keys_given
    assert [status("e30.e30.x") for _ in range(5)] == [401] * 5 and known.keys_given <= asked + 1


def _by_hand(header: dict[str, Any], claims: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """A token as no library would write it."""

    def part(told: bytes) -> str:
        return base64.urlsafe_b64encode(told).decode().rstrip("=")

    text = f"{part(json.dumps(header).encode())}.{part(json.dumps(claims).encode())}"
    return f"{text}.{part(sign(text.encode()))}"


def test_another_key_of_the_provider_is_asked_for_and_without_it_own_tokens_go_on(
    client: TestClient, known: Provider, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"user": "u0002", "n": 1, "reasons": "none"}
    monkeypatch.setattr("whyrec.service.openid.provider.AGAIN_SECONDS", 0.0)
    for _ in range(2):
        known.rotate()
        headers = {"Authorization": f"Bearer {known.token(**MARKETING)}"}
        assert client.get("/api/v1/recommend", params=asked, headers=headers).status_code == 200
    monkeypatch.setattr(client.app.state.shops[0].openid, "issuer", "http://127.0.0.1:1")  # type: ignore[attr-defined]
    known.rotate()
    headers = {"Authorization": f"Bearer {known.token(**MARKETING)}"}
    assert client.get("/api/v1/recommend", params=asked, headers=headers).status_code == 401
    headers = {"Authorization": f"Bearer {Tokens(folder)._admin}"}
    assert client.get("/api/v1/recommend", params=asked, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ({"issuer": "http://login.example"}, "https://"),
        ({"issuer": "https://login.example"}, "client_id"),
        ({"issuer": "https://login.example", "client_id": "x", "roles": {"a": "boss"}}, "admin, analyst"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(told: dict[str, Any], what: str) -> None:
    with pytest.raises(UsageError, match=what):
        OpenIdProvider(OidcSettings(**told))


def test_two_shops_need_tokens_of_their_own(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "b"
    shutil.copytree(folder, other)
    (other / "serve.token").unlink(missing_ok=True)
    (other / "service" / "tokens.json").unlink(missing_ok=True)
    with pytest.raises(UsageError, match=r"sessions\.key"):
        create_app([folder, other])
    (other / "service" / "sessions.key").unlink()
    with pytest.raises(UsageError, match="audience"):
        create_app([folder, other])
