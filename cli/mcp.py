"""``whyrec mcp``: tools for an assistant over standard input and output."""

import typer

from cli.options import DebugOption, workspace_of
from kg.errors import UsageError
from whyrec.engine import Engine

app = typer.Typer(add_completion=False)


@app.command()
def mcp(ctx: typer.Context, debug: DebugOption = False) -> None:
    """Offer the questions of this workspace to an assistant as tools: Model Context Protocol over stdin.

    Example, in an assistant's configuration: command whyrec, arguments -w demo mcp
    """
    try:
        from whyrec.service.assistant import tools_server
    except ModuleNotFoundError as problem:
        raise UsageError(f"{problem.name} is not installed; the tools need pip install 'whyrec[mcp]'") from None
    engine = Engine(workspace_of(ctx).folder)
    engine.workspace.check_open()
    tools_server(engine).run("stdio")
