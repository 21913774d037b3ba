"""``whyrec graph``: look at the graph."""

import typer

from cli.options import DebugOption, JsonOption, QuietOption, workspace_of
from cli.output import Output
from kg.statistics import GraphStatistics, statistics

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def graph() -> None:
    """Look at the graph: counts and health.

    Example: whyrec graph stats
    """


@app.command()
def stats(
    ctx: typer.Context, as_json: JsonOption = False, quiet: QuietOption = False, debug: DebugOption = False
) -> None:
    """Count entities and triples, isolated entities and degrees.

    Example: whyrec -w demo graph stats --json
    """
    output, workspace = Output(as_json, quiet), workspace_of(ctx)
    found = statistics(workspace.snapshot())
    if not output.document(found):
        _show(output, found)


def _show(output: Output, found: GraphStatistics) -> None:
    entities = [
        (name, f"{one.count:,}", f"{one.isolated:,}", f"{one.same_label:,}") for name, one in found.entities.items()
    ]
    columns = ("entity type", "count", "isolated", "same label")
    output.table("Entities", columns, entities, right="count isolated same label")
    triples = [
        (name, f"{one.head} → {one.tail}", f"{one.count:,}", *one.head_degrees, *one.tail_degrees)
        for name, one in found.triples.items()
    ]
    ends = tuple(f"{end} {quantile}" for end in ("heads", "tails") for quantile in ("p50", "p90", "max"))
    output.table("Triples and degrees", ("relation", "ends", "count", *ends), triples, right="count")
    output.line(f"Snapshot {found.snapshot[:12]}")
