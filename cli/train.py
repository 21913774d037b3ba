"""``whyrec train``: store → snapshot → kernels → vectors → model."""

from typing import Annotated, Any

import typer

from cli.crossing import show_crossing
from cli.engine import engine_of
from cli.learned_weights import show_domain
from cli.options import DebugOption, EngineOption, JsonOption, MasterOption, QuietOption
from cli.output import Output
from cli.training_options import (
    CandidatesOption,
    EpochsOption,
    HoldOutOption,
    MinutesOption,
    ModelOption,
    ValidationOption,
)
from kg.counting import by_number
from whyrec.reports import TrainReport

app = typer.Typer(add_completion=False)


@app.command()
def train(
    ctx: typer.Context,
    model: ModelOption = "TransE",
    dim: Annotated[int, typer.Option(min=1, help="Dimension of the vectors.", metavar="D")] = 64,
    epochs: EpochsOption = None,
    validation: ValidationOption = None,
    candidates: CandidatesOption = None,
    hold_out: HoldOutOption = "last",
    minutes: MinutesOption = None,
    no_embeddings: Annotated[bool, typer.Option("--no-embeddings", help="Paths and popularity only.")] = False,
    seed: Annotated[int, typer.Option(help="Seed; the same seed gives the same vectors on a CPU.", metavar="S")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where an interrupted training stopped.")] = False,
    engine_name: EngineOption = "local",
    master: MasterOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Bring snapshot, kernels and vectors up to date with the store; what is up to date is skipped.

    Example: whyrec -w demo train --model RotatE --dim 64 --epochs 100
    """
    output = Output(as_json, quiet)
    vectors: Any = {"model": model, "dim": dim, "epochs": epochs, "seed": seed}
    vectors |= {"validation": validation, "candidates": candidates, "minutes": minutes}
    try:
        with engine_of(ctx, output) as engine:
            where: Any = {"engine": engine_name, "master": master}
            report = engine.train(embeddings=not no_embeddings, resume=resume, hold_out=hold_out, **where, **vectors)
    except KeyboardInterrupt as stopped:
        output.notices(getattr(stopped, "__notes__", ()))
        raise
    output.notices(report.notices)
    if not output.document(report):
        _show(output, report)


def _show(output: Output, report: TrainReport) -> None:
    state = "was up to date already" if report.up_to_date else "is ready"
    graph = f"{report.entities:,} [entity|entities], {report.relations} [relation|relations]"
    graph = by_number(f"{graph}, {report.triples:,} [triple|triples]")
    made = by_number(f"{report.kernels_made} [kernel|kernels] made")
    output.line(f"Model {report.model.name} {state}: {graph}; snapshot {report.model.snapshot[:12]}, {made}.")
    for name, recency in report.recency.items():
        output.line(f"{name}: the later counts more ({recency}).")
    for domain in report.learning:
        show_domain(output, report.blend, domain)
    show_crossing(output, report.crossing)
    output.line("Next: whyrec recommend USER")
