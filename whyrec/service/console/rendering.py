"""Pages from templates: their language, their words, and what they may load."""

import tomllib
from datetime import UTC, datetime
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.datastructures import URL
from starlette.exceptions import HTTPException

from recommender.texts.language import Text
from recommender.texts.messages import translated
from whyrec.service.console.tables import table_csv, with_links

router = APIRouter(include_in_schema=False)
COOKIE = "whyrec"
ERROR = "error.html"
"""The page that says what went wrong, which whoever asked for a table sees, too."""
BOM = "\N{BYTE ORDER MARK}"
"""Without it spreadsheets take UTF-8 for the encoding of their country: 绿茶 becomes ç»¿èŒ¶."""
YEAR = 365 * 86_400
Lang = Literal["en", "zh"]
POLICY = (
    "default-src 'self'; script-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'; form-action 'self'"
)
LANGUAGES = ("en", "zh")
STATIC = {"console.css": "text/css", "favicon.svg": "image/svg+xml"}


@router.get("/static/{name}")
def static(name: str) -> Response:
    """Files of the console, shipped with it."""
    if name not in STATIC:
        raise HTTPException(404, "no such file")
    content = (files("whyrec.service.console") / "static" / name).read_bytes()
    return Response(content, media_type=STATIC[name], headers={"Cache-Control": "public, max-age=86400"})


@router.get("/favicon.ico")
def favicon() -> Response:
    """Browsers ask for it."""
    return RedirectResponse("/static/favicon.svg")


def language(request: Request) -> Lang:
    """The language of a page: what the link says, else the cookie, else the browser."""
    told = request.query_params.get("lang") or request.cookies.get("lang")
    if told in LANGUAGES:
        return "zh" if told == "zh" else "en"
    return "zh" if request.headers.get("accept-language", "").lower().startswith("zh") else "en"


@cache
def texts(lang: str) -> dict[str, str]:
    """The words of the console in a language."""
    read = tomllib.loads((files("whyrec.service.console") / "texts" / f"{lang}.toml").read_text(encoding="utf-8"))
    return {key: Text(value) for key, value in read.items()}


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("whyrec.service.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["moment"] = lambda at: f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M}"
    environment.filters["told"] = translated
    return environment


def _table(html: str, number: str, name: str) -> Response:
    """A table of a page as a file.

    :raises HTTPException: 404 where the page has none of that number.
    """
    found = table_csv(html, int(number)) if number.isascii() and number.isdecimal() and len(number) < 4 else None
    if found is None:
        raise HTTPException(404, "the page has no table of this number")
    headers = {"Content-Disposition": f'attachment; filename="{name.removesuffix(".html")}-{number}.csv"'}
    return Response(
        f"{BOM}{found}", media_type="text/csv; charset=utf-8", headers={**headers, "Cache-Control": "private, no-store"}
    )


def _here(url: URL) -> str:
    """The link to a state of this console, whatever the Host header says."""
    return f"{url.path}?{url.query}" if url.query else url.path


def page(request: Request, name: str, **parts: Any) -> Response:
    """A page of the console, from the template of that name."""
    lang = language(request)
    other = "zh" if lang == "en" else "en"
    switch = _here(request.url.include_query_params(lang=other))
    shown = {"t": texts(lang), "lang": lang, "switch": switch, "other": other, "path": request.url.path, "quote": quote}
    signed = COOKIE in request.cookies
    html = _templates().get_template(name).render(**shown, signed=signed, **parts)
    wanted = request.query_params.get("table") if name != ERROR else None
    if wanted is not None:
        return _table(html, wanted, name)
    if "</table>" in html:
        here = _here(request.url.remove_query_params("table"))
        html = with_links(html, escape(f"{here}{'&' if '?' in here else '?'}", quote=True), texts(lang)["download"])
    answer = HTMLResponse(html, headers={"Content-Security-Policy": POLICY, "Cache-Control": "private, no-store"})
    if request.query_params.get("lang") in LANGUAGES:
        answer.set_cookie("lang", lang, max_age=YEAR, samesite="strict", httponly=True)
    return answer


def error_page(request: Request, status: int, message: str) -> Response | None:
    """A message for a person whose browser asked for one of the pages; ``None`` for anybody else."""
    if request.url.path.startswith("/api/") or "text/html" not in request.headers.get("accept", ""):
        return None
    answer = page(request, ERROR, status=status, message=translated(message, language(request)))
    answer.status_code = status
    return answer
