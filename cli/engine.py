"""The engine that a command works with."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from cli.options import Session
from cli.output import Output
from cli.progress import Bars
from whyrec.engine import Engine

if TYPE_CHECKING:
    from whyrec.workspace.evaluation.experiments import Experiments


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


@contextmanager
def experiments_of(ctx: typer.Context, output: Output) -> "Iterator[Experiments]":
    """The experiments of the workspace, or of any other folder that --workspace names; bars show how far they are."""
    from whyrec.workspace.evaluation.experiments import Experiments  # answering needs none

    session = ctx.find_object(Session)
    assert session is not None
    with Bars(output) as bars:
        yield Experiments(session.workspace, bars, lambda text: output.notices([text]))
