"""``whyrec refresh``: take over what others wrote to the store."""

from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import DebugOption, JsonOption, QuietOption
from cli.output import Output
from cli.terminal import command

app = typer.Typer(add_completion=False)


@app.command()
def refresh(
    ctx: typer.Context,
    full: Annotated[bool, typer.Option("--full", help="Read and compare all, even if nothing seems new.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Take over what Cypher or another program wrote to the store; `status` says when it is needed.

    Counts, and the number of the last transaction where the store tells it, decide whether anything is read at all.

    Example: whyrec -w demo refresh --full
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        report = engine.refresh(full=full)
    if output.document(report):
        return
    output.notices(report.notices)
    moved = {**report.entities, **report.triples}
    if moved:
        output.table(
            "What changed", ("what", "before", "now"), ((n, *map(str, c)) for n, c in moved.items()), right="before now"
        )
    if report.changed:
        train = command("-w", engine.workspace.folder, "train")
        output.line(f"The graph has changed; answers come from snapshot {report.snapshot[:12]} now. Next: {train}")
    else:
        how = "everything was compared" if report.compared else "nothing was written since"
        output.line(f"Nothing changed: {how}.")
