"""``whyrec serve``: the REST service and the console."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import DebugOption, QuietOption, workspace_of
from cli.output import Output
from kg.errors import UsageError
from kg.workspace.workspace import Workspace
from whyrec.workspace.readers import readers

app = typer.Typer(add_completion=False)


@app.command()
def serve(
    ctx: typer.Context,
    host: Annotated[str, typer.Option(help="Where to listen; only this machine by default.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535)] = 8765,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes; they share files and lists made ahead.")] = 1,
    workspaces: Annotated[
        list[Path] | None,
        typer.Option("--workspace", "-w", metavar="DIR", help="Repeatable: each has tokens of its own."),
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(metavar="FILE", help="Certificate (PEM).")] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="Its key (PEM).")] = None,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Serve recommendations over HTTP, with a console for people at the same address.

    Example: whyrec serve --workspace shop-a --workspace shop-b --workers 2
    """
    try:
        from whyrec.service.access import Tokens
        from whyrec.service.server import Address
        from whyrec.service.server import serve as run
    except ModuleNotFoundError as problem:
        raise UsageError(f"{problem.name} is not installed; the service needs pip install 'whyrec[serve]'") from None
    output, folders = Output(quiet=quiet), workspaces or [workspace_of(ctx).folder]
    for folder in folders:
        Workspace(folder).check_open()
    address = Address(host, port, tls_cert, tls_key).checked()
    sources = [Tokens(folder).admin_source for folder in folders]
    notices = [*address.notices(), *(told for folder in folders for told in readers(folder))]

    def listening() -> None:
        """Say where."""
        if not quiet:
            output.line(f"Console:  {address.url}/")
            output.line(f"REST:     {address.url}/api/v1, described in {address.url}/docs")
            for source in sources:
                output.line(f"The admin's token: {source}")
        output.notices(notices)

    run(folders, address, workers, listening=listening)
