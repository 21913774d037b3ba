"""Features of candidates: what each metapath, the embedding and popularity say of them, unweighted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recommender.blend import Blend
from recommender.metapaths import Metapath
from recommender.profile import Profile, profile_of
from recommender.ranking import top_n
from recommender.scorer import Scorer, anchor_rows
from recommender.splitting import Split, User

EMBEDDING, POPULARITY = "embedding", "popularity"
CANDIDATES = 100
MOST_USERS = 10_000
BLOCK = 256


@dataclass(frozen=True)
class CandidateFeatures:
    """``values``: shape (features, users, candidates), float64; ``truth``: shape (users,), the column of the held-out
    item; ``filled``: shape (users, candidates), bool, false where a user has fewer candidates."""

    domain: str
    names: tuple[str, ...]
    values: NDArray[np.float64]
    truth: NDArray[np.int64]
    filled: NDArray[np.bool_]

    @property
    def users(self) -> int:
        """Number of validation users."""
        return len(self.truth)

    def part(self, chosen: NDArray[np.bool_]) -> "CandidateFeatures":
        """Those of some users."""
        return replace(self, values=self.values[:, chosen], truth=self.truth[chosen], filled=self.filled[chosen])

    def scores(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """``Σ_f w_f · value_f``: shape (users, candidates), −inf where there is no candidate."""
        return np.where(self.filled, np.tensordot(weights, self.values, axes=1), -np.inf)

    def weights(self, blend: Blend, metapaths: Sequence[Metapath]) -> NDArray[np.float64]:
        """The weights that a blend gives to the features: shape (features,)."""
        known = {str(path): blend.weight(path) for path in metapaths}
        known[EMBEDDING] = blend.embedding.get(self.domain, 0.0)
        known[POPULARITY] = blend.popularity.get(self.domain, 0.0)
        return np.array([known[name] for name in self.names])


def candidate_features(
    scorer: Scorer, split: Split, domain: str, progress: Callable[[int], None] | None = None
) -> CandidateFeatures:
    """Features of the candidates of each user with a held-out item of the domain.

    Candidates are the held-out item, the best by the scorer and by popularity, each user's own training items left
    out; at most ``MOST_USERS`` users, evenly spread.

    :param scorer: of the training part of the split.
    :param progress: called with the number of users just done.
    """
    inside = scorer.catalogue.of_domain(domain)
    tasks = [(user, found[inside[found]]) for user, found in split.test.items()]
    tasks = [(user, found) for user, found in tasks if len(found)]
    tasks = tasks[:: max(1, len(tasks) // MOST_USERS)][:MOST_USERS]
    metapaths = [p for p in scorer.metapaths if inside[scorer.item_slice(p)].any()]
    names = (*(str(path) for path in metapaths), *([EMBEDDING] if scorer.vectors else []), POPULARITY)
    width = 2 * CANDIDATES + 1
    values = np.zeros((len(names), len(tasks), width))
    truth, filled = np.zeros(len(tasks), dtype=np.int64), np.zeros((len(tasks), width), dtype=bool)
    for start in range(0, len(tasks), BLOCK):
        block = tasks[start : start + BLOCK]
        rows = slice(start, start + len(block))
        _fill(scorer, metapaths, inside, block, (values[:, rows], truth[rows], filled[rows]))
        if progress:
            progress(len(block))
    return CandidateFeatures(domain, names, values, truth, filled)


def _fill(
    scorer: Scorer,
    metapaths: Sequence[Metapath],
    inside: NDArray[np.bool_],
    block: Sequence[tuple[User, NDArray[np.int64]]],
    out: tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]],
) -> None:
    """Write the features of a block of users into views of the arrays."""
    values, truth, filled = out
    profiles = [profile_of(scorer.snapshot, user_type, idx) for (user_type, idx), _ in block]
    scores = scorer.score(profiles)
    chosen = np.zeros((len(block), values.shape[2]), dtype=np.int64)
    for row, (profile, (_, held_out)) in enumerate(zip(profiles, block, strict=True)):
        found = _candidates(scorer, profile, scores.total[row], inside, int(held_out[0]))
        chosen[row, : len(found)] = found
        filled[row, : len(found)] = True
        truth[row] = int(np.flatnonzero(found == held_out[0])[0])
    for place, path in enumerate(metapaths):
        dense = np.zeros((len(block), scorer.catalogue.size))
        kernel = scorer.kernels.kernel(path.tail)
        rows = anchor_rows(profiles, path.start, kernel.shape[0], scorer.snapshot.schema.ends(path.start)[0])
        if rows.nnz:
            dense[:, scorer.item_slice(path)] = (rows @ kernel).toarray()
            values[place] = np.take_along_axis(dense, chosen, axis=1)
    if scorer.vectors:
        values[-2] = np.take_along_axis(np.stack([scorer.similarity(p) for p in profiles]), chosen, axis=1)
    values[-1] = scorer.catalogue.popularity[chosen]


def _candidates(
    scorer: Scorer, profile: Profile, scores: NDArray[np.float64], inside: NDArray[np.bool_], held_out: int
) -> NDArray[np.int64]:
    allowed = inside.copy()
    for name in scorer.snapshot.schema.interactions:
        relation = scorer.snapshot.schema.relation[name]
        if name in profile.anchors and relation.head == profile.user_type:
            allowed[scorer.catalogue.slices[relation.tail]][profile.anchors[name].idx] = False
    allowed[held_out] = True
    best = top_n(scores, allowed, CANDIDATES)
    popular = top_n(scorer.catalogue.popularity, allowed, CANDIDATES)
    return np.unique(np.concatenate([best, popular, [held_out]]))
