"""``whyrec init``: make a workspace."""

from pathlib import Path
from typing import Annotated

import typer

from cli.adopt import adopt_graph
from cli.options import DebugOption, JsonOption, QuietOption, Session
from cli.output import Output
from cli.terminal import command
from kg.errors import UsageError
from whyrec.engine import create
from whyrec.workspace.creation import create_from_files

app = typer.Typer(add_completion=False)
StoreOption = Annotated[str, typer.Option(help="File of the embedded store, or neo4j://host:7687.", metavar="URL")]


@app.command()
def init(
    ctx: typer.Context,
    directory: Annotated[
        list[Path] | None, typer.Argument(metavar="[DIR]", help="Folder to make; else --workspace.")
    ] = None,
    schema: Annotated[str, typer.Option(help="Shipped schema or file.", metavar="NAME-or-FILE")] = "courses-cosmetics",
    store: StoreOption = "graph.lbug",
    from_files: Annotated[
        list[Path] | None,
        typer.Option("--from", metavar="FILE...", help="Look at files, and write a schema and a mapping for them."),
    ] = None,
    example: Annotated[bool, typer.Option("--example", help="Add the bundled example data and mapping.")] = False,
    encrypt: Annotated[
        bool, typer.Option("--encrypt", help="To be sealed to the key in WHYREC_SEAL_KEY, see `whyrec seal`.")
    ] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Read the graph that others loaded into --store; nothing is written there.")
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Make a workspace: configuration, schema and, if wanted, example data.

    With --from, exports of well-known programs are recognised, others are guessed; what was not sure is said. With
    --adopt, a graph that others loaded into Neo4j is read as it is.

    Examples: whyrec init demo --example · whyrec init shop --from products_export.csv orders_export.csv ·
    whyrec init movies --store neo4j://localhost:7687 --adopt
    """
    output = Output(as_json, quiet)
    session = ctx.find_object(Session)
    folder, files = _folder_and_files(directory or [], from_files or [], session.workspace if session else Path())
    if adopt and (files or example or encrypt):
        raise UsageError("--adopt reads the graph of a server: leave out --from, --example and --encrypt")
    if adopt:
        adopt_graph(output, folder, store)
    elif files and encrypt:
        raise UsageError("--encrypt does not go with --from; say `whyrec seal --rotate` once the workspace is there")
    elif files:
        _from_files(output, folder, files, store, example)
    else:
        create(folder, schema=schema, store=store, example=example, encrypt=encrypt)
        _tell(output, folder, store, example)


def _tell(output: Output, folder: Path, store: str, example: bool) -> None:
    load = command("-w", folder, "load")
    next_step = load if example else f"write {folder / 'mapping.toml'}, then {load}"
    if not output.document({"workspace": str(folder), "store": store, "example": example, "next": next_step}):
        output.line(f"Workspace {folder} is ready. Next: {next_step}")


def _folder_and_files(given: list[Path], files: list[Path], default: Path) -> tuple[Path, list[Path]]:
    """The folder, and all files of ``--from FILE...``: the shell's words after the first one are arguments too."""
    more = [path for path in given if path.is_file()] if files else []
    folders = [path for path in given if path not in more]
    if len(folders) > 1:
        raise UsageError(f"one folder is made, but {', '.join(map(str, folders))} were given; files need --from")
    return (folders[0] if folders else default), [*files, *more]


def _from_files(output: Output, folder: Path, files: list[Path], store: str, example: bool) -> None:
    if example:
        raise UsageError("--example brings files of its own: give that or --from")
    found = create_from_files(folder, files, store)
    next_step = f"read {folder / 'mapping.toml'}, then {command('-w', folder, 'load')}"
    document = {"workspace": str(folder), "store": store, "example": False, "known": found.known}
    if output.document({**document, "unsure": list(found.unsure), "next": next_step}):
        return
    for file, title in found.known.items():
        output.line(f"{file}: {title}")
    for doubt in found.unsure:
        output.line(f"not sure: {doubt}", style="yellow")
    output.line(f"Workspace {folder} is ready, with schema.toml and mapping.toml. Next: {next_step}")
