"""Link prediction metrics of ranks: MRR, hits@k, AMRI, together, by missing side and by relation."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from embeddings.link_prediction.ranking import Ranks
from embeddings.vectors.triples import HEAD, TAIL

HITS = (1, 3, 10)


class RankMetrics(BaseModel, frozen=True):
    """Metrics of one set of ranks, from PyKEEN's definitions for filtered, realistic ranks; higher is better."""

    ranks: int
    """How many ranks they are means of: two of each triple where both sides count."""
    mrr: float
    """Mean of 1 / rank."""
    hits: dict[int, float]
    """k → part of the ranks that are at most k."""
    mean_rank: float
    """From 1; lower is better."""
    amri: float | None
    """1 − (mean rank − 1) / (its expectation for random scores − 1): 1 is perfect, 0 is random; ``None`` where no
    rank had a choice."""


class LinkPrediction(BaseModel, frozen=True):
    """The metrics of a set of held-out triples."""

    both: RankMetrics
    head: RankMetrics
    tail: RankMetrics
    relations: dict[str, RankMetrics]
    """Both sides of each relation that has held-out triples."""


def rank_metrics(rank: NDArray[np.float64], candidates: NDArray[np.int64], hits: Sequence[int] = HITS) -> RankMetrics:
    """The metrics of ranks.

    :param rank: shape (n,) or (n, 2), n > 0.
    :param candidates: of the same shape: numbers of entities that were ranked.
    """
    expected = float(((candidates + 1) / 2).mean()) - 1
    return RankMetrics(
        ranks=rank.size,
        mrr=float((1 / rank).mean()),
        hits={k: float((rank <= k).mean()) for k in hits},
        mean_rank=float(rank.mean()),
        amri=1 - (float(rank.mean()) - 1) / expected if expected > 0 else None,
    )


def link_prediction(ranks: Ranks, relations: Sequence[str], hits: Sequence[int] = HITS) -> LinkPrediction:
    """The metrics together, by side and by relation.

    :param ranks: of at least one triple.
    :param relations: names by position.
    """
    rank, candidates = ranks.rank, ranks.candidates
    found = {}
    for position in np.unique(ranks.triples[:, 1]).tolist():
        mine = ranks.triples[:, 1] == position
        found[relations[position]] = rank_metrics(rank[mine], candidates[mine], hits)
    return LinkPrediction(
        both=rank_metrics(rank, candidates, hits),
        head=rank_metrics(rank[:, HEAD], candidates[:, HEAD], hits),
        tail=rank_metrics(rank[:, TAIL], candidates[:, TAIL], hits),
        relations=found,
    )
