"""Parameters of a request: each is known, and what is one thing is given once."""

from collections.abc import Callable
from functools import cache
from typing import Any, get_args, get_origin

from fastapi import Request
from fastapi.routing import APIRoute
from pydantic import BaseModel

from kg.document import nearest
from kg.errors import UsageError

LONGEST_NAME = 40


@cache
def lists_of(model: type[BaseModel]) -> frozenset[str]:
    """Names of the parameters that can be given several times."""
    fields = model.model_fields.items()
    return frozenset(one.alias or name for name, one in fields if get_origin(one.annotation) is list)


def check_parameters(request: Request) -> None:
    """Refuse a parameter that a route does not have, and a second value of what is one thing.

    Of two users the framework takes the last, and a misspelt ``domian`` would be answered for the whole shop.

    :raises UsageError: naming the parameter.
    """
    route = request.scope.get("route")
    if request.method != "GET" or not isinstance(route, APIRoute):
        return
    known, several = _KNOWN.get(route.endpoint) or _KNOWN.setdefault(route.endpoint, _names(route))
    seen = set[str]()
    for name, _ in request.query_params.multi_items():
        if known is not None and name not in known:
            raise UsageError(f"`{name[:LONGEST_NAME]}`: unknown parameter; {nearest(name[:LONGEST_NAME], list(known))}")
        if name in seen and name not in several:
            raise UsageError(f"`{name[:LONGEST_NAME]}`: given more than once; which is meant is not guessed")
        seen.add(name)


_KNOWN: dict[Callable[..., Any], tuple[frozenset[str] | None, frozenset[str]]] = {}
"""What was found out of each route, by what answers it: a route itself has no hash."""


def _names(route: APIRoute) -> tuple[frozenset[str] | None, frozenset[str]]:
    """All parameters of a route, ``None`` where its model refuses others itself; and those that are lists."""
    known, several = set[str](), set[str]()
    for one in route.dependant.query_params:
        kind: Any = one.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return None, lists_of(kind)
        known.add(one.alias)
        if list in (get_origin(kind), *map(get_origin, get_args(kind))):
            several.add(one.alias)
    return frozenset(known), frozenset(several)
