"""Ranked lists: the lists of some people under rules, with places for unused domains, merged variants and quotas."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue.variants import Variants
from recommender.profiles.profile import Profile, anchors_of, profile_of
from recommender.rules.soft.soft_rules import Quota, SoftRules
from recommender.scoring.block_ranking import PathRows, RankedBlock, rank_dense, rank_sparse
from recommender.scoring.list_quota import with_quotas
from recommender.scoring.mixed_ranking import Candidates, MixedSlots, rank_mixed
from recommender.scoring.scorer import Scorer
from recommender.scoring.variant_ranking import Rank, merging


@dataclass(frozen=True)
class ListForm:
    """What lists are to be like: ``n`` items at most, with places for unused domains and without twins, where there
    are any, and under soft rules."""

    n: int
    slots: MixedSlots | None
    variants: Variants | None
    soft: SoftRules
    quotas: Sequence[Quota] = ()


def ranked_lists(scorer: Scorer, profiles: Sequence[Profile], candidates: Candidates, form: ListForm) -> RankedBlock:
    """The lists of some people."""
    scores = scorer.score(profiles)
    total = form.soft.total(scores.total)

    def dense(allowed: Any, _own: Any, count: int) -> RankedBlock:
        """The list from scores of all items; what somebody has already is out of ``allowed``."""
        return rank_dense(total, scores.paths, allowed, count)

    return _formed(dense, scores.paths, candidates, form)


def ranked_users(
    scorer: Scorer, people: tuple[str, NDArray[np.int64]], candidates: Candidates, form: ListForm
) -> RankedBlock:
    """The lists of users of the graph, of one type; the same bits as one user at a time."""
    (user_type, users), snapshot = people, scorer.snapshot
    if scorer.embeds or form.soft.adds:
        return ranked_lists(scorer, [profile_of(snapshot, user_type, one) for one in users.tolist()], candidates, form)
    starts = {merged.start for merged in scorer.merged}
    mine = [start for start in starts if snapshot.schema.ends(start)[0] == user_type]
    paths = scorer.path_scores({start: anchors_of(snapshot, start, users) for start in mine}, len(users))
    return _formed(lambda *found: rank_sparse(paths, scorer.popular, *found), paths, candidates, form)


def _formed(rank: Rank, paths: PathRows | NDArray[np.float64], candidates: Candidates, form: ListForm) -> RankedBlock:
    merged, (allowed, own) = merging(rank, form.variants), candidates
    ranked = rank_mixed(merged, paths, candidates, form.n, form.slots)
    if not form.quotas:
        return ranked
    return with_quotas(ranked, lambda items, n: merged(allowed & items, own, n), form.quotas, form.n)
