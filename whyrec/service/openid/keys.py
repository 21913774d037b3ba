"""What the service does about providers without knowing whether there are any: the libraries are an extra."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from kg.errors import UsageError, WhyrecError
from kg.workspace.settings import OidcSettings

if TYPE_CHECKING:
    from whyrec.service.openid.provider import OpenIdProvider
    from whyrec.service.openid.sessions import Sessions
    from whyrec.service.shop import Shop

log = logging.getLogger("whyrec.service")


def sign_in_of(folder: Path, settings: OidcSettings) -> "tuple[OpenIdProvider, Sessions] | tuple[None, None]":
    """The provider and the sessions of a workspace; none where its configuration names no provider.

    :raises UsageError: where that cannot be, or a package is missing.
    """
    if not settings.issuer:
        return None, None
    try:
        from whyrec.service.openid.provider import OpenIdProvider
        from whyrec.service.openid.sessions import Sessions
    except ModuleNotFoundError as problem:
        raise UsageError(f"{problem.name} is not installed; [oidc] needs pip install 'whyrec[oidc]'") from None
    return OpenIdProvider(settings), Sessions(folder, settings.hours)


class KeysFirst:
    """Asks a provider for its keys before a token of its comes in that they do not fit; nobody else waits for that."""

    def __init__(self, app: ASGIApp, shops: "Sequence[Shop]") -> None:
        self._app, self._providers = app, [shop.openid for shop in shops if shop.openid is not None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on one request."""
        if self._providers and scope["type"] == "http":
            scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
            if scheme.lower() == "bearer" and token.count(".") == 2:
                for one in self._providers:
                    if not one.may_know(token.strip()):
                        await asyncio.to_thread(_prepare, one, token.strip())
        await self._app(scope, receive, send)


def _prepare(provider: "OpenIdProvider", token: str) -> None:
    try:
        provider.prepare(token)
    except WhyrecError as problem:  # whoever has a token of whyrec's own goes on
        log.warning("%s", problem)
