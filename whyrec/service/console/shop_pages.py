"""Pages about the shop: brand, gaps, trade-offs, experiments, data, system."""

from importlib.metadata import version
from platform import python_version
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from markupsafe import Markup
from starlette.exceptions import HTTPException

from kg.errors import WhyrecError
from kg.k_anonymity import shown_count
from recommender.texts.languages import language as texts_of
from recommender.texts.paths import spoken_domains, spoken_path
from whyrec.online_evaluation.attribution import NO_SCENARIO, UNTOLD, AttributedGroup
from whyrec.online_evaluation.live import Live
from whyrec.reports import StatusReport
from whyrec.service.console.facts import link, phrases
from whyrec.service.console.pictures import trade_off_svg
from whyrec.service.console.rendering import BOM, language, page, texts
from whyrec.service.console.session import may, shop_of, to_login
from whyrec.service.problems import without_places
from whyrec.service.sizes import MOST_DAYS, MOST_TEXT

router = APIRouter(include_in_schema=False)
LOOKS = 50
"""Looks at people that are shown, the newest."""
Text = Annotated[str, Query(max_length=MOST_TEXT)]
FIGURES = ("mrr", "hits@10", "ndcg", "recall")


@router.get("/brand")
def brand(request: Request, entity: Text = "", domain: Text = "") -> Response:
    """Whom a brand, or anything else, is for; where a domain is told, what of it leads there, which takes longer."""
    shop = shop_of(request, "groups")
    if shop is None:
        return to_login(request)
    lang, engine, wanted = language(request), shop.refreshed(), entity.strip()
    schema = engine.snapshot.schema
    told = engine.bridge(wanted, domain=domain, lang=lang) if wanted and domain in schema.domains else None
    return page(
        request,
        "brand.html",
        entity=wanted,
        found=engine.audience(wanted, lang=lang) if wanted else None,
        domains=spoken_domains(schema, lang),
        domain=domain,
        told=told,
        links={(one.type, one.id): link(schema, one.type, one.id) for one in told.bridges} if told else {},
    )


@router.get("/gaps")
def gaps(request: Request, domain: Text = "") -> Response:
    """What should be taught or made next."""
    shop = shop_of(request, "groups")
    if shop is None:
        return to_login(request)
    engine, lang = shop.refreshed(), language(request)
    domains = spoken_domains(engine.snapshot.schema, lang)
    chosen = domain if domain in domains else next(iter(domains))
    return page(
        request,
        "gaps.html",
        domains=domains,
        domain=chosen,
        found=engine.gaps(chosen, lang=lang),
    )


@router.get("/trade-offs")
def trade_offs(request: Request, domain: Text = "", held_out: bool = False) -> Response:
    """What lists give up for exposure by merit, variety or margin."""
    shop = shop_of(request, "groups")
    if shop is None:
        return to_login(request)
    engine, lang = shop.refreshed(), language(request)
    schema = engine.snapshot.schema
    chosen = domain if domain in schema.domains else schema.domains[0]
    found, words = engine.trade_offs(chosen, held_out=held_out, lang=lang), texts_of(lang).section("trade_offs")
    return page(
        request,
        "trade_offs.html",
        domains=spoken_domains(schema, lang),
        domain=chosen,
        found=found,
        words=words,
        pictures=[Markup(trade_off_svg(one, words["kept"], words["ndcg"])) for one in found.curves],
    )


@router.get("/experiments")
def experiments(request: Request) -> Response:
    """The leaderboards."""
    shop = shop_of(request, "status")
    if shop is None:
        return to_login(request)
    boards = shop.engine.leaderboards()
    figures = {}
    for board in boards:
        rows = [row.link_prediction or row.recommendation or {} for row in board.rows]
        figures[board.experiment] = [name for name in FIGURES if any(name in row for row in rows)]
    return page(request, "experiments.html", boards=boards, figures=figures)


@router.get("/traffic")
def traffic(request: Request, days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = 30) -> Response:
    """What lists bring, whether traffic drifted, and how the experiment stands."""
    shop = shop_of(request, "traffic")
    if shop is None:
        return to_login(request)
    engine, lang = shop.refreshed(), language(request)
    live, schema, words = Live(engine), engine.snapshot.schema, texts(lang)
    domains = spoken_domains(schema, lang)

    def told(group: AttributedGroup) -> str:
        """What a row is about, as a person reads it."""
        if group.name in (NO_SCENARIO, UNTOLD):
            return words["none" if group.name == NO_SCENARIO else "untold"]
        if group.by == "metapath":
            return spoken_path(schema, group.name, lang)
        if group.by == "domain":
            return domains.get(group.name, group.name)
        return words.get(f"ground_{group.name}", group.name) if group.by == "reason" else group.name

    found = {"found": live.attribution(days), "drift": live.drift(), "experiment": live.experiment()}
    stops = may(request, shop, "rules")
    return page(request, "traffic.html", told=told, phrases=phrases(schema, lang), stops=stops, **found)


@router.get("/data")
def data(request: Request) -> Response:
    """The last loads, and the rows they left out."""
    shop = shop_of(request, "status")
    if shop is None:
        return to_login(request)
    files = may(request, shop, "person")
    return page(request, "data.html", loads=shop.engine.rejected(), pending=shop.pending(), files=files)


@router.get("/data/{name}/rejects.csv")
def rejects(request: Request, name: str) -> Response:
    """The rows that a load left out, as a file."""
    shop = shop_of(request, "person")
    if shop is None:
        return to_login(request)
    path = shop.engine.workspace.rejects / name / "rejects.csv"
    if name not in {one.name for one in shop.engine.rejected(most=1_000)}:
        raise HTTPException(404, "no load of this name left rows out")
    headers = {"Content-Disposition": 'attachment; filename="rejects.csv"', "Cache-Control": "private, no-store"}
    return Response(BOM.encode() + path.read_bytes(), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/system")
def system(request: Request) -> Response:
    """What runs, what is stale, who may what, and what was decided."""
    shop = shop_of(request, "status")
    if shop is None:
        return to_login(request)
    engine = shop.refreshed()
    try:
        status, problem = engine.status(), ""
    except WhyrecError as error:  # a load has the store open
        status, problem = None, without_places(request, str(error))
    return page(
        request,
        "system.html",
        kept=_kept(status, engine.snapshot.k) if status else {},
        status=status,
        following=without_places(request, status.next) if status else "",
        problem=problem,
        model=engine.recommender.model.info,
        generation=engine.opened.workspace.generation.name,
        versions={"whyrec": version("whyrec"), "python": python_version()},
        tokens=shop.tokens.known() if may(request, shop, "tokens") else None,
        looks=shop.events.answers.looks(most=LOOKS) if may(request, shop, "looks") else None,
        decisions=engine.decisions.all()[-50:][::-1],
    )


def _kept(status: StatusReport, k: int) -> dict[str, int | str]:
    """How much is kept of what; events and answers, which come one by one, in steps of k."""
    if status.retention is None:
        return {}
    kept = status.retention
    told = {"rejects": kept.rejects.kept, "snapshots": kept.snapshots.kept, "runs": kept.runs.kept}
    for name, one in (("events", kept.events), ("answers", kept.answers), ("looks", kept.looks)):
        told[name] = one.kept if isinstance(one.kept, str) else shown_count(one.kept, k)
    return told
