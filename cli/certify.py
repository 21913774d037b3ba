"""``whyrec certify``: at most a part of every list is unwanted, with confidence."""

from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import DebugOption, JsonOption, LangOption, QuietOption
from cli.output import Output

app = typer.Typer(add_completion=False)


@app.command()
def certify(
    ctx: typer.Context,
    alpha: Annotated[float, typer.Option(help="Most of a list that may be unwanted, in (0, 1).", metavar="A")] = 0.05,
    below: Annotated[float, typer.Option(help="Unwanted is what a person weighted (rated) at most so much.")] = 2.0,
    delta: Annotated[float, typer.Option(help="How often the bound may be wrong, in (0, 1).", metavar="D")] = 0.05,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would take.")] = False,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Filter items so that at most a part alpha of a list is unwanted, tested on ratings that are held out.

    Example: whyrec -w demo certify --alpha 0.05 --below 2
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        report = engine.certify(alpha, below=below, delta=delta, dry_run=dry_run, lang=lang)
    if not output.document(report):
        output.line(report.text)
