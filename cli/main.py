"""``whyrec``: the program. Commands are imported when they are called, so that none pays for another."""

import sys
from collections.abc import MutableMapping
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from cli.fields import flagged
from cli.options import Session
from cli.output import shown
from kg.errors import WhyrecError

COMMANDS = (
    *("init", "load", "train", "recommend", "why", "why-not", "what-if", "similar"),
    *("predict", "evaluate", "experiment", "status", "graph", "forget"),
)
INTERRUPTED = 130


class LazyCommands(MutableMapping[str, Any]):
    """Name → command, imported from the module ``cli.<name>``, ``-`` as ``_``, at the first look."""

    def __init__(self) -> None:
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        if name not in self._loaded:
            command = typer.main.get_command(import_module(f"cli.{name.replace('-', '_')}").app)
            command.name = name
            self._loaded[name] = command
        return self._loaded[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Any:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class Commands(TyperGroup):
    """The group of all commands; turns errors meant for people into one message and an exit code."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = LazyCommands()

    def invoke(self, ctx: Any) -> Any:
        """Run a command.

        :raises typer.Exit: with the error's exit code; 130 where it was interrupted.
        """
        try:
            return super().invoke(ctx)
        except WhyrecError as error:
            session = ctx.find_object(Session)
            if session is not None and session.debug:
                raise
            Console(stderr=True, soft_wrap=True, highlight=False).print(
                f"[red]Error:[/red] {shown(flagged(str(error)))}"
            )
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            Console(stderr=True).print("[red]Interrupted.[/red] What was finished is kept; run the command again.")
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(cls=Commands, no_args_is_help=True, rich_markup_mode="markdown", pretty_exceptions_enable=False)


@app.callback()
def whyrec(
    ctx: typer.Context,
    workspace: Annotated[
        Path,
        typer.Option("--workspace", "-w", envvar="WHYREC_WORKSPACE", help="Folder of the workspace."),
    ] = Path("."),
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Recommend across domains over a knowledge graph, and say why.

    Begin with: whyrec init demo --example && whyrec -w demo load && whyrec -w demo recommend u0001
    """
    ctx.obj = Session(workspace, debug)
    if debug:
        sys.excepthook = sys.__excepthook__


def run() -> None:
    """The entry point of the installed program."""
    if "--debug" not in sys.argv:
        sys.excepthook = _defect
    app(prog_name="whyrec")


def _defect(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    sys.stderr.write(
        f"Error: {kind.__name__}: {error}\n"
        "This is a defect of whyrec, not of your data; run the command again with --debug and report what it shows.\n"
    )
