"""``whyrec seal``: encrypt a workspace at rest, or a copy of it."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import DebugOption, JsonOption, QuietOption, Session
from cli.output import Output
from kg.errors import UsageError
from kg.privacy.sealed_files import left_open
from kg.privacy.sealing import seal
from kg.workspace.workspace import SEALED, Workspace
from whyrec.events.database import copy_logs
from whyrec.privacy.seal_rotation import rotate_seal

app = typer.Typer(add_completion=False)

ROTATED_SEALED = "The workspace is sealed with the new key now; the old one opens older copies only."
ROTATED = (
    "What is sealed from now on is sealed with the new key; the old one opens older copies only. "
    "Nothing is sealed now: next, whyrec -w {} seal"
)
LEFT = "Not encrypted, and left in {}: {}. Where they name people, move or encrypt them too."


@app.command("seal")
def seal_command(
    ctx: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE.age]", help="Write a sealed copy, and leave the workspace open.")
    ] = None,
    rotate_key: Annotated[
        bool, typer.Option("--rotate", help="Change the key to WHYREC_SEAL_KEY; the old one in WHYREC_SEAL_KEY_OLD.")
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Encrypt store, snapshot, model, rejects and logs in one file, sealed.age; unseal opens it again.

    Without FILE the plain files go. Your own files in the folder are not touched, nor encrypted: they are listed.

    Examples: whyrec -w demo seal · whyrec -w demo seal /backup/demo.age
    """
    output, session = Output(as_json, quiet), ctx.find_object(Session)
    assert session is not None
    workspace = Workspace(session.workspace)
    if rotate_key:
        if file is not None:
            raise UsageError("--rotate changes the key of the workspace; leave out FILE")
        rotate_seal(workspace)
        names = list[str]()
    else:
        names = seal(workspace, file, copy_logs)
    target = str(file or workspace.folder / SEALED)
    left = left_open(workspace) if file is None and not rotate_key else []
    if output.document({"sealed": names, "file": target, "rotated": rotate_key, "left_open": left}):
        return
    if rotate_key:
        output.line(ROTATED_SEALED if (workspace.folder / SEALED).exists() else ROTATED.format(workspace.folder))
    elif names:
        output.line(f"Sealed {', '.join(names)}: {target}")
    else:
        output.line(f"Is sealed already: {target}")
    if left:
        output.line(LEFT.format(workspace.folder, ", ".join(left)), style="yellow")
