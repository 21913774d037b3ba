"""``whyrec forget``: erase a person, and prove it."""

from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import DebugOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from kg.counting import by_number
from whyrec.reports import ForgetReport

app = typer.Typer(add_completion=False)


@app.command("forget")
def forget_command(
    ctx: typer.Context,
    user: Annotated[str, typer.Argument(help="Id of a person; Type:id where two types of people share ids.")],
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Erase a person from store, snapshot, model and rejects, and search every file of the workspace for the id.

    The next load of the same files leaves the person out. Your own files are listed where they hold the id, and are
    never edited. Interrupted, the same command goes on. Exit code 1 where something
    still holds the id, or may.

    Example: whyrec -w demo forget u0042
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        report = engine.forget(user, lang=lang)
    output.notices(report.notices)
    if not output.document(report):
        _show(output, report)
    if report.found or report.undecided:
        raise typer.Exit(1)


def _show(output: Output, report: ForgetReport) -> None:
    deleted = report.deleted
    total = sum(deleted.triples.values())
    gone = f"{deleted.entities:,} [entity|entities] with {total:,} [triple|triples], deleted from the store."
    output.line(by_number(f"Forgotten: {gone}"))
    if deleted.triples:
        output.table("Triples", ("relation", "deleted"), deleted.triples.items(), right="deleted")
    for path in report.files_rewritten:
        output.line(f"Rewritten without the person: {path}")
    for path in report.files_removed:
        output.line(f"Removed, since it named the person: {path}")
    if report.found:
        output.line(
            by_number(f"Still there after {report.searched_files:,} [file was|files were] searched:"), style="red"
        )
        for place in report.found:
            output.line(f"  {place}")
        output.line("Run the command again; if that does not help, correct the data that holds the id and load it.")
    else:
        searched = by_number(f"{report.searched_files:,} [file was|files were] searched")
        output.line(f"The id is in none of whyrec's files ({searched}).")
