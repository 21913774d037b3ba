"""The likeliest missing triples of an entity and a relation, with calibrated probabilities; numpy, no torch."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
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
    pilot: bool
    """Whether the vectors are those of a pilot, which has not seen the validation part."""
    in_graph: int
    """Triples of the entity and the relation that the graph has already; they are no candidates."""
    candidates: list[Candidate]
    score_card: ScoreCard | None


class TripleScorer(Protocol):
    """Scores triples."""

    def score(self, triples: NDArray[np.int64]) -> NDArray[np.float64]:
        """The model's own score: shape (n,), higher is more plausible."""


def predict(
    snapshot: Snapshot, vectors: Vectors, entity_id: str, step: str, n: int, scorer: TripleScorer | None = None
) -> Prediction:
    """Rank what a step from an entity may lead to and does not lead to in the graph.

    :param entity_id: a head for ``relation``, a tail for ``~relation``.
    :param step: ``relation`` predicts tails, ``~relation`` heads.
    :param n: how many to list.
    :param scorer: of the model; that of its vectors where absent.
    :raises UsageError: for a relation that the schema does not have or that was not trained on.
    :raises UnknownEntityError: for an unknown id of the type in question.
    :raises ModelError: where the model's scores need more than vectors.
    """
    relation, trained = step.removeprefix("~"), list(vectors.manifest.relations)
    if relation not in trained:
        raise UsageError(f"unknown relation {relation!r}; {nearest(relation, trained)}")
    known_type, wanted = snapshot.schema.ends(step)
    idx, number = snapshot.vocabulary.idx(known_type, entity_id), trained.index(relation)
    side, triples = HEAD if step.startswith("~") else TAIL, _untold(snapshot, step, idx, number)
    score = (scorer or VectorScorer.of(vectors)).score(triples)
    best, card = np.lexsort((triples[:, 2 * side], -score))[:n], vectors.manifest.score_card
    probability = None if card is None else card.probability(score[best], number)
    entities = triples[best, 2 * side] - snapshot.vocabulary.start(wanted)
    found = [
        Candidate(
            rank=position + 1,
            id=snapshot.vocabulary.id(wanted, entity),
            label=snapshot.label(wanted, entity),
            type=wanted,
            score=float(score[best[position]]),
            probability=None if probability is None else float(probability[position]),
        )
        for position, entity in enumerate(entities.tolist())
    ]
    return Prediction(
        side="tail" if side == TAIL else "head",
        known=entity_id,
        label=snapshot.label(known_type, idx),
        relation=relation,
        model=vectors.manifest.config.model,
        pilot=vectors.manifest.trained_on is not None,
        in_graph=len(snapshot.neighbours(step, idx)[0]),
        candidates=found,
        score_card=card,
    )


def _untold(snapshot: Snapshot, step: str, idx: int, number: int) -> NDArray[np.int64]:
    """The triples of a step from an entity that are not in the graph, nobody with itself: shape (n, 3), entities
    numbered as in the vectors.

    :param number: that of the relation there.
    """
    vocabulary, (known_type, wanted) = snapshot.vocabulary, snapshot.schema.ends(step)
    side = HEAD if step.startswith("~") else TAIL
    candidates = np.setdiff1d(np.arange(vocabulary.count(wanted)), snapshot.neighbours(step, idx)[0])
    triples = np.full((len(candidates), 3), number, dtype=np.int64)
    triples[:, 2 - 2 * side] = vocabulary.start(known_type) + idx
    triples[:, 2 * side] = vocabulary.start(wanted) + candidates
    return triples[triples[:, 0] != triples[:, 2]] if wanted == known_type else triples
