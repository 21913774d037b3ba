"""Rating prediction: what a person gives an item, by biases and by what she gave what kernels say goes with it."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.snapshot.snapshot import Snapshot
from recommender.scoring.scorer import Scorer

DAMPING = (np.inf, 100.0, 30.0, 10.0, 3.0)
"""How many ratings of 0 a bias is averaged with (Funk, 2006); ∞: no biases."""
HELD_BACK = 0.1
SHRINKING = (np.inf, 3.0, 1.0, 0.3, 0.1, 0.03)
"""How far the mean of neighbours is shrunk to 0, beside how much of them there is in the mean; ∞: biases alone."""
SCALES, LOW, WORTH_SAYING = (5.0, 10.0), 0.4, 0.01
"""The highest value of a scale; the part of it up to which a rating is low; how many may be low and not be told of."""
ROWS = 256
Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Users and items, parallel arrays of shape (pairs,)."""


def rated_relations(snapshot: Snapshot) -> list[str]:
    """The interactions whose weights are ratings: they differ, and are no counts of something repeated."""
    relations, found = snapshot.schema.relation, list[str]()
    for name in snapshot.schema.interactions:
        weights = snapshot.adjacency(name).data
        if len(weights) and not relations[name].repeat and weights.min() < weights.max():
            found.append(name)
    return found


def low_ratings(snapshot: Snapshot, name: str) -> str | None:
    """What is to be said of an interaction whose ratings are on a scale, and some of them low: lists are measured by
    what was used, and what somebody rated with one star of five is among it. Of fewer than k people nothing is said."""
    ratings = snapshot.adjacency(name)
    top = float(ratings.data.max())
    are_low = ratings.data <= LOW * top
    users = np.repeat(np.arange(ratings.shape[0]), np.diff(ratings.indptr))
    low, people = float(are_low.mean()), len(np.unique(users[are_low]))
    if top not in SCALES or low < WORTH_SAYING or people < snapshot.k:
        return None
    return (
        f"{low:.0%} of the ratings of {name} are {LOW * top:g} or less of {top:g}, and what was rated so counts as "
        "wanted like the rest; leave it out (where in the mapping), or load it as a relation with negative = true"
    )


@dataclass(frozen=True)
class Biases:
    """``mean + user + item``: what a person gives an item on average (Koren, 2009); unknown ones are 0.

    ``user``: shape (users,); ``item``: shape (items,), float64, in units of the ratings.
    """

    mean: float
    user: NDArray[np.float64]
    item: NDArray[np.float64]

    @classmethod
    def of(cls, ratings: csr_array, damping: float) -> "Biases":
        """Those of a matrix of ratings, users × items."""
        users, items = _pairs(ratings)
        mean = float(ratings.data.mean()) if ratings.nnz else 0.0
        left = ratings.data - mean
        item = np.bincount(items, left, ratings.shape[1]) / (np.bincount(items, minlength=ratings.shape[1]) + damping)
        left = left - item[items]
        user = np.bincount(users, left, ratings.shape[0]) / (np.bincount(users, minlength=ratings.shape[0]) + damping)
        return cls(mean, user, item)

    def predict(self, pairs: Pairs) -> NDArray[np.float64]:
        """Shape (pairs,), float64."""
        return self.mean + self.user[pairs[0]] + self.item[pairs[1]]


@dataclass(frozen=True)
class RatingPrediction:
    """Predicts the ratings of one interaction::

        r(u, i) = mean + b_u + b_i + Σ_a S[a, i] · (r(u, a) − mean − b_u − b_a) / (Σ_a S[a, i] + λ · S̄)

    over the items a that u rated, S: what the kernels of the blend give i from a, S̄: the mean of these sums. How far
    biases are damped, then λ, is learned on ratings held back; at ∞ nothing but the rest is left.
    """

    ratings: csr_array
    """Those to learn from, users × items."""
    alike: csr_array
    """S, items × items, nothing on the diagonal."""
    shrinking: float
    biases: Biases = field(repr=False)

    def predict(self, pairs: Pairs) -> NDArray[np.float64]:
        """Within the range of the ratings: shape (pairs,), float64."""
        found = self.biases.predict(pairs)
        if np.isfinite(self.shrinking):
            summed, weight, mean = _neighbours(self.ratings, self.biases, self.alike, pairs)
            found = found + summed / (weight + self.shrinking * mean)
        low, high = (self.ratings.data.min(), self.ratings.data.max()) if self.ratings.nnz else (-np.inf, np.inf)
        return np.clip(found, low, high)

    def models(self, pairs: Pairs) -> dict[str, NDArray[np.float64]]:
        """The same beside the mean of all ratings, and biases alone: name → shape (pairs,)."""
        mean = np.full(len(pairs[0]), self.biases.mean)
        return {"whyrec": self.predict(pairs), "biases": self.biases.predict(pairs), "mean": mean}


def learn_ratings(scorer: Scorer, name: str, seed: int = 0) -> RatingPrediction:
    """Learn to predict the ratings of an interaction.

    :param scorer: of the part to learn from.
    """
    relation, ratings = scorer.snapshot.schema.relation[name], scorer.snapshot.adjacency(name).astype(np.float64)
    alike = csr_array((ratings.shape[1], ratings.shape[1]))
    for one in scorer.merged:
        if (one.start, one.item_type) == (name, relation.tail):
            alike = csr_array(alike + one.matrix)
    alike.setdiag(0)
    held = np.random.default_rng([seed, 23, *name.encode()]).random(ratings.nnz) < HELD_BACK
    users, items = _pairs(ratings)
    left = csr_array((ratings.data[~held], (users[~held], items[~held])), shape=ratings.shape)
    pairs, truth = (users[held], items[held]), ratings.data[held]

    def error(predicted: NDArray[np.float64]) -> float:
        """Squared, of what was held back."""
        return float(((predicted - truth) ** 2).sum())

    damping = min(DAMPING, key=lambda one: error(Biases.of(left, one).predict(pairs)))
    biases = Biases.of(left, damping)
    shrinking = min(SHRINKING, key=lambda one: error(RatingPrediction(left, alike, one, biases).predict(pairs)))
    return RatingPrediction(ratings, alike, shrinking, Biases.of(ratings, damping))


def held_out_ratings(whole: Snapshot, train: Snapshot, name: str) -> tuple[Pairs, NDArray[np.float64]]:
    """The triples of an interaction that are not in the part to learn from, and their ratings: shape (pairs,)."""
    users, items = _pairs(matrix := whole.adjacency(name))
    size = matrix.shape[1]
    left = _pairs(train.adjacency(name))
    held = ~np.isin(users * size + items, left[0] * size + left[1])
    return (users[held], items[held]), matrix.data[held].astype(np.float64)


def _neighbours(
    ratings: csr_array, biases: Biases, alike: csr_array, pairs: Pairs
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Of each pair ``Σ S · residual`` and ``Σ S``, and the mean of the latter where it is not 0."""
    users, found = _pairs(ratings)[0], np.unique(pairs[0])
    left = ratings.data - biases.predict(_pairs(ratings))
    shape, index = ratings.shape, (ratings.indices, ratings.indptr)
    residuals, known = (csr_array((data, *index), shape=shape) for data in (left, np.ones(len(users))))
    summed, weight = np.zeros(len(pairs[0])), np.zeros(len(pairs[0]))
    for start in range(0, len(found), ROWS):
        block = found[start : start + ROWS]
        chosen = np.flatnonzero((pairs[0] >= block[0]) & (pairs[0] <= block[-1]))
        rows, columns = np.searchsorted(block, pairs[0][chosen]), pairs[1][chosen]
        for matrix, out in ((residuals, summed), (known, weight)):
            out[chosen] = np.asarray((matrix[block] @ alike).toarray()[rows, columns])
    return summed, weight, float(weight[weight > 0].mean()) if (weight > 0).any() else 1.0


def _pairs(ratings: csr_array) -> Pairs:
    rows = np.repeat(np.arange(ratings.shape[0]), np.diff(ratings.indptr))
    return rows, ratings.indices.astype(np.int64)
