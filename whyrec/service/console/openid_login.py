"""Signing in by a provider: authorization code with PKCE (RFC 6749, 7636); a signed cookie keeps what is under way."""

import secrets
from typing import Annotated, Any

from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from httpx import HTTPError
from starlette.exceptions import HTTPException

from whyrec.service.access import Caller
from whyrec.service.console.rendering import COOKIE, page
from whyrec.service.console.session import Text, own_page
from whyrec.service.openid.provider import TIMEOUT_SECONDS, OpenIdProvider
from whyrec.service.openid.sessions import SIGN_IN
from whyrec.service.shop import Shop

router = APIRouter(include_in_schema=False)
UNDER_WAY, MOST_SECONDS = "whyrec-sign-in", 600
CALLBACK = "/login/openid/callback"
Code = Annotated[str, Query(max_length=4_000)]


@router.get("/login/openid")
def begin(request: Request, shop: Text, then: Text = "/") -> Response:
    """To the provider, and what is to come back with whoever signs in there."""
    provider, sessions = _parts(_shop(request, shop))
    verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    with _client(request, provider) as client:
        there, state = client.create_authorization_url(
            provider.endpoints().authorize, code_verifier=verifier, nonce=nonce
        )
    kept = {"shop": shop, "state": state, "nonce": nonce, "verifier": verifier, "then": own_page(then)}
    answer = RedirectResponse(there, 303)
    secure = _here(request, provider).startswith("https:")
    # lax, not strict: the provider's page leads back here
    answer.set_cookie(
        UNDER_WAY,
        sessions.signed(SIGN_IN, MOST_SECONDS, **kept),
        max_age=MOST_SECONDS,
        path=CALLBACK,
        httponly=True,
        samesite="lax",
        secure=secure,
    )
    return answer


@router.get(CALLBACK)
def callback(request: Request, state: Text = "", code: Code = "", iss: Text = "") -> Response:
    """Back from the provider: its code becomes a token, the token says who that is, and a session begins."""
    shop, kept = _under_way(request, state)
    provider, sessions = _parts(shop)
    if not code or (iss and iss.rstrip("/") != provider.issuer):  # RFC 9207: from another provider
        raise HTTPException(403, "nobody was signed in by the provider; begin again at /login")
    caller = _signed_in(request, provider, code, kept)
    if caller is None:
        raise HTTPException(403, "the provider knows you, but no role here is yours; [oidc.roles] says whose is which")
    # a page, not a redirect: browsers send strict cookies only where one of our own pages leads on
    answer = page(request, "signed_in.html", then=kept["then"])
    secure = _here(request, provider).startswith("https:")
    answer.set_cookie(
        COOKIE,
        sessions.begin(caller),
        max_age=sessions.seconds,
        httponly=True,
        samesite="strict",
        secure=secure,
    )
    answer.delete_cookie(UNDER_WAY, path=CALLBACK)
    return answer


def _signed_in(request: Request, provider: OpenIdProvider, code: str, kept: dict[str, Any]) -> Caller | None:
    """Whom a code stands for.

    :raises HTTPException: 403 where the provider takes the code back, or its token is not for this sign-in.
    """
    with _client(request, provider) as client:
        try:
            told = client.fetch_token(provider.endpoints().token, code=code, code_verifier=kept["verifier"])
        except (OAuthError, HTTPError, ValueError):
            raise HTTPException(403, "the provider does not take this sign-in; begin again at /login") from None
    token = str(told.get("id_token", ""))
    provider.prepare(token)
    claims = provider.claims(token, provider.settings.client_id, kept["nonce"])
    if claims is None:
        raise HTTPException(403, "the provider's token is not for this sign-in; begin again at /login")
    return provider.caller(claims)


def _under_way(request: Request, state: str) -> tuple[Shop, dict[str, Any]]:
    """The sign-in that somebody comes back from.

    :raises HTTPException: 403 for one that this browser did not begin.
    """
    cookie = request.cookies.get(UNDER_WAY, "")
    for shop in request.app.state.shops:
        kept = shop.sessions and shop.sessions.read(SIGN_IN, cookie)
        if kept and state and secrets.compare_digest(kept["state"].encode(), state.encode()):
            return shop, kept
    raise HTTPException(403, "this browser did not begin this sign-in, or it took too long; begin again at /login")


def _client(request: Request, provider: OpenIdProvider) -> Any:
    return OAuth2Client(
        provider.settings.client_id,
        provider.secret,
        token_endpoint_auth_method="client_secret_basic" if provider.secret else "none",
        scope=provider.settings.scope,
        redirect_uri=_here(request, provider) + CALLBACK,
        code_challenge_method="S256",
        timeout=TIMEOUT_SECONDS,
    )


def _here(request: Request, provider: OpenIdProvider) -> str:
    return provider.settings.url.rstrip("/") or str(request.base_url).rstrip("/")


def _shop(request: Request, name: str) -> Shop:
    found: Shop | None = next((one for one in request.app.state.shops if one.name == name), None)
    if found is None or found.openid is None:
        raise HTTPException(404, "nobody signs in there by a provider")
    return found


def _parts(shop: Shop) -> Any:
    return shop.openid, shop.sessions
