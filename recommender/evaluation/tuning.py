"""Baselines at their best: parameters chosen on a validation part of what they may learn from."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from kg.progress import Progress, no_progress
from recommender.evaluation.baselines.baselines import Baselines
from recommender.evaluation.evaluation import metrics_of, rank_users, task_of
from recommender.splitting.interaction_splits import Split, split_by
from recommender.splitting.validation import evenly, validation_kind, validation_split

Parameters = dict[str, float]
Grid = dict[str, tuple[float, ...]]
"""Parameter → values to try, the first of each to begin with."""
GRIDS: dict[str, Grid] = {
    "item-knn": {"shrink": (0, 5, 20, 80), "neighbours": (100, 20, 400, 1600)},
    "rp3beta": {
        "beta": (0.6, -0.6, -0.4, -0.2, 0, 0.2, 0.4, 0.8),
        "alpha": (1, 0.5, 0.75),
        "neighbours": (100, 400, 1600),
    },
    "ease": {"ridge": (300, 10, 30, 100, 1000)},
    "als": {"dimensions": (64, 16, 128), "ridge": (3, 0.3, 30), "confidence": (20, 5, 80)},
    "markov": {"window": (3, 1, 10), "damped": (0.5, 0.2, 0.8), "place": (1, 0, 2)},
    "v-sknn": {"neighbours": (100, 30, 500), "place": (1, 0, 2)},
}
LARGE = 4_000
FEWER_RIDGES = (300.0, 100.0, 1000.0)
"""Ridges tried for catalogues above ``LARGE`` items, where each costs a large inversion."""
MOST_USERS = 2_000
PASSES = 3


def tune_baselines(
    split: Split,
    k: int,
    inside: NDArray[np.bool_],
    seed: int = 0,
    progress: Progress = no_progress,
) -> dict[str, Parameters]:
    """The parameters with the highest NDCG@k on a validation part; none where nobody can be held out.

    :param split: the validation part is held out of its training part as the test part was held out before, where that
        is a matter of cold users, items or domains, and one interaction per user otherwise.
    :param inside: shape (catalogue.size,), bool: what is ranked.
    """
    split = validation_like(split, seed)
    _, test = task_of(split, None, ~inside)
    test = {user: test[user] for user in evenly(list(test), MOST_USERS)}
    available = Baselines(split.train)
    chosen = {}
    for name in available.tunable if test else ():
        grid = {"ridge": FEWER_RIDGES} if name == "ease" and len(inside) > LARGE else GRIDS[name]

        def measure(parameters: Parameters, name: str = name) -> float:
            """NDCG of a baseline with these parameters on the validation part."""
            score = available.make(name, parameters)
            return float(metrics_of(rank_users(split.train, test, score, (inside, k)), test).ndcg.mean())

        chosen[name] = best_parameters(grid, measure, progress, f"Tuning {name}")
    return chosen


def best_parameters(
    grid: Mapping[str, tuple[float, ...]],
    measure: Callable[[Parameters], float],
    progress: Progress = no_progress,
    stage: str = "Tuning",
) -> Parameters:
    """The best parameters along each axis of a grid, from the first of each; nothing is measured twice.

    One parameter at a time is set to its best value, until none changes or all were set ``PASSES`` times.

    :param measure: higher is better.
    :param stage: what ``progress`` is told that it is, with the trials done and the most there can be.
    """
    found: dict[tuple[float, ...], float] = {}
    most = 1 + PASSES * sum(len(values) - 1 for values in grid.values())

    def value_of(parameters: Parameters) -> float:
        """The figure of these parameters, measured once."""
        key = tuple(parameters.values())
        if key not in found:
            progress(stage, len(found), most)
            found[key] = measure(parameters)
        return found[key]

    best = {name: values[0] for name, values in grid.items()}
    for _ in range(PASSES):
        before = best
        for name, values in grid.items():
            best = max(({**best, name: value} for value in (best[name], *values)), key=value_of)
        if best == before:
            break
    return best


def validation_like(split: Split, seed: int) -> Split:
    """A validation part of the training part of a split, of the same kind."""
    train, told = split.train, split.description
    alike = told["kind"] in ("cold-users", "cold-items", "cold-domain")
    found = split_by(train, told["kind"], told["holdout"], seed + 1, told.get("domain")) if alike else None
    return found if found is not None and found.test else validation_split(train, seed, validation_kind(told["kind"]))
