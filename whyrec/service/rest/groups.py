"""The shop's questions over HTTP: audience, bridge, gaps, item, overview, compare, difference; slow ones."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from recommender.audit.popularity import Popularity
from recommender.results.difference import ListDifference
from recommender.results.marketing import Audience, Bridges, Comparison, Gaps, ItemReport
from recommender.results.overview import Overview
from recommender.results.responsibility.private import PrivateAnswer
from whyrec.service.pseudonyms import by_id
from whyrec.service.rest.answers import Asking, may
from whyrec.service.rest.questions import OrderQuestion, PrivateQuestion
from whyrec.service.sizes import MOST_DAYS, MOST_ITEMS, MOST_TEXT

router = APIRouter(prefix="/api/v1", tags=["groups"])
Lang = Annotated[Literal["en", "zh"], Query()]
Length = Annotated[int, Query(ge=1, le=MOST_ITEMS)]
User = Annotated[str, Query(max_length=MOST_TEXT, examples=["u0001"])]
Since = Annotated[str, Query(max_length=MOST_TEXT, description="A date, or the beginning of a snapshot's hash.")]
Item = Annotated[str, Query(max_length=MOST_TEXT, examples=["p0001"])]
Entity = Annotated[str, Query(max_length=MOST_TEXT, description="Id or name.", examples=["Third Bloom"])]


@router.get("/audience", response_model=Audience)
def audience(
    entity: Entity, asking: Annotated[Asking, may("groups")], domain: str | None = None, lang: Lang = "en"
) -> Any:
    """Who uses something, what they are like, and who would use it next."""
    return _json(asking[0].refreshed().audience(entity, domain=domain, lang=lang))


@router.get("/bridge", response_model=Bridges)
def bridge(
    entity: Entity,
    asking: Annotated[Asking, may("groups")],
    domain: str | None = None,
    n: Length = 5,
    lang: Lang = "en",
) -> Any:
    """The items of another domain that lead to something."""
    return _json(asking[0].refreshed().bridge(entity, domain=domain, n=n, lang=lang))


@router.get("/gaps", response_model=Gaps)
def gaps(asking: Annotated[Asking, may("groups")], domain: str | None = None, n: Length = 10, lang: Lang = "en") -> Any:
    """What should be taught or made next."""
    return _json(asking[0].refreshed().gaps(domain, n=n, lang=lang))


@router.get("/item", response_model=ItemReport)
def item(item: Item, asking: Annotated[Asking, may("groups")], lang: Lang = "en") -> Any:
    """Why an item is shown so often, or never."""
    return _json(asking[0].refreshed().item(item, lang=lang))


@router.get("/overview", response_model=Overview)
def overview(
    asking: Annotated[Asking, may("groups")], days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = 90, lang: Lang = "en"
) -> Any:
    """The shop at a glance: coverage, reasons, traffic between domains, new and trending, what is out of date."""
    return _json(asking[0].refreshed().overview(days=days, lang=lang))


@router.get("/compare", response_model=Comparison)
def compare(asking: Annotated[Asking, may("what-if")], asked: Annotated[OrderQuestion, Query()]) -> Any:
    """Why one item is ahead of another, for a user or for somebody described by anchors."""
    return _json(asking[0].told("compare", asked.user, asked.first, asked.second, **asked.options()))


@router.get("/difference", response_model=ListDifference)
def difference(
    user: User,
    since: Since,
    asking: Annotated[Asking, may("what-if")],
    domain: str | None = None,
    n: Length = 10,
    lang: Lang = "en",
) -> Any:
    """Why somebody's list is another than it was."""
    return _json(by_id(asking[0].refreshed().difference(user, since, n=n, domain=domain, lang=lang)))


@router.post("/private", response_model=PrivateAnswer | Popularity)
def private(asking: Annotated[Asking, may("private")], asked: PrivateQuestion) -> Any:
    """One of the shop's questions in numbers with noise, which may leave the house; spends the budget of the day, which
    all who ask share, and is refused with 429 where that does not reach."""
    engine = asking[0].refreshed()
    told: dict[str, Any] = {"domain": asked.domain, "epsilon": asked.epsilon, "lang": asked.lang}
    if asked.question == "popularity":
        by = asked.entity
        return _json(engine.popularity(by=by, private=True, **told))
    return _json(engine.private(asked.question, asked.entity, **told))


def _json(document: Any) -> Response:
    return Response(document.model_dump_json(), media_type="application/json")
