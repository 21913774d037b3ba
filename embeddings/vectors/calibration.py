"""From scores to probabilities (Platt's logistic calibration), and the score card that says how good they are.

scikit-learn's LogisticRegression and metrics give the same slope, intercept, AUC, Brier score and log loss to four
digits, in 13 times the time, for it wants every row twice to have Platt's targets (benchmarks/statistics_libraries.py);
and it is no part of the base install, where cards are read. So the curve is fitted here.
"""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

FEWEST = 40
"""Held-out triples of one kind below which a relation has no curve of its own, and a model has none at all."""
BINS, ROUNDS, RIDGE = 10, 50, 1e-3
Floats = NDArray[np.float64]


class Logistic(BaseModel, frozen=True):
    """probability = 1 / (1 + exp(−(slope · score + intercept)))."""

    slope: float
    intercept: float

    def probability(self, score: Floats) -> Floats:
        """Probabilities of scores: the same shape, from 0 to 1."""
        return _sigmoid(self.slope * score + self.intercept)


class ScoreCard(BaseModel, frozen=True):
    """How scores become probabilities, and how good these are on other held-out triples than they were fitted on.

    A probability answers: here is a triple, either a true one or one whose head or tail was replaced by a random
    entity of the right type, with equal odds; which is it?
    """

    logistics: dict[int, Logistic]
    """Position of a relation → its own curve, where there were enough triples; −1 is that of all others."""
    triples: int
    """Triples the metrics were measured on, true and false ones."""
    brier: float
    """Mean squared difference of probability and truth: 0 is perfect, 0.25 is a coin."""
    log_loss: float
    """Mean −log of the probability of what was true: 0 is perfect, 0.693 is a coin."""
    auc: float
    """How often a true triple has a higher probability than a false one: 1 is perfect, 0.5 is a coin."""
    curve: list[tuple[float, float, int]]
    """For each tenth of the probabilities: their mean, the part of true triples, the number of triples."""

    def probability(self, score: Floats, relation: int) -> Floats:
        """Probabilities of scores of one relation."""
        return self.logistics.get(relation, self.logistics[-1]).probability(score)


def score_card(score: Floats, truth: NDArray[np.bool_], relation: NDArray[np.int64], seed: int) -> ScoreCard | None:
    """Fit on one random half and measure on the other; ``None`` for too few triples.

    :param score: shape (n,), of true and false triples.
    :param truth: shape (n,).
    :param relation: shape (n,): positions.
    """
    half = np.random.default_rng([seed, 0xCA4D]).permutation(len(score)) % 2 == 0
    if min((truth & half).sum(), (truth & ~half).sum(), (~truth & half).sum(), (~truth & ~half).sum()) < FEWEST:
        return None
    logistics = {-1: fit_logistic(score[half], truth[half])}
    for position in np.unique(relation).tolist():
        mine = half & (relation == position)
        if min((truth & mine).sum(), (~truth & mine).sum()) >= FEWEST:
            logistics[position] = fit_logistic(score[mine], truth[mine])
    probability = np.empty(len(score))
    for position in np.unique(relation).tolist():
        rows = relation == position
        probability[rows] = logistics.get(position, logistics[-1]).probability(score[rows])
    return _measured(logistics, probability[~half], truth[~half])


def fit_logistic(score: Floats, truth: NDArray[np.bool_]) -> Logistic:
    """The curve of the largest likelihood, by Newton's method, with Platt's smoothed targets against certainty."""
    centre, scale = float(score.mean()), float(score.std()) or 1.0
    design = np.stack([(score - centre) / scale, np.ones(len(score))], axis=1)
    true = int(truth.sum())
    target = np.where(truth, (true + 1) / (true + 2), 1 / (len(score) - true + 2))
    weights = np.zeros(2)
    for _ in range(ROUNDS):
        probability = _sigmoid(design @ weights)
        gradient = design.T @ (probability - target) + RIDGE * weights
        curvature = (design * (probability * (1 - probability))[:, None]).T @ design + RIDGE * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        weights -= step * min(1.0, 5.0 / max(1e-12, float(np.abs(step).max())))
        if np.abs(step).max() < 1e-10:
            break
    slope = float(weights[0]) / scale
    return Logistic(slope=slope, intercept=float(weights[1]) - slope * centre)


def auc(score: Floats, truth: NDArray[np.bool_]) -> float:
    """The area under the ROC curve; equal scores count one half."""
    _, position, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[position]
    true = int(truth.sum())
    return float((rank[truth].sum() - true * (true + 1) / 2) / (true * (len(score) - true)))


def _measured(logistics: dict[int, Logistic], probability: Floats, truth: NDArray[np.bool_]) -> ScoreCard:
    clipped = np.clip(np.where(truth, probability, 1 - probability), 1e-15, 1)
    return ScoreCard(
        logistics=logistics,
        triples=len(probability),
        brier=float(np.square(probability - truth).mean()),
        log_loss=float(-np.log(clipped).mean()),
        auc=auc(probability, truth),
        curve=_curve(probability, truth),
    )


def _curve(probability: Floats, truth: NDArray[np.bool_]) -> list[tuple[float, float, int]]:
    bins = np.minimum((probability * BINS).astype(int), BINS - 1)
    points = []
    for number in range(BINS):
        mine = bins == number
        if mine.any():
            points.append((float(probability[mine].mean()), float(truth[mine].mean()), int(mine.sum())))
    return points


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(x / 2)))
