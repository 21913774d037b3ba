"""Options of a load."""

from pathlib import Path
from typing import Annotated

import typer

from kg.mapping.source import Mode

PathsArgument = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[PATH]...", help="Files named after a type or relation; - is standard input."),
]
ModeOption = Annotated[
    Mode | None,
    typer.Option(help="replace: delete from the store what vanished from the files; merge: delete nothing."),
]
AllowEmptyOption = Annotated[
    bool, typer.Option("--allow-empty", help="With replace: an empty file may delete all that it covers.")
]
MaxDeletesOption = Annotated[
    str | None,
    typer.Option(metavar="N", help="With replace: most of a type or relation to delete; 5%, or a number, or all."),
]
AllowOutsideOption = Annotated[
    bool, typer.Option("--allow-outside", help="The mapping may name files outside its own folder.")
]
EventsOption = Annotated[
    bool, typer.Option("--events", help="Take over what the service was told that people did, and nothing else.")
]
ResumeOption = Annotated[
    bool, typer.Option("--resume", help="Finish a load that was cut off; the same files again do so too.")
]
