"""The engine that a command works with."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from cli.options import Session
from cli.output import Output
from cli.progress import Bars
from whyrec.engine import Engine


@contextmanager
def engine_of(ctx: typer.Context, output: Output) -> Iterator[Engine]:
    """The engine of the workspace; bars show how far it has come.

    :raises WorkspaceError: where the folder is no workspace.
    """
    session = ctx.find_object(Session)
    assert session is not None
    with Bars(output) as bars:
        engine = Engine(session.workspace, bars, lasting=False)
        yield engine
    output.notices(engine.notices)
