"""Ranking metrics at k over full rankings, one value per user; higher is better unless said.

For a user with the test items R and the list i_1 … i_k, rel_r = 1 if i_r ∈ R:

* ``precision`` = Σ rel_r / k, ``recall`` = Σ rel_r / |R|, ``hit_rate`` = 1 if any rel_r
* ``ndcg`` = Σ rel_r / log2(r + 1) ÷ Σ_{r ≤ min(k, |R|)} 1 / log2(r + 1)   (Järvelin & Kekäläinen, 2002; binary gain)
* ``mrr`` = 1 / r of the first hit, 0 without one
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.errors import ModelError

Array = NDArray[np.float64]


FEW = 16
"""Held-out items of a user up to which each is compared with all items, which is faster than to sort them."""


@dataclass(frozen=True)
class RankingMetrics:
    """Values per user, each of shape (users,), float64, in [0, 1]."""

    ndcg: Array
    recall: Array
    hit_rate: Array
    precision: Array
    mrr: Array

    def items(self) -> dict[str, Array]:
        """Name → values."""
        return {name: getattr(self, name) for name in ("ndcg", "recall", "hit_rate", "precision", "mrr")}


@dataclass(frozen=True)
class HeldOutRanks:
    """Where test items stand among all that are ranked: parallel arrays of shape (test items,), int64.

    ``user``: whose, as a number in [0, users); ``above``: how many items score more; ``tied``: how many score the same,
    itself included. Its rank is any of ``above + 1 … above + tied``, each as likely.
    """

    user: NDArray[np.int64]
    above: NDArray[np.int64]
    tied: NDArray[np.int64]


def expected_metrics(ranks: HeldOutRanks, relevant: NDArray[np.int64], k: int) -> RankingMetrics:
    """Metrics of many users' lists: their mean over all orders of items of equal score, so that names decide nothing.

    A test item is at rank r ≤ k with probability 1 / tied for each of its ranks. The first hit is among the best test
    items: of m among n tied ones, the first is at the q-th place with probability C(n − q, m − 1) / C(n, m).

    :param relevant: shape (users,), int: number of test items of each user, ≥ 1.
    """
    users, depth = len(relevant), _depth(ranks, relevant, k)
    summed = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(2, depth + 2)))])
    first, last = np.minimum(ranks.above, depth), np.minimum(ranks.above + ranks.tied, depth)
    gains = np.bincount(ranks.user, weights=(summed[last] - summed[first]) / ranks.tied, minlength=users)
    found = np.bincount(ranks.user, weights=(last - first) / ranks.tied, minlength=users)
    hit, mrr = _first_hits(ranks, users, depth)
    return RankingMetrics(
        ndcg=gains / summed[np.minimum(relevant, depth)],
        recall=found / relevant,
        hit_rate=hit,
        precision=found / k,
        mrr=mrr,
    )


def _depth(ranks: HeldOutRanks, relevant: NDArray[np.int64], k: int) -> int:
    """k, or the last rank of a list that anything can be at where that is less: nobody waits for a k of millions."""
    within = ranks.above < k
    last = (ranks.above + ranks.tied)[within].max(initial=0)
    return min(k, max(int(last), int(relevant.max(initial=0))))


def _first_hits(ranks: HeldOutRanks, users: int, k: int) -> tuple[Array, Array]:
    """Probability of a hit, and expected 1 / rank of the first one: shapes (users,)."""
    above = np.full(users, np.iinfo(np.int64).max)
    np.minimum.at(above, ranks.user, ranks.above)
    best = ranks.above == above[ranks.user]
    among = np.bincount(ranks.user[best], minlength=users)
    tied = np.ones(users, dtype=np.int64)
    tied[ranks.user[best]] = ranks.tied[best]
    hit, mrr = np.zeros(users), np.zeros(users)
    chance = among / tied
    for position in range(1, k + 1):
        inside = above <= k - position
        hit += np.where(inside, chance, 0.0)
        mrr += np.where(inside, chance / (np.minimum(above, k) + position), 0.0)
        left = tied - position
        chance = chance * np.divide(np.maximum(left - among + 1, 0), left, out=np.zeros(users), where=left > 0)
    return np.minimum(hit, 1.0), mrr


def coverage(shown: NDArray[np.int64]) -> float:
    """Share of the catalogue that is in at least one list.

    :param shown: shape (items,): in how many lists each candidate item is.
    """
    return float((shown > 0).mean()) if len(shown) else 0.0


def gini(shown: NDArray[np.int64]) -> float:
    """Gini index of exposure, in [0, 1]: 0 all items are shown equally often, 1 one item has all; lower is fairer.

    ``G = Σ_i (2 i − n − 1) x_i / (n Σ x)`` over x sorted upwards.
    """
    if not shown.sum():
        return 0.0
    ordered, n = np.sort(shown), len(shown)
    return float(((2 * np.arange(1, n + 1) - n - 1) * ordered).sum() / (n * ordered.sum()))


def novelty(shown: NDArray[np.int64], popularity: NDArray[np.int64], users: int) -> float:
    """Mean self-information of what is shown, in bits: ``−log2(share of users who used the item)``; unused items
    count as if one user had (Zhou et al., 2010).

    :param shown: shape (items,): in how many lists each item is.
    :param popularity: shape (items,): how many users used it in training.
    """
    if not shown.sum():
        return 0.0
    bits = -np.log2(np.maximum(popularity, 1) / max(users, 1))
    return float((bits * shown).sum() / shown.sum())


def intra_list_distance(lists: NDArray[np.int64], attributes: csr_array) -> Array:
    """How unlike the items of each list are, in [0, 1]; higher is more diverse (Ziegler et al., 2005; Zhang & Hurley,
    2008).

    ``ILD(u) = 1 − mean over the pairs i < j of her list of cos(i, j)``, ``cos(i, j) = |A_i ∩ A_j| / √(|A_i| |A_j|)`` of
    their sets of attributes, 0 where one has none. With x_i the rows of ``attributes`` and n items in a list,
    ``Σ_{i ≠ j} cos(i, j) = ‖Σ x_i‖² − Σ ‖x_i‖²``, so that no pair has to be visited.

    :param lists: shape (users, k), int64, positions, negative where a list is shorter.
    :param attributes: items × attributes, rows of length 1 or 0: ``item_attributes``.
    :returns: shape (users,), float64, NaN for a list of fewer than two items, and for all where no item has attributes.
    """
    if not attributes.nnz:
        return np.full(len(lists), np.nan)
    there = lists >= 0
    counts = there.sum(axis=1)
    indptr = np.concatenate([[0], np.cumsum(counts)])
    members = csr_array((np.ones(indptr[-1]), lists[there], indptr), shape=(len(lists), attributes.shape[0]))
    lengths = np.asarray(attributes.power(2).sum(axis=1), dtype=np.float64)
    summed = np.asarray(csr_array(members @ attributes).power(2).sum(axis=1), dtype=np.float64)
    pairs = counts * (counts - 1.0)
    alike = np.divide(summed - members @ lengths, pairs, out=np.full(len(lists), np.nan), where=pairs > 0)
    return np.asarray(1.0 - np.clip(alike, 0.0, 1.0))


def above_and_tied(
    values: NDArray[np.float64], scores: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many of all values, shape (items,), are more than each score, and how many the same: each (scores,).

    :raises ModelError: where one is no number: nothing is more than it, and a model that failed would be the best.
    """
    if np.isnan(values).any():
        raise ModelError("a model scores items with what is no number (NaN): nothing is measured of it")
    if len(scores) <= FEW:
        counts = [(np.count_nonzero(values > one), np.count_nonzero(values == one)) for one in scores]
        above, tied = np.array(counts, dtype=np.int64).T
        return above, tied
    ordered = np.sort(values)
    right = np.searchsorted(ordered, scores, side="right")
    return len(values) - right, right - np.searchsorted(ordered, scores, side="left")


def rank_in_list(
    best: NDArray[np.int64], held_out: NDArray[np.int64], k: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The same for a list of k that follows more than scores: an item that is not in it is behind it."""
    position = {item: number for number, item in enumerate(best.tolist())}
    above = np.array([position.get(item, k) for item in held_out.tolist()], dtype=np.int64)
    return above, np.ones(len(above), dtype=np.int64)
