"""Evaluation: full rankings of held-out interactions, models and baselines side by side, with intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field
from scipy.sparse import csr_array

from kg.progress import Progress, no_progress
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.attributes import item_attributes
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.interactions import Interactions, User
from recommender.evaluation.baselines import ScoreUsers
from recommender.evaluation.crossing import Crossing
from recommender.evaluation.duplicates import Duplicates
from recommender.evaluation.leakage import check_leaks, telling_relations
from recommender.evaluation.metrics import RankingMetrics, coverage, gini, intra_list_distance, novelty, ranking_metrics
from recommender.evaluation.significance import interval, paired_difference
from recommender.profiles.profile import Profile, profile_of
from recommender.results.explanation_quality import ExplanationReport
from recommender.scoring.block_ranking import RankedBlock, rank_dense
from recommender.scoring.cold_start import ColdStart
from recommender.scoring.mixed_ranking import mixed_places, rank_mixed
from recommender.scoring.ranking import top_n
from recommender.scoring.scorer import Scorer
from recommender.splitting.interaction_splits import Split

BLOCK = 256
Test = Mapping[User, NDArray[np.int64]]


@dataclass(frozen=True)
class Lists:
    """One model's lists: ``metrics`` and ``distance``, intra-list, per user; ``shown``: how often each item of the
    catalogue was shown."""

    metrics: RankingMetrics
    distance: NDArray[np.float64]
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
    duplicates: Duplicates | None = None
    """Probable duplicates among the items, and what became of them; to be read before any figure."""
    notes: list[str] = Field(default_factory=list)
    """What else a reader should know before believing the figures."""
    tuned: dict[str, dict[str, float]] = Field(default_factory=dict)
    """Baseline → parameters chosen on a validation part of the training part."""
    models: dict[str, dict[str, Any]]
    comparisons: list[Comparison]
    crossing: list[Crossing] = Field(default_factory=list)
    """For each pair of domains, whom paths reach in the other one after training on the training part."""
    explanations: ExplanationReport | None = None
    """How good the explanations of the workspace's model are, where that was asked for."""
    notices: list[str] = Field(default_factory=list)
    """What was done to measure that a person may want to know."""


class ServedLists:
    """A blend as a scorer of users, and the lists it serves, with places for domains that they used nothing of.

    :param mix: ``domain=share`` texts; without any all domains compete by score.
    """

    def __init__(self, scorer: Scorer, mix: Sequence[str] = ()) -> None:
        self.scorer, self.mix, self._scorers = scorer, tuple(mix), ColdStart(scorer)

    def __call__(self, users: Sequence[User]) -> NDArray[np.float64]:
        """Scores: shape (users, catalogue.size)."""
        return self._scorers.totals(self._profiles(users))

    def lists(self, users: Sequence[User], allowed: NDArray[np.bool_], k: int) -> list[NDArray[np.int64]]:
        """The k best allowed items of each user, as they are served."""
        profiles = self._profiles(users)
        found = []
        for profile, may, total, paths in zip(profiles, allowed, *self._scorers.scores(profiles), strict=True):
            places = mixed_places(self.scorer.catalogue, (None, self.mix), self._scorers.unused(profile), k)
            rank = partial(_ranked, total[None], paths[None])
            candidates = may[None], np.zeros(1, dtype=np.int64)
            found.append(rank_mixed(rank, csr_array(paths[None]), candidates, k, places).positions)
        return found

    def _profiles(self, users: Sequence[User]) -> list[Profile]:
        return [profile_of(self.scorer.snapshot, user_type, idx) for user_type, idx in users]


def _ranked(
    totals: NDArray[np.float64], paths: NDArray[np.float64], allowed: NDArray[np.bool_], _own: object, n: int
) -> RankedBlock:
    return rank_dense(totals, paths, allowed, n)


def scorer_of_users(scorer: Scorer, mix: Sequence[str] = ()) -> ServedLists:
    """A blend as a scorer of users; see :class:`ServedLists`."""
    return ServedLists(scorer, mix)


def evaluate(
    split: Split,
    models: Mapping[str, ScoreUsers],
    k: int,
    domain: str | None = None,
    progress: Progress = no_progress,
    left_out: NDArray[np.bool_] | None = None,
) -> Evaluation:
    """Rank all items that a user did not use in training, for every user with test items, and measure.

    :param models: the first one is compared with each other.
    :param domain: rank, and count test items of, this domain only.
    :param left_out: shape (catalogue.size,), bool: items that nobody ranks, duplicates for instance.
    :raises ModelError: where something of the test part is left in the training part.
    """
    check_leaks(split)
    inside, test = task_of(split, domain, left_out)
    attributes = item_attributes(split.train, Catalogue(split.train))
    lists = {
        name: _lists(split.train, test, model, (name, inside, k, attributes), progress)
        for name, model in models.items()
    }
    interactions = Interactions(split.train)
    used = np.asarray(interactions.matrix.sum(axis=0)).astype(np.int64)
    first = next(iter(lists))
    return Evaluation(
        k=k,
        users=len(test),
        domain=domain,
        split=split.description,
        notes=telling_relations(split),
        models={name: _report(found, inside, used, interactions.matrix.shape[0]) for name, found in lists.items()},
        comparisons=[_compare(first, other, lists) for other in list(lists)[1:]],
    )


def task_of(
    split: Split, domain: str | None, left_out: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.bool_], Test]:
    """What is ranked, shape (catalogue.size,), bool, and the users with the test items that are in it."""
    catalogue = Catalogue(split.train)
    inside = catalogue.of_domain(domain) if domain else np.ones(catalogue.size, dtype=bool)
    if left_out is not None:
        inside &= ~left_out
    test = {user: found[inside[found]] for user, found in split.test.items()}
    return inside, {user: found for user, found in test.items() if len(found)}


def rank_users(
    train: Snapshot,
    test: Test,
    model: ScoreUsers,
    task: tuple[NDArray[np.bool_], int],
    progress: Progress = no_progress,
    stage: str = "Ranking",
) -> NDArray[np.int64]:
    """The k best items of each user, what she used or disliked in training left out.

    :param task: what is ranked, and k.
    :param stage: what ``progress`` is told that it is.
    :returns: shape (users, k), int64, positions, −1 where there are fewer.
    """
    inside, k = task
    schema, users = train.schema, list(test)
    known = Interactions(train, (*schema.interactions, *schema.negatives))
    items = np.full((len(users), k), -1, dtype=np.int64)
    for start in range(0, len(users), BLOCK):
        block = users[start : start + BLOCK]
        used, allowed = known.rows(block), np.tile(inside, (len(block), 1))
        for row, user in enumerate(block):
            allowed[row, used.indices[used.indptr[row] : used.indptr[row + 1]]] = False
            allowed[row, test[user]] = True  # bought in the test part, though disliked before
        lists = (
            model.lists(block, allowed, k) if isinstance(model, ServedLists) else _by_score(model(block), allowed, k)
        )
        for row, best in enumerate(lists):
            items[start + row, : len(best)] = best
        progress(stage, start + len(block), len(users))
    return items


def _by_score(scores: NDArray[np.float64], allowed: NDArray[np.bool_], k: int) -> list[NDArray[np.int64]]:
    return [top_n(row, may, k) for row, may in zip(scores, allowed, strict=True)]


def metrics_of(items: NDArray[np.int64], test: Test) -> RankingMetrics:
    """Metrics of lists, user by user in the order of ``test``."""
    hits = np.array([np.isin(row, found) for row, found in zip(items, test.values(), strict=True)], dtype=bool)
    return ranking_metrics(hits.reshape(items.shape), np.array([len(found) for found in test.values()], dtype=np.int64))


def _lists(
    train: Snapshot,
    test: Test,
    model: ScoreUsers,
    task: tuple[str, NDArray[np.bool_], int, csr_array],
    progress: Progress,
) -> Lists:
    name, inside, k, attributes = task
    items = rank_users(train, test, model, (inside, k), progress, f"Ranking by {name}")
    shown = np.bincount(items[items >= 0], minlength=len(inside))
    return Lists(metrics_of(items, test), intra_list_distance(items, attributes), shown)


def _report(lists: Lists, inside: NDArray[np.bool_], used: NDArray[np.int64], users: int) -> dict[str, Any]:
    report: dict[str, Any] = {name: vars(interval(values)) for name, values in lists.metrics.items().items()}
    report["coverage"] = coverage(lists.shown[inside])
    report["gini"] = gini(lists.shown[inside])
    report["novelty"] = novelty(lists.shown[inside], used[inside], users)
    known = lists.distance[~np.isnan(lists.distance)]
    if len(known):  # items have attributes, and lists more than one item
        report["intra_list_distance"] = vars(interval(known))
    return report


def _compare(first: str, second: str, lists: Mapping[str, Lists]) -> Comparison:
    difference = paired_difference(lists[first].metrics.ndcg, lists[second].metrics.ndcg)
    return Comparison(first=first, second=second, **vars(difference))
