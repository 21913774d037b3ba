"""``whyrec gaps``: what should be taught or made next."""

from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import DebugOption, DomainOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from recommender.results.marketing import Gap

app = typer.Typer(add_completion=False)


@app.command()
def gaps(
    ctx: typer.Context,
    domain: DomainOption = None,
    n: Annotated[int, typer.Option("-n", min=1, help="Most gaps.")] = 10,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """List what people want and a domain has little of, verified by ranking the item that would fill it.

    Example: whyrec gaps --domain courses
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        found = engine.gaps(domain, n=n, lang=lang)
    if output.document(found):
        return
    output.line(found.text)
    rows = [
        (one.entity.id, one.entity.label, one.demand, _growth(one), one.supply, one.people_reached, one.brief)
        for one in found.gaps
    ]
    columns = ("id", "about", "people want it", "growth", "items have it", "would reach", "brief")
    output.table(f"Gaps of {found.domain}, lists of {found.of:,} people", columns, rows)


def _growth(gap: Gap) -> str:
    return "–" if gap.growth is None else f"×{gap.growth:.1f}"
