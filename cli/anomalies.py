"""``whyrec anomalies``: accounts that do not look like people."""

import typer

from cli.engine import engine_of
from cli.options import DebugOption, JsonOption, QuietOption
from cli.output import Output
from recommender.results.responsibility.anomalies import AccountAnomalies

app = typer.Typer(add_completion=False)


@app.command()
def anomalies(
    ctx: typer.Context,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Flag bots, bursts, duplicates, rating fraud, shilling; [anomalies] leave_out says what becomes of what they did.

    Example: whyrec -w demo anomalies
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        report = engine.anomalies()
    if output.document(report):
        return
    output.line(report.text)
    for one in report.types:
        _show(output, one)


def _show(output: Output, found: AccountAnomalies) -> None:
    rows = [*found.signals.items()]
    if found.isolated is not None:
        rows.append(("isolated (flags nobody)", found.isolated))
    output.table(f"{found.type}: {found.flagged} of {found.accounts} flagged", ("signal", "accounts"), rows)
    if found.targets:
        told = [(one.item.id, one.item.label, one.accounts) for one in found.targets]
        output.table("Items that accounts look made for", ("id", "item", "accounts"), told)
