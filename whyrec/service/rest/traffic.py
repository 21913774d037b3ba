"""What lists bring, over HTTP: attribution, drift, the experiment, and what its candidate would bring."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException

from kg.errors import UsageError
from whyrec.decisions.log import Decision
from whyrec.online_evaluation.attribution import Attribution
from whyrec.online_evaluation.experiment import ExperimentReport
from whyrec.online_evaluation.live import DriftReport, Live, OffPolicyReport
from whyrec.service.rest.answers import Asking, may
from whyrec.service.sizes import MOST_DAYS, MOST_TEXT

router = APIRouter(prefix="/api/v1", tags=["traffic"])
NONE = "whyrec.toml names no [experiment]"
Days = Annotated[int, Query(ge=1, le=MOST_DAYS)]


@router.get("/attribution")
def attribution(asking: Annotated[Asking, may("traffic")], days: Days = 30) -> Attribution:
    """Of what was shown, what was looked at and bought, by scenario, domain, kind of reason and metapath."""
    return Live(asking[0].refreshed()).attribution(days)


@router.get("/drift")
def drift(
    asking: Annotated[Asking, may("traffic")],
    hours: Annotated[int, Query(ge=1, le=24 * 31)] = 24,
    reference_days: Days = 14,
) -> DriftReport:
    """Lists and events of the last hours beside those of the days before."""
    return Live(asking[0].refreshed()).drift(hours, reference_days)


@router.get("/experiment")
def experiment(asking: Annotated[Asking, may("traffic")], days: Days = 90) -> ExperimentReport:
    """The two arms of the experiment; interval and p-value hold however often they are looked at."""
    found = Live(asking[0].refreshed()).experiment(days)
    if found is None:
        raise HTTPException(404, NONE)
    return found


@router.post("/experiment/stop", status_code=201)
def stop(asking: Annotated[Asking, may("rules")]) -> Decision:
    """Let nobody have the candidate from now on; an experiment of another name begins anew."""
    experiment = asking[0].arms.experiment
    if experiment is None:
        raise HTTPException(404, NONE)
    return asking[0].engine.decisions.stop(experiment.name, asking[1].name)


@router.get("/off-policy")
def off_policy(
    asking: Annotated[Asking, may("traffic")],
    goal: Annotated[str, Query(max_length=MOST_TEXT)] = "purchased",
    days: Days = 30,
) -> OffPolicyReport:
    """What the candidate of the experiment would bring in the slot that is drawn by lot, before anybody gets it."""
    shop = asking[0]
    if shop.arms.candidate is None:
        raise UsageError("`candidate`: whyrec.toml names none in [experiment]")
    return Live(shop.refreshed()).off_policy(shop.arms.candidate, goal, days)
