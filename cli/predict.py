"""``whyrec predict``: the likeliest missing triples of an entity and a relation."""

from typing import Annotated

import typer

from cli.options import DebugOption, JsonOption, QuietOption, workspace_of
from cli.output import Output
from cli.recommender import current_snapshot
from embeddings.link_prediction.prediction import Prediction, predict
from embeddings.vectors.vectors import Vectors
from kg.document import nearest
from kg.errors import UsageError
from kg.schema import Schema
from kg.snapshot.snapshot import Snapshot
from recommender.learning.model import VECTORS

app = typer.Typer(add_completion=False)


@app.command(name="predict")
def predict_command(
    ctx: typer.Context,
    first: Annotated[str, typer.Argument(help="Id of a head, or a relation.", metavar="HEAD|RELATION")],
    second: Annotated[
        str, typer.Argument(help="A relation after a head, or the id of a tail.", metavar="RELATION|TAIL")
    ],
    n: Annotated[int, typer.Option("-n", min=1, help="How many to list.", metavar="N")] = 10,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """List the likeliest missing triples: HEAD RELATION asks for tails, RELATION TAIL for heads.

    Whichever of the two is the name of a relation is the relation; write Type:ID for an entity whose id is one too.
    The probability answers: a true triple, or one with a random entity of the right type in its place, at equal odds?

    Example: whyrec predict p0001 contains    Example: whyrec predict contains GLYCERIN -n 5
    """
    output, workspace = Output(as_json, quiet), workspace_of(ctx)
    snapshot = current_snapshot(workspace, output)
    entity_id, step = question(snapshot.schema, first, second)
    known, wanted = snapshot.schema.ends(step)
    _check_side(snapshot, (known, wanted), entity_id, step)
    if snapshot.schema.entity[wanted].sensitive:
        raise UsageError(f"{wanted} is sensitive: whyrec lists no people that a triple is likely of")
    vectors = Vectors.open(workspace.model / VECTORS, snapshot.hash)
    found = predict(snapshot, vectors, entity_id, step, n)
    if found.score_card is None:
        output.notices(["too few triples were held out to calibrate: there are scores, but no probabilities"])
    if not output.document(found):
        _show(output, found)


def question(schema: Schema, first: str, second: str) -> tuple[str, str]:
    """The entity's id and the step from it: ``relation`` asks for tails, ``~relation`` for heads.

    :raises UsageError: where none of the two is a relation, or both are.
    """
    known = sorted(schema.relation)
    if first in known and second in known:
        raise UsageError(
            f"{first!r} and {second!r} are both relations; write the entity as Type:ID, such as "
            f"{schema.ends(second)[0]}:{first}"
        )
    if second in known:
        return first, second
    if first in known:
        return second, f"~{first}"
    raise UsageError(f"neither {first!r} nor {second!r} is a relation; {nearest(second, known)}")


def _check_side(snapshot: Snapshot, ends: tuple[str, str], entity_id: str, step: str) -> None:
    """An entity that is of the other end's type alone was written on the wrong side.

    :raises UsageError: saying how to ask.
    """
    known, wanted = (snapshot.vocabulary.get(end, entity_id) is not None for end in ends)
    if wanted and not known:
        relation = step.removeprefix("~")
        form = f"{entity_id} {relation}" if step.startswith("~") else f"{relation} {entity_id}"
        end = "tails" if step.startswith("~") else "heads"
        raise UsageError(
            f"{entity_id!r} is of type {ends[1]}, but the {end} of {relation} are of type {ends[0]}; "
            f"ask `whyrec predict {form}`"
        )


def _show(output: Output, found: Prediction) -> None:
    missing = f"{found.label} {found.relation} ?" if found.side == "tail" else f"? {found.relation} {found.label}"
    title = f"{missing}  ({found.model}; {found.in_graph} triples in the graph already)"
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
