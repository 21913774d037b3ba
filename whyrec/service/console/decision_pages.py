"""Pages where the staff decides: rules and reviews."""

from collections.abc import Mapping
from typing import Annotated, Any, Self, get_args

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from kg.errors import UnknownEntityError, UsageError, WhyrecError
from whyrec.answering.decided import RulesPreview
from whyrec.decisions.log import Reason
from whyrec.service.access import Caller
from whyrec.service.console.rendering import language, page
from whyrec.service.console.session import check_origin, may, shop_of, to_login
from whyrec.service.shop import Shop
from whyrec.service.sizes import MOST_TEXT

router = APIRouter(include_in_schema=False)
Words = Annotated[str, Field(max_length=MOST_TEXT)]
FormText = Annotated[str, Form(max_length=MOST_TEXT)]


class RuleForm(BaseModel):
    """Rules as a form gives them: one entity a line or between semicolons."""

    avoid: Words = ""
    only: Words = ""
    language: Words = ""
    min_price: Words = ""
    max_price: Words = ""
    in_stock: Words = ""

    def rules(self) -> dict[str, Any]:
        """The rules by name.

        :raises UsageError: for a price that is no number.
        """
        told: dict[str, Any] = {}
        for name, text in (("avoid", self.avoid), ("only", self.only), ("language", self.language)):
            if found := [one.strip() for one in text.replace(";", "\n").splitlines() if one.strip()]:
                told[name] = found
        for name, text in (("min_price", self.min_price), ("max_price", self.max_price)):
            if text.strip():
                try:
                    told[name] = float(text)
                except ValueError:
                    raise UsageError(f"`{name}` {text!r}: expected a number") from None
        return told | ({"in_stock": True} if self.in_stock else {})

    @classmethod
    def of(cls, rules: Mapping[str, Any]) -> Self:
        """The form that gives these rules."""
        return cls(**{name: "\n".join(one) if isinstance(one, list) else str(one) for name, one in rules.items()})


@router.get("/rules")
def rules(request: Request, form: Annotated[RuleForm, Query()]) -> Response:
    """The rules that hold, a form to change them, whom a change would reach, and those that held before."""
    shop = shop_of(request, "decisions")
    if shop is None:
        return to_login(request)
    if not request.query_params.keys() - {"lang", "table"}:
        return _rules_page(request, shop, RuleForm.of(shop.engine.decisions.rules))
    try:
        return _rules_page(request, shop, form, shop.refreshed().preview_rules(form.rules(), lang=language(request)))
    except WhyrecError as error:
        return _rules_page(request, shop, form, problem=str(error))


@router.post("/rules")
def publish(request: Request, form: Annotated[RuleForm, Form()]) -> Response:
    """Publish rules; what was typed stays where a rule is wrong."""
    shop, caller = _asking(request, "rules")
    try:
        shop.engine.publish_rules(form.rules(), caller.name)
    except (UsageError, UnknownEntityError) as error:
        answer = _rules_page(request, shop, form, problem=str(error))
        answer.status_code = 422
        return answer
    return RedirectResponse("/rules", 303)


@router.post("/rules/roll-back")
def roll_back(request: Request, number: Annotated[int, Form(ge=0)]) -> Response:
    """Let earlier rules hold again."""
    shop, caller = _asking(request, "rules")
    shop.engine.roll_back_rules(number, caller.name)
    return RedirectResponse("/rules", 303)


@router.post("/traffic/stop")
def stop(request: Request) -> Response:
    """Let nobody have the candidate of the experiment from now on."""
    shop, caller = _asking(request, "rules")
    if shop.arms.experiment is None:
        raise UsageError("whyrec.toml names no [experiment]")
    shop.engine.decisions.stop(shop.arms.experiment.name, caller.name)
    return RedirectResponse("/traffic", 303)


@router.get("/review")
def review(request: Request, item: Annotated[str, Query(max_length=MOST_TEXT)] = "") -> Response:
    """What was reported and waits, a form to report, and what was decided."""
    shop = shop_of(request, "decisions")
    if shop is None:
        return to_login(request)
    reports = shop.refreshed().decisions.reports
    return page(
        request,
        "review.html",
        item=item,
        reasons=get_args(Reason),
        reports=reports,
        labels=_labels(shop, {one.item for one in reports}, language(request)),
        reviewer=may(request, shop, "review"),
        caller=request.app.state.asking(request, "decisions")[1].name,
    )


@router.post("/review/report")
def report(request: Request, item: FormText, reason: FormText) -> Response:
    """Report an item."""
    shop, caller = _asking(request, "report")
    shop.refreshed().report_item(item.strip(), reason, caller.name)
    return RedirectResponse("/review", 303)


@router.post("/review/decide")
def decide(request: Request, number: Annotated[int, Form(ge=0)], verdict: FormText) -> Response:
    """Decide on a report."""
    shop, caller = _asking(request, "review")
    shop.engine.decisions.review(number, verdict, caller.name)
    return RedirectResponse("/review", 303)


def _rules_page(
    request: Request, shop: Shop, form: RuleForm, preview: RulesPreview | None = None, problem: str = ""
) -> Response:
    log = shop.engine.decisions
    return page(
        request,
        "rules.html",
        form=form,
        preview=preview,
        problem=problem,
        held=log.rules,
        published=[one for one in reversed(log.all()) if one.kind == "rules"],
        editor=may(request, shop, "rules"),
    )


def _asking(request: Request, action: str) -> tuple[Shop, Caller]:
    """The shop and who changes something: from the console's own form alone."""
    check_origin(request)
    found: tuple[Shop, Caller] = request.app.state.asking(request, action)
    return found


def _labels(shop: Shop, items: set[str], lang: str) -> dict[str, str]:
    """What a person reads for ``Type:id``; that itself where the item has gone."""
    snapshot, found = shop.engine.snapshot, {}
    for text in items:
        entity_type, _, entity = text.partition(":")
        idx = snapshot.vocabulary.get(entity_type, entity)
        found[text] = text if idx is None else snapshot.label(entity_type, idx, lang)
    return found
