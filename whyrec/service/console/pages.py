"""The pages: overview, find, ask, item; every state has a link, no script is needed."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from recommender.pages.overview_page import overview_body
from recommender.texts.languages import language as texts_of
from recommender.texts.paths import spoken_domains
from whyrec.service.console.facts import facts as facts_of
from whyrec.service.console.facts import kinds, link, phrases, told_facts
from whyrec.service.console.rendering import language, page
from whyrec.service.console.session import shop_of, to_login
from whyrec.service.pseudonyms import found_by
from whyrec.service.sizes import MOST_DAYS, MOST_TEXT
from whyrec.workspace.status import stepped_counts

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
    counted = stepped_counts(snapshot)
    model, lang = shop.engine.recommender.model.info, language(request)
    quick = sum(snapshot.manifest.entities.values()) <= QUICK
    found = shop.engine.overview(days=days, lang=lang) if quick or all_of_it else None
    return page(
        request,
        "overview.html",
        counts={name: counted[name] for name in snapshot.manifest.entities},
        kinds=kinds(snapshot.schema, lang),
        phrases=phrases(snapshot.schema, lang),
        triples={name: counted[name] for name in snapshot.manifest.triples},
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
    lang, schema = language(request), shop.refreshed().snapshot.schema
    found = shop.engine.find(text, n=20, lang=lang) if text.strip() else None
    hits = found_by(request.app.state.asking.whose(request)[1], found, schema).hits if found else []
    links = {(hit.type, hit.id): link(schema, hit.type, hit.id) for hit in hits}
    return page(request, "find.html", text=text, hits=hits, links=links, kinds=kinds(schema, lang))


@router.get("/ask")
def ask(request: Request, question: Text = "", user: Text = "") -> Response:
    """A question in words."""
    shop = shop_of(request, "ask")
    if shop is None:
        return to_login(request)
    answer = shop.ask(question, user or None) if question.strip() else None
    schema = shop.engine.snapshot.schema
    links = {(one.type, one.id): link(schema, one.type, one.id) for one in answer.answers} if answer else {}
    lang = language(request)
    facts = {(one.type, one.id): told_facts(shop, one, lang) for one in answer.answers} if answer else {}
    return page(request, "ask.html", question=question, answer=answer, links=links, facts=facts)


@router.get("/item")
def item(request: Request, item: Text) -> Response:
    """An item: what it is, and what is near it."""
    shop = shop_of(request, "similar")
    if shop is None:
        return to_login(request)
    lang = language(request)
    near = shop.refreshed().similar(item, 5, lang=lang)
    facts = facts_of(shop, near.item.type, near.item.id, lang)
    schema = shop.engine.snapshot.schema
    names = spoken_domains(schema, lang)
    kind = kinds(schema, lang)[near.item.type]
    return page(request, "item.html", near=near, rows=near.items, facts=facts, names=names, kind=kind)


@router.get("/item-report")
def item_report(request: Request, item: Text) -> Response:
    """Why an item is recommended so often, or never, and what of it would change that."""
    shop = shop_of(request, "groups")
    if shop is None:
        return to_login(request)
    lang = language(request)
    found = shop.refreshed().item(item, lang=lang)
    return page(request, "item_report.html", found=found, words=texts_of(lang).section("item"))
