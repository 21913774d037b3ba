"""The questions of the REST interface: each is one call of the engine, its document the one that ``--json`` prints."""

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from recommender.results.account import Account
from recommender.results.counterfactual import WhatIf, WhyNot
from recommender.results.recommendation import Recommendation
from recommender.results.search import Answers, Found
from recommender.results.similar import Similar
from whyrec.service.access import Caller
from whyrec.service.answer_cache import KeptAnswer, given, has_it
from whyrec.service.monitoring import of_list
from whyrec.service.pseudonyms import found_by
from whyrec.service.rest.parameters import check_parameters
from whyrec.service.rest.questions import (
    AbsenceQuestion,
    AccountQuestion,
    ChangeQuestion,
    ListQuestion,
    NameQuestion,
    NearQuestion,
    TripleQuestion,
    WordsQuestion,
)
from whyrec.service.shop import Shop

router = APIRouter(prefix="/api/v1")
Asking = tuple[Shop, Caller]


def may(action: str) -> Any:
    """The dependency that lets a request through: its shop and its caller."""

    async def asking(request: Request) -> Asking:  # no thread of its own: that would cost more than it does
        """The shop and the caller of one request, whose parameters are known and given once."""
        check_parameters(request)
        found: Asking = request.app.state.asking(request, action)
        return found

    return Depends(asking)


@router.get("/recommend", response_model=Recommendation, tags=["answers"])
async def recommend(
    request: Request, asking: Annotated[Asking, may("recommend")], asked: Annotated[ListQuestion, Query()]
) -> Response:
    """The best items for a user, or for somebody described by anchors, with what happened a moment ago."""
    state = asking[0].state(asked.user)
    listed = asking[0].listed(asked.user, asked.anchor, asked.options())
    answer, body = asking[0].packed_list(listed, asked.user, state, asked.scenario)
    of_list(asking[0].name, answer.personal)
    asking[0].lists.keep(asked, answer)
    return _kept(request, asking, "recommend", answer, body)


@router.get("/why", response_model=Account, tags=["answers"])
async def why(
    request: Request, asking: Annotated[Asking, may("why")], asked: Annotated[AccountQuestion, Query()]
) -> Response:
    """The account of one score; its shares add up to it."""
    state = asking[0].state(asked.user)
    found = asking[0].told("why", asked.user, asked.item, anchors=asked.anchor, **asked.options())
    answer, body = asking[0].packed(found, asked.user, state, scenario=asked.scenario)
    return _kept(request, asking, "why", answer, body)


@router.get("/why-not", response_model=WhyNot, tags=["answers"])
async def why_not(
    request: Request, asking: Annotated[Asking, may("why-not")], asked: Annotated[AbsenceQuestion, Query()]
) -> Response:
    """Why an item is not in the list, and the smallest change, tried out, that would bring it there."""
    slow = request.app.state.slow(asking[0])
    return Response(await slow.why_not(asked.user, asked.item, asked.options()), media_type="application/json")


@router.get("/what-if", response_model=WhatIf, tags=["answers"])
async def what_if(
    request: Request, asking: Annotated[Asking, may("what-if")], asked: Annotated[ChangeQuestion, Query()]
) -> Response:
    """A list before and after a change of what somebody has; nothing is written."""
    found = asking[0].told("what_if", asked.user, **asked.options())
    return _answer(request, found)


@router.get("/similar", response_model=Similar, tags=["answers"])
async def similar(
    request: Request, asking: Annotated[Asking, may("similar")], asked: Annotated[NearQuestion, Query()]
) -> Response:
    """The nearest items of each domain, with what they share."""
    found = asking[0].refreshed().similar(asked.item, asked.n, domain=asked.domain, lang=asked.lang)
    return _answer(request, found)


@router.get("/find", response_model=Found, tags=["search"])
async def find(
    request: Request, asking: Annotated[Asking, may("find")], asked: Annotated[NameQuestion, Query()]
) -> Response:
    """Entities by what people call them; people by their exact ids alone."""
    shop, caller = asking
    found = shop.refreshed().find(asked.text, asked.type, asked.n, lang=asked.lang)
    return _answer(request, found_by(caller, found, shop.engine.snapshot.schema))


@router.get("/ask", response_model=Answers, tags=["search"])
async def ask(
    request: Request, asking: Annotated[Asking, may("ask")], asked: Annotated[WordsQuestion, Query()]
) -> Response:
    """A question in English or Chinese, answered from the graph with the triples that say so."""
    found = asking[0].ask(asked.question, asked.user, n=asked.n, lang=asked.lang)
    return _answer(request, found)


@router.get("/predict", tags=["answers"])
async def predict(
    request: Request, asking: Annotated[Asking, may("predict")], asked: Annotated[TripleQuestion, Query()]
) -> Response:
    """The likeliest missing triples of a head or a tail."""
    return _answer(request, asking[0].refreshed().predict(asked.first, asked.second, asked.n))


@router.get("/answers/{answer_id}", tags=["answers"])
def answer_again(answer_id: str, asking: Annotated[Asking, may("answers")]) -> Any:
    """An answer as it was given, to the bit: what did somebody see on Monday, and why."""
    shop, caller = asking
    found = shop.replay(answer_id)
    if found is not None:
        shop.looked(caller, "answers", found.get("user", {}).get("id"))
    if found is None:
        raise HTTPException(404, "no answer of this id is kept; answers are kept for some days only")
    return found


def _kept(request: Request, asking: Asking, kind: str, answer: KeptAnswer, body: bytes) -> Response:
    """An answer, which is kept for the next who asks the same."""
    shop, caller = asking
    shop.kept.keep((kind, request.scope["query_string"]), answer)
    return given(request, (shop, kind, caller.name), answer, keep=kind in request.app.state.kept, body=body)


def _answer(request: Request, found: BaseModel) -> Response:
    """A document with its tag."""
    body = found.model_dump_json().encode()
    tag = _tag(body)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if has_it(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def _tag(body: bytes) -> str:
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
