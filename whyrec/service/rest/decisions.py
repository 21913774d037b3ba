"""Rules and reviews over HTTP: what holds, what other rules would do, publish, roll back, report, review."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from whyrec.answering.decided import RulesPreview
from whyrec.decisions.log import Decision, Reason, Report, Verdict
from whyrec.service.rest.answers import Asking, may
from whyrec.service.sizes import MOST_TEXT

router = APIRouter(prefix="/api/v1", tags=["decisions"])
Text = Annotated[str, Field(min_length=1, max_length=MOST_TEXT)]
Texts = Annotated[list[Text], Field(max_length=100)]


class RulesIn(BaseModel):
    """Rules on top of those of the configuration."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"max_price": 80, "avoid": ["contains:PARFUM"]}]}
    )
    avoid: Texts = []
    only: Texts = []
    max_price: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    min_price: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    in_stock: bool = False
    language: Texts = []


class ItemReported(BaseModel):
    """An item that should not be recommended, or not so."""

    model_config = ConfigDict(extra="forbid")
    item: Text = Field(examples=["p0001"])
    reason: Reason


class Reviewed(BaseModel):
    """What becomes of a report."""

    model_config = ConfigDict(extra="forbid")
    verdict: Verdict


class RolledBack(BaseModel):
    """Which rules are to hold again: the number of the decision that published them, 0 for none."""

    model_config = ConfigDict(extra="forbid")
    number: int = Field(ge=0, le=2**31)


@router.get("/rules")
def rules(asking: Annotated[Asking, may("decisions")]) -> dict[str, Any]:
    """The rules that hold, and all that were published."""
    log = asking[0].engine.decisions
    return {"rules": log.rules, "blocked": log.blocked, "published": [d for d in log.all() if d.kind == "rules"]}


@router.post("/rules", status_code=201)
def publish_rules(told: RulesIn, asking: Annotated[Asking, may("rules")]) -> Decision:
    """Let rules hold from now on, for every list of every worker."""
    return asking[0].engine.publish_rules(told.model_dump(), asking[1].name)


@router.post("/rules/preview", response_model=RulesPreview)
def preview_rules(
    told: RulesIn, asking: Annotated[Asking, may("decisions")], lang: Literal["en", "zh"] = "en"
) -> RulesPreview:
    """Whose lists would change, and how; nothing is published."""
    return asking[0].refreshed().preview_rules(told.model_dump(), lang=lang)


@router.post("/rules/roll-back", status_code=201)
def roll_back(told: RolledBack, asking: Annotated[Asking, may("rules")]) -> Decision:
    """Let the rules of an earlier decision hold again."""
    return asking[0].engine.roll_back_rules(told.number, asking[1].name)


@router.get("/reviews")
def reviews(asking: Annotated[Asking, may("decisions")]) -> list[Report]:
    """What was reported, the newest first, and what became of it."""
    return asking[0].engine.decisions.reports


@router.post("/reviews", status_code=201)
def report(told: ItemReported, asking: Annotated[Asking, may("report")]) -> Decision:
    """Report an item for review."""
    return asking[0].engine.report_item(told.item, told.reason, asking[1].name)


@router.post("/reviews/{number}", status_code=201)
def review(number: int, told: Reviewed, asking: Annotated[Asking, may("review")]) -> Decision:
    """Block what was reported, or let it back; somebody else than who reported it."""
    return asking[0].engine.decisions.review(number, told.verdict, asking[1].name)
