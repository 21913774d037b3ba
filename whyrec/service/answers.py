"""The questions of the REST interface: each is one call of the engine, its document the one that ``--json`` prints."""

import hashlib
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from recommender.results.account import Account
from recommender.results.ask import Answers
from recommender.results.counterfactual import WhatIf, WhyNot
from recommender.results.recommendation import Recommendation
from recommender.results.search import Found
from recommender.results.similar import Similar
from whyrec.service.access import Caller
from whyrec.service.limits import MOST_ITEMS, MOST_TEXT
from whyrec.service.monitoring import of_list
from whyrec.service.shop import Shop

router = APIRouter(prefix="/api/v1")
Asking = tuple[Shop, Caller]
Lang = Annotated[Literal["en", "zh"], Query(description="Language of labels and texts.")]
Length = Annotated[int, Query(ge=1, le=MOST_ITEMS, description="Length of the list.")]
User = Annotated[str, Query(max_length=MOST_TEXT, description="Id of a user.", examples=["u0001"])]
Item = Annotated[str, Query(max_length=MOST_TEXT, description="Id of an item.", examples=["p0001"])]
Anchors = Annotated[tuple[str, ...], Query(max_length=100, description="relation:ID of what somebody has.")]


def may(action: str) -> Any:
    """The dependency that lets a request through: its shop and its caller."""

    def asking(request: Request) -> Asking:
        found: Asking = request.app.state.asking(request, action)
        return found

    return Depends(asking)


class RuleParameters(BaseModel):
    """Rules of one request, on top of those of the workspace."""

    avoid: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    max_price: float | None = None
    min_price: float | None = None
    in_stock: bool = False
    language: tuple[str, ...] = ()
    age: float | None = None
    unknown: Literal["drop", "keep"] | None = None

    def options(self) -> dict[str, Any]:
        """Those that say something."""
        return {name: value for name, value in self.model_dump().items() if value not in (None, (), False)}


def rule_parameters(
    avoid: Annotated[tuple[str, ...], Query(max_length=100, description="relation:ID or Type:ID.")] = (),
    only: Annotated[tuple[str, ...], Query(max_length=100, description="Only items with this relation:ID.")] = (),
    max_price: Annotated[float | None, Query(ge=0)] = None,
    min_price: Annotated[float | None, Query(ge=0)] = None,
    in_stock: bool = False,
    language: Annotated[tuple[str, ...], Query(max_length=20)] = (),
) -> RuleParameters:
    """The rules of a request."""
    return RuleParameters(
        avoid=avoid, only=only, max_price=max_price, min_price=min_price, in_stock=in_stock, language=language
    )


Rules = Annotated[RuleParameters, Depends(rule_parameters)]


@router.get("/recommend", response_model=Recommendation, tags=["answers"])
async def recommend(
    request: Request,
    rules: Rules,
    asking: Annotated[Asking, may("recommend")],
    user: Annotated[str | None, Query(max_length=MOST_TEXT, examples=["u0001"])] = None,
    anchor: Anchors = (),
    n: Length = 10,
    domain: str | None = None,
    reasons: Annotated[Literal["none", "first", "all"], Query(description="none is several times quicker.")] = "first",
    diversity: Annotated[float, Query(ge=0, le=1)] = 0.0,
    lang: Lang = "en",
) -> Response:
    """The best items for a user, or for somebody described by anchors, with what happened a moment ago."""
    shop, caller = asking
    options: dict[str, Any] = {"n": n, "domain": domain, "lang": lang, **rules.options()}
    options |= {"diversity": diversity} if diversity else {}
    found = shop.recommend(user, anchor, options | {"told": reasons != "none"})
    of_list(found)
    return _answer(request, found, "recommend", user, caller)


@router.get("/why", response_model=Account, tags=["answers"])
async def why(
    request: Request,
    rules: Rules,
    item: Item,
    asking: Annotated[Asking, may("why")],
    user: Annotated[str | None, Query(max_length=MOST_TEXT, examples=["u0001"])] = None,
    anchor: Anchors = (),
    lang: Lang = "en",
) -> Response:
    """The account of one score; its shares add up to it."""
    shop, caller = asking
    found = shop.why(user, item, anchor, {"lang": lang, **rules.options()})
    return _answer(request, found, "why", user, caller)


@router.get("/why-not", response_model=WhyNot, tags=["answers"])
async def why_not(
    request: Request,
    rules: Rules,
    user: User,
    item: Item,
    asking: Annotated[Asking, may("why-not")],
    n: Length = 10,
    domain: str | None = None,
    lang: Lang = "en",
) -> Response:
    """Why an item is not in the list, and the smallest change, tried out, that would bring it there."""
    shop, _ = asking
    options = {"n": n, "domain": domain, "lang": lang, **rules.options()}
    found = await request.app.state.slow(shop).why_not(user, item, options)
    return Response(found, media_type="application/json")


@router.get("/what-if", response_model=WhatIf, tags=["answers"])
async def what_if(
    request: Request,
    user: User,
    asking: Annotated[Asking, may("what-if")],
    add: Anchors = (),
    remove: Anchors = (),
    n: Length = 10,
    domain: str | None = None,
    lang: Lang = "en",
) -> Response:
    """A list before and after a change of what somebody has; nothing is written."""
    shop, caller = asking
    found = shop.refreshed().what_if(user, add=add, remove=remove, n=n, domain=domain, lang=lang)
    return _answer(request, found, "what-if", user, caller)


@router.get("/similar", response_model=Similar, tags=["answers"])
async def similar(
    request: Request,
    item: Item,
    asking: Annotated[Asking, may("similar")],
    n: Length = 5,
    domain: str | None = None,
    lang: Lang = "en",
) -> Response:
    """The nearest items of each domain, with what they share."""
    shop, caller = asking
    return _answer(request, shop.refreshed().similar(item, n, domain=domain, lang=lang), "similar", None, caller)


@router.get("/find", response_model=Found, tags=["search"])
async def find(
    request: Request,
    text: Annotated[str, Query(max_length=MOST_TEXT, examples=["lipstick"])],
    asking: Annotated[Asking, may("find")],
    type: Annotated[tuple[str, ...], Query(max_length=50)] = (),
    n: Length = 10,
    lang: Lang = "en",
) -> Response:
    """Entities by what people call them; people by their exact ids alone."""
    shop, caller = asking
    return _answer(request, shop.refreshed().find(text, type, n, lang=lang), "find", None, caller)


@router.get("/ask", response_model=Answers, tags=["search"])
async def ask(
    request: Request,
    question: Annotated[str, Query(max_length=MOST_TEXT, examples=["which toner contains niacinamide?"])],
    asking: Annotated[Asking, may("ask")],
    user: Annotated[str | None, Query(max_length=MOST_TEXT)] = None,
    n: Length = 20,
    lang: Annotated[Literal["en", "zh"] | None, Query()] = None,
) -> Response:
    """A question in English or Chinese, answered from the graph with the triples that say so."""
    shop, caller = asking
    return _answer(request, shop.refreshed().ask(question, user=user, n=n, lang=lang), "ask", user, caller)


@router.get("/predict", tags=["answers"])
async def predict(
    request: Request,
    first: Annotated[str, Query(max_length=MOST_TEXT)],
    second: Annotated[str, Query(max_length=MOST_TEXT)],
    asking: Annotated[Asking, may("predict")],
    n: Length = 10,
) -> Response:
    """The likeliest missing triples of a head or a tail."""
    shop, caller = asking
    return _answer(request, shop.refreshed().predict(first, second, n), "predict", None, caller)


@router.get("/answers/{answer_id}", tags=["answers"])
def answer_again(answer_id: str, asking: Annotated[Asking, may("answers")]) -> Any:
    """An answer as it was given, to the bit: what did she see on Monday, and why."""
    found = asking[0].replay(answer_id)
    if found is None:
        raise HTTPException(404, "no answer of this id is kept; answers are kept for some days only")
    return found


def _answer(request: Request, found: BaseModel, kind: str, user: str | None, caller: Caller) -> Response:
    """A document with its tag and the id under which it is kept."""
    body = found.model_dump_json().encode()
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if kind in request.app.state.kept:
        headers["X-Answer-Id"] = request.state.shop.remember(kind, user, caller.name, body)
    return Response(body, media_type="application/json", headers=headers)
