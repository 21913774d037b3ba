"""Features of candidates: what each metapath, the embedding and popularity say of them, unweighted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue.interactions import User
from recommender.kernels.metapaths import Metapath
from recommender.learning.base_scores import BaseScores
from recommender.linalg.forked_workers import ForkedWorkers, cores
from recommender.profiles.profile import Profile, profile_of
from recommender.results.learning import Audience
from recommender.scoring.blend import Blend
from recommender.scoring.cold_start import audience_mask
from recommender.scoring.ranking import top_n
from recommender.scoring.scorer import Scorer
from recommender.splitting.interaction_splits import Split
from recommender.splitting.validation import evenly, validation_marks

EMBEDDING, POPULARITY = "embedding", "popularity"
CANDIDATES = 60
MOST_USERS = 10_000
MOST_ITEMS = 8
CELLS = 500_000
"""Users × items that are looked at together: what fits into a processor's cache, and no page is asked for again."""
LARGE = 2**28
"""Users × items from which on all cores look at them."""
Filled = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.bool_]]
"""Values, truth and what is filled, as of :class:`CandidateFeatures`."""
Task = tuple[User, NDArray[np.int64]]
"""A user and the positions of held-out items, the one to find first."""


@dataclass(frozen=True)
class CandidateFeatures:
    """``values``: shape (features, users, candidates), float32; ``truth``: shape (users,), the column of the held-out
    item; ``filled``: shape (users, candidates), bool, false where a user has fewer candidates."""

    domain: str
    audience: Audience
    """Which users these are."""
    names: tuple[str, ...]
    values: NDArray[np.float32]
    truth: NDArray[np.int64]
    filled: NDArray[np.bool_]
    marks: NDArray[np.float64]
    """Validation marks of the users, shape (users,); where they are sorted, parts by marks copy nothing."""
    means: NDArray[np.float64] | None = None
    """What the values of each feature are divided by when they are weighed, shape (features,): 1 where absent."""

    @property
    def users(self) -> int:
        """Number of validation users."""
        return len(self.truth)

    @property
    def evidence(self) -> NDArray[np.int64]:
        """In how many rankings each feature says anything: shape (features,)."""
        return np.array([((one != 0) & self.filled).any(axis=1).sum() for one in self.values], dtype=np.int64)

    @property
    def loudness(self) -> NDArray[np.float64]:
        """Mean of what each feature says, whatever its sign, at a weight of 1: shape (features,)."""
        return np.array([np.abs(one).mean(dtype=np.float64) if one.size else 0.0 for one in self.values]) / self._means

    def part(self, chosen: NDArray[np.bool_]) -> "CandidateFeatures":
        """Those of some users."""
        rows = np.flatnonzero(chosen)
        together = len(rows) > 0 and rows[-1] - rows[0] == len(rows) - 1
        where = slice(int(rows[0]), int(rows[-1]) + 1) if together else chosen
        users = {name: getattr(self, name)[where] for name in ("truth", "filled", "marks")}
        return replace(self, values=self.values[:, where], **users)

    def standardised(self, chosen: NDArray[np.bool_]) -> tuple["CandidateFeatures", NDArray[np.float64]]:
        """Some of the features with a mean of 1 each over all candidates, and the means, 1 where there is nothing: to
        be told how large a weight is, one has to know how large what it weighs is. Of all features nothing is copied.

        :param chosen: shape (features,), bool.
        """
        positions = np.flatnonzero(chosen)
        sums = [np.abs(self.values[one]).sum(dtype=np.float64) for one in positions]
        means = np.array(sums) / max(int(self.filled.sum()), 1)
        means[means == 0] = 1.0
        names = tuple(self.names[position] for position in positions)
        return replace(
            self, values=self.values if chosen.all() else self.values[positions], names=names, means=means
        ), means

    @cached_property
    def asked(self) -> list[NDArray[np.int64]]:
        """Of each feature, the users of whom it says anything."""
        return [np.flatnonzero((one != 0).any(axis=1)) for one in self.values]

    def weighed(
        self, position: int, weight: float, users: NDArray[np.int64] | slice = slice(None)
    ) -> NDArray[np.float64]:
        """What one feature adds to the scores of some users at a weight: shape (users, candidates)."""
        return np.asarray(self.factor(position, weight) * self.values[position, users])

    def factor(self, position: int, weight: float) -> np.float64:
        """What the values of one feature are multiplied with at a weight."""
        return np.float64(weight / self._means[position])

    def scores(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """``Σ_f w_f · value_f``: shape (users, candidates), −inf where there is no candidate."""
        total = np.zeros(self.values.shape[1:])
        for position in np.flatnonzero(weights).tolist():
            total += self.weighed(position, float(weights[position]))
        total[~self.filled] = -np.inf
        return total

    @property
    def _means(self) -> NDArray[np.float64]:
        return np.ones(len(self.values)) if self.means is None else self.means

    def weights(self, blend: Blend, metapaths: Sequence[Metapath]) -> NDArray[np.float64]:
        """The weights that a blend gives to the features: shape (features,)."""
        blend = blend.for_audience(self.domain, self.audience)
        known = {str(path): blend.weight(path) for path in metapaths}
        known[EMBEDDING] = blend.embedding.get(self.domain, 0.0)
        known[POPULARITY] = blend.popularity.get(self.domain, 0.0)
        return np.array([known[name] for name in self.names])


def candidate_features(scorer: Scorer, split: Split, domain: str, audience: Audience) -> CandidateFeatures:
    """Features of the candidates of each user with a held-out item of the domain, once for each of up to ``MOST_ITEMS``
    such items, the others left out.

    Candidates are the held-out item and the best by the scorer, by learned kernels, by the embedding and by popularity,
    so that every scorer meets the items it would put first; a user's own training items are left out, unless their
    relation is repeated. At most
    ``MOST_USERS`` users, evenly spread.

    :param scorer: of the training part of the split.
    :param audience: which users, by what they used in training.
    """
    inside = scorer.catalogue.of_domain(domain)
    tasks = evenly(validation_tasks(scorer, split, domain, audience), MOST_USERS)
    marks = validation_marks(scorer.snapshot, [user for user, _ in tasks])
    order = np.argsort(marks, kind="stable")
    tasks, marks = [tasks[position] for position in order.tolist()], marks[order]
    metapaths = [p for p in scorer.metapaths if inside[scorer.item_slice(p)].any()]
    names = (*(str(path) for path in metapaths), *([EMBEDDING] if scorer.vectors else []), POPULARITY)
    width = 4 * CANDIDATES + 1
    values, truth, filled = _empty(len(names), len(tasks), width)
    size = max(16, CELLS // max(scorer.catalogue.size, 1))
    pool, starts = Pool.of(scorer, inside), range(0, len(tasks), size)

    def block(start: int) -> Filled:
        """The features of some users."""
        some = tasks[start : start + size]
        found = _empty(len(names), len(some), width)
        _fill(scorer, metapaths, pool, some, found)
        return found

    large = len(tasks) * scorer.catalogue.size > LARGE and scorer.vectors is None
    with ForkedWorkers(block, cores() if large else 1) as workers:
        for start, found in zip(starts, workers.map(starts), strict=True):
            rows = slice(start, start + size)
            values[:, rows], truth[rows], filled[rows] = found
    return CandidateFeatures(domain, audience, names, values, truth, filled, marks)


def _empty(features: int, users: int, width: int) -> Filled:
    values = np.zeros((features, users, width), dtype=np.float32)
    return values, np.zeros(users, dtype=np.int64), np.zeros((users, width), dtype=bool)


def validation_tasks(scorer: Scorer, split: Split, domain: str, audience: Audience) -> list[Task]:
    """Users with their held-out items of a domain, once for each of up to ``MOST_ITEMS`` such items, which comes first.

    :param audience: which users, by what they used in training.
    """
    inside = scorer.catalogue.of_domain(domain)
    chosen = {
        name: audience_mask(scorer.snapshot, name, domain, audience) for name in scorer.snapshot.schema.user_types
    }
    tasks = [(user, found[inside[found]]) for user, found in split.test.items() if chosen[user[0]][user[1]]]
    return [(user, np.roll(found, -turn)) for user, found in tasks for turn in range(min(len(found), MOST_ITEMS))]


@dataclass(frozen=True)
class Pool:
    """What candidates are chosen from. ``inside``: shape (catalogue.size,), bool; ``popular``: the positions of these,
    the most popular first."""

    inside: NDArray[np.bool_]
    popular: NDArray[np.int64]

    @classmethod
    def of(cls, scorer: Scorer, inside: NDArray[np.bool_]) -> "Pool":
        """The pool of some items."""
        return cls(inside, top_n(scorer.catalogue.popularity, inside, int(inside.sum())))

    def most_popular(self, allowed: NDArray[np.bool_], n: int) -> NDArray[np.int64]:
        """The first n of those allowed, all of them inside: what ``top_n`` finds, sorted once for everybody."""
        first = self.popular[: n + len(self.popular) - np.count_nonzero(allowed)]
        return first[allowed[first]][:n]


def _fill(
    scorer: Scorer,
    metapaths: Sequence[Metapath],
    pool: Pool,
    block: Sequence[Task],
    out: Filled,
) -> None:
    """Write the features of a block of users into the arrays."""
    values, truth, filled = out
    profiles = [profile_of(scorer.snapshot, user_type, idx) for (user_type, idx), _ in block]
    base = BaseScores(scorer, profiles)
    total = scorer.score(profiles).total
    rankings = [total]
    if learned := [path for path in metapaths if path.learned]:
        rankings.append(np.zeros(total.shape))
        for path in learned:
            base.add(rankings[-1], path)
    if scorer.vectors:
        rankings.append(base.similarity)
    chosen = np.zeros((len(block), values.shape[2]), dtype=np.int64)
    for row, (profile, (_, held_out)) in enumerate(zip(profiles, block, strict=True)):
        allowed = allowed_items(scorer, profile, pool.inside, held_out)
        best = [top_n(ranking[row], allowed, CANDIDATES) for ranking in rankings]
        best.append(pool.most_popular(allowed, CANDIDATES))
        found = np.unique(np.concatenate([*best, held_out[:1]]))
        chosen[row, : len(found)] = found
        filled[row, : len(found)] = True
        truth[row] = int(np.flatnonzero(found == held_out[0])[0])
    for position, path in enumerate(metapaths):
        values[position] = base.at(path, chosen)
    if scorer.vectors:
        values[-2] = np.take_along_axis(base.similarity, chosen, axis=1)
    values[-1] = scorer.catalogue.popularity[chosen]


def allowed_items(
    scorer: Scorer, profile: Profile, inside: NDArray[np.bool_], held_out: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Items to choose candidates from: neither used, unless that is repeated, nor held out, but for the first of those
    held out."""
    allowed = inside.copy()
    for name in scorer.snapshot.schema.used_once:
        relation = scorer.snapshot.schema.relation[name]
        if name in profile.anchors and relation.head == profile.user_type:
            allowed[scorer.catalogue.slices[relation.tail]][profile.anchors[name].idx] = False
    allowed[held_out] = False
    allowed[held_out[:1]] = True
    return allowed
