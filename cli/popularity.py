"""``whyrec popularity``: how many people used each item, as it may be told."""

import csv
from pathlib import Path
from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import DebugOption, DomainOption, JsonOption, QuietOption
from cli.output import Output
from kg.errors import UsageError
from recommender.audit.popularity import Popularity

app = typer.Typer(add_completion=False)
LISTED = 20
"""Entities that are shown; documents and files have them all."""


@app.command("popularity")
def popularity_command(
    ctx: typer.Context,
    by: Annotated[
        str | None, typer.Option("--by", metavar="RELATION", help="Count by what items are linked to, e.g. made_by.")
    ] = None,
    domain: DomainOption = None,
    private: Annotated[
        bool, typer.Option("--private", help="Differentially private: with noise, paid from the budget of the day.")
    ] = False,
    epsilon: Annotated[
        float | None, typer.Option("--epsilon", metavar="E", help="With --private: less is more private.")
    ] = None,
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
    if out is not None and out.suffix != ".csv":
        raise UsageError(f"--out {out}: expected a name that ends in .csv")
    with engine_of(ctx, output) as engine:
        found = engine.popularity(by=by, domain=domain, private=private, epsilon=epsilon)
    if out is not None:
        _write(out, found)
    if not output.document(found):
        _show(output, found)


def _write(out: Path, found: Popularity) -> None:
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("id", "type", "label", "people"))
            writer.writerows((one.id, one.type, one.label, one.people) for one in found.entities)
    except OSError as problem:
        raise UsageError(f"--out {out}: cannot be written: {problem.strerror or problem}") from None


def _show(output: Output, found: Popularity) -> None:
    rows = [(one.people, one.label, one.id, one.type) for one in found.entities[:LISTED]]
    output.table("People", ("people", "label", "id", "type"), rows, right="people")
    more = len(found.entities) - len(rows)
    if more > 0:
        output.line(f"… and {more:,} more; --out and --json have them all.")
    if found.private is not None:
        one = found.private
        output.line(
            f"Private: ε {one.epsilon:g}, δ {one.delta:g}, at most {one.contributions} things a person; each number is "
            f"off by about {one.noise:.1f}. Spent today: {one.spent_today:g} of {one.per_day:g}."
        )
