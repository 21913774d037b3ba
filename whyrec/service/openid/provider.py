"""An OpenID provider: what it says of itself, its keys, and whose its tokens are (OpenID Connect Core 1.0)."""

import os
import time
from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import ip_address
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import extract_compact

from kg.errors import UsageError, WhyrecError
from kg.workspace.settings import OidcSettings
from whyrec.service.access import Caller, Role

SECRET = "WHYREC_OIDC_CLIENT_SECRET"
"""The variable of the environment with the client's secret; a public client has none."""
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"]
"""Signatures by key pairs alone: with a shared secret, whoever can check a token could make one."""
TIMEOUT_SECONDS, LEEWAY_SECONDS, AGAIN_SECONDS, KEPT_SECONDS = 5.0, 60, 30.0, 3_600.0
MOST_CHECKED = 1_000
"""Tokens whose signature one worker need not check again."""


class OpenIdError(WhyrecError):
    """The provider cannot be asked, or what it said is none of its."""


@dataclass(frozen=True)
class Endpoints:
    """What the provider says of itself."""

    authorize: str
    token: str
    keys: KeySet


class OpenIdProvider:
    """The provider that a workspace's configuration names; nothing is asked before somebody signs in or sends a token.

    :raises UsageError: where the configuration cannot be.
    """

    def __init__(self, settings: OidcSettings) -> None:
        self.settings = settings
        self.issuer = _checked(settings.issuer)
        self.secret = os.environ.get(SECRET) or None
        if not settings.client_id:
            raise UsageError("[oidc] `client_id`: say what the provider calls this service")
        self._roles = {value: _role(value, name) for value, name in settings.roles.items()}
        self._told: Endpoints | None = None
        self._asked = -KEPT_SECONDS
        self._lock, self._asking = Lock(), Lock()
        self._checked: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def endpoints(self) -> Endpoints:
        """Where people sign in, where codes become tokens, and the keys; asked for at most once an hour.

        :raises OpenIdError: where the provider does not answer, or is another one.
        """
        if self._told is None or time.monotonic() - self._asked > KEPT_SECONDS:
            self._ask()
        assert self._told is not None
        return self._told

    def prepare(self, token: str) -> None:
        """Ask for the keys where those that are here do not fit a token; of many tokens at once one asks.

        :raises OpenIdError: as :meth:`endpoints`.
        """
        with self._asking:
            if not self.may_know(token):
                self._ask()

    def _ask(self) -> None:
        """What the provider says of itself, and its keys."""
        self._asked = time.monotonic()
        with httpx.Client(timeout=TIMEOUT_SECONDS) as client:
            try:
                about = client.get(f"{self.issuer}/.well-known/openid-configuration").raise_for_status().json()
                keys = client.get(about["jwks_uri"]).raise_for_status().json()
                told = Endpoints(
                    _checked(about["authorization_endpoint"]),
                    _checked(about["token_endpoint"]),
                    KeySet.import_key_set(keys),
                )
            except (httpx.HTTPError, JoseError, UsageError, ValueError, KeyError, TypeError) as problem:
                raise OpenIdError(f"{self.issuer} cannot be asked: {type(problem).__name__}") from None
        if str(about.get("issuer")).rstrip("/") != self.issuer:
            raise OpenIdError(f"{self.issuer} calls itself otherwise; [oidc] issuer has to be its own name")
        with self._lock:
            self._told = told
            self._checked.clear()

    def may_know(self, token: str) -> bool:
        """Whether the keys that are here fit a token; ``False`` where the provider is to be asked for them.

        A key that nobody knows is asked for once in a while, not for each token.
        """
        if self._told is not None and self._key_of(token) in {key.kid for key in self._told.keys.keys}:
            return time.monotonic() - self._asked <= KEPT_SECONDS
        return time.monotonic() - self._asked <= AGAIN_SECONDS

    def claims(self, token: str, audience: str, nonce: str | None = None) -> dict[str, Any] | None:
        """What a token says, by the keys that are here; ``None`` for one that is not the provider's, not for us, too
        old, or not of this sign-in."""
        told = self._told
        if told is None:
            return None
        found = self._checked.get(token)
        if found is None:
            try:
                found = dict(jwt.decode(token, told.keys, algorithms=ALGORITHMS).claims)
            except (JoseError, ValueError, TypeError):
                return None
            with self._lock:
                self._checked[token] = found
                while len(self._checked) > MOST_CHECKED:
                    self._checked.popitem(last=False)
        rules: dict[str, Any] = {"exp": {"essential": True}, "aud": {"essential": True, "value": audience}}
        rules |= {"nonce": {"essential": True, "value": nonce}} if nonce is not None else {}
        try:
            jwt.JWTClaimsRegistry(leeway=LEEWAY_SECONDS, **rules).validate(found)
        except JoseError:
            return None
        return found if str(found.get("iss")).rstrip("/") == self.issuer else None

    def bearer(self, token: str) -> Caller | None:
        """Whose a token at the REST interface is; ``None`` for nobody's, or where no role is for them."""
        found = self.claims(token, self.settings.audience or self.settings.client_id)
        return None if found is None else self.caller(found)

    def caller(self, claims: dict[str, Any]) -> Caller | None:
        """Who that is, and the first role of the configuration that the claims have; ``None`` for none."""
        name = claims.get(self.settings.name_claim) or claims.get("sub")
        role = next((role for value, role in self._roles.items() if value in self._values(claims)), None)
        return None if role is None or not isinstance(name, str) else Caller(f"oidc:{name}", role)

    def _values(self, claims: dict[str, Any]) -> list[Any]:
        claim = self.settings.role_claim
        found: Any = claims
        for step in [claim] if claim in claims else claim.split("."):  # names such as https://shop.example/roles too
            found = found.get(step) if isinstance(found, dict) else None
        return found.split() if isinstance(found, str) else found if isinstance(found, list) else []

    @staticmethod
    def _key_of(token: str) -> str | None:
        try:
            return extract_compact(token.encode()).headers().get("kid")
        except (JoseError, ValueError):
            return None


def _checked(url: str) -> str:
    """An address without the slash at its end.

    :raises UsageError: where somebody could listen in on the way there.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and _local(parts.hostname or "")):
        raise UsageError(f"[oidc] `issuer` {url!r}: expected an address that begins with https://")
    return url.rstrip("/")


def _local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _role(value: str, name: str) -> Role:
    try:
        return Role(name)
    except ValueError:
        raise UsageError(
            f"[oidc.roles] {value!r} = {name!r}: expected one of {', '.join(role.value for role in Role)}"
        ) from None
