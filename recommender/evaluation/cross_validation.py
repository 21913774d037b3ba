"""Cross-validation: several folds as one evaluation, each user's figures averaged over the folds that tested on her."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.evaluation import Lists, Measured, report_of
from recommender.evaluation.metrics import RankingMetrics
from recommender.evaluation.report import Evaluation

BEYOND = ("coverage", "gini", "novelty")
"""Figures of all lists of a fold together: their mean over the folds is told."""


def cross_validated(folds: Sequence[Measured], k: int, domain: str | None) -> Evaluation:
    """One report of all folds: users, and not folds, are what intervals and tests are over.

    :param folds: by the same models.
    """
    users = tuple(sorted({user for fold in folds for user in fold.users}))
    position = {user: number for number, user in enumerate(users)}
    where = [np.array([position[user] for user in fold.users], dtype=np.int64) for fold in folds]
    names = list(folds[0].lists)
    lists = {name: _joined([fold.lists[name] for fold in folds], where, len(users)) for name in names}
    told = {key: value for key, value in folds[0].description.items() if key not in ("fold", "train", "test")}
    notes = dict.fromkeys(note for fold in folds for note in fold.notes)
    whole = report_of(replace(folds[0], users=users, lists=lists, description=told, notes=tuple(notes)), k, domain)
    single = [report_of(fold, k, domain).models for fold in folds]
    models = {
        name: {**figures, **{key: float(np.mean([one[name][key] for one in single])) for key in BEYOND}}
        for name, figures in whole.models.items()
    }
    return whole.model_copy(update={"models": models})


def _joined(parts: Sequence[Lists], where: Sequence[NDArray[np.int64]], users: int) -> Lists:
    """The mean of each user's figures over the folds she was tested in."""

    def mean(values: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        """Shape (users,); NaN where no fold knows it."""
        summed, counts = np.zeros(users), np.zeros(users)
        for rows, found in zip(where, values, strict=True):
            known = ~np.isnan(found)
            np.add.at(summed, rows[known], found[known])
            np.add.at(counts, rows[known], 1)
        return np.asarray(np.divide(summed, counts, out=np.full(users, np.nan), where=counts > 0))

    figures: Mapping[str, NDArray[np.float64]] = {
        name: mean([one.metrics.items()[name] for one in parts]) for name in parts[0].metrics.items()
    }
    shown = np.sum([one.shown for one in parts], axis=0)
    cut = float(np.mean([one.cut for one in parts]))
    return Lists(RankingMetrics(**figures), mean([one.distance for one in parts]), shown, cut)
