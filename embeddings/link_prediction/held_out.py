"""The held-out triples of a training: one part stops it, the other turns scores into probabilities."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from embeddings.vectors.calibration import ScoreCard, score_card
from embeddings.vectors.config import TrainingConfig
from embeddings.vectors.scoring import Indices, Scorer
from embeddings.vectors.triples import TripleSet

LIMIT, FEWEST = 2_000, 40


@dataclass(frozen=True)
class HeldOut:
    """A graph cut in three.

    :param train: what is trained on.
    :param validation: shape (n, 3): ranked after each epoch.
    :param calibration: shape (m, 3): for the score card.
    :param known: shape (k, 3): all three together.
    """

    train: TripleSet
    validation: Indices
    calibration: Indices
    known: Indices

    @classmethod
    def of(cls, triples: TripleSet, config: TrainingConfig) -> Self:
        """Hold out what the configuration says; nothing where that would be less than 40 triples."""
        train, held = triples.split(config.validation, LIMIT, config.seed)
        if len(held.rows) < FEWEST:
            empty = triples.rows[:0]
            return cls(triples, empty, empty, triples.rows)
        order = np.random.default_rng([config.seed, 0xC0DE]).permutation(len(held.rows))
        validation, calibration = (held.rows[np.sort(part)] for part in np.array_split(order, 2))
        return cls(train, validation, calibration, triples.rows)

    def score_card(self, scorer: Scorer, seed: int) -> ScoreCard | None:
        """The score card of a trained model, ``None`` where too few triples were held out."""
        if len(self.calibration) == 0:
            return None
        return card_of(scorer, self.calibration, self.train.with_rows(self.known), seed)


def card_of(scorer: Scorer, true: Indices, graph: TripleSet, seed: int) -> ScoreCard | None:
    """Score true triples and as many false ones, and see how well the scores tell them apart.

    :param true: shape (n, 3): triples that were not trained on.
    :param graph: with all triples that are known to be true.
    """
    triples = np.concatenate([true, corrupted(true, graph, seed)])
    truth = np.arange(len(triples)) < len(true)
    return score_card(scorer.score(triples), truth, triples[:, 1], seed)


def corrupted(triples: Indices, graph: TripleSet, seed: int) -> Indices:
    """Unknown triples: the head of every other triple, the tail of the rest is replaced by an entity of its type.

    :returns: shape (m, 3), m ≤ n: those for which some tries found a triple that is not in the graph.
    """
    random = np.random.default_rng([seed, 0xFA15E])
    sides = np.arange(len(triples)) % 2
    bounds = graph.ranges[triples[:, 1], sides]
    found, known = triples.copy(), _keys(graph.rows, graph)
    wanted = np.ones(len(found), dtype=bool)
    for _ in range(20):
        drawn = random.integers(bounds[wanted, 0], bounds[wanted, 1])
        found[wanted, 2 * sides[wanted]] = drawn
        wanted = np.isin(_keys(found, graph), known)
        if not wanted.any():
            break
    return found[~wanted]


def _keys(triples: Indices, graph: TripleSet) -> Indices:
    return (triples[:, 1] * graph.entities + triples[:, 0]) * graph.entities + triples[:, 2]
