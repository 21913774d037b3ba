"""``whyrec init``: make a workspace."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import DebugOption, JsonOption, QuietOption, Session
from cli.output import Output
from whyrec.engine import create

app = typer.Typer(add_completion=False)


@app.command()
def init(
    ctx: typer.Context,
    directory: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="Folder to make; else --workspace.")] = None,
    schema: Annotated[str, typer.Option(help="Shipped schema or file.", metavar="NAME-or-FILE")] = "courses-cosmetics",
    store: Annotated[
        str, typer.Option(help="File of the embedded store, or neo4j://host:7687.", metavar="URL")
    ] = "graph.lbug",
    example: Annotated[bool, typer.Option("--example", help="Add the bundled example data and mapping.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Make a workspace: configuration, schema and, if wanted, example data.

    Example: whyrec init demo --example
    """
    output = Output(as_json, quiet)
    session = ctx.find_object(Session)
    folder = directory or (session.workspace if session else Path())
    create(folder, schema=schema, store=store, example=example)
    next_step = (
        f"whyrec -w {folder} load" if example else f"write {folder / 'mapping.toml'}, then whyrec -w {folder} load"
    )
    if not output.document({"workspace": str(folder), "store": store, "example": example, "next": next_step}):
        output.line(f"Workspace {folder} is ready. Next: {next_step}")
