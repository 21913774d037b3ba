"""Learn the blend of every domain, for people who know it, who come from another, and who only said something."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.significance import paired_difference
from recommender.kernels.metapaths import Metapath
from recommender.learning.candidate_features import EMBEDDING, POPULARITY, CandidateFeatures
from recommender.learning.coordinate_ascent import Score, best_ascent, ndcg, surely_better
from recommender.learning.priors.popularity_floor import most_personal
from recommender.results.learning import Audience, DomainReport
from recommender.scoring.blend import POPULARITY as TIES
from recommender.scoring.blend import Blend, ColdWeights
from recommender.splitting.validation import FITTED, PRUNED

CERTAIN = 0.05
MANY_USERS = 1_000
"""Validation users from which learned weights need not be better with a p below ``CERTAIN``."""
ENOUGH = 30
"""Validation rankings below which the default weights are kept, and a path for newcomers has no evidence."""


def learn_blend(
    features: Iterable[CandidateFeatures],
    metapaths: Sequence[Metapath],
    default: Blend,
    prior: Mapping[str, float] | None = None,
    beside: Mapping[tuple[str, Audience], float] | None = None,
) -> tuple[Blend, list[DomainReport]]:
    """Weights per domain and audience; the default where learned ones are not better on held-back users, and for
    people who are new to a domain popularity where nothing is surely better.

    For newcomers a path is judged only where at least ``ENOUGH`` rankings know it. The others weigh their prior, as
    loudly as the loudest that was judged, or as popularity allows.

    :param features: one per domain and audience, from the training part of ``validation_split``, each let go before
        the next is asked for.
    :param prior: metapath → its weight without evidence, at most 1.
    :param beside: (domain, audience) → what popularity weighs beside those; where it is missing it only breaks ties.
    """
    blend, reports = default, []
    for raw in features:
        known = _judged(raw)
        part, means = raw.standardised(known)
        start = part.weights(default, metapaths) * means
        weights, report = _verdict(part, start)
        weights = weights / means
        whole = np.zeros(len(raw.names))
        whole[known] = _to_right_candidates(raw, known, weights)
        if raw.audience != "warm":
            popular = (beside or {}).get((raw.domain, raw.audience), TIES)
            whole, unknown = _with_prior((raw, known), whole, prior or {}, popular)
            report = report.model_copy(update={"prior": unknown})
        reports.append(report)
        blend = with_weights(blend, raw, whole)
        del raw, part  # the next are as large, and made only now
    return blend, reports


def _judged(features: CandidateFeatures) -> NDArray[np.bool_]:
    """Which features the rankings can judge; popularity always: shape (features,)."""
    if features.audience == "warm":
        return np.ones(len(features.names), dtype=bool)
    popular = np.array([name == POPULARITY for name in features.names], dtype=np.bool_)
    return np.asarray((features.evidence >= ENOUGH) | popular)


def _verdict(domain: CandidateFeatures, start: Score) -> tuple[Score, DomainReport]:
    """Weights for standardised features: learned ones, the default, or popularity with what may stand beside it."""
    mark, weights = domain.marks, start
    if (mark < FITTED).sum() >= ENOUGH:
        check = domain.part((mark >= FITTED) & (mark < PRUNED))
        weights = best_ascent(domain.part(mark < FITTED), check, start)
    held = domain.part(mark >= PRUNED)
    before, after = ndcg(held.scores(start), held.truth), ndcg(held.scores(weights), held.truth)
    gain = paired_difference(_by_person(after, held), _by_person(before, held))
    people = len(np.unique(domain.marks))
    kept = gain.mean > 0 and (gain.p < CERTAIN or people >= MANY_USERS)
    weights = weights if kept else start
    popular = np.array([float(name == POPULARITY) for name in domain.names])
    cold = domain.audience != "warm"
    floored = cold and not (domain.users >= ENOUGH and _above(held if kept else domain, weights, popular))
    if floored:
        weights = most_personal(domain, start) if domain.users >= ENOUGH else popular
    report = DomainReport(
        domain=domain.domain,
        cold=cold,
        audience=domain.audience,
        users=domain.users,
        people=people,
        held_back=len(np.unique(held.marks)),
        before=_mean(before),
        after=_mean(after),
        p=gain.p,
        popularity=_mean(ndcg(held.scores(popular), held.truth)),
        kept=kept and not floored,
        only_popularity=floored,
        beside_popularity=float(1 - weights @ popular) if floored else 0.0,
        adds=_ablation(held, weights),
    )
    return weights, report


def _by_person(values: Score, features: CandidateFeatures) -> Score:
    """Means over the rankings of each person: one person's are not independent of each other. Marks tell people apart.

    :param values: one for each ranking.
    """
    _, person = np.unique(features.marks, return_inverse=True)
    return np.asarray(np.bincount(person, weights=values) / np.maximum(np.bincount(person), 1))


def _mean(values: Score) -> float:
    return float(values.mean()) if len(values) else 0.0


def _above(features: CandidateFeatures, weights: Score, floor: Score) -> bool:
    """Whether weights do surely better than others."""
    found, least = (ndcg(features.scores(one), features.truth) for one in (weights, floor))
    return surely_better(found, least)


def _ablation(features: CandidateFeatures, weights: Score) -> dict[str, float]:
    """Feature → fall of NDCG without it, only where it weighs something."""
    if not features.users:
        return {}
    scores = features.scores(weights)
    whole = ndcg(scores, features.truth).mean()
    return {
        name: float(whole - ndcg(scores - features.weighed(position, float(weights[position])), features.truth).mean())
        for position, name in enumerate(features.names)
        if weights[position] > 0
    }


def _to_right_candidates(features: CandidateFeatures, known: NDArray[np.bool_], weights: Score) -> Score:
    """Weights of the features that were judged, scaled so that the right candidates score 1 on average: one scale for
    all domains, so that their items can compete in one list."""
    right = np.zeros(features.users)
    for position, weight in zip(np.flatnonzero(known), weights, strict=True):
        right += weight * features.values[position, np.arange(features.users), features.truth]
    return weights / right.mean() if len(right) and right.mean() > 0 else weights


def _with_prior(
    judged: tuple[CandidateFeatures, NDArray[np.bool_]], weights: Score, prior: Mapping[str, float], beside: float
) -> tuple[Score, int]:
    """The weights with those of paths that were not judged, and how many these are; the loudest is as loud as the
    loudest path that was judged, else as popularity allows.

    :param judged: features, and which of them were judged.
    :param beside: what popularity weighs beside the loudest of them at 1.
    """
    features, known = judged
    position = {name: number for number, name in enumerate(features.names)}
    unknown = {name: one for name, one in prior.items() if name in position and not known[position[name]]}
    paths = [number for name, number in position.items() if name not in (EMBEDDING, POPULARITY)]
    loudest = float(weights[paths].max(initial=0.0))
    popular = float(weights[position[POPULARITY]])
    loud = popular / beside if popular > beside * loudest else loudest
    found = weights.copy()
    for name, one in unknown.items():
        found[position[name]] = loud * one
    return found, len(unknown)


def with_weights(blend: Blend, features: CandidateFeatures, weights: Score) -> Blend:
    """Put the weights of a domain and an audience into a blend."""
    found = dict(zip(features.names, weights.tolist(), strict=True))
    embedding, popularity = found.pop(EMBEDDING, 0.0), found.pop(POPULARITY)
    if features.audience != "warm":
        own = ColdWeights(metapaths=found, embedding=embedding, popularity=popularity)
        field = "told" if features.audience == "told" else "cold"
        return blend.model_copy(update={field: {**getattr(blend, field), features.domain: own}})
    update = {
        "metapaths": {**blend.metapaths, **found},
        "embedding": {**blend.embedding, features.domain: embedding},
        "popularity": {**blend.popularity, features.domain: popularity},
    }
    return blend.model_copy(update=update)
