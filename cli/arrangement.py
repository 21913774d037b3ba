"""Options that arrange a list after scoring."""

from typing import Annotated

import typer

from cli.options import LONGEST

LengthOption = Annotated[int | None, typer.Option("-n", min=1, max=LONGEST, help="Length of the list.")]
DiversityOption = Annotated[
    float, typer.Option(metavar="0..1", help="How much items are to differ from each other; 0: by score alone.")
]
MaxPerOption = Annotated[
    list[str] | None,
    typer.Option(metavar="relation:N", help="At most N items per brand (made_by:2), category …; repeatable."),
]
ReasonsOption = Annotated[
    str,
    typer.Option(
        help="What reasons are chosen for: varied, strongest, recent, popular, balanced; with --all: how many."
    ),
]
PathQualityOption = Annotated[
    float, typer.Option(metavar="0..1", help="How much the quality of the reasons counts beside the score.")
]
EverybodyOption = Annotated[bool, typer.Option("--all", help="All users; needs --out.")]
UsersOption = Annotated[str | None, typer.Option(help="With --all: a file of user ids, one a line.", metavar="FILE")]
OutOption = Annotated[
    str | None, typer.Option(help="With --all: the file to write.", metavar="FILE.parquet|.csv|.jsonl|.xlsx")
]
EngineOption = Annotated[str, typer.Option("--engine", help="With --all: what makes the lists, local or spark.")]
