"""Missing triples: the likeliest ones of an entity and a relation, asked for by name."""

from pathlib import Path

from embeddings.link_prediction.prediction import Prediction, predict
from embeddings.vectors.vectors import Vectors
from kg.document import nearest
from kg.errors import UsageError
from kg.schema import Schema
from kg.snapshot.snapshot import Snapshot
from recommender.learning.model import VECTORS

UNCALIBRATED = "too few triples were held out to calibrate: there are scores, but no probabilities"
PILOT_ONLY = (
    "the vectors are those of the pilot, which has not seen the validation part: closeness weighs nothing in lists, so "
    "none were trained on all triples"
)


def missing_triples(snapshot: Snapshot, model: Path, asked: tuple[str, str], n: int) -> Prediction:
    """The n likeliest missing triples: head and relation ask for tails, relation and tail for heads.

    :param model: folder of the model.
    :raises UsageError: where none of the two is a relation, or both are, an entity stands on the wrong side, or people
        are asked for.
    :raises UnknownEntityError: for an unknown entity, naming the nearest ids.
    :raises ModelError: where no vectors were trained, or they belong to another snapshot.
    :raises TrainingError: where torch is missing, which the network of a model is asked with.
    """
    entity_id, step = question(snapshot.schema, *asked)
    known, wanted = snapshot.schema.ends(step)
    _check_side(snapshot, (known, wanted), entity_id, step)
    if snapshot.schema.entity[wanted].sensitive:
        raise UsageError(f"{wanted} is sensitive: whyrec lists no people that a triple is likely of")
    vectors = Vectors.open(model / VECTORS, snapshot.hash)
    scorer = None
    if vectors.manifest.config.loop != "products":
        from embeddings.training.network_file import open_network  # torch, which other models do without

        scorer = open_network(model / VECTORS, vectors.manifest, snapshot)
    return predict(snapshot, vectors, entity_id, step, n, scorer)


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
