"""The pilot: whether closeness in the embedding earns a place beside paths and popularity, on validation.

Weights without the embedding are learned first and stay as they are; for each domain and audience closeness is added at
the weight that pays best in the rankings that weights are fitted on, and kept only where it is surely better in those
of other people. Where it is not, the lists are those of a training without vectors, to the bit.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.significance import paired_difference
from recommender.kernels.metapaths import Metapath
from recommender.learning.blend_learning import with_weights
from recommender.learning.candidate_features import EMBEDDING, CandidateFeatures
from recommender.learning.coordinate_ascent import Score, ndcg
from recommender.results.learning import DomainReport, EmbeddingReport
from recommender.scoring.blend import Blend
from recommender.splitting.validation import FITTED

CERTAIN = 0.05
ENOUGH = 30
"""Rankings to fit on, and people to decide on, below which the embedding gets no say."""
LOUD = (0.03, 0.06, 0.12, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""How loud closeness is tried beside all else, both by how far candidates are apart."""


def try_embedding(
    features: Iterable[CandidateFeatures], metapaths: Sequence[Metapath], blend: Blend, reports: Sequence[DomainReport]
) -> tuple[Blend, list[DomainReport]]:
    """The blend with the embedding where it is surely better, and the reports with the verdicts.

    :param features: in the order of the reports, with the embedding, each let go before the next is asked for.
    :param blend: learned without the embedding.
    """
    told = []
    for raw, report in zip(features, reports, strict=True):
        weights = raw.weights(blend, metapaths)
        weight, verdict = _verdict(raw, weights)
        if verdict.kept:
            louder = weights.copy()
            louder[raw.names.index(EMBEDDING)] = weight
            louder *= _right(raw, weights) / _right(raw, louder)  # one scale for all domains, with it or without
            blend = with_weights(blend, raw, louder)
            report = report.model_copy(update={"adds": {**report.adds, EMBEDDING: verdict.gain}})
        told.append(report.model_copy(update={"embedding": verdict}))
    return blend, told


def _verdict(raw: CandidateFeatures, weights: Score) -> tuple[float, EmbeddingReport]:
    """The weight of closeness, and whether it is kept."""
    closeness = raw.values[raw.names.index(EMBEDDING)]
    fit, other = raw.marks < FITTED, raw.marks >= FITTED
    people = len(np.unique(raw.marks[other]))
    if fit.sum() < ENOUGH or people < ENOUGH:
        return 0.0, EmbeddingReport(people=people, gain=0.0, p=1.0, kept=False)
    scores = raw.scores(weights)
    apart = _spread(closeness[fit], raw.filled[fit])
    unit = _spread(scores[fit], raw.filled[fit]) / apart if apart > 0 else 0.0
    tried = [unit * loud for loud in LOUD]
    gains = [float(ndcg(scores[fit] + one * closeness[fit], raw.truth[fit]).mean()) for one in tried]
    weight = tried[int(np.argmax(gains))]
    after = ndcg(scores[other] + weight * closeness[other], raw.truth[other])
    before = ndcg(scores[other], raw.truth[other])
    _, person = np.unique(raw.marks[other], return_inverse=True)
    first, second = (np.bincount(person, one) / np.bincount(person) for one in (after, before))
    gain = paired_difference(first, second)
    kept = weight > 0 and gain.mean > 0 and gain.p < CERTAIN
    return weight, EmbeddingReport(people=people, gain=gain.mean, p=gain.p, kept=kept)


def _spread(values: NDArray[np.float64], filled: NDArray[np.bool_]) -> float:
    """How far the candidates of a ranking are apart, on average."""
    counts = np.maximum(filled.sum(axis=1), 1)
    inside = np.where(filled, values, 0.0)
    means = inside.sum(axis=1) / counts
    squares = np.where(filled, (inside - means[:, None]) ** 2, 0.0).sum(axis=1) / counts
    return float(np.sqrt(squares).mean())


def _right(raw: CandidateFeatures, weights: Score) -> float:
    """What the right candidates score on average."""
    scores = raw.scores(weights)
    return float(scores[np.arange(raw.users), raw.truth].mean())
