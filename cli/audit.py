"""``whyrec audit``: who and what gets how much of the lists, and how good they are for whom."""

from pathlib import Path
from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import DebugOption, DomainOption, ForceOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from cli.pages import check_page, show_answer, write_page
from recommender.results.audit import Audit, DomainAudit

app = typer.Typer(add_completion=False)
SHOWN = 12
"""Groups of each domain on a terminal, those furthest from their merit; the document has them all."""


@app.command()
def audit(
    ctx: typer.Context,
    domain: DomainOption = None,
    quality: Annotated[
        bool, typer.Option("--quality/--no-quality", help="Hold interactions out to say for whom lists are better.")
    ] = True,
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
        found = engine.audit(domain, quality=quality, lang=lang)
    if html is not None:
        from recommender.pages.audit_page import audit_page  # only pages pay for it

        write_page(html, audit_page(found, lang), engine.workspace)
    show_answer(output, found, html, _show)


def _show(output: Output, found: Audit) -> None:
    output.line(found.text)
    for one in found.domains:
        _domain(output, one)
    if found.users is not None:
        rows = [
            (
                one.side_text,
                one.label,
                one.people,
                f"{one.ndcg:.3f}",
                f"{one.low:.3f}–{one.high:.3f}",
                one.difference,
                one.q,
            )
            for one in found.users
        ]
        columns = ("by", "people", "tested", "NDCG@10", "95 %", "than others", "q")
        output.table("How good lists are for whom", columns, rows, right="tested")
    output.line(f"q: part of false alarms among all that are so far apart, over {found.compared} comparisons.")


def _domain(output: Output, one: DomainAudit) -> None:
    furthest = sorted(one.groups, key=lambda group: -abs(group.ratio - 1))[:SHOWN]
    rows = [
        (
            *(group.side_text, group.label, group.items, group.people),
            *(f"{group.exposure:.1%}", f"{group.merit:.1%}"),
            *(f"{group.ratio:.2f}", f"{group.low:.2f}–{group.high:.2f}", group.q),
        )
        for group in furthest
    ]
    columns = ("by", "group", "items", "people", "of lists", "of use", "ratio", "95 %", "q")
    output.table(f"{one.domain}: exposure and use", columns, rows, right="items people")
    if len(one.groups) > SHOWN:
        output.line(f"… and {len(one.groups) - SHOWN} more groups: --html or --json")
    output.line(
        f"The most used tenth of {one.domain} has {one.head_used:.0%} of use and {one.head_lists:.0%} of lists; "
        f"Gini {one.gini_used:.2f} and {one.gini_lists:.2f}."
    )
    if one.worst is not None:
        rows_of_causes = [(cause.kind, cause.text or "", f"{cause.gap:+.4f}") for cause in one.causes]
        title = f"Why {one.worst} scores {one.gap:+.4f} against the others, on average"
        output.table(title, ("part", "path", "gap"), rows_of_causes)
