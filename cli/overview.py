"""``whyrec overview``: the shop on one page."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import (
    CountsOption,
    DebugOption,
    EpsilonOption,
    ForceOption,
    JsonOption,
    LangOption,
    PrivateOption,
    QuietOption,
)
from cli.output import Output
from cli.overview_tables import show_overview
from cli.pages import check_page, show_answer, write_page
from cli.private import asked_private, show_private

app = typer.Typer(add_completion=False)


@app.command()
def overview(
    ctx: typer.Context,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write it as one page.")] = None,
    days: Annotated[int, typer.Option("--days", min=1, help="Window of what is new and trending.")] = 90,
    force: ForceOption = False,
    private: PrivateOption = False,
    epsilon: EpsilonOption = None,
    counts: CountsOption = None,
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
    asked = asked_private(ctx, private, epsilon, counts, ("html", "days", "force"))
    with engine_of(ctx, output) as engine:
        if asked:
            show_private(output, engine.private("overview", epsilon=epsilon, lang=lang), lang, counts)
            return
        if html is not None:
            check_page(html, engine.workspace, force)
        found = engine.overview(days=days, lang=lang)
    if html is not None:
        from recommender.pages.overview_page import overview_page  # only pages pay for it

        write_page(html, overview_page(found, lang), engine.workspace)
    show_answer(output, found, html, partial(show_overview, lang=lang))
