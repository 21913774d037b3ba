"""Our calibration beside scikit-learn's, and scipy's bootstrap beside one of ten lines: figures and time, in one run.

    python benchmarks/statistics_libraries.py [--users 20000]

The bootstrap, which recommender.evaluation.significance takes from scipy, resamples the NDCG of users (many zeros, some
ones) a thousand times; calibration fits Platt's curve to scores of true and false triples and measures AUC, Brier score
and log loss. The fastest of three runs counts.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from embeddings.vectors.calibration import Floats, auc, fit_logistic
from recommender.evaluation.significance import LEVEL, RESAMPLES, interval

RUNS = 3


def plain_interval(values: Floats) -> tuple[float, ...]:
    """The percentile interval of the mean with numpy alone."""
    random, users = np.random.default_rng(0), len(values)
    means = [values[random.integers(0, users, size=(50, users))].mean(axis=1) for _ in range(RESAMPLES // 50)]
    return tuple(np.quantile(np.concatenate(means), [(1 - LEVEL) / 2, (1 + LEVEL) / 2]).tolist())


def own_interval(values: Floats) -> tuple[float, ...]:
    """The same, by recommender.evaluation.significance, which is scipy's."""
    found = interval(values)
    return found.low, found.high


def sklearn_curve(score: Floats, truth: np.ndarray) -> tuple[float, ...]:
    """Slope, intercept, AUC, Brier score and log loss, by scikit-learn; Platt's targets as weights of both answers."""
    true = int(truth.sum())
    target = np.where(truth, (true + 1) / (true + 2), 1 / (len(score) - true + 2))
    rows = np.concatenate([score, score])[:, None]
    answers = np.repeat([1, 0], len(score))
    weights = np.concatenate([target, 1 - target])
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(rows, answers, sample_weight=weights)
    probability = model.predict_proba(score[:, None])[:, 1]
    figures = roc_auc_score(truth, probability), brier_score_loss(truth, probability), log_loss(truth, probability)
    return float(model.coef_[0, 0]), float(model.intercept_[0]), *map(float, figures)


def own_curve(score: Floats, truth: np.ndarray) -> tuple[float, ...]:
    """The same, by embeddings.vectors.calibration."""
    curve = fit_logistic(score, truth)
    probability = curve.probability(score)
    loss = -np.log(np.where(truth, probability, 1 - probability)).mean()
    return curve.slope, curve.intercept, auc(probability, truth), float(np.square(probability - truth).mean()), loss


def _timed(function: Callable[[], tuple[float, ...]]) -> tuple[float, tuple[float, ...]]:
    best, found = np.inf, ()
    for _ in range(RUNS):
        start = time.process_time()
        found = function()
        best = min(best, time.process_time() - start)
    return best, found


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--users", type=int, default=20_000)
    users = parser.parse_args().users
    random = np.random.default_rng(0)
    ndcg = np.where(random.random(users) < 0.7, 0.0, random.random(users))
    score = random.normal(size=4000)
    truth = random.random(4000) < expit(2 * score - 0.5)
    table = Table("what", "by", "CPU ms", "figures")
    for what, by, function in (
        (f"interval over {users:,} users", "scipy.stats.bootstrap", lambda: own_interval(ndcg)),
        (f"interval over {users:,} users", "numpy alone", lambda: plain_interval(ndcg)),
        ("curve and metrics of 4,000 scores", "whyrec", lambda: own_curve(score, truth)),
        ("curve and metrics of 4,000 scores", "scikit-learn", lambda: sklearn_curve(score, truth)),
    ):
        seconds, figures = _timed(function)
        table.add_row(what, by, f"{1000 * seconds:.1f}", " ".join(f"{one:.5f}" for one in figures))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
