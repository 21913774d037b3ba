"""The likeliest missing triples of an entity and a relation, with calibrated probabilities; numpy, no torch."""

import numpy as np
from pydantic import BaseModel

from embeddings.vectors.calibration import ScoreCard
from embeddings.vectors.scoring import VectorScorer
from embeddings.vectors.triples import HEAD, TAIL
from embeddings.vectors.vectors import Vectors
from kg.document import nearest
from kg.errors import UsageError
from kg.snapshot.snapshot import Snapshot


class Candidate(BaseModel, frozen=True):
    """One missing triple."""

    rank: int
    id: str
    label: str
    type: str
    score: float
    """The model's own score: higher is more plausible; only comparable within one relation."""
    probability: float | None
    """See ``ScoreCard``; ``None`` where nothing was held out to calibrate on."""


class Prediction(BaseModel, frozen=True):
    """The likeliest missing tails of a head, or heads of a tail."""

    side: str
    """What is missing: ``head`` or ``tail``."""
    known: str
    """Id of the entity that was given."""
    label: str
    relation: str
    model: str
    in_graph: int
    """Triples of the entity and the relation that the graph has already; they are no candidates."""
    candidates: list[Candidate]
    score_card: ScoreCard | None


def predict(snapshot: Snapshot, vectors: Vectors, entity_id: str, step: str, n: int) -> Prediction:
    """Rank what a step from an entity may lead to and does not lead to in the graph.

    :param entity_id: a head for ``relation``, a tail for ``~relation``.
    :param step: ``relation`` predicts tails, ``~relation`` heads.
    :param n: how many to list.
    :raises UsageError: for a relation that the schema does not have or that was not trained on.
    :raises UnknownEntityError: for an unknown id of the type in question.
    :raises ModelError: where the model's scores need more than vectors.
    """
    relation = step.removeprefix("~")
    trained = list(vectors.manifest.relations)
    if relation not in trained:
        raise UsageError(f"unknown relation {relation!r}; {nearest(relation, trained)}")
    known_type, wanted = snapshot.schema.ends(step)
    idx = snapshot.vocabulary.idx(known_type, entity_id)
    there = snapshot.neighbours(step, idx)[0]
    side, start = (HEAD if step.startswith("~") else TAIL), snapshot.vocabulary.start(wanted)
    count = snapshot.vocabulary.count(wanted)
    candidates = np.setdiff1d(np.arange(count), there)
    triples = np.empty((len(candidates), 3), dtype=np.int64)
    triples[:, 2 - 2 * side] = snapshot.vocabulary.start(known_type) + idx
    triples[:, 1], triples[:, 2 * side] = trained.index(relation), start + candidates
    if wanted == known_type:
        triples = triples[triples[:, 0] != triples[:, 2]]
    score = VectorScorer.of(vectors).score(triples)
    best = np.lexsort((triples[:, 2 * side], -score))[:n]
    card = vectors.manifest.score_card
    probability = None if card is None else card.probability(score[best], trained.index(relation))
    found = []
    for place, row in enumerate(best.tolist()):
        entity = int(triples[row, 2 * side]) - start
        found.append(
            Candidate(
                rank=place + 1,
                id=snapshot.vocabulary.id(wanted, entity),
                label=snapshot.label(wanted, entity),
                type=wanted,
                score=float(score[row]),
                probability=None if probability is None else float(probability[place]),
            )
        )
    return Prediction(
        side="tail" if side == TAIL else "head",
        known=entity_id,
        label=snapshot.label(known_type, idx),
        relation=relation,
        model=vectors.manifest.config.model,
        in_graph=len(there),
        candidates=found,
        score_card=card,
    )
