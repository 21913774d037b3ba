"""What answers come from: the model of now, the earlier ones that are kept, what is stale; and the newest at once."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from whyrec.answering.history import Period, earlier_periods, period_of_now
from whyrec.service.rest.answers import Asking, may

router = APIRouter(prefix="/api/v1", tags=["service"])


class KeptModel(BaseModel):
    """A model with the snapshot and the rules beside it; ``difference`` takes its date or its snapshot as ``since``."""

    since: datetime
    snapshot: str
    model: str = Field(description="Digest of its manifest; empty where nothing was trained.")
    rules: dict[str, Any]
    present: bool


@router.get("/status")
def status(asking: Annotated[Asking, may("status")]) -> Any:
    """Store, snapshot and model, what is stale, and events that wait for the next load."""
    shop, _ = asking
    model = shop.refreshed().recommender.model.info
    return {"workspace": shop.name, "model": model.model_dump(mode="json"), "events_pending": shop.pending()}


@router.get("/models")
def models(asking: Annotated[Asking, may("status")]) -> list[KeptModel]:
    """The model that answers now, and those before it that are kept, the newest first."""
    workspace = asking[0].refreshed().workspace
    kept = [_told(period, present=False) for _, period in reversed(earlier_periods(workspace))]
    now = period_of_now(workspace)
    return kept if now is None else [_told(now, present=True), *kept]


def _told(period: Period, present: bool) -> KeptModel:
    return KeptModel(**period.model_dump(), present=present)


@router.post("/reload")
def reload(asking: Annotated[Asking, may("reload")]) -> Any:
    """Answer from the newest snapshot and model at once."""
    asking[0].engine.reload()
    return {"model": asking[0].engine.recommender.model.info.model_dump(mode="json")}
