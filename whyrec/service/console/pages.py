"""The pages: overview, find, ask, person, why, why-not, what-if, item; every state has a link, no script is needed."""

import json
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from kg.errors import UnknownEntityError
from recommender.pages.overview_page import overview_body
from recommender.texts.languages import language as texts_of
from whyrec.service.console.facts import anchors as anchors_of
from whyrec.service.console.facts import facts as facts_of
from whyrec.service.console.facts import link
from whyrec.service.console.pictures import account_svg
from whyrec.service.console.rendering import language, page
from whyrec.service.console.session import may, shop_of, to_login
from whyrec.service.limits import MOST_DAYS, MOST_TEXT
from whyrec.workspace.status import told_counts

router = APIRouter(include_in_schema=False)
QUICK = 5_000
"""Entities up to which the shop at a glance takes a second or two."""
Text = Annotated[str, Query(max_length=MOST_TEXT)]


@router.get("/")
def overview(
    request: Request,
    days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = 90,
    all_of_it: Annotated[bool, Query(alias="all")] = False,
) -> Response:
    """What is loaded, the shop at a glance, and where to begin; of a large shop it is shown when it is asked for."""
    shop = shop_of(request, "status")
    if shop is None:
        return to_login(request)
    snapshot = shop.refreshed().snapshot
    workspace = shop.engine.workspace
    counts = told_counts(workspace, snapshot.manifest.entities)
    triples = told_counts(workspace, snapshot.manifest.triples)
    model, lang = shop.engine.recommender.model.info, language(request)
    quick = sum(snapshot.manifest.entities.values()) <= QUICK
    found = shop.engine.overview(days=days, lang=lang) if quick or all_of_it else None
    return page(
        request,
        "overview.html",
        counts=counts,
        triples=triples,
        model=model,
        pending=shop.pending(),
        shop=shop.name,
        glance=found and overview_body(found, lang),
    )


@router.get("/find")
def find(request: Request, text: Text = "") -> Response:
    """Entities by name."""
    shop = shop_of(request, "find")
    if shop is None:
        return to_login(request)
    lang = language(request)
    hits = shop.refreshed().find(text, n=20, lang=lang).hits if text.strip() else []
    schema = shop.engine.snapshot.schema
    links = {(hit.type, hit.id): link(schema, hit.type, hit.id) for hit in hits}
    return page(request, "find.html", text=text, hits=hits, links=links)


@router.get("/ask")
def ask(request: Request, question: Text = "", user: Text = "") -> Response:
    """A question in words."""
    shop = shop_of(request, "ask")
    if shop is None:
        return to_login(request)
    answer = shop.refreshed().ask(question, user=user or None) if question.strip() else None
    schema = shop.engine.snapshot.schema
    links = {one.id: link(schema, one.type, one.id) for one in answer.answers} if answer else {}
    return page(request, "ask.html", question=question, answer=answer, links=links)


@router.get("/person")
def person(request: Request, user: Text = "", domain: Text = "") -> Response:
    """What is recommended to somebody, a list for each domain, with reasons."""
    shop = shop_of(request, "recommend")
    if shop is None:
        return to_login(request)
    lang = language(request)
    domains = shop.refreshed().snapshot.schema.domains
    chosen = domain if domain in domains else domains[0]
    found, rows, anchors = None, [], None
    if user.strip():
        found = shop.recommend(user.strip(), (), {"n": 10, "domain": chosen, "lang": lang})
        rows = found.items
        anchors = anchors_of(shop, user.strip(), lang) if may(request, shop, "what-if") else None
    return page(
        request,
        "person.html",
        user=user.strip(),
        domains=domains,
        domain=chosen,
        found=found,
        rows=rows,
        anchors=anchors,
        named=texts_of(lang).with_variants,
        earlier=list(dict.fromkeys(reversed(shop.engine.moments()))) if anchors is not None else [],
    )


@router.get("/why")
def why(request: Request, user: Text, item: Text) -> Response:
    """The account of one score: reasons in words, a picture, and every part."""
    shop = shop_of(request, "why")
    if shop is None:
        return to_login(request)
    lang = language(request)
    account = shop.why(user, item, (), {"lang": lang})
    groups = getattr(account, "groups", None)
    picture = account_svg(account, shop.engine.snapshot.schema, lang)
    return page(request, "why.html", user=user, account=account, groups=groups, picture=picture)


@router.get("/why-not")
async def why_not(request: Request, user: Text, item: Text, domain: Text = "") -> Response:
    """Why an item is not in the list, and what would bring it there."""
    shop = shop_of(request, "why-not")
    if shop is None:
        return to_login(request)
    lang = language(request)
    wanted = shop.refreshed().find(item, shop.engine.snapshot.schema.item_types, 5, lang=lang).hits
    if not wanted:
        raise UnknownEntityError(f"nothing comes near {item!r}")
    options = {"lang": lang, "domain": domain or None}
    answer = json.loads(await request.app.state.slow(shop).why_not(user, wanted[0].id, options))
    return page(request, "why_not.html", user=user, answer=answer, hit=wanted[0], others=wanted[1:])


@router.get("/what-if")
def what_if(
    request: Request, user: Text, remove: Annotated[tuple[str, ...], Query()] = (), domain: Text = ""
) -> Response:
    """The list before and after, with anchors switched off."""
    shop = shop_of(request, "what-if")
    if shop is None:
        return to_login(request)
    lang = language(request)
    answer = shop.refreshed().what_if(user, remove=remove, domain=domain or None, lang=lang)
    return page(request, "what_if.html", user=user, removed=remove, answer=answer, domain=domain)


@router.get("/difference")
def difference(request: Request, user: Text, since: Text, domain: Text = "") -> Response:
    """Why the list is another than it was."""
    shop = shop_of(request, "what-if")
    if shop is None:
        return to_login(request)
    answer = shop.refreshed().difference(user, since, domain=domain or None, lang=language(request))
    return page(request, "difference.html", user=user, answer=answer)


@router.get("/item")
def item(request: Request, item: Text) -> Response:
    """An item: what it is, and what is near it."""
    shop = shop_of(request, "similar")
    if shop is None:
        return to_login(request)
    lang = language(request)
    near = shop.refreshed().similar(item, 5, lang=lang)
    facts = facts_of(shop, near.item.type, near.item.id, lang)
    return page(request, "item.html", near=near, rows=near.items, facts=facts)
