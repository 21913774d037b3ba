"""``whyrec overview``: the shop on one page."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import DebugOption, ForceOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from cli.pages import check_page, show_answer, write_page
from recommender.results.overview import Overview, Proportion, Traffic, Trend
from recommender.texts.languages import language

app = typer.Typer(add_completion=False)
WIDTH = 6
"""Columns of the matrix on a terminal; the page and the document have them all."""


@app.command()
def overview(
    ctx: typer.Context,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write it as one page.")] = None,
    days: Annotated[int, typer.Option("--days", min=1, help="Window of what is new and trending.")] = 90,
    force: ForceOption = False,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Show the shop on one page: coverage, lists that are only popular, reasons by kind, traffic between domains.

    Also what is new and trending, and what is out of date. People are counted in steps of k.

    Examples: whyrec overview · whyrec overview --html overview.html --lang zh
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        if html is not None:
            check_page(html, engine.workspace, force)
        found = engine.overview(days=days, lang=lang)
    if html is not None:
        from recommender.pages.overview_page import overview_page  # only pages pay for it

        write_page(html, overview_page(found, lang), engine.workspace)
    show_answer(output, found, html, partial(_show, lang=lang))


def _show(output: Output, found: Overview, lang: str) -> None:
    words = language(lang)
    texts, shared = words.section("overview"), words.section("marketing")
    k, kinds = found.k, dict(line.split("=", 1) for line in texts["kinds"].split("|"))
    output.line(found.text)
    rows = [
        (one.domain_text, one.items, one.used, f"{one.shown:,} ({one.coverage:.0%})", one.people, _part(one.popular))
        for one in found.domains
    ]
    columns = [texts[name].format(k=k) for name in ("domain", "count", "used", "shown", "people", "popular")]
    output.table(texts["coverage"], columns, rows, right=(columns[1], columns[4]))
    reasons = [
        (
            one.domain_text,
            kinds[reason.kind],
            f"{reason.share or 0:.0%}",
            f"{reason.crossing or 0:.0%}",
            reason.text or "",
        )
        for one in found.domains
        for reason in one.reasons
    ]
    columns = [texts[name] for name in ("domain", "kind", "places", "foreign", "mostly")]
    output.table(texts["carries"], columns, reasons, right=columns[2:4])
    for way in found.traffic:
        _traffic(output, way, lang)
    for title, trends in ((texts["new_title"], found.new), (texts["trending_title"], found.trending)):
        if trends:
            told = texts["trend"].format(title=title, days=found.days, until=found.until)
            columns = [shared["id"], *(texts[name] for name in ("what", "people", "before", "growth"))]
            output.table(told, (*columns, shared["interval"]), map(_trend, trends), right=columns[2:])
    if found.stale:
        stale = [(one.part, one.text) for one in found.stale]
        output.table(texts["stale"], (texts["part"], texts["what"]), stale)


def _part(one: Proportion) -> str:
    interval = f", {one.low:.0%}–{one.high:.0%}" if one.low is not None and one.high is not None else ""
    return f"{one.people}" if one.share is None else f"{one.people:,} ({one.share:.0%}{interval})"


def _traffic(output: Output, way: Traffic, lang: str) -> None:
    rows, words = [], language(lang)
    for number, row in enumerate(way.rows):
        cells = zip(way.there[number], way.there_lift[number], way.back[number], way.back_lift[number], strict=True)
        told = [f"{_cell(there, lift)} / {_cell(back, back_lift)}" for there, lift, back, back_lift in cells]
        rows.append((row.label, *told[:WIDTH]))
    title = words.section("overview")["matrix"].format(source=way.source_text, target=way.target_text)
    output.table(title, ("", *(one.label for one in way.columns[:WIDTH])), rows)
    if len(way.columns) > WIDTH:
        output.line(words.section("marketing")["more_columns"].format(n=len(way.columns) - WIDTH))


def _cell(people: int | None, lift: float | None) -> str:
    return "–" if people is None else f"{people:,} ×{lift or 0.0:.1f}"


def _trend(one: Trend) -> tuple[str, ...]:
    entity, interval = one.entity, f"{one.low:.1f}–{one.high:.1f}"
    return entity.id, entity.label, str(one.people), str(one.before), f"{one.growth:.1f}", interval
