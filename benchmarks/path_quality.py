"""Path quality before and after re-ranking: LIR, SEP and ETD of the reasons, and what it costs in NDCG.

    python benchmarks/path_quality.py WORKSPACE [--users 600] [--k 10] [--holdout 0.2] [--seed 0]

A part of the interactions is held out; kernels are made anew from the rest, with the weights of the workspace's model.
Each line is one choice of reasons (``recommend --reasons``) and one weight of their quality (``--path-quality``).
"""

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

from kg.workspace.workspace import Workspace
from recommender.explanation.phrasing import Phrasing
from recommender.kernels.path_kernels import Kernels
from recommender.learning.model import Model, kernels_of
from recommender.reasons.path_quality import PathQuality, mean_known, type_diversity
from recommender.reasons.reasons import CHOICES, Reason, ReasonChoice, Reasons
from recommender.reranking.mmr import Arrangement, Caps, Pool, arrange
from recommender.results.document import ModelInfo
from recommender.rules.rule_set import Rules
from recommender.scoring.ranking import top_n
from recommender.scoring.scorer import Scorer
from recommender.serving.recommender import Recommender, Request
from recommender.splitting.interaction_splits import Split, random_split

WEIGHTS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3)
POOL = 50


@dataclass(frozen=True)
class Person:
    """What is ranked for one user, what is true, and what there is to say."""

    positions: np.ndarray
    scores: np.ndarray
    true: set[int]
    reasons: list[list[Reason]]
    recency: dict[tuple[str, int], float]
    types: int


def main() -> None:
    """Split, rank, arrange in every way, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--users", type=int, default=600)
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--holdout", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    workspace = Workspace(asked.workspace)
    split = random_split(workspace.snapshot(), asked.holdout, asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        kernels, blend = kernels_of(workspace.model, split.train, workspace.kernels)
        made = Kernels(split.train, kernels.config, Path(folder))
        scorer = Scorer(split.train, made, blend, None)
        info = ModelInfo(name="held out", snapshot=split.train.hash, trained=True)
        recommender = Recommender(Model(scorer, info))
        people = list(_people(recommender, split, asked.users, asked.seed))
        base = None
        for choice in CHOICES:
            for weight in WEIGHTS if choice != "strongest" else (0.0,):
                found = _measured(recommender, people, Arrangement(reasons=choice, path_quality=weight), asked.k)
                base = base or found
                rows = zip(("NDCG", "LIR", "SEP", "ETD"), found, base, strict=True)
                told = "  ".join(f"{name} {_ratio(now, before)}" for name, now, before in rows)
                print(f"{choice:10s} quality {weight:.2f}  {told}", flush=True)


def _people(recommender: Recommender, split: Split, users: int, seed: int) -> Iterator[Person]:
    test = list(split.test.items())
    phrasing = Phrasing(split.train)
    rules = recommender.rule_set(Rules())
    for place in np.random.default_rng(seed).permutation(len(test))[:users].tolist():
        (user_type, idx), true = test[place]
        profile = recommender.profile(Request(f"{user_type}:{split.train.vocabulary.id(user_type, idx)}"))
        scorer = recommender.cold_start.of(profile)
        scores, allowed = scorer.score([profile]).total[0], rules.candidates(profile).allowed
        positions = top_n(scores, allowed, POOL)
        told = Reasons(scorer, profile, phrasing, rules.forbidden(profile))
        reasons = [told.of(position) for position in positions.tolist()]
        yield Person(positions, scores[positions], set(map(int, true)), reasons, told.recency, told.types)


def _measured(
    recommender: Recommender, people: list[Person], arrangement: Arrangement, k: int
) -> tuple[float, float | None, float | None, float]:
    quality, caps = PathQuality(recommender.snapshot), Caps(recommender.snapshot, recommender.catalogue, ())
    rows = []
    for one in people:
        choice = ReasonChoice(quality, one.recency, arrangement.reasons)
        alike = csr_array((len(one.positions), 1))
        pool = Pool(one.scores, alike, [[]] * len(one.positions), one.reasons)
        found = arrange(pool, k, arrangement, caps, choice)
        told = [reason for reason in found.reasons if reason is not None]
        lir = mean_known([one.recency.get(reason.anchor) for reason in told if reason.anchor])
        sep = mean_known([quality.sep(reason.shared) for reason in told if reason.shared])
        etd = type_diversity([reason.type for reason in told], len(found.order), one.types) if told else None
        rows.append((_ndcg([int(one.positions[place]) for place in found.order], one.true, k), lir, sep, etd))
    ndcg, lir, sep, etd = (mean_known(column) for column in zip(*rows, strict=True))
    return ndcg or 0.0, lir, sep, etd or 0.0


def _ndcg(listed: list[int], true: set[int], k: int) -> float:
    gain = sum(1 / np.log2(place + 2) for place, position in enumerate(listed) if position in true)
    return float(gain / sum(1 / np.log2(place + 2) for place in range(min(k, len(true)))))


def _ratio(now: float | None, before: float | None) -> str:
    return "–" if now is None or not before else f"{now:.4f} (×{now / before:.2f})"


if __name__ == "__main__":
    main()
