"""Domain scale: how loud a domain is, in lists over all domains, for people who are new to it."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from kg.snapshot.snapshot import Snapshot
from recommender.learning.candidate_features import CELLS, Task, allowed_items, validation_tasks
from recommender.learning.coordinate_ascent import gain_of
from recommender.profiles.profile import profile_of
from recommender.scoring.blend import Blend
from recommender.scoring.cold_start import ColdStart, cold_in
from recommender.scoring.scorer import Scorer
from recommender.splitting.interaction_splits import Split
from recommender.splitting.validation import evenly

SCALES = (1.0, 0.7, 0.5, 0.35, 0.25, 0.18, 0.12, 0.08, 0.05, 0.03)
"""Where several do equally well, the first one does."""
MOST_TASKS = 1_000
Values = NDArray[np.float64]


def domain_scales(scorer: Scorer, split: Split, snapshot: Snapshot) -> dict[str, float]:
    """Domain with weights for people who are new to it → by how much to multiply these, one of ``SCALES``.

    Only lists over all domains depend on it. Most people stay with what they use; how many do not is counted, by
    leaving out every interaction once::

        maximise  n_stay · NDCG@10(people new to the domain, item of another)
                + n_come · NDCG@10(people new to the domain, item of it)

    n_come interactions are the only one of their user in the domain, with others elsewhere; n_stay are those of users
    who have none in it. Both NDCG are of validation lists over all domains.

    :param scorer: of the training part of ``split``, a validation part of ``snapshot``.
    """
    if len(snapshot.schema.domains) < 2:
        return dict.fromkeys(scorer.blend.cold, SCALES[0])
    cold_start = ColdStart(scorer)
    return {domain: _best_scale(cold_start, split, snapshot, domain) for domain in scorer.blend.cold}


def scaled(blend: Blend, scales: dict[str, float]) -> Blend:
    """The blend with the weights for people who are new to a domain multiplied."""
    return blend.model_copy(update={"cold": {name: one.times(scales[name]) for name, one in blend.cold.items()}})


def _best_scale(cold_start: ColdStart, split: Split, snapshot: Snapshot, domain: str) -> float:
    scorer = cold_start.scorer
    stay, come = _counts(snapshot, domain)
    new = {name: cold_in(scorer.snapshot, name, domain) for name in scorer.snapshot.schema.user_types}
    others = (name for name in scorer.snapshot.schema.domains if name != domain)
    known = chain.from_iterable(validation_tasks(scorer, split, name, cold=False) for name in others)
    stayed = [task for task in known if new[task[0][0]][task[0][1]]]
    staying = _ndcg(cold_start, evenly(stayed, MOST_TASKS), domain)
    coming = _ndcg(cold_start, evenly(validation_tasks(scorer, split, domain, cold=True), MOST_TASKS), domain)
    return SCALES[int(np.argmax(stay * staying + come * coming))]


def _counts(snapshot: Snapshot, domain: str) -> tuple[int, int]:
    """Interactions of people who have none in the domain; interactions that are the only one there, but not at all."""
    stay = come = 0
    for user_type in snapshot.schema.user_types:
        here, all_of_them = (np.zeros(snapshot.vocabulary.count(user_type), dtype=np.int64) for _ in range(2))
        for name in snapshot.schema.interactions:
            if snapshot.schema.relation[name].head == user_type:
                counts = np.diff(snapshot.adjacency(name).indptr)
                all_of_them += counts
                here += counts if name in snapshot.schema.interactions_with(domain) else 0
        stay += int(all_of_them[(here == 0) & (all_of_them > 1)].sum())
        come += int(((here == 1) & (all_of_them > 1)).sum())
    return stay, come


def _ndcg(cold_start: ColdStart, tasks: Sequence[Task], domain: str) -> Values:
    """Mean NDCG@10 of lists over all domains at each scale: shape (scales,), 0 where there are no tasks."""
    scorer, total = cold_start.scorer, np.zeros(len(SCALES))
    inside = scorer.catalogue.of_domain(domain)
    size = max(16, CELLS // max(scorer.catalogue.size, 1))
    for block in (tasks[start : start + size] for start in range(0, len(tasks), size)):
        profiles = [profile_of(scorer.snapshot, user_type, idx) for (user_type, idx), _ in block]
        everywhere = np.ones(scorer.catalogue.size, dtype=bool)
        for scores, profile, (_, held_out) in zip(cold_start.totals(profiles), profiles, block, strict=True):
            allowed = allowed_items(scorer, profile, everywhere, held_out)
            total += _gains(scores[allowed], inside[allowed], int(allowed[: held_out[0]].sum()))
    return total / max(len(tasks), 1)


def _gains(scores: Values, inside: NDArray[np.bool_], right: int) -> Values:
    """``1 / log2(1 + rank)`` of an item at each scale, 0 beyond rank 10; ties count against it."""
    same, other = scores[inside == inside[right]], scores[inside != inside[right]]
    before = int((same >= scores[right]).sum())
    factors = np.array(SCALES) if inside[right] else 1 / np.array(SCALES)
    ranks = before + (other[None] >= factors[:, None] * scores[right]).sum(axis=1)
    return gain_of(ranks)
