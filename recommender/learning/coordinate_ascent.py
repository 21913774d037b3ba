"""Learn the blend: coordinate ascent on NDCG over the candidates of a validation part, one domain at a time."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from recommender.evaluation.significance import paired_difference
from recommender.kernels.metapaths import Metapath
from recommender.learning.candidate_features import EMBEDDING, POPULARITY, CandidateFeatures
from recommender.scoring.blend import Blend, ColdWeights
from recommender.splitting.validation import FITTED, PRUNED

K = 10
PASSES = 6
FACTORS = (2.0, 1.4, 1.15)
SHRINK = 0.7
SMALL = 0.03
"""A feature of weight 0 is tried at this part of the sum of all weights."""
GAIN = 1.0
"""Least gain of a step, in standard errors of the paired difference: less is noise, and many steps fit noise."""
CERTAIN = 0.05
MANY_USERS = 1_000
"""Validation users from which learned weights need not be better with a p below ``CERTAIN``."""
ENOUGH = 30
"""Validation users below which the default weights are kept."""
Score = NDArray[np.float64]


class DomainReport(BaseModel, frozen=True):
    """What learning did for one domain."""

    domain: str
    cold: bool = False
    """Whether this is about people who used nothing of the domain."""
    users: int
    """Validation rankings: one per user, several for people who are new to the domain."""
    before: float
    """NDCG@10 of the default weights on validation users that weights were not fitted on."""
    after: float
    """The same of the learned weights."""
    p: float
    """Of the paired difference; learned weights are kept where they are better, with few users only where they are
    surely better."""
    kept: bool
    popularity: float = 0.0
    """The same of popularity alone."""
    only_popularity: bool = False
    """Whether popularity has all the weight, since nothing is surely better for people who are new to the domain."""
    adds: dict[str, float] = Field(default_factory=dict)
    """Feature → fall of NDCG@10 on those users when its weight becomes 0."""


def learn_blend(
    features: Iterable[CandidateFeatures],
    metapaths: Sequence[Metapath],
    default: Blend,
    progress: Callable[[str, int], None] | None = None,
) -> tuple[Blend, list[DomainReport]]:
    """Weights per domain; those of a domain stay the default where learned ones are not better on held-back users.

    :param features: one per domain, and one more for people who are new to it, from the training part of
        ``validation_split``, each let go before the next is asked for; where there are too few of these people, they
        get no weights of their own.
    :param progress: called with a domain and the number of the pass just finished.
    """
    blend, reports = default, []
    for raw in features:
        if raw.cold and raw.users < ENOUGH:
            continue
        domain, means = raw.standardised()
        weights, report = _learn_domain(domain, domain.weights(default, metapaths) * means, progress)
        reports.append(report)
        blend = _with_weights(blend, raw, weights / means)
        del raw, domain  # the next are as large, and made only now
    return blend, reports


def _learn_domain(
    domain: CandidateFeatures, start: Score, progress: Callable[[str, int], None] | None
) -> tuple[Score, DomainReport]:
    """Weights for standardised features: learned ones, the default, or popularity alone."""
    mark, weights = domain.marks, start
    if (mark < FITTED).sum() >= ENOUGH:
        check = domain.part((mark >= FITTED) & (mark < PRUNED))
        weights = _best_ascent(domain.part(mark < FITTED), check, start, progress)
    held = domain.part(mark >= PRUNED)
    before, after = ndcg(held.scores(start), held.truth), ndcg(held.scores(weights), held.truth)
    gain = paired_difference(after, before)
    kept = gain.mean > 0 and (gain.p < CERTAIN or domain.users >= MANY_USERS)
    weights = weights if kept else start
    popular = np.array([float(name == POPULARITY) for name in domain.names])
    floored = domain.cold and not _above(held if kept else domain, weights, popular)
    if floored:
        weights = popular
    report = DomainReport(
        domain=domain.domain,
        cold=domain.cold,
        users=domain.users,
        before=_mean(before),
        after=_mean(after),
        p=gain.p,
        popularity=_mean(ndcg(held.scores(popular), held.truth)),
        kept=kept and not floored,
        only_popularity=floored,
        adds=_ablation(held, weights),
    )
    return weights, report


def _mean(values: Score) -> float:
    return float(values.mean()) if len(values) else 0.0


def ndcg(scores: Score, truth: NDArray[np.int64]) -> Score:
    """NDCG@10 with one right candidate per user: ``1 / log2(1 + rank)``, 0 from rank 11; ties count against it.

    :param scores: shape (users, candidates), −inf where a user has fewer.
    :param truth: shape (users,), the column of the right candidate.
    :returns: shape (users,), float64, in [0, 1].
    """
    right = scores[np.arange(len(truth)), truth][:, None]
    return gain_of((scores >= right).sum(axis=1))


def gain_of(ranks: NDArray[np.integer]) -> Score:
    """``1 / log2(1 + rank)``, 0 from rank 11: the shape of ``ranks``, which are from 1."""
    return np.where(ranks <= K, 1 / np.log2(1 + ranks), 0.0)


def _best_ascent(
    fit: CandidateFeatures, check: CandidateFeatures, start: Score, progress: Callable[[str, int], None] | None
) -> Score:
    """Ascents on ``fit`` from the best feature alone, from ``start`` and from equal weights, rid of what is idle on
    ``check``; a later one only replaces an earlier one, which leans on fewer features, where it is better on both."""
    alone = np.eye(len(start))
    single = alone[int(np.argmax([ndcg(fit.scores(row), fit.truth).mean() for row in alone]))]
    best, quality = start, None
    for begin in (single, start, np.ones(len(start))):
        weights = _without_idle(check, _ascend(fit, begin, progress))
        found = [ndcg(part.scores(weights), part.truth) for part in (fit, check)]
        if quality is None or (_better(found[0], quality[0]) and _better(found[1], quality[1])):
            best, quality = weights, found
    return best


def _above(features: CandidateFeatures, weights: Score, floor: Score) -> bool:
    """Whether weights do surely better than others."""
    found, least = (ndcg(features.scores(one), features.truth) for one in (weights, floor))
    return _surely_better(found, least)


def _better(found: Score, best: Score) -> bool:
    return len(found) > 0 and float(found.mean()) > float(best.mean())


def _ascend(features: CandidateFeatures, start: Score, progress: Callable[[str, int], None] | None) -> Score:
    """Multiply, divide, drop and revive one weight at a time, keeping what surely raises NDCG."""
    weights = start.copy()
    scores = features.scores(weights)
    best = ndcg(scores, features.truth)
    spread = 1.0
    for number in range(1, PASSES + 1):
        before = float(best.mean())
        for place in range(len(weights)):
            for value in _trials(weights, place, spread):
                trial = scores + (value - weights[place]) * features.values[place]
                if _surely_better(found := ndcg(trial, features.truth), best):
                    weights[place], scores, best = value, trial, found
        if progress:
            progress(features.domain, number)
        if float(best.mean()) - before < 1e-5:
            break
        spread *= SHRINK
    return weights


def _surely_better(found: Score, best: Score) -> bool:
    gain = found - best
    return len(gain) > 0 and float(gain.mean()) > GAIN * float(gain.std()) / np.sqrt(len(gain))


def _without_idle(features: CandidateFeatures, weights: Score) -> Score:
    """Set to 0, smallest part first, every weight that NDCG does not fall without on users it was not fitted on:
    nobody gets a silent share."""
    if not features.users:
        return weights
    best = ndcg(features.scores(weights), features.truth).mean()
    parts = weights * np.abs(features.values).mean(axis=(1, 2))
    for place in np.argsort(parts):
        trial = weights.copy()
        trial[place] = 0.0
        if weights[place] == 0 or not trial.any():
            continue
        if (found := ndcg(features.scores(trial), features.truth).mean()) >= best:
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
    embedding, popularity = found.pop(EMBEDDING, 0.0), found.pop(POPULARITY)
    if features.cold:
        own = ColdWeights(metapaths=found, embedding=embedding, popularity=popularity)
        return blend.model_copy(update={"cold": {**blend.cold, features.domain: own}})
    update = {
        "metapaths": {**blend.metapaths, **found},
        "embedding": {**blend.embedding, features.domain: embedding},
        "popularity": {**blend.popularity, features.domain: popularity},
    }
    return blend.model_copy(update=update)
