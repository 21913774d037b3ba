"""``whyrec``: the program."""

import os
import sys
from pathlib import Path
from typing import cast

import typer

from cli.command_group import Commands
from cli.commands import COMMANDS
from cli.encoding import as_typed
from cli.help import plain
from cli.memory import leave
from cli.options import DebugOption, Session, VersionOption, WorkspaceOption

__all__ = ["COMMANDS", "app", "run"]

app = plain(typer.Typer(cls=Commands, no_args_is_help=True))


@app.callback()
def whyrec(
    ctx: typer.Context,
    workspace: WorkspaceOption = Path("."),
    debug: DebugOption = False,
    version: VersionOption = False,
) -> None:
    """Recommend across domains over a knowledge graph, and say why.

    Examples: whyrec init demo --example · whyrec -w demo load · whyrec -w demo recommend u0001
    """
    ctx.obj = Session(workspace)


def run() -> int:
    """The entry point of the installed program; returns the exit code."""
    arguments = None if os.name == "nt" else [as_typed(one) for one in sys.argv[1:]]  # Windows' hold patterns yet
    program = cast("Commands", typer.main.get_command(app))
    code = int(program.main(arguments, "whyrec", standalone_mode=False))
    if code and program.short_of_memory:
        leave(code)
    return code
