"""``whyrec unseal``: decrypt a sealed workspace."""

from pathlib import Path
from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import DebugOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from recommender.texts.languages import language

app = typer.Typer(add_completion=False)


@app.command("unseal")
def unseal_command(
    ctx: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE.age]", help="A sealed copy; the workspace's own where absent.")
    ] = None,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Open what `whyrec seal` encrypted, with the key in WHYREC_SEAL_KEY; best on an encrypted disk, or in memory.

    Of a copy: whoever was forgotten since it was made is forgotten in it, too, and what private releases cost since
    stays spent.

    Example: whyrec -w demo unseal
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        report = engine.unseal(file)
    if output.document(report):
        return
    texts = language(lang).section("seal")
    output.line(texts["unsealed"].format(names=", ".join(report.unsealed)))
    if report.forgotten:
        output.line(texts["forgotten"].format(folder=engine.workspace.folder))
