"""``whyrec rotate-key``: the pseudonyms of a workspace, made anew with another key."""

from pathlib import Path
from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import DebugOption, JsonOption, QuietOption
from cli.output import Output
from cli.terminal import command

app = typer.Typer(add_completion=False)


@app.command("rotate-key")
def rotate_key_command(
    ctx: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE …]", help="Files that were loaded without the mapping.")
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Give all people new pseudonyms, of the key in WHYREC_PSEUDONYM_KEY instead of that in WHYREC_PSEUDONYM_KEY_OLD.

    Who is who is read from the source files of the mapping, and from those that are named. What holds old
    pseudonyms, such as the model, is removed.

    Examples: whyrec -w demo rotate-key · whyrec -w shop rotate-key User.csv purchased.csv
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        report = engine.rotate_pseudonyms(files or ())
    if not output.document(report):
        told = ", ".join(f"{n:,} {name}" for name, n in report.people.items())
        output.line(f"New pseudonyms: {told}. Next: {command('-w', engine.workspace.folder, 'train')}")
        for path in report.files_removed:
            output.line(f"Removed, since it held old ones: {path}")
