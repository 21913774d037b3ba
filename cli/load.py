"""``whyrec load``: files → store → snapshot."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import load_options
from cli.engine import engine_of
from cli.options import DebugOption, JsonOption, PseudonymiseOption, QuietOption
from cli.output import Output
from cli.terminal import command
from kg.counting import by_number
from whyrec.reports import LoadReport
from whyrec.workspace.status import first_question

app = typer.Typer(add_completion=False)
COUNTS = ("created", "updated", "unchanged", "deleted")


@app.command("load")
def load_command(
    ctx: typer.Context,
    paths: load_options.PathsArgument = None,
    mapping: Annotated[Path | None, typer.Option(help="Mapping file; without it the workspace's mapping.toml.")] = None,
    triples: Annotated[bool, typer.Option("--triples", help="The files hold head, relation and tail.")] = False,
    input_name: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="File name that standard input (-) stands for.")
    ] = None,
    knowledge: Annotated[
        str | None, typer.Option(metavar="NAME", help="The files are of a layer of knowledge: cosing.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change and write nothing.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Write nothing if any row is bad.")] = False,
    max_rejects: Annotated[int | None, typer.Option(min=0, help="Write nothing if more rows are bad.")] = None,
    mode: load_options.ModeOption = None,
    allow_empty: load_options.AllowEmptyOption = False,
    max_deletes: load_options.MaxDeletesOption = None,
    allow_outside: load_options.AllowOutsideOption = False,
    pseudonymise: PseudonymiseOption = False,
    resume: load_options.ResumeOption = False,
    events: load_options.EventsOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Load files into the store; bad rows go to a rejects file, a second load changes nothing.

    Examples: whyrec load · whyrec load --mapping shop.toml --dry-run · whyrec load Product.csv purchased.csv ·
    whyrec load --mode replace --dry-run · zcat events.gz | whyrec load - --as purchased.csv
    """
    output = Output(as_json, quiet)
    limit = 0 if strict else max_rejects
    how: Any = {"triples": triples, "dry_run": dry_run, "max_rejects": limit, "mode": mode, "allow_empty": allow_empty}
    how |= {"allow_outside": allow_outside, "pseudonymise": pseudonymise, "max_deletes": max_deletes, "resume": resume}
    how |= {"input_name": input_name, "knowledge": knowledge}
    with engine_of(ctx, output) as engine:
        report = engine.load_events() if events else engine.load(paths or (), mapping=mapping, **how)
    if report is not None:
        show_load(output, report, engine.workspace.folder, lambda: first_question(engine.snapshot))
    elif not output.document({"files": [], "events": 0}):
        output.line("No event waits to be loaded.")


def show_load(
    output: Output, report: LoadReport, folder: Path, question: Callable[[], str] = lambda: "recommend USER"
) -> None:
    """What was done with each file, what changed in the store, and what can be asked next."""
    output.notices(report.notices)
    if output.document(report):
        return
    columns = ("file", "rows", "loaded", "rejected", "filtered")
    rows = [[file.file, *(f"{getattr(file, name):,}" for name in columns[1:])] for file in report.files]
    output.table("Files", columns, rows, right=" ".join(columns[1:]))
    changes = {**report.entities, **report.triples}
    cells = [[name, *(f"{counts[kind]:,}" for kind in COUNTS)] for name, counts in changes.items()]
    output.table("Would change" if report.dry_run else "Store", ("what", *COUNTS), cells, right=" ".join(COUNTS))
    if report.rejected:
        output.line(
            by_number(f"{report.rejected:,} [row was|rows were] rejected: ") + str(report.rejects_file), style="yellow"
        )
    if report.left_out:
        output.line(
            by_number(f"{report.left_out:,} [cell was|cells were] left out: ") + str(report.left_out_file),
            style="yellow",
        )
    if report.contradictions:
        about = by_number(f"{report.contradictions:,} [entity or triple is|entities and triples are] contradicted")
        output.line(f"{about}: {report.contradictions_file}", style="yellow")
    total, loaded = sum(file.rows for file in report.files), sum(file.loaded for file in report.files)
    said = by_number(f"{loaded:,} [row|rows]" if loaded == total else f"{loaded:,} of {total:,} [row|rows]")
    speed = f"{said} in {report.seconds:.1f} s ({total / max(report.seconds, 1e-9):,.0f} rows/s)"
    if report.dry_run:
        output.line(f"Dry run: nothing was written; {speed}.")
    elif not any(sum(counts.values()) - counts["unchanged"] for counts in changes.values()):
        output.line(f"Nothing changed: the store held all of this already; {speed}.")
    else:
        output.line(f"Loaded {speed}. Next: {command('-w', folder, 'train')}, or {question()} at once.")
