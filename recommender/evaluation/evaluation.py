"""Evaluation: full rankings of held-out interactions, models and baselines side by side, with intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.progress import Progress, no_progress
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.attributes import item_attributes
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.interactions import Interactions, ScoreUsers, User
from recommender.evaluation.leakage import check_leaks, telling_relations
from recommender.evaluation.metrics import (
    HeldOutRanks,
    RankingMetrics,
    above_and_tied,
    coverage,
    expected_metrics,
    gini,
    intra_list_distance,
    novelty,
    rank_in_list,
)
from recommender.evaluation.report import Comparison, Evaluation
from recommender.evaluation.significance import (
    false_discovery,
    interval,
    paired_difference,
    told_few,
    told_short,
    told_ties,
)
from recommender.profiles.profile import Profile, profile_of
from recommender.scoring.block_ranking import RankedBlock, rank_dense
from recommender.scoring.cold_start import ColdStart
from recommender.scoring.mixed_ranking import linked_slots, mixed_slots, rank_mixed
from recommender.scoring.ranking import top_n
from recommender.scoring.scorer import Scorer
from recommender.splitting.interaction_splits import Split
from recommender.splitting.told_split import split_text, told_split

BLOCK = 256
Test = Mapping[User, NDArray[np.int64]]


@dataclass(frozen=True)
class Lists:
    """One model's lists: ``metrics`` and ``distance``, intra-list, per user; ``shown``: how often each item of the
    catalogue was shown; ``cut``: part of the lists that end within items of equal score."""

    metrics: RankingMetrics
    distance: NDArray[np.float64]
    shown: NDArray[np.int64]
    cut: float


class ServedLists:
    """A blend as a scorer of users, and the lists it serves, with places for domains that they used nothing of.

    :param mix: ``domain=share`` texts; without any all domains compete by score.
    :param domain: of the lists; what is not in those of somebody who used nothing of it scores −∞.
    """

    def __init__(self, scorer: Scorer, mix: Sequence[str] = (), domain: str | None = None) -> None:
        self.scorer, self.mix, self.domain, self._scorers = scorer, tuple(mix), domain, ColdStart(scorer)

    def __call__(self, users: Sequence[User]) -> NDArray[np.float64]:
        """Scores: shape (users, catalogue.size)."""
        profiles = self._profiles(users)
        totals, paths = self._scorers.scores(profiles)
        for row, profile in enumerate(profiles if self.domain else ()):
            unused = self._scorers.unused(profile)
            slots = linked_slots(self._scorers.scorer_of(unused), self.domain, unused, 1)
            if slots is not None:
                totals[row, ~slots.open_to(paths[row] > 0)] = -np.inf
        return totals

    def lists(self, users: Sequence[User], allowed: NDArray[np.bool_], k: int) -> list[NDArray[np.int64]]:
        """The k best allowed items of each user, as they are served."""
        profiles = self._profiles(users)
        found = []
        for profile, may, total, paths in zip(profiles, allowed, *self._scorers.scores(profiles), strict=True):
            slots = mixed_slots(self.scorer.catalogue, (None, self.mix), self._scorers.unused(profile), k)
            rank = partial(_ranked, total[None], paths[None])
            candidates = may[None], np.zeros(1, dtype=np.int64)
            found.append(rank_mixed(rank, csr_array(paths[None]), candidates, k, slots).positions)
        return found

    def _profiles(self, users: Sequence[User]) -> list[Profile]:
        return [profile_of(self.scorer.snapshot, user_type, idx) for user_type, idx in users]


def _ranked(
    totals: NDArray[np.float64], paths: NDArray[np.float64], allowed: NDArray[np.bool_], _own: object, n: int
) -> RankedBlock:
    return rank_dense(totals, paths, allowed, n)


def scorer_of_users(scorer: Scorer, mix: Sequence[str] = (), domain: str | None = None) -> ServedLists:
    """A blend as a scorer of users; see :class:`ServedLists`."""
    return ServedLists(scorer, mix, domain)


@dataclass(frozen=True)
class Measured:
    """What one split gave: the users that were tested on, in order, and each model's lists.

    ``inside``: shape (catalogue.size,), bool, what was ranked; ``used``: how many people used each item in training;
    ``people``: how many there are; ``k``: how many may be told of.
    """

    users: tuple[User, ...]
    lists: Mapping[str, Lists]
    inside: NDArray[np.bool_]
    used: NDArray[np.int64]
    people: int
    description: Mapping[str, Any]
    notes: Sequence[str]
    k: int


def evaluate(
    split: Split,
    models: Mapping[str, ScoreUsers],
    k: int,
    domain: str | None = None,
    progress: Progress = no_progress,
    left_out: NDArray[np.bool_] | None = None,
) -> Evaluation:
    """Rank all items that a user did not use in training or may use again, for every user with test items, and measure.

    :param models: the first one is compared with each other.
    :param domain: rank, and count test items of, this domain only.
    :param left_out: shape (catalogue.size,), bool: items that nobody ranks, duplicates for instance.
    :raises ModelError: where something of the test part is left in the training part.
    """
    return report_of(measured(split, models, (k, domain), progress, left_out), k, domain)


def measured(
    split: Split,
    models: Mapping[str, ScoreUsers],
    asked: tuple[int, str | None],
    progress: Progress = no_progress,
    left_out: NDArray[np.bool_] | None = None,
) -> Measured:
    """The lists of all models on one split, their length and the domain as asked; see :func:`evaluate`."""
    check_leaks(split)
    n, domain = asked
    inside, test = task_of(split, domain, left_out)
    task = (inside, n, item_attributes(split.train, Catalogue(split.train)))
    lists = {name: _lists(split.train, test, model, (name, *task), progress) for name, model in models.items()}
    interactions = Interactions(split.train)
    used = np.asarray(interactions.matrix.sum(axis=0)).astype(np.int64)
    notes = tuple(telling_relations(split))
    people, k = interactions.matrix.shape[0], split.train.k
    return Measured(tuple(test), lists, inside, used, people, split.description, notes, k)


def report_of(found: Measured, k: int, domain: str | None) -> Evaluation:
    """The figures of all models with intervals, and the first against each other one."""
    first = next(iter(found.lists))
    return Evaluation(
        k=k,
        users=len(found.users),
        domain=domain,
        split=told_split(found.description, found.k),
        held_out=split_text(found.description),
        notes=[
            *found.notes,
            *told_few(len(found.users), found.k),
            *told_short(int(found.inside.sum()), k),
            *told_ties({name: one.cut for name, one in found.lists.items()}, len(found.users), found.k),
        ],
        models={name: _report(one, found.inside, found.used, found.people) for name, one in found.lists.items()},
        comparisons=_comparisons(first, found.lists),
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


@dataclass(frozen=True)
class RankedUsers:
    """Lists of users.

    ``items``: shape (users, k or all items there are), int64, positions, −1 where a list is shorter, equal scores by
    position; ``ranks``: where their test items stand; ``cut``: shape (users,), bool: whether the list ends within items
    of equal score, so that others might as well be in it; ``k``: how long lists were asked for.
    """

    items: NDArray[np.int64]
    ranks: HeldOutRanks
    cut: NDArray[np.bool_]
    k: int


def rank_users(
    train: Snapshot,
    test: Test,
    model: ScoreUsers,
    task: tuple[NDArray[np.bool_], int],
    progress: Progress = no_progress,
    stage: str = "Ranking",
) -> RankedUsers:
    """Rank for each user all items but what she used in training, unless that is repeated, or disliked.

    :param task: what is ranked, and k.
    :param stage: what ``progress`` is told that it is.
    """
    inside, k = task
    schema, users = train.schema, list(test)
    known = Interactions(train, (*schema.used_once, *schema.negatives))
    length = min(k, int(np.count_nonzero(inside)))
    items, cut = np.full((len(users), length), -1, dtype=np.int64), np.zeros(len(users), dtype=bool)
    ranks: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    for start in range(0, len(users), BLOCK):
        block = users[start : start + BLOCK]
        used, allowed = known.rows(block), np.tile(inside, (len(block), 1))
        for row, user in enumerate(block):
            allowed[row, used.indices[used.indptr[row] : used.indptr[row + 1]]] = False
            allowed[row, test[user]] = True  # bought in the test part, though disliked before
        served = model.lists(block, allowed, length) if isinstance(model, ServedLists) and model.mix else None
        scores = model(block) if served is None else np.zeros((len(block), 0))
        for row, (user, may) in enumerate(zip(block, allowed, strict=True)):
            best = top_n(scores[row], may, k) if served is None else served[row]
            items[start + row, : len(best)] = best
            if served is None:
                values = scores[row][may]
                ranks.append(above_and_tied(values, scores[row][test[user]]))
                cut[start + row] = len(best) == k and np.count_nonzero(values >= scores[row][best[-1]]) > k
            else:
                ranks.append(rank_in_list(best, test[user], k))
        progress(stage, start + len(block), len(users))
    number = np.repeat(np.arange(len(users)), [len(above) for above, _ in ranks])
    above, tied = (np.concatenate([one[side] for one in ranks] or [np.empty(0, dtype=np.int64)]) for side in (0, 1))
    return RankedUsers(items, HeldOutRanks(number, above, tied), cut, k)


def metrics_of(ranked: RankedUsers, test: Test) -> RankingMetrics:
    """Metrics of lists, user by user in the order of ``test``; items of equal score in any order, each as likely."""
    relevant = np.array([len(found) for found in test.values()], dtype=np.int64)
    return expected_metrics(ranked.ranks, relevant, ranked.k)


def _lists(
    train: Snapshot,
    test: Test,
    model: ScoreUsers,
    task: tuple[str, NDArray[np.bool_], int, csr_array],
    progress: Progress,
) -> Lists:
    name, inside, k, attributes = task
    ranked = rank_users(train, test, model, (inside, k), progress, f"Ranking by {name}")
    items = ranked.items
    shown, cut = np.bincount(items[items >= 0], minlength=len(inside)), float(ranked.cut.mean()) if len(items) else 0.0
    return Lists(metrics_of(ranked, test), intra_list_distance(items, attributes), shown, cut)


def _report(lists: Lists, inside: NDArray[np.bool_], used: NDArray[np.int64], users: int) -> dict[str, Any]:
    report: dict[str, Any] = {name: vars(interval(values)) for name, values in lists.metrics.items().items()}
    report["coverage"] = coverage(lists.shown[inside])
    report["gini"] = gini(lists.shown[inside])
    report["novelty"] = novelty(lists.shown[inside], used[inside], users)
    known = lists.distance[~np.isnan(lists.distance)]
    if len(known):  # items have attributes, and lists more than one item
        report["intra_list_distance"] = vars(interval(known))
    return report


def _comparisons(first: str, lists: Mapping[str, Lists]) -> list[Comparison]:
    """The first model against each other one, with p-values for all of them together."""
    others = [name for name in lists if name != first]
    gaps = [paired_difference(lists[first].metrics.ndcg, lists[name].metrics.ndcg) for name in others]
    adjusted = false_discovery([gap.p for gap in gaps])
    return [
        Comparison(first=first, second=name, q=q, **vars(gap))
        for name, gap, q in zip(others, gaps, adjusted, strict=True)
    ]
