"""The group of all commands: one message and an exit code for whatever one raises."""

import gc
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from cli.commands import LazyCommands
from cli.failures import FAILED, fail
from cli.fields import asked_language
from cli.help import laid_out
from cli.memory import address_space_is_limited, short_of_memory
from cli.streams import discard_output, open_streams


class Commands(TyperGroup):
    """The group of all commands; whatever one raises becomes one message and an exit code."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        laid_out(self)
        self.commands = LazyCommands()
        self._debug, self._lang = False, ""
        self.short_of_memory = False
        """Whether the command failed for that, or may have."""

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
            self.short_of_memory = short_of_memory(problem) or address_space_is_limited()
        code = self._flushed(code)
        if standalone_mode:
            sys.exit(code)
        return code

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is called, imported; what is imported by then is left out of later garbage collections."""
        found = super().resolve_command(ctx, args)
        if not gc.isenabled():
            gc.freeze()
            gc.enable()
        return found

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
