"""``whyrec audience``: who uses something, and who would."""

from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import DebugOption, DomainOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from recommender.results.marketing import Audience, Segment

app = typer.Typer(add_completion=False)
COLUMNS = ("step", "what", "people", "share", "lift", "95 %")


@app.command()
def audience(
    ctx: typer.Context,
    entity: Annotated[str, typer.Argument(help="Id or name of a brand, item, ingredient, concern …")],
    domain: DomainOption = None,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Say who uses something, what they have more often than everybody, and who would use it next.

    Example: whyrec audience "Third Bloom"
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        found = engine.audience(entity, domain=domain, lang=lang)
    if not output.document(found):
        _show(output, found)


def _show(output: Output, found: Audience) -> None:
    output.line(found.text)
    if found.segments:
        output.table("More often than everybody", COLUMNS, map(_row, found.segments), right="people share lift")
    if found.would.reasons:
        output.table("Who would", COLUMNS, map(_row, found.would.reasons), right="people share lift")
    rows = [(one.id, one.label, f"{one.people:,}", f"{one.similarity:.0%}") for one in found.overlap]
    if rows:
        output.table("The same people", ("id", "label", "people", "overlap"), rows, right="people overlap")


def _row(one: Segment) -> tuple[str, ...]:
    return one.step, one.label, f"{one.count:,}", f"{one.share:.0%}", f"{one.lift:.1f}", f"{one.low:.1f}–{one.high:.1f}"
