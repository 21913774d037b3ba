"""``whyrec unseal``: decrypt a sealed workspace."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import DebugOption, JsonOption, QuietOption, Session
from cli.output import Output
from kg.privacy.sealing import unseal
from kg.workspace.workspace import Workspace

app = typer.Typer(add_completion=False)


@app.command("unseal")
def unseal_command(
    ctx: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE.age]", help="A sealed copy; the workspace's own where absent.")
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Open what `whyrec seal` encrypted, with the key in WHYREC_SEAL_KEY; best on an encrypted disk, or in memory.

    Example: whyrec -w demo unseal
    """
    output, session = Output(as_json, quiet), ctx.find_object(Session)
    assert session is not None
    names = unseal(Workspace(session.workspace), file)
    if not output.document({"unsealed": names}):
        output.line(f"Unsealed {', '.join(names)}.")
