"""``whyrec popularity``: how many people used each item, as it may be told."""

from pathlib import Path
from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import DebugOption, DomainOption, EpsilonOption, JsonOption, PrivateOption, QuietOption
from cli.output import Output
from cli.private import check_rows, write_rows
from recommender.audit.popularity import Popularity

app = typer.Typer(add_completion=False)

COLUMNS = ("id", "type", "label", "people")
LISTED = 20
"""Entities that are shown; documents and files have them all."""


@app.command("popularity")
def popularity_command(
    ctx: typer.Context,
    by: Annotated[
        str | None, typer.Option("--by", metavar="RELATION", help="Count by what items are linked to, e.g. made_by.")
    ] = None,
    domain: DomainOption = None,
    private: PrivateOption = False,
    epsilon: EpsilonOption = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.csv", help="Write all of it to a file.")] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Count the people who used each item, or what items are linked to; few are not counted, others in steps.

    With --private the numbers may leave the house: next to nothing can be learned of any one person from them.

    Examples: whyrec popularity --by made_by · whyrec popularity --private --epsilon 0.5 --out popular.csv
    """
    output = Output(as_json, quiet)
    if out is not None:
        check_rows(out, COLUMNS)  # before anything is paid for
    with engine_of(ctx, output) as engine:
        found = engine.popularity(by=by, domain=domain, private=private, epsilon=epsilon)
    if out is not None:
        rows = [(one.id, one.type, one.label, one.people) for one in found.entities]
        write_rows(out, COLUMNS, rows)
    if not output.document(found):
        _show(output, found)


def _show(output: Output, found: Popularity) -> None:
    rows = [(one.people, one.label, one.id, one.type) for one in found.entities[:LISTED]]
    output.table("People", ("people", "label", "id", "type"), rows, right="people")
    more = len(found.entities) - len(rows)
    if more > 0:
        output.line(f"… and {more:,} more; --out and --json have them all.")
    if found.private is not None:
        one = found.private
        output.line(
            f"Private: ε {one.epsilon:g}, δ {one.delta:g}, at most {one.contributions} things a person. Who used more "
            f"counts for {one.contributions} of them, chosen by lot, so numbers are lower than without --private. Each "
            f"is off by about {one.noise:.1f}, and what that alone could make is told as less than it. Whoever knows "
            f"all else guesses right whether a person is counted at most {one.guess:.0%} of the time. Spent today: "
            f"{one.spent_today:g} of {one.per_day:g}."
        )
