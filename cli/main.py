"""``whyrec``: the program."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from cli.commands import COMMANDS, LazyCommands
from cli.encoding import as_typed
from cli.failures import FAILED, fail
from cli.fields import asked_language
from cli.help import laid_out, plain
from cli.options import DebugOption, Session, VersionOption, WorkspaceOption
from cli.streams import discard_output, open_streams


class Commands(TyperGroup):
    """The group of all commands; whatever one raises becomes one message and an exit code."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        laid_out(self)
        self.commands = LazyCommands()
        self._debug, self._lang = False, ""

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
        words = sys.argv if args is None else args
        self._debug, self._lang = "--debug" in words, asked_language(words)
        open_streams()
        try:
            done = super().main(args, prog_name, complete_var, False, windows_expand_args, **options)
            code = done if isinstance(done, int) else 0
        except SystemExit as leaving:  # rich's and typer's answer to a closed pipe
            code = leaving.code if isinstance(leaving.code, int) else FAILED
        except BaseException as problem:
            code = fail(problem, self._debug, self._lang)
        code = self._flushed(code)
        if standalone_mode:
            sys.exit(code)
        return code

    def _flushed(self, code: int) -> int:
        """Write out what is still buffered; the exit code, which is that of a failure where it cannot be written."""
        try:
            sys.stdout.flush()
        except (OSError, ValueError) as problem:
            code = code or fail(problem, self._debug, self._lang)
            discard_output()
        return code

    def invoke(self, ctx: Any) -> Any:
        """Run a command.

        :raises typer.Exit: with the error's exit code; 130 where it was interrupted.
        """
        try:
            return super().invoke(ctx)
        except (EOFError, KeyboardInterrupt, BrokenPipeError) as problem:  # typer has its own opinion of these
            raise typer.Exit(fail(problem, self._debug, self._lang)) from None


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
    return int(typer.main.get_command(app).main(arguments, "whyrec", standalone_mode=False))
