"""Learn the blend: coordinate ascent on NDCG over the candidates of a validation part, one domain at a time."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from kg.snapshot import Snapshot
from recommender.blend import Blend
from recommender.candidate_features import EMBEDDING, POPULARITY, CandidateFeatures
from recommender.metapaths import Metapath
from recommender.significance import paired_difference
from recommender.splitting import Split, hold_out

K = 10
PASSES = 6
FACTORS = (2.0, 1.4, 1.15)
SHRINK = 0.7
SMALL = 0.03
"""A feature of weight 0 is tried at this part of the sum of all weights."""
FITTED, PRUNED = 0.6, 0.8
"""Validation users below the first mark fit the weights, below the second they say which are idle, and the others
decide whether the weights are kept, and say what each adds."""
FEW_USERS = 5_000
GAIN = 0.3
"""Least gain of a step, in users whose item would rise from unranked to the top: less is noise."""
CERTAIN = 0.05
MANY_USERS = 1_000
"""Validation users from which learned weights need not be better with a p below ``CERTAIN``."""
ENOUGH = 30
"""Validation users below which the default weights are kept."""
Score = NDArray[np.float64]


class DomainReport(BaseModel, frozen=True):
    """What learning did for one domain."""

    domain: str
    users: int
    """Validation users."""
    before: float
    """NDCG@10 of the default weights on validation users that weights were not fitted on."""
    after: float
    """The same of the learned weights."""
    p: float
    """Of the paired difference; learned weights are kept where they are better, with few users only where they are
    surely better."""
    kept: bool
    adds: dict[str, float] = Field(default_factory=dict)
    """Feature → fall of NDCG@10 on those users when its weight becomes 0."""


def validation_split(snapshot: Snapshot, seed: int) -> Split:
    """Hold out one interaction, drawn at random, of half of the users with two or more; of all where there are few."""
    random = np.random.default_rng([seed, 20])
    users = sum(snapshot.vocabulary.count(name) for name in snapshot.schema.user_types)
    part = 0.5 if users > FEW_USERS else 1.0
    masks = {}
    for name in snapshot.schema.interactions:
        indptr = snapshot.adjacency(name).indptr
        mask = np.zeros(indptr[-1], dtype=bool)
        counts = np.diff(indptr)
        chosen = np.flatnonzero((counts >= 2) & (random.random(len(counts)) < part))
        mask[indptr[chosen] + (random.random(len(chosen)) * counts[chosen]).astype(np.int64)] = True
        masks[name] = mask
    return hold_out(snapshot, masks, {"kind": "validation", "seed": seed})


def learn_blend(
    features: Sequence[CandidateFeatures],
    metapaths: Sequence[Metapath],
    default: Blend,
    progress: Callable[[str, int], None] | None = None,
) -> tuple[Blend, list[DomainReport]]:
    """Weights per domain; those of a domain stay the default where learned ones are not better on held-back users.

    :param features: one per domain, from the training part of ``validation_split``.
    :param progress: called with a domain and the number of the pass just finished.
    """
    blend, reports = default, []
    for domain in features:
        mark = np.random.default_rng(0).random(domain.users)
        start = learned = domain.weights(default, metapaths)
        if (mark < FITTED).sum() >= ENOUGH:
            fitted = _best_ascent(domain.part(mark < FITTED), start, progress)
            learned = _without_idle(domain.part((mark >= FITTED) & (mark < PRUNED)), fitted)
        held = domain.part(mark >= PRUNED)
        before, after = ndcg(held.scores(start), held.truth), ndcg(held.scores(learned), held.truth)
        gain = paired_difference(after, before)
        kept = gain.mean > 0 and (gain.p < CERTAIN or domain.users >= MANY_USERS)
        weights = learned if kept else start
        reports.append(
            DomainReport(
                domain=domain.domain,
                users=domain.users,
                before=float(before.mean()) if len(before) else 0.0,
                after=float(after.mean()) if len(after) else 0.0,
                p=gain.p,
                kept=kept,
                adds=_ablation(held, weights),
            )
        )
        blend = _with_weights(blend, domain, weights)
    return blend, reports


def ndcg(scores: Score, truth: NDArray[np.int64]) -> Score:
    """NDCG@10 with one right candidate per user: ``1 / log2(1 + rank)``, 0 from rank 11; ties count against it.

    :param scores: shape (users, candidates), −inf where a user has fewer.
    :param truth: shape (users,), the column of the right candidate.
    :returns: shape (users,), float64, in [0, 1].
    """
    right = scores[np.arange(len(truth)), truth][:, None]
    rank = (scores >= right).sum(axis=1)
    return np.where(rank <= K, 1 / np.log2(1 + rank), 0.0)


def _best_ascent(features: CandidateFeatures, start: Score, progress: Callable[[str, int], None] | None) -> Score:
    """The best of three ascents: from the given weights, from equal ones, and from the best feature alone."""
    alone = np.eye(len(start))
    single = alone[int(np.argmax([ndcg(features.scores(row), features.truth).mean() for row in alone]))]
    found = [_ascend(features, begin, progress) for begin in (start, np.ones(len(start)), single)]
    return max(found, key=lambda weights: float(ndcg(features.scores(weights), features.truth).mean()))


def _ascend(features: CandidateFeatures, start: Score, progress: Callable[[str, int], None] | None) -> Score:
    """Multiply, divide, drop and revive one weight at a time, keeping what raises NDCG."""
    weights = start.copy()
    scores = features.scores(weights)
    best = float(ndcg(scores, features.truth).mean())
    spread = 1.0
    for number in range(1, PASSES + 1):
        before = best
        for place in range(len(weights)):
            for value in _trials(weights, place, spread):
                trial = scores + (value - weights[place]) * features.values[place]
                if (found := float(ndcg(trial, features.truth).mean())) > best + GAIN / features.users:
                    weights[place], scores, best = value, trial, found
        if progress:
            progress(features.domain, number)
        if best - before < 1e-5:
            break
        spread *= SHRINK
    return weights


def _without_idle(features: CandidateFeatures, weights: Score) -> Score:
    """Set to 0, smallest part first, every weight that NDCG does not fall without on users it was not fitted on:
    nobody gets a silent share."""
    best = float(ndcg(features.scores(weights), features.truth).mean())
    parts = weights * np.abs(features.values).mean(axis=(1, 2))
    for place in np.argsort(parts):
        trial = weights.copy()
        trial[place] = 0.0
        if (
            weights[place] > 0
            and (found := float(ndcg(features.scores(trial), features.truth).mean())) > best - GAIN / features.users
        ):
            weights, best = trial, found
    return weights


def _trials(weights: Score, place: int, spread: float) -> list[float]:
    value = float(weights[place])
    if value == 0:
        return [SMALL * float(weights.sum())]
    factors = [factor**spread for factor in FACTORS]
    return [value * f for f in factors] + [value / f for f in factors] + [0.0, value + SMALL * float(weights.sum())]


def _ablation(features: CandidateFeatures, weights: Score) -> dict[str, float]:
    """Feature → fall of NDCG without it, only where it weighs something."""
    if not features.users:
        return {}
    scores = features.scores(weights)
    whole = ndcg(scores, features.truth).mean()
    return {
        name: float(whole - ndcg(scores - weights[place] * features.values[place], features.truth).mean())
        for place, name in enumerate(features.names)
        if weights[place] > 0
    }


def _with_weights(blend: Blend, features: CandidateFeatures, weights: Score) -> Blend:
    """Put a domain's weights into a blend, scaled so that the right candidates score 1 on average: one scale for all
    domains, so that their items can compete in one list."""
    right = features.scores(weights)[np.arange(features.users), features.truth]
    scaled = weights / right.mean() if len(right) and right.mean() > 0 else weights
    found = dict(zip(features.names, scaled.tolist(), strict=True))
    special = {EMBEDDING: dict(blend.embedding), POPULARITY: dict(blend.popularity)}
    for name, table in special.items():
        if name in found:
            table[features.domain] = found.pop(name)
    return Blend(metapaths={**blend.metapaths, **found}, embedding=special[EMBEDDING], popularity=special[POPULARITY])
