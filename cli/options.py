"""Options that every command has, and what they decide."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from kg.workspace.workspace import Workspace


@dataclass
class Session:
    """What the options before the command said; the context object of typer."""

    workspace: Path


def _version(value: bool) -> None:
    if value:
        from importlib.metadata import version  # takes longer than many an answer

        typer.echo(f"whyrec {version('whyrec')}")
        raise typer.Exit


LONGEST = 1_000_000
"""Most that a list is asked for: beyond any catalogue that one machine ranks."""
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notices.")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
WorkspaceOption = Annotated[
    Path, typer.Option("--workspace", "-w", envvar="WHYREC_WORKSPACE", help="Folder of the workspace.")
]
VersionOption = Annotated[
    bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
]
DomainOption = Annotated[str | None, typer.Option("--domain", help="Only items of this domain.", metavar="D")]
AnchorOption = Annotated[
    list[str] | None,
    typer.Option("--anchor", metavar="relation:ID", help="An anchor: describes somebody not in the graph; repeatable."),
]
PseudonymiseOption = Annotated[
    bool, typer.Option("--pseudonymise", help="Replace ids of people by a hash with the key WHYREC_PSEUDONYM_KEY.")
]
ReaderOption = Annotated[str, typer.Option("--for", metavar="READER", help="Who reads it: customer, staff or analyst.")]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Write over a file that another command, or somebody else, wrote.")
]
PrivateOption = Annotated[
    bool, typer.Option("--private", help="Differentially private: numbers with noise, paid from the budget of the day.")
]
EpsilonOption = Annotated[
    float | None, typer.Option("--epsilon", metavar="E", help="With --private: less is more private.")
]
CountsOption = Annotated[Path | None, typer.Option("--out", metavar="FILE.csv", help="With --private: all to a file.")]
EngineOption = Annotated[
    str, typer.Option("--engine", help="What does the work in blocks of rows.", metavar="local|spark")
]
MasterOption = Annotated[
    str | None, typer.Option(help="With --engine spark: its cluster; this machine where absent.", metavar="URL")
]
LangOption = Annotated[str, typer.Option("--lang", help="Language of labels and reasons: en or zh.")]


def workspace_of(ctx: typer.Context) -> Workspace:
    """The workspace the command works in.

    :raises WorkspaceError: where the folder is none.
    """
    session = ctx.find_object(Session)
    assert session is not None
    return Workspace(session.workspace)
