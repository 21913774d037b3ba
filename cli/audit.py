"""``whyrec audit``: who and what gets how much of the lists, and how good they are for whom."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from cli.audit_tables import show_audit
from cli.engine import engine_of
from cli.options import DebugOption, DomainOption, ForceOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from cli.pages import check_page, show_answer, write_page

app = typer.Typer(add_completion=False)


@app.command()
def audit(
    ctx: typer.Context,
    domain: DomainOption = None,
    quality: Annotated[
        bool, typer.Option("--quality/--no-quality", help="Hold interactions out to say for whom lists are better.")
    ] = True,
    repair: Annotated[
        bool, typer.Option("--repair", help="Try what would close the worst gaps: rules, a weight, missing data.")
    ] = False,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write it as one page.")] = None,
    force: ForceOption = False,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Audit the lists: exposure of brands, prices, new and popular items against their use; quality by group of people.

    With 95 % intervals, corrected for many comparisons; groups of fewer than k people are left out.

    Examples: whyrec audit · whyrec audit --domain cosmetics --no-quality · whyrec audit --html audit.html
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        if html is not None:
            check_page(html, engine.workspace, force)
        found = engine.audit(domain, quality=quality, repair=repair, lang=lang)
    if html is not None:
        from recommender.pages.audit_page import audit_page  # only pages pay for it

        write_page(html, audit_page(found, lang), engine.workspace)
    output.notices(found.notices)
    show_answer(output, found, html, partial(show_audit, lang=lang))
