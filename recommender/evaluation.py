"""Evaluation: full rankings of held-out interactions, models and baselines side by side, with intervals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from kg.snapshot import Snapshot
from recommender.baselines import Interactions, ScoreUsers
from recommender.catalogue import Catalogue
from recommender.metrics import RankingMetrics, coverage, gini, novelty, ranking_metrics
from recommender.profile import profile_of
from recommender.ranking import top_n
from recommender.scorer import Scorer
from recommender.significance import interval, paired_difference
from recommender.splitting import Split, User

BLOCK = 256


@dataclass(frozen=True)
class Lists:
    """One model's lists: ``metrics`` per user, and ``shown``, how often each item of the catalogue was shown."""

    metrics: RankingMetrics
    shown: NDArray[np.int64]


class Comparison(BaseModel, frozen=True):
    """A paired difference in NDCG; positive: the first model is better."""

    first: str
    second: str
    mean: float
    low: float
    high: float
    p: float


class Evaluation(BaseModel, frozen=True):
    """The answer of ``evaluate``."""

    k: int
    users: int
    domain: str | None
    split: dict[str, Any]
    models: dict[str, dict[str, Any]]
    comparisons: list[Comparison]


def scorer_of_users(scorer: Scorer) -> ScoreUsers:
    """A blend as a scorer of users."""

    def score(users: Sequence[User]) -> NDArray[np.float64]:
        return scorer.score([profile_of(scorer.snapshot, user_type, idx) for user_type, idx in users]).total

    return score


def evaluate(
    split: Split,
    models: Mapping[str, ScoreUsers],
    k: int,
    domain: str | None = None,
    progress: Callable[[str, int], None] | None = None,
) -> Evaluation:
    """Rank all items that a user did not use in training, for every user with test items, and measure.

    :param models: the first one is compared with each other.
    :param domain: rank, and count test items of, this domain only.
    :param progress: called with a model's name and the number of users just ranked.
    """
    inside = Catalogue(split.train).of_domain(domain) if domain else np.ones(Catalogue(split.train).size, dtype=bool)
    test = {user: found[inside[found]] for user, found in split.test.items()}
    test = {user: found for user, found in test.items() if len(found)}
    lists = {name: _rank(split.train, test, model, (name, inside, k), progress) for name, model in models.items()}
    interactions = Interactions(split.train)
    used = np.asarray(interactions.matrix.sum(axis=0)).astype(np.int64)
    first = next(iter(lists))
    return Evaluation(
        k=k,
        users=len(test),
        domain=domain,
        split=split.description,
        models={name: _report(found, inside, used, interactions.matrix.shape[0]) for name, found in lists.items()},
        comparisons=[_compare(first, other, lists) for other in list(lists)[1:]],
    )


def _rank(
    train: Snapshot,
    test: Mapping[User, NDArray[np.int64]],
    model: ScoreUsers,
    task: tuple[str, NDArray[np.bool_], int],
    progress: Callable[[str, int], None] | None,
) -> Lists:
    name, inside, k = task
    interactions = Interactions(train)
    users = list(test)
    hits = np.zeros((len(users), k), dtype=bool)
    shown = np.zeros(len(inside), dtype=np.int64)
    for start in range(0, len(users), BLOCK):
        block = users[start : start + BLOCK]
        used = interactions.rows(block)
        for row, (user, scores) in enumerate(zip(block, model(block), strict=True)):
            allowed = inside.copy()
            allowed[used.indices[used.indptr[row] : used.indptr[row + 1]]] = False
            best = top_n(scores, allowed, k)
            hits[start + row, : len(best)] = np.isin(best, test[user])
            shown[best] += 1
        if progress:
            progress(name, len(block))
    relevant = np.array([len(found) for found in test.values()], dtype=np.int64)
    return Lists(ranking_metrics(hits, relevant), shown)


def _report(lists: Lists, inside: NDArray[np.bool_], used: NDArray[np.int64], users: int) -> dict[str, Any]:
    report: dict[str, Any] = {name: vars(interval(values)) for name, values in lists.metrics.items().items()}
    report["coverage"] = coverage(lists.shown[inside])
    report["gini"] = gini(lists.shown[inside])
    report["novelty"] = novelty(lists.shown[inside], used[inside], users)
    return report


def _compare(first: str, second: str, lists: Mapping[str, Lists]) -> Comparison:
    difference = paired_difference(lists[first].metrics.ndcg, lists[second].metrics.ndcg)
    return Comparison(first=first, second=second, **vars(difference))
