"""How well closeness alone recommends: what training of the vectors is stopped by."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from embeddings.vectors.vectors import Judge
from recommender.learning.candidate_features import Task, allowed_items, validation_tasks
from recommender.learning.coordinate_ascent import gain_of
from recommender.profiles.profile import profile_of
from recommender.results.learning import Audience
from recommender.scoring.scorer import Scorer
from recommender.splitting.interaction_splits import Split
from recommender.splitting.validation import FITTED, evenly, validation_marks

MOST_TASKS = 400
"""Rankings of one domain and audience that are looked at after each epoch."""


@dataclass(frozen=True)
class _Rankings:
    """``people``: rankings × entities, the weights x̃; ``allowed``: shape (rankings, items), bool; ``right``: shape
    (rankings,), the columns of the held-out items; ``items``: shape (items,), rows of the vectors."""

    people: csr_array
    allowed: NDArray[np.bool_]
    right: NDArray[np.int64]
    items: NDArray[np.int64]

    def gains(self, unit: NDArray[np.float32]) -> NDArray[np.float64]:
        """NDCG@10 of each ranking."""
        scores = np.where(self.allowed, (self.people @ unit) @ unit[self.items].T, -np.inf)
        return gain_of((scores >= scores[np.arange(len(scores)), self.right][:, None]).sum(axis=1))


def closeness_ndcg(scorer: Scorer, split: Split) -> Judge | None:
    """NDCG@10 of held-out items by ``Σ_a x̃[a] · cos(a, i)``, for people whose rankings weights are fitted on; ``None``
    where there are none.

    :param scorer: of the training part of the split.
    """
    found = [
        _rankings(scorer, domain, chosen)
        for domain in scorer.snapshot.schema.domains
        for audience in get_args(Audience)
        if (chosen := _fitted(scorer, split, domain, audience))
    ]
    return (lambda unit: float(np.concatenate([one.gains(unit) for one in found]).mean())) if found else None


def _fitted(scorer: Scorer, split: Split, domain: str, audience: Audience) -> Sequence[Task]:
    tasks = validation_tasks(scorer, split, domain, audience)
    marks = validation_marks(scorer.snapshot, [user for user, _ in tasks])
    return evenly([task for task, mark in zip(tasks, marks.tolist(), strict=True) if mark < FITTED], MOST_TASKS)


def _rankings(scorer: Scorer, domain: str, tasks: Sequence[Task]) -> _Rankings:
    snapshot, catalogue = scorer.snapshot, scorer.catalogue
    vocabulary, inside = snapshot.vocabulary, catalogue.of_domain(domain)
    positions = np.flatnonzero(inside)
    items = np.concatenate([vocabulary.start(n) + np.arange(vocabulary.count(n)) for n in catalogue.types])[positions]
    allowed = np.zeros((len(tasks), len(positions)), dtype=bool)
    rows, columns, weights = [], [], []
    for row, ((user_type, idx), held_out) in enumerate(tasks):
        profile = profile_of(snapshot, user_type, idx)
        allowed[row] = allowed_items(scorer, profile, inside, held_out)[positions]
        for step, anchors in scorer.embedding_anchors(profile).items():
            rows.append(np.full(len(anchors.idx), row))
            columns.append(vocabulary.start(snapshot.schema.ends(step)[1]) + anchors.idx)
            weights.append(anchors.weight)
    right = np.searchsorted(positions, [held_out[0] for _, held_out in tasks])
    told = (np.concatenate(one) if one else np.empty(0) for one in (weights, rows, columns))
    data, first, second = told
    people = csr_array((data, (first.astype(np.int64), second.astype(np.int64))), shape=(len(tasks), vocabulary.size))
    return _Rankings(people, allowed, right, items)
