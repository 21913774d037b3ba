"""``whyrec objectives``: what everybody's lists together shall keep, and what it costs."""

from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import DebugOption, JsonOption, QuietOption
from cli.output import Output
from recommender.results.responsibility.objectives import DomainObjectives

app = typer.Typer(add_completion=False)


@app.command()
def objectives(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would take.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Solve the exposure floors of [objectives] in whyrec.toml; what they add to a score is a share of its own in why.

    Example: whyrec -w demo objectives --dry-run
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        found = engine.objectives(dry_run=dry_run)
    if output.document(found):
        return
    output.line(found.text)
    for domain in found.domains:
        _show(output, domain)


def _show(output: Output, domain: DomainObjectives) -> None:
    rows = [
        (one.about, f"{one.target:.1%}", f"{one.before:.1%}", f"{one.after:.1%}", f"+{one.percent:g}%")
        for one in sorted(domain.floors, key=lambda one: one.before - one.target)
        if one.percent > 0
    ]
    columns = ("group", "floor", "before", "after", "raised")
    output.table(f"{domain.domain}: groups that are raised", columns, rows, right="floor before after raised")
    curve = [(f"{one.strength:.0%}", f"{one.loss:.2%}", f"{one.gap:.2%}") for one in domain.curve]
    heads = ("of this", "score lost", "missing to floors")
    output.table("What more or less of it would do", heads, curve)
    if domain.pooled:
        output.line(f"{domain.pooled:,} groups that too few people used have no floor.")
