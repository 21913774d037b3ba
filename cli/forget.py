"""``whyrec forget``: erase a person, and prove it."""

from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import DebugOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from recommender.texts.languages import language
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
        _show(output, report, lang)
    if report.found or report.undecided:
        raise typer.Exit(1)


def _show(output: Output, report: ForgetReport, lang: str) -> None:
    texts, number = language(lang).section("forget"), language(lang).number
    deleted, searched = report.deleted, number(report.searched_files)
    total = sum(deleted.triples.values())
    output.line(texts["gone"].format(n=number(deleted.entities), triples=number(total)))
    if deleted.triples:
        heads = texts["relation"], texts["deleted"]
        output.table(texts["triples"], heads, deleted.triples.items(), right=heads[1])
    for path in report.files_rewritten:
        output.line(texts["rewritten"].format(file=path))
    for path in report.files_removed:
        output.line(texts["removed"].format(file=path))
    if report.found:
        output.line(texts["found"].format(n=searched), style="red")
        for place in report.found:
            output.line(f"  {place}")
        output.line(texts["again"])
    else:
        output.line(texts["proved"].format(n=searched))
