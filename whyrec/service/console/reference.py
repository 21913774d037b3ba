"""The reference of the REST interface as a page: the OpenAPI document for people, with nothing from elsewhere."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from whyrec.service.console.rendering import page
from whyrec.service.rest.description import described

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Field:
    """A parameter, or a field of a body."""

    name: str
    place: str
    type: str
    required: bool
    about: str


@dataclass(frozen=True)
class Operation:
    """What one method of one address does; ``example``: a command that asks for it."""

    method: str
    path: str
    summary: str
    fields: list[Field]
    example: str


@router.get("/docs")
def reference(request: Request) -> Response:
    """All operations, by what they are about; whoever may see the OpenAPI document may see this."""
    document = described(request.app)
    groups: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            found = _operation(document, str(request.base_url), (method.upper(), path), told)
            groups.setdefault(told.get("tags", ["service"])[0], []).append(found)
    return page(request, "reference.html", groups=groups, about=document["info"]["description"])


def _operation(document: dict[str, Any], base: str, where: tuple[str, str], told: dict[str, Any]) -> Operation:
    method, path = where
    fields = [*_parameters(document, told), *_body(document, told)]
    asked = {one["name"]: one["schema"]["examples"][0] for one in told.get("parameters", ()) if _has_example(one)}
    query = urlencode({name: value for name, value in asked.items() if f"{{{name}}}" not in path}, safe=":")
    parts = ["curl", *([] if method == "GET" else [f"-X {method}"]), '-H "Authorization: Bearer $TOKEN"']
    if any(one.place == "body" for one in fields):
        parts += ['-H "Content-Type: application/json"', "-d @body.json"]
    about = told.get("description") or told.get("summary", "")
    url = f"{base.rstrip('/')}{path}{'?' if query else ''}{query}"
    return Operation(method, path, about, fields, " ".join([*parts, f"'{url}'"]))


def _has_example(parameter: dict[str, Any]) -> bool:
    return bool(parameter.get("schema", {}).get("examples")) and parameter["in"] == "query"


def _parameters(document: dict[str, Any], told: dict[str, Any]) -> Iterator[Field]:
    for one in told.get("parameters", ()):
        schema = one.get("schema", {})
        about = one.get("description") or schema.get("description", "")
        yield Field(one["name"], one["in"], _type(document, schema), one.get("required", False), about)


def _body(document: dict[str, Any], told: dict[str, Any]) -> Iterator[Field]:
    for content in told.get("requestBody", {}).get("content", {}).values():
        schema = _resolved(document, content.get("schema", {}))
        for name, one in schema.get("properties", {}).items():
            yield Field(
                name, "body", _type(document, one), name in schema.get("required", ()), one.get("description", "")
            )


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return found
    return schema


def _type(document: dict[str, Any], schema: dict[str, Any]) -> str:
    """A schema in a few words: its type, what is allowed, what holds where nothing is said."""
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]  # type: ignore[no-any-return]
    some = [_type(document, one) for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    allowed = schema.get("enum") or ([schema["const"]] if "const" in schema else None)
    name = " | ".join(map(str, allowed)) if allowed else " or ".join(dict.fromkeys(some)) or schema.get("type", "")
    if name == "array":
        name = f"{_type(document, schema.get('items', {}))} …"
    limits = [f"{sign} {schema[key]}" for key, sign in (("minimum", "≥"), ("maximum", "≤")) if key in schema]
    default = schema.get("default")
    said = [f"= {json.dumps(default, ensure_ascii=False)}"] if default not in (None, [], "") else []
    return " ".join([name, *limits, *said])
