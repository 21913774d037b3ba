"""``whyrec objectives``: what everybody's lists together shall keep, and what it costs."""

from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import DebugOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from recommender.results.responsibility.objectives import DomainObjectives
from recommender.texts.languages import language
from recommender.texts.paths import spoken_domain
from recommender.texts.shares import told_share

app = typer.Typer(add_completion=False)


@app.command()
def objectives(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would take.")] = False,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Solve the exposure floors of [objectives] in whyrec.toml; what they add to a score is a share of its own in why.

    Example: whyrec -w demo objectives --dry-run
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        found = engine.objectives(dry_run=dry_run, lang=lang)
        schema = engine.snapshot.schema
    if output.document(found):
        return
    output.line(found.text)
    for domain in found.domains:
        _show(output, domain, spoken_domain(schema, domain.domain, lang), lang)


def _show(output: Output, domain: DomainObjectives, name: str, lang: str) -> None:
    texts = language(lang).section("objectives")
    rows = [
        (one.text, f"{one.target:.1%}", f"{one.before:.1%}", f"{one.after:.1%}", f"+{one.percent:g}%")
        for one in sorted(domain.floors, key=lambda one: one.before - one.target)
        if one.percent > 0
    ]
    if domain.pooled:
        output.line(texts["pooled"].format(domain=name, n=domain.pooled))
    if not rows:
        return
    columns = [texts[one] for one in ("group", "floor", "before", "after", "by")]
    output.table(texts["raised"].format(domain=name), columns, rows, right=" ".join(columns[1:]))
    curve = [
        (f"{one.strength:.0%}", *(told_share(share, domain.step, lang) for share in (one.loss, one.gap)))
        for one in domain.curve
    ]
    output.table(texts["curve"].format(domain=name), [texts[one] for one in ("strength", "loss", "gap")], curve)
