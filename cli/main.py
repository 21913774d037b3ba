"""``whyrec``: the program. Commands are imported when they are called, so that none pays for another."""

import os
import sys
from collections.abc import MutableMapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cli.encoding import as_typed, open_streams
from cli.failures import FAILED, fail, flush
from cli.help import laid_out, plain
from cli.options import DebugOption, Session, VersionOption

COMMANDS = (
    *("init", "load", "train", "recommend", "why", "why-not", "what-if", "similar", "find", "ask"),
    *("audience", "bridge", "gaps", "item", "compare", "serve", "mcp"),
    *("links", "predict", "evaluate", "experiment", "status", "popularity", "graph", "export-person", "forget"),
)


class LazyCommands(MutableMapping[str, Any]):
    """Name → command, imported from the module ``cli.<name>``, ``-`` as ``_``, at the first look."""

    def __init__(self) -> None:
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        if name not in self._loaded:
            command = typer.main.get_command(plain(import_module(f"cli.{name.replace('-', '_')}").app))
            command.name = name
            self._loaded[name] = laid_out(command)
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
    """The group of all commands; whatever one raises becomes one message and an exit code."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        laid_out(self)
        self.commands = LazyCommands()
        self._debug = False

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **options: Any,
    ) -> Any:
        """Run the program.

        :param args: those of the process where absent.
        :returns: the exit code, if ``standalone_mode`` is false.
        :raises SystemExit: with the exit code, otherwise.
        """
        self._debug = "--debug" in (sys.argv if args is None else args)
        open_streams()
        try:
            done = super().main(args, prog_name, complete_var, False, windows_expand_args, **options)
            code = done if isinstance(done, int) else 0
        except SystemExit as leaving:  # rich's and typer's answer to a closed pipe
            code = leaving.code if isinstance(leaving.code, int) else FAILED
        except BaseException as problem:
            code = fail(problem, self._debug)
        code = flush(code, self._debug)
        if standalone_mode:
            sys.exit(code)
        return code

    def invoke(self, ctx: Any) -> Any:
        """Run a command.

        :raises typer.Exit: with the error's exit code; 130 where it was interrupted.
        """
        try:
            return super().invoke(ctx)
        except (EOFError, KeyboardInterrupt, BrokenPipeError) as problem:  # typer has its own opinion of these
            raise typer.Exit(fail(problem, self._debug)) from None


app = plain(typer.Typer(cls=Commands, no_args_is_help=True))


@app.callback()
def whyrec(
    ctx: typer.Context,
    workspace: Annotated[
        Path,
        typer.Option("--workspace", "-w", envvar="WHYREC_WORKSPACE", help="Folder of the workspace."),
    ] = Path("."),
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
    code: int = typer.main.get_command(app).main(arguments, "whyrec", standalone_mode=False)
    return code
