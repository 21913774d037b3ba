"""Options of ``train``: what vectors are trained, for how long, and what weights are learned on."""

from typing import Annotated

import typer

from embeddings.vectors.models import MODELS

ModelOption = Annotated[str, typer.Option(help=f"Any of {', '.join(MODELS)}.", metavar="M")]
EpochsOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Passes over all triples at most, validation may stop earlier; 50, or 10 of a slow model where there "
        "are over 100,000 triples.",
        metavar="E",
    ),
]
ValidationOption = Annotated[
    float | None,
    typer.Option(
        help="Part of the triples held out to stop early and to calibrate, at most 2,000 triples; 0.05. 0: none.",
        metavar="V",
    ),
]
CandidatesOption = Annotated[
    str | None,
    typer.Option(help="What an entity is told from: others of its type (type, the default), or all.", metavar="C"),
]
MinutesOption = Annotated[
    float | None,
    typer.Option(
        help="Time for the vectors, half of it to find out whether they get a say; [train] minutes, 60.", metavar="T"
    ),
]
HoldOutOption = Annotated[
    str,
    typer.Option(
        help="What weights are learned on: each person's last interactions (last), the latest tenth of all (temporal), "
        "any (random), or any and all of a fifth of the items, for shops of new ones (new-items).",
        metavar="last|temporal|random|new-items",
    ),
]
