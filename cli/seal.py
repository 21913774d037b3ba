"""``whyrec seal``: encrypt a workspace at rest, or a copy of it."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import DebugOption, JsonOption, LangOption, QuietOption, Session
from cli.output import Output
from kg.errors import UsageError
from kg.privacy.sealed_files import left_open
from kg.privacy.sealing import seal
from kg.workspace.workspace import SEALED, Workspace
from recommender.texts.languages import language
from whyrec.events.database import copy_logs
from whyrec.privacy.seal_rotation import rotate_seal

app = typer.Typer(add_completion=False)


@app.command("seal")
def seal_command(
    ctx: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE.age]", help="Write a sealed copy, and leave the workspace open.")
    ] = None,
    rotate_key: Annotated[
        bool, typer.Option("--rotate", help="Change the key to WHYREC_SEAL_KEY; the old one in WHYREC_SEAL_KEY_OLD.")
    ] = False,
    lang: LangOption = "en",
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
    texts, there = language(lang).section("seal"), (workspace.folder / SEALED).exists()
    if rotate_key:
        output.line(texts["rotated_sealed" if there else "rotated"].format(folder=workspace.folder))
    else:
        output.line(texts["sealed" if names else "is_sealed"].format(names=", ".join(names), file=target))
    if left:
        output.line(texts["left"].format(folder=workspace.folder, files=", ".join(left)), style="yellow")
