"""``whyrec forget``: erase a person, and prove it."""

from typing import Annotated

import typer

from cli.options import DebugOption, JsonOption, QuietOption, workspace_of
from cli.output import Output
from kg.privacy.erasure import Erasure, forget

app = typer.Typer(add_completion=False)


@app.command("forget")
def forget_command(
    ctx: typer.Context,
    user: Annotated[str, typer.Argument(help="Id of a person; Type:id where two types of people share ids.")],
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Erase a person from store, snapshot, model and rejects, and search every file of the workspace for the id.

    The next load of the same files leaves the person out. Your own files are listed where they hold the id, and are
    never edited. Interrupted, the same command goes on. Exit code 1 where something still holds the id.

    Example: whyrec -w demo forget u0042
    """
    output, workspace = Output(as_json, quiet), workspace_of(ctx)
    with output.progress() as progress:
        task = progress.add_task("Forgetting", total=None, note="")
        erasure = forget(workspace, user, lambda step: progress.update(task, description=step))
    output.notices(erasure.notices)
    if not output.document(erasure.to_json()):
        _show(output, erasure)
    if erasure.found:
        raise typer.Exit(1)


def _show(output: Output, erasure: Erasure) -> None:
    total = sum(erasure.triples.values())
    output.line(f"Forgotten: {erasure.entities:,} entities with {total:,} triples were deleted from the store.")
    if erasure.triples:
        output.table("Triples", ("relation", "deleted"), erasure.triples.items(), right="deleted")
    for path in erasure.files_rewritten:
        output.line(f"Rewritten without the person: {path}")
    if erasure.found:
        output.line(f"Still there after {erasure.searched_files:,} files were searched:", style="red")
        for place in erasure.found:
            output.line(f"  {place}")
        output.line("Run the command again; if that does not help, correct the data that holds the id and load it.")
    else:
        output.line(f"The id is in none of whyrec's files ({erasure.searched_files:,} files were searched).")
