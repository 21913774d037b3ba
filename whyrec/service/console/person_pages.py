"""Pages about somebody, or about a visitor who has something: lists, why, why not, what if, compare, difference."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.exceptions import HTTPException

from kg.errors import UnknownEntityError
from recommender.texts.languages import language as texts_of
from recommender.texts.paths import spoken_domain, spoken_part
from whyrec.service.console.facts import Who, called, often, told_anchors, typed_anchors
from whyrec.service.console.facts import anchors as anchors_of
from whyrec.service.console.pictures import account_svg
from whyrec.service.console.rendering import language, page, texts
from whyrec.service.console.session import may, shop_of, to_login
from whyrec.service.sizes import MOST_TEXT

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Query(max_length=MOST_TEXT)]
Anchors = Annotated[tuple[str, ...], Query(max_length=100)]


@router.get("/person")
def person(request: Request, user: Text = "", anchor: Anchors = (), also: Text = "", domain: Text = "") -> Response:
    """What is recommended to somebody, or to a visitor who has something, a list for each domain, with reasons.

    :param also: further anchors of a visitor, as they were typed.
    """
    shop = shop_of(request, "recommend")
    if shop is None:
        return to_login(request)
    lang, schema = language(request), shop.refreshed().snapshot.schema
    who = Who(user, (*anchor, *typed_anchors(shop, also)))
    chosen = domain if domain in schema.domains else schema.domains[0]
    found, rows, has = None, [], None
    if who.known:
        found = shop.recommend(who.user, who.anchors, {"n": 10, "domain": chosen, "lang": lang})
        rows = found.items
        own = anchors_of(shop, who.user, lang) if who.user else told_anchors(shop, who.anchors, lang)
        has = own if may(request, shop, "what-if") else None
    return page(
        request,
        "person.html",
        who=who,
        domains={one: spoken_domain(schema, one, lang) for one in schema.domains},
        domain=chosen,
        found=found,
        rows=rows,
        anchors=has,
        named=texts_of(lang).with_variants,
        called=called(shop, who, lang, texts(lang)),
        typed=also or " ".join(who.anchors),
        often=[] if who.known else often(shop, lang),
        earlier=list(dict.fromkeys(reversed(shop.engine.moments()))) if has is not None and who.user else [],
    )


@router.get("/why")
def why(request: Request, item: Text, user: Text = "", anchor: Anchors = ()) -> Response:
    """The account of one score: reasons in words, a picture, and every part."""
    shop = shop_of(request, "why")
    if shop is None:
        return to_login(request)
    lang, who = language(request), Who(user, anchor)
    account = shop.told("why", who.user, item, anchors=who.anchors, lang=lang)
    groups = getattr(account, "groups", None)
    schema, compares = shop.engine.snapshot.schema, may(request, shop, "what-if")
    own = anchors_of(shop, who.user, lang) if who.user else told_anchors(shop, who.anchors, lang)
    return page(
        request,
        "why.html",
        who=who,
        called=called(shop, who, lang, texts(lang)),
        account=account,
        groups=groups,
        rule=texts_of(lang).audit(account.excluded or "–"),
        picture=account_svg(account, schema, lang),
        compares=compares,
        anchors=own if compares else [],
        spoken=lambda kind, metapath: spoken_part(schema, kind, metapath, lang),
    )


@router.get("/compare")
def compare(request: Request, first: Text, second: Text, user: Text = "", anchor: Anchors = ()) -> Response:
    """Why one item is ahead of another."""
    shop = shop_of(request, "what-if")
    if shop is None:
        return to_login(request)
    lang, who = language(request), Who(user, anchor)
    answer = shop.told("compare", who.user, first, second, anchors=who.anchors, lang=lang)
    return page(request, "compare.html", who=who, answer=answer)


@router.get("/why-not")
async def why_not(request: Request, item: Text, user: Text = "", anchor: Anchors = (), domain: Text = "") -> Response:
    """Why an item is not in the list, and what would bring it there."""
    shop = shop_of(request, "why-not")
    if shop is None:
        return to_login(request)
    lang, who = language(request), Who(user, anchor)
    types = shop.refreshed().snapshot.schema.item_types
    told, _, rest = item.partition(":")
    text, wanted_types = (rest, (told,)) if told in types else (item, types)
    wanted = shop.engine.find(text, wanted_types, 5, lang=lang).hits
    if not wanted:
        raise UnknownEntityError(f"nothing comes near {item!r}")
    options, hit = {"lang": lang, "domain": domain or None, "anchors": who.anchors}, wanted[0]
    answer = json.loads(await request.app.state.slow(shop).why_not(who.user, f"{hit.type}:{hit.id}", options))
    return page(request, "why_not.html", who=who, answer=answer, hit=hit, others=wanted[1:], domain=domain)


@router.get("/what-if")
def what_if(
    request: Request,
    user: Text = "",
    anchor: Anchors = (),
    add: Text = "",
    remove: Anchors = (),
    domain: Text = "",
) -> Response:
    """The list before and after, with something more, or with anchors switched off."""
    shop = shop_of(request, "what-if")
    if shop is None:
        return to_login(request)
    lang, who = language(request), Who(user, anchor)
    shop.refreshed()
    more = typed_anchors(shop, add)
    changed: dict[str, Any] = {"anchors": who.anchors, "add": more, "remove": remove}
    answer = shop.told("what_if", who.user, **changed, domain=domain or None, lang=lang)
    added, removed = (told_anchors(shop, some, lang) for some in (answer.add, answer.remove))
    own = anchors_of(shop, who.user, lang) if who.user else told_anchors(shop, who.anchors, lang)
    parts = {"who": who, "called": called(shop, who, lang, texts(lang)), "answer": answer, "domain": domain}
    switched = {"added": added, "removed": removed, "anchors": own, "off": answer.remove, "add": add}
    return page(request, "what_if.html", **parts, **switched)


@router.get("/shown")
def shown(request: Request, user: Text, answer: Text = "") -> Response:
    """What somebody was shown, and when; one answer as it was, with its reasons.

    :param answer: its id.
    """
    shop = shop_of(request, "answers")
    if shop is None:
        return to_login(request)
    given = shop.given(user)
    chosen = next((one for one in given if one.id == answer), None)
    if answer and chosen is None:
        raise HTTPException(404, "no answer of this id is kept; answers are kept for some days only")
    again = shop.replay(answer) if answer else None
    return page(request, "shown.html", user=user, given=given, chosen=chosen, again=again)


@router.get("/difference")
def difference(request: Request, user: Text, since: Text, domain: Text = "") -> Response:
    """Why the list is another than it was."""
    shop = shop_of(request, "what-if")
    if shop is None:
        return to_login(request)
    answer = shop.refreshed().difference(user, since, domain=domain or None, lang=language(request))
    return page(request, "difference.html", user=user, answer=answer)
