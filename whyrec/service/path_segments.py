"""Paths whose parts hold encoded slashes: ``/users/x%2Fanswers`` is the person ``x/answers``, not the answers of ``x``.

Servers hand on paths that are decoded already, in which the two look alike.
"""

from urllib.parse import unquote

from starlette.convertors import Convertor, register_url_convertor
from starlette.types import Scope

ENCODED, SLASH = "%2f", "\ufdd0"
"""How a slash is written that is part of a name, and what stands for it till the route is found: no character."""


class Name(Convertor[str]):
    """The rest of a path as one name, whatever slashes are in it."""

    regex = ".*"

    def convert(self, value: str) -> str:
        """The name."""
        return value.replace(SLASH, "/")

    def to_string(self, value: str) -> str:
        """The name as part of a path."""
        return value


register_url_convertor("name", Name())


def keep_slashes(scope: Scope) -> None:
    """Let encoded slashes of a request's path be none for the routes."""
    raw = scope.get("raw_path", b"").partition(b"?")[0].decode("latin-1")
    if ENCODED in raw.lower():
        scope["path"] = SLASH.join(unquote(part) for part in raw.replace("%2F", ENCODED).split(ENCODED))
