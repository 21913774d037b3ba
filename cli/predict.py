"""``whyrec predict``: the likeliest missing triples of an entity and a relation."""

from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import LONGEST, DebugOption, JsonOption, QuietOption
from cli.output import Output
from embeddings.link_prediction.prediction import Prediction
from kg.counting import by_number
from recommender.serving.missing_triples import PILOT_ONLY, UNCALIBRATED

app = typer.Typer(add_completion=False)


@app.command(name="predict")
def predict_command(
    ctx: typer.Context,
    first: Annotated[str, typer.Argument(help="Id of a head, or a relation.", metavar="HEAD|RELATION")],
    second: Annotated[
        str, typer.Argument(help="A relation after a head, or the id of a tail.", metavar="RELATION|TAIL")
    ],
    n: Annotated[int, typer.Option("-n", min=1, max=LONGEST, help="How many to list.", metavar="N")] = 10,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """List the likeliest missing triples: HEAD RELATION asks for tails, RELATION TAIL for heads.

    Whichever of the two is the name of a relation is the relation; write Type:ID for an entity whose id is one too.
    The probability answers: a true triple, or one with a random entity of the right type in its place, at equal odds?

    Examples: whyrec predict p0001 contains · whyrec predict contains GLYCERIN -n 5
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        found = engine.predict(first, second, n)
    limits = {UNCALIBRATED: found.score_card is None, PILOT_ONLY: found.pilot}
    output.notices([limit for limit, holds in limits.items() if holds])
    if not output.document(found):
        _show(output, found)


def _show(output: Output, found: Prediction) -> None:
    missing = f"{found.label} {found.relation} ?" if found.side == "tail" else f"? {found.relation} {found.label}"
    there = by_number(f"{found.in_graph} [triple|triples] in the graph already")
    title = f"{missing}  ({found.model}; {there})"
    rows = [
        (one.rank, one.id, one.label, "–" if one.probability is None else f"{one.probability:.3f}", f"{one.score:.4f}")
        for one in found.candidates
    ]
    output.table(title, ("rank", "id", "label", "probability", "score"), rows, right="rank probability score")
    card = found.score_card
    if card is None:
        return
    output.line(
        f"Score card, {card.triples} held-out triples, half of them false: Brier {card.brier:.3f} (coin 0.250), "
        f"AUC {card.auc:.3f}, log loss {card.log_loss:.3f} (coin 0.693)."
    )
    points = (f"{said:.2f} → {true:.2f} ({count})" for said, true, count in card.curve)
    output.line(f"Calibration, said → true (triples): {'  '.join(points)}")
