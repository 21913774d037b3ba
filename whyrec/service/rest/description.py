"""The OpenAPI document: who must say who they are, and what every route answers where it refuses."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from whyrec.service.problems import MEDIA, TITLES

OPEN = "/api/v1/health/"
"""Where no token is needed."""
REFUSED = (401, 403, 404, 413, 415, 422, 429, 503)
BEARER = {"type": "http", "scheme": "bearer", "description": "A token of the workspace: what it may, its role says."}
PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457: what is wrong, and with which field.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "field": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "reason": {"type": "string"}},
            },
        },
    },
    "examples": [
        {
            "type": "about:blank",
            "title": TITLES[422],
            "status": 422,
            "detail": "n: expected 1 or more",
            "errors": [{"field": "n", "reason": "expected 1 or more"}],
        }
    ],
}


def described(app: FastAPI) -> dict[str, Any]:
    """The document, made once."""
    if app.openapi_schema is None:
        told = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        parts = told.setdefault("components", {})
        for name in ("HTTPValidationError", "ValidationError"):  # the framework's, which are never sent
            parts.get("schemas", {}).pop(name, None)
        parts.setdefault("schemas", {})["Problem"] = PROBLEM
        parts["securitySchemes"] = {"token": BEARER}
        for path, operations in told["paths"].items():
            for one in operations.values():
                _complete(one, known=path.startswith(OPEN))
        app.openapi_schema = told
    return app.openapi_schema


def _complete(operation: dict[str, Any], *, known: bool) -> None:
    content = {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status in (503,) if known else REFUSED:
        operation["responses"][str(status)] = {"description": TITLES[status], "content": content}
    if not known:
        operation["security"] = [{"token": []}]
