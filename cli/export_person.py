"""``whyrec export-person``: everything that is held about a person, and everything that is concluded about her."""

from pathlib import Path
from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import DebugOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from kg.errors import UsageError
from kg.privacy.access_request import Held
from kg.workspace.outputs import remember_output
from recommender.serving.inferences import Inferences
from whyrec.privacy.access_request import PersonReport

app = typer.Typer(add_completion=False)
LISTED = 5
"""Items of each list that are shown; the document has them all."""


@app.command("export-person")
def export_person_command(
    ctx: typer.Context,
    user: Annotated[str, typer.Argument(help="Id of a person; Type:id where two types of people share ids.")],
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.json", help="Write it to a file.")] = None,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Export everything that is held about a person and everything concluded about her: the answer to her request.

    Other people she is linked to are told of, never named. `whyrec forget` erases what this shows.

    Example: whyrec -w demo export-person u0042 --out u0042.json
    """
    output = Output(as_json, quiet)
    if out is not None and out.suffix != ".json":
        raise UsageError(f"--out {out}: expected a name that ends in .json")
    with engine_of(ctx, output) as engine:
        report = engine.export_person(user, lang=lang)
    if out is not None:
        _write(engine.workspace.folder, out, report)
    if output.document(report):
        return
    _show_held(output, report)
    if report.inferred is not None:
        _show_inferred(output, report.inferred)
    if out is not None:
        output.line(f"All of it: {out}")


def _write(folder: Path, out: Path, report: PersonReport) -> None:
    try:
        out.touch(mode=0o600)
        out.write_text(report.model_dump_json(indent=1) + "\n", encoding="utf-8")
    except OSError as problem:
        raise UsageError(f"--out {out}: cannot be written: {problem.strerror or problem}") from None
    remember_output(folder, out)


def _show_held(output: Output, report: PersonReport) -> None:
    held: Held = report.held
    output.line(f"{held.type} {held.id}", style="bold")
    for name, value in held.properties.items():
        output.line(f"  {name}: {value}")
    rows = [
        (one.relation, one.label or f"a {one.type}", one.id or "", f"{one.weight:g}", one.timestamp or "")
        for one in held.triples
    ]
    output.table(f"Held in the graph: {len(rows):,} triples", ("relation", "to", "id", "weight", "time"), rows)
    for file in held.rows:
        output.line(f"{file.file}: {len(file.rows):,} rows")
    for path in held.files:
        output.line(f"Named in {path}")
    output.line(f"Told by the service: {len(report.events):,} events; {report.answers:,} answers are kept.")


def _show_inferred(output: Output, found: Inferences) -> None:
    output.line(f"Concluded by model {found.model.name}, snapshot {found.model.snapshot[:12]}:", style="bold")
    for domain, items in found.lists.items():
        listed = [(item.rank, item.id, item.label, f"{item.score:.4f}", item.reason) for item in items[:LISTED]]
        output.table(f"Would be recommended in {domain}", ("#", "id", "item", "score", "why"), listed, right="# score")
    if found.new_to:
        output.line(f"Counts as new to: {', '.join(found.new_to)}")
    if found.vector is not None:
        output.line(f"The embedding puts this person at {len(found.vector)} numbers; the document has them.")
