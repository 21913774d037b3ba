"""``whyrec export-person``: everything that is held about a person, and everything that is concluded from it."""

from pathlib import Path
from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import DebugOption, ForceOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from cli.person_report import show_held, show_inferred
from kg.errors import UsageError
from kg.workspace.output_file import check_output, starts_with
from kg.workspace.outputs import remember_output
from recommender.texts.languages import language
from whyrec.privacy.access_request import PersonReport

app = typer.Typer(add_completion=False)


@app.command("export-person")
def export_person_command(
    ctx: typer.Context,
    user: Annotated[str, typer.Argument(help="Id of a person; Type:id where two types of people share ids.")],
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.json", help="Write it to a file.")] = None,
    force: ForceOption = False,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Export everything that is held about a person and everything concluded from it: the answer to an access request.

    Other people with links to this one are told of, never named. `whyrec forget` erases what this shows.

    Example: whyrec -w demo export-person u0042 --out u0042.json
    """
    output = Output(as_json, quiet)
    if out is not None and out.suffix != ".json":
        raise UsageError(f"--out {out}: expected a name that ends in .json")
    with engine_of(ctx, output) as engine:
        if out is not None:
            check_output(out, starts_with(b'{\n "person": '), engine.workspace, force)
        report, schema = engine.export_person(user, lang=lang), engine.workspace.schema
    if out is not None:
        _write(engine.workspace.folder, out, report)
    if output.document(report):
        return
    output.notices(report.notices)
    show_held(output, report, lang)
    if report.inferred is not None:
        show_inferred(output, report.inferred, schema, lang)
        output.notices(report.inferred.notices)
    if out is not None:
        output.line(language(lang).section("access")["written"].format(file=out))


def _write(folder: Path, out: Path, report: PersonReport) -> None:
    try:
        out.touch(mode=0o600)
        out.write_text(report.model_dump_json(indent=1) + "\n", encoding="utf-8")
    except OSError as problem:
        raise UsageError(f"--out {out}: cannot be written: {problem.strerror or problem}") from None
    remember_output(folder, out)
