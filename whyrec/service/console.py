"""The console: pages for people who know neither ids nor graphs; every state has a link, and no script is needed."""

import json
import tomllib
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException

from kg.errors import UnknownEntityError
from whyrec.service.limits import MOST_TEXT
from whyrec.service.pictures import account_svg
from whyrec.service.shop import Shop

router = APIRouter(include_in_schema=False)
COOKIE = "whyrec"
DAY = 86_400
POLICY = (
    "default-src 'self'; script-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'; form-action 'self'"
)
LANGUAGES = ("en", "zh")
STATIC = {"console.css": "text/css", "favicon.svg": "image/svg+xml"}
Text = Annotated[str, Query(max_length=MOST_TEXT)]
Lang = Literal["en", "zh"]


@router.get("/")
def overview(request: Request) -> Response:
    """What is loaded, how personal lists are, and where to begin."""
    shop = _shop(request, "status")
    if shop is None:
        return _to_login(request)
    snapshot = shop.refreshed().snapshot
    counts = {name: snapshot.vocabulary.count(name) for name in snapshot.schema.entity}
    triples = {name: int(snapshot.adjacency(name).nnz) for name in snapshot.schema.relation}
    model = shop.engine.recommender.model.info
    return _page(
        request,
        "overview.html",
        counts=counts,
        triples=triples,
        model=model,
        pending=shop.events.counts(),
        shop=shop.name,
    )


@router.get("/find")
def find(request: Request, text: Text = "") -> Response:
    """Entities by name."""
    shop = _shop(request, "find")
    if shop is None:
        return _to_login(request)
    lang = language(request)
    hits = shop.refreshed().find(text, n=20, lang=lang).hits if text.strip() else []
    schema = shop.engine.snapshot.schema
    links = {(hit.type, hit.id): _link(schema, hit.type, hit.id) for hit in hits}
    return _page(request, "find.html", text=text, hits=hits, links=links)


@router.get("/ask")
def ask(request: Request, question: Text = "", user: Text = "") -> Response:
    """A question in words."""
    shop = _shop(request, "ask")
    if shop is None:
        return _to_login(request)
    answer = shop.refreshed().ask(question, user=user or None) if question.strip() else None
    schema = shop.engine.snapshot.schema
    links = {one.id: _link(schema, one.type, one.id) for one in answer.answers} if answer else {}
    return _page(request, "ask.html", question=question, answer=answer, links=links)


@router.get("/person")
def person(request: Request, user: Text = "", domain: Text = "") -> Response:
    """What is recommended to somebody, a list for each domain, with reasons."""
    shop = _shop(request, "recommend")
    if shop is None:
        return _to_login(request)
    lang = language(request)
    domains = shop.refreshed().snapshot.schema.domains
    chosen = domain if domain in domains else domains[0]
    found, rows, anchors = None, [], None
    if user.strip():
        found = shop.recommend(user.strip(), (), {"n": 10, "domain": chosen, "lang": lang})
        rows = found.items
        anchors = _anchors(shop, user.strip(), lang) if _may(request, shop, "what-if") else None
    return _page(
        request,
        "person.html",
        user=user.strip(),
        domains=domains,
        domain=chosen,
        found=found,
        rows=rows,
        anchors=anchors,
    )


@router.get("/why")
def why(request: Request, user: Text, item: Text) -> Response:
    """The account of one score: reasons in words, a picture, and every part."""
    shop = _shop(request, "why")
    if shop is None:
        return _to_login(request)
    lang = language(request)
    account = shop.why(user, item, (), {"lang": lang})
    groups = getattr(account, "groups", None)
    picture = account_svg(account, shop.engine.snapshot.schema, lang)
    return _page(request, "why.html", user=user, account=account, groups=groups, picture=picture)


@router.get("/why-not")
async def why_not(request: Request, user: Text, item: Text, domain: Text = "") -> Response:
    """Why an item is not in the list, and what would bring it there."""
    shop = _shop(request, "why-not")
    if shop is None:
        return _to_login(request)
    lang = language(request)
    wanted = shop.refreshed().find(item, shop.engine.snapshot.schema.item_types, 5, lang=lang).hits
    if not wanted:
        raise UnknownEntityError(f"nothing comes near {item!r}")
    options = {"lang": lang, "domain": domain or None}
    answer = json.loads(await request.app.state.slow(shop).why_not(user, wanted[0].id, options))
    return _page(request, "why_not.html", user=user, answer=answer, hit=wanted[0], others=wanted[1:])


@router.get("/what-if")
def what_if(
    request: Request, user: Text, remove: Annotated[tuple[str, ...], Query()] = (), domain: Text = ""
) -> Response:
    """The list before and after, with anchors switched off."""
    shop = _shop(request, "what-if")
    if shop is None:
        return _to_login(request)
    lang = language(request)
    answer = shop.refreshed().what_if(user, remove=remove, domain=domain or None, lang=lang)
    return _page(request, "what_if.html", user=user, removed=remove, answer=answer, domain=domain)


@router.get("/item")
def item(request: Request, item: Text) -> Response:
    """An item: what it is, and what is near it."""
    shop = _shop(request, "similar")
    if shop is None:
        return _to_login(request)
    lang = language(request)
    near = shop.refreshed().similar(item, 5, lang=lang)
    facts = _facts(shop, near.item.type, near.item.id, lang)
    return _page(request, "item.html", near=near, rows=near.items, facts=facts)


@router.get("/login")
def login_page(request: Request, then: Text = "/") -> Response:
    """Where a token is given."""
    return _page(request, "login.html", then=then if then.startswith("/") else "/", wrong=False)


@router.post("/login")
def login(
    request: Request, token: Annotated[str, Form(max_length=MOST_TEXT)], then: Annotated[str, Form()] = "/"
) -> Response:
    """Keep a token in a cookie that no script can read and no other page can send."""
    if not _same_origin(request):
        raise HTTPException(403, "this form was sent from another page")
    if not any(shop.tokens.caller(token.strip()) for shop in request.app.state.shops):
        return _page(request, "login.html", then=then, wrong=True)
    safe = then if then.startswith("/") and not then.startswith("//") else "/"
    answer = RedirectResponse(safe, 303)
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, token.strip(), max_age=DAY, httponly=True, samesite="strict", secure=secure)
    return answer


@router.post("/logout")
def logout(request: Request) -> Response:
    """Forget the token."""
    if not _same_origin(request):
        raise HTTPException(403, "this form was sent from another page")
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE)
    return answer


@router.get("/static/{name}")
def static(name: str) -> Response:
    """Files of the console, shipped with it."""
    if name not in STATIC:
        raise HTTPException(404, "no such file")
    content = (files("whyrec.service") / "static" / name).read_bytes()
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
    read = tomllib.loads((files("whyrec.service") / "texts" / f"{lang}.toml").read_text(encoding="utf-8"))
    return {key: str(value) for key, value in read.items()}


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("whyrec.service"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _page(request: Request, name: str, **parts: Any) -> HTMLResponse:
    lang = language(request)
    other = "zh" if lang == "en" else "en"
    switch = str(request.url.include_query_params(lang=other))
    shown = {"t": texts(lang), "lang": lang, "switch": switch, "other": other, "path": request.url.path, "quote": quote}
    signed = COOKIE in request.cookies
    html = _templates().get_template(name).render(**shown, signed=signed, **parts)
    answer = HTMLResponse(html, headers={"Content-Security-Policy": POLICY, "Cache-Control": "private, no-store"})
    if request.query_params.get("lang") in LANGUAGES:
        answer.set_cookie("lang", lang, max_age=365 * DAY, samesite="strict", httponly=True)
    return answer


def _shop(request: Request, action: str) -> Shop | None:
    """The shop of the token in the cookie; ``None`` where there is none.

    :raises HTTPException: 403 where the role may not.
    """
    try:
        shop: Shop = request.app.state.asking(request, action)[0]
    except HTTPException as problem:
        if problem.status_code == 401:
            return None
        raise
    return shop


def _may(request: Request, shop: Shop, action: str) -> bool:
    caller = shop.tokens.caller(request.cookies.get(COOKIE, ""))
    return caller is not None and caller.may(action)


def _to_login(request: Request) -> Response:
    there = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/login?then={quote(there, safe='')}", 303)


def _same_origin(request: Request) -> bool:
    """Whether a form was sent from this console: browsers say so, and other pages cannot lie about it."""
    origin = request.headers.get("origin")
    return origin is None or origin.split("://", 1)[-1] == request.headers.get("host")


def _link(schema: Any, entity_type: str, entity_id: str) -> str:
    if entity_type in schema.user_types:
        return f"/person?user={quote(entity_id, safe='')}"
    return f"/item?item={quote(f'{entity_type}:{entity_id}', safe='')}" if entity_type in schema.item_types else ""


def _anchors(shop: Shop, user: str, lang: str) -> list[tuple[str, str, str]]:
    """What a person has: ``relation:ID``, the phrase, the label."""
    snapshot = shop.engine.snapshot
    found = []
    for name in snapshot.schema.user_types:
        idx = snapshot.vocabulary.get(name, user)
        for relation, one in snapshot.schema.relation.items():
            if idx is not None and one.head == name and not one.rule:
                for tail in snapshot.neighbours(relation, idx)[0].tolist():
                    anchor = f"{relation}:{snapshot.vocabulary.id(one.tail, tail)}"
                    found.append((anchor, snapshot.schema.phrase(relation, lang), snapshot.label(one.tail, tail, lang)))
    return found


def _facts(shop: Shop, entity_type: str, entity_id: str, lang: str) -> dict[str, list[str]]:
    """What the graph says of an item: phrase → labels; no people."""
    snapshot = shop.engine.snapshot
    idx = snapshot.vocabulary.idx(entity_type, entity_id)
    found: dict[str, list[str]] = {}
    for relation, one in snapshot.schema.relation.items():
        if one.head == entity_type and not snapshot.schema.entity[one.tail].sensitive:
            tails = snapshot.neighbours(relation, idx)[0].tolist()
            if tails:
                found[snapshot.schema.phrase(relation, lang)] = [snapshot.label(one.tail, tail, lang) for tail in tails]
    return found


def error_page(request: Request, status: int, message: str) -> Response | None:
    """A message for a person whose browser asked for one of the pages; ``None`` for anybody else."""
    if request.url.path.startswith("/api/") or "text/html" not in request.headers.get("accept", ""):
        return None
    answer = _page(request, "error.html", status=status, message=message)
    answer.status_code = status
    return answer
